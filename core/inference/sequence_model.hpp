// What will come next? A mind's model of a sequence of places s_1, s_2, ... in {0 .. K-1}, the first rooms of the
// discrete model: categorical states, Dirichlet parameters, hypotheses about the law weighted by their evidence.
//
//   hypothesis h        D      P(s_t | s_{t-1}, h)
//   noise                      1 / K: nothing to learn
//   unigram                    theta_s,          theta ~ Dir(pB of the unigram)
//   markov                     theta_{s|s_{t-1}}, a Dirichlet for every place before (1 / K at the first event)
//
// An observation o reaches the state through A (o x s, columns sum to 1). One event, exact for a sharp A:
//   surprise = -ln p(o),   p(o) = sum_h D_h sum_s A_os P(s | h)
//   D'_h ~ D_h p(o | h),   qs = P(s | o),   pB counts the place (model/dirichlet.hpp says how when qs is not sharp)
//   progress = KL(belief after || belief before) = salience + novelty
//   salience = KL(D' || D),   novelty = sum_h D'_h KL(Dir(pB'_h) || Dir(pB_h))
// and expected_information is sum_o p(o) progress(o): for a sharp A the mutual information of the next event with law
// and parameters, H(p) - sum_h D_h E H(theta_h).
//
// A law may give way to another one, with chance `change` before every event. A run is what has been seen since the
// last change; the belief is a mixture over when that was (Adams & MacKay 2007, "Bayesian online changepoint
// detection"), of which the most probable `runs` are kept. Runs are hypotheses like the laws: their KL is salience.
#pragma once

#include <Eigen/Dense>
#include <array>
#include <vector>

namespace infans::base {
class Archive;
}

namespace infans::inference {

enum class Law { noise, unigram, markov };
inline constexpr int laws = 3;

struct SequenceOptions {
  int places = 4;                                // K, 2 or more
  double concentration = 1.0;                    // prior count of every place, > 0
  double change = 0.0;                           // 0 .. 1
  int runs = 6;                                  // 2 or more
  double forgetting = 0.0;                       // share of the counts lost at every event, 0 .. 1
  std::array<double, laws> weights = {1, 1, 1};  // prior counts of the laws (pD); 0: not thought of; one above 0
};

// What one event was and did, nats.
struct EventAccount {
  double surprise = 0.0;
  double salience = 0.0, novelty = 0.0;
  double progress() const { return salience + novelty; }
};

// The belief about a stretch of sequence under one law, whichever it is.
struct SequenceRun {
  double weight;            // of this run
  Eigen::Vector3d D;        // of the laws, in the order of Law
  Eigen::VectorXd unigram;  // pB, K
  Eigen::MatrixXd markov;   // pB, K x K, column: the place before

  void describe(base::Archive& archive);
};

class SequenceModel {
 public:
  // Throws std::logic_error for an option outside its range.
  explicit SequenceModel(const SequenceOptions& options);
  // Other options for the sequences to come, the first of which begins; what was learned of the laws stays. Throws the
  // same.
  void set_options(const SequenceOptions& options);

  // A new sequence: what is known of its parameters is the prior, of its law what other sequences were like.
  void begin();
  // An event by the row of A that belongs to what was observed, A(o, .): K likelihoods, one above 0.
  EventAccount observe(const Eigen::Ref<const Eigen::VectorXd>& likelihood);
  // The sequence is over: its law counts for those to come (pD).
  void end();

  // P(s) of the next event, K.
  Eigen::VectorXd predict() const;
  // Of the next observation through A (any number of rows), nats.
  double expected_information(const Eigen::Ref<const Eigen::MatrixXd>& A) const;

  const Eigen::VectorXd& qs() const { return qs_; }  // of the last event; 1 / K before the first
  Eigen::Vector3d D() const;                         // over all runs
  const Eigen::Vector3d& pD() const { return pD_; }
  const std::vector<SequenceRun>& runs() const { return runs_; }
  const SequenceOptions& options() const { return options_; }
  void describe(base::Archive& archive);

 private:
  SequenceRun fresh(double weight) const;
  // P(s | h) of the next event, K x laws.
  Eigen::MatrixXd predictions(const SequenceRun& run) const;
  EventAccount learn(const Eigen::Ref<const Eigen::VectorXd>& likelihood);
  // Of one run, whose weight stays; `prediction` as predictions gives it.
  EventAccount learn(SequenceRun& run, const Eigen::MatrixXd& prediction,
                     const Eigen::Ref<const Eigen::VectorXd>& likelihood) const;
  // What the markov law's parameters learn of an event; returns the nats.
  double learn_markov(SequenceRun& run, const Eigen::Ref<const Eigen::VectorXd>& likelihood, double evidence) const;
  void forget();
  void expect_change();

  SequenceOptions options_;
  Eigen::Vector3d pD_;
  Eigen::VectorXd qs_;
  std::vector<SequenceRun> runs_;  // the oldest first
  bool first_ = true;
};

}  // namespace infans::inference
