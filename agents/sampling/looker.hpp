// A mind that looks: it perceives at which place of a display something appeared, and decides where to look next, or
// away, by expected free energy,
//   G(look at display d) = -w I_d,   I_d: expected_information of the next event there, nats (inference/sequence_model)
//   G(look away)         = -price x seconds of an event:   what the same time is worth elsewhere
//   q_pi = softmax(-gamma G).
// Nothing else makes it stay or leave: a sequence that has become predictable teaches no more, and one that has turned
// out to be noise teaches nothing.
//
// Where it looks it knows from the prediction that its eye muscles fulfil (efference copy). Without the copy it takes
// its eyes to rest on the middle of the display, as uncertain as its gaze is about it: places are confused.
#pragma once

#include <Eigen/Dense>
#include <span>
#include <vector>

#include "core/inference/sequence_model.hpp"
#include "core/random/stream.hpp"

namespace infans::agents {

struct LookerOptions {
  double epistemic_weight = 1.0;  // w, 0 or more
  double price = 0.05;            // nats/s, 0 or more
  double price_rate = 0.0;        // 0 .. 1: share of every event in the mean progress per second that the price becomes
  double gamma = 40.0;            // precision of policies, 0 or more
  double spread = 0.05;           // rad, standard deviation of a seen direction at sensory precision 1, > 0
  double sensory_precision = 1.0;  // factor on the precision of seen directions, > 0
  bool efference_copy = true;
  bool learn = true;  // false: beliefs stay what they are
};

// Pan to the left and tilt up from straight ahead, rad.
using Angles = Eigen::Vector2d;

// Of the places of a display, in the order of its states.
using Display = std::vector<Angles>;

// G, q_pi: displays first, away last. `expected` in nats, one a display.
struct LookChoice {
  Eigen::VectorXd expected, G, q_pi;
  int chosen = 0;
  bool away() const { return chosen == expected.size(); }
  double p_away() const { return q_pi[q_pi.size() - 1]; }
};

class Looker {
 public:
  // Throws std::logic_error for an option outside its range or a display with less than two places.
  Looker(const LookerOptions& options, std::vector<Display> displays);
  void set_options(const LookerOptions& options);  // the learned price stays if the options give the same price

  // Likelihood of the places (columns) for every perceived place (rows); columns sum to 1.
  const Eigen::MatrixXd& A(int display) const { return A_[static_cast<std::size_t>(display)]; }
  // The place of the display that is nearest to a unit vector seen in the eye's frame (x right, y up, -z the gaze)
  // under the gaze that was predicted.
  int perceive(int display, const Eigen::Vector3d& seen, const Angles& gaze) const;
  // An event perceived at that place: the model learns, unless the mind does not, and its progress pays into the price.
  inference::EventAccount learn(inference::SequenceModel& model, int display, int perceived, double seconds);

  // Models[i] is of displays[i].
  LookChoice choose(std::span<const inference::SequenceModel* const> models, std::span<const int> displays,
                    double seconds, random::Stream& stream) const;
  // Where the next event is expected, to be looked at in advance; `now` where it is as probable as any other.
  int anticipate(const inference::SequenceModel& model, int now) const;

  const Angles& direction(int display, int place) const;
  Angles middle(int display) const;
  // An event's time away teaches nothing: the price follows.
  void stay_away();
  double price() const { return price_; }  // nats/s
  const LookerOptions& options() const { return options_; }
  void describe(base::Archive& archive);

 private:
  void lay_likelihoods();

  LookerOptions options_;
  std::vector<Display> displays_;
  std::vector<Eigen::MatrixXd> A_;
  double price_;
};

// Where a unit vector in the eye's frame points, seen from a head whose eye has turned by `gaze`.
Angles direction_of(const Eigen::Vector3d& seen, const Angles& gaze);

}  // namespace infans::agents
