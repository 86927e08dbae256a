// Beliefs about a moving state: filtering, smoothing and learning on one free energy. With the observations o_1..o_T
//
//   F = 1/2 e_0' P_0^-1 e_0 - 1/2 ln|P_0^-1| + sum_t [ 1/2 e_w' Pi_w e_w + 1/2 e_v' Pi_v e_v - 1/2 ln|Pi_w| - 1/2
//   ln|Pi_v| ], e_0 = x_0 - m_0,  e_w = x_t - f(x_{t-1}, a_{t-1}),  e_v = o_t - g(x_t).
//
// Filtering settles the present state with the past summed up in one Gaussian: Pi_w becomes the precision of the
// prediction, (f' P f'^T + Q)^-1. Smoothing settles all states together. Learning descends the same F:
// temporal_learn.hpp over recorded sequences, temporal_online.hpp step by step. A TemporalHierarchy is filtered and
// smoothed as any model.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/model/temporal_model.hpp"

namespace infans::inference {

using Mask = Eigen::Array<bool, Eigen::Dynamic, 1>;

struct TemporalOptions {
  int max_steps = 50;  // Gauss-Newton steps of one settle, >= 1; a linear model needs one
  // Stop when the next step is shorter than this, in standard deviations of the prediction. F then changes by half the
  // square: at 1e-8 that is its rounding, so less buys nothing.
  double tolerance = 1e-8;
};

struct TemporalReport {
  int steps = 0;              // accepted Gauss-Newton steps
  bool converged = false;     // the next step was below the tolerance
  double energy = 0.0;        // F of the present state at the belief, nats, without the constant of 2 pi
  double log_evidence = 0.0;  // ln p(o_t | past), nats: exact if linear, else Laplace's approximation at the belief
};

// The belief about the present state and all scratch: one a thread. A step allocates nothing.
//
// Settling runs in the weighted error u = Pi (x - prediction), so that x = prediction + P u and no precision of the
// state is ever formed: a Gauss-Newton step then is the Kalman gain (Bell & Cathey 1993, eq. 15-17), halved whenever F
// would rise; from the second step on a secant (Anderson 1965, depth 1) is taken where it lies lower. The covariance is
// taken in Joseph's form, P = (I - K G) P (I - K G)' + K R K' (Bucy & Joseph 1968): a sum of squares, so it stays
// symmetric and positive semidefinite for every gain, also a rounded one, and errors of the gain enter in second order.
// (I - K G) P loses both when P is wide and R narrow; the information form loses digits when it inverts a wide P.
class TemporalFilter {
 public:
  // Keeps a reference to the model, which must outlive it. Belief: N(m_0, P_0). Throws base::UserError for options out
  // of range.
  explicit TemporalFilter(const model::TemporalModel& model, const TemporalOptions& options = {});

  // Predicts with action a (k), then settles on observation o (m). seen (m): false for an element that is missing (its
  // value is ignored); null: all seen. Throws base::UserError for a wrong size or a value that is not finite, and
  // base::Error if the model's numbers are not finite or the prediction's covariance is singular to rounding; the
  // belief then is as before.
  TemporalReport step(const Eigen::VectorXd& a, const Eigen::VectorXd& o, const Mask* seen = nullptr);
  // Back to N(m_0, P_0).
  void reset();

  long steps() const { return steps_; }                                           // since the start or reset()
  const Eigen::VectorXd& mean() const { return mean_; }                           // n
  const Eigen::MatrixXd& covariance() const { return covariance_; }               // n x n
  const Eigen::VectorXd& predicted_mean() const { return predicted_; }            // n, before o_t
  const Eigen::MatrixXd& predicted_covariance() const { return predicted_cov_; }  // n x n, before o_t
  const Eigen::MatrixXd& transition_jacobian() const { return jacobian_; }        // n x n, at the belief before
  Eigen::MatrixXd gain() const { return gain_t_.transpose(); }                    // n x m; 0 for missing elements

 private:
  void predict(const Eigen::VectorXd& a);
  void mask_noise(const Mask* seen);
  double quadratic(const Eigen::VectorXd& o, const Mask* seen, Eigen::MatrixXd* jacobian);
  TemporalReport settle(const Eigen::VectorXd& o, const Mask* seen);

  const model::TemporalModel* model_;
  TemporalOptions options_;
  long steps_ = 0;
  Eigen::VectorXd mean_, predicted_, x_, weighted_, weighted_before_, change_, change_before_, bend_, secant_,
      spread_;                                                            // n
  Eigen::MatrixXd covariance_, predicted_cov_, jacobian_, work_, work2_;  // n x n
  Eigen::VectorXd error_, innovation_;                                    // m
  Eigen::MatrixXd observation_jacobian_, gain_t_;                         // m x n
  Eigen::MatrixXd noise_, innovation_cov_;                                // m x m
  Eigen::LLT<Eigen::MatrixXd> noise_factor_, innovation_factor_, predicted_factor_;
};

// One recorded sequence of T steps; column t holds a_t and o_{t+1}.
struct TemporalSequence {
  Eigen::MatrixXd actions;                                  // k x T
  Eigen::MatrixXd observations;                             // m x T
  Eigen::Array<bool, Eigen::Dynamic, Eigen::Dynamic> seen;  // m x T; empty: all
};

// Beliefs given the whole sequence; index t = 0..T.
struct Smoothed {
  std::vector<Eigen::VectorXd> mean;        // [t]: n
  std::vector<Eigen::MatrixXd> covariance;  // [t]: n x n
  std::vector<Eigen::MatrixXd> cross;       // [t], t = 0..T-1: cov(x_{t+1}, x_t), n x n
  double log_evidence = 0.0;                // ln p(o_1..o_T), nats
};

// Fixed-interval smoother (Rauch, Tung & Striebel 1965); the lag-one covariance is P_{t+1|T} J_t' (Shumway & Stoffer
// 1982, appendix). The backward covariance is the sum of squares (I - J F) P (I - J F)' + J (P_{t+1|T} + Q) J', for the
// reason given above. Nonlinear models: f is linear about the filtered mean (extended smoother, one pass). Throws as
// TemporalFilter::step does, and base::UserError if the sizes of the sequence disagree.
Smoothed smooth(const model::TemporalModel& model, const TemporalSequence& sequence,
                const TemporalOptions& options = {});

// What a filter went through, for a smoother to walk back: `first` is the step of the first move.
struct TemporalTrace {
  void start(const TemporalFilter& filter);  // forgets all but the present belief
  // After a step of the filter on its model; mask as given to it.
  void add(const model::TemporalModel& model, const TemporalFilter& filter, const Eigen::VectorXd& a,
           const Eigen::VectorXd& o, const Mask* mask);
  void drop(int steps);  // the oldest

  long first = 0;
  std::vector<Eigen::VectorXd> mean, predicted;                             // one more mean than moves
  std::vector<Eigen::MatrixXd> covariance, predicted_covariance, jacobian;  // likewise
  std::vector<Eigen::MatrixXd> noise;                                       // Q of each move
  std::vector<Eigen::VectorXd> actions, observations;
  std::vector<Mask> seen;
};

// The smoother above on a stored trace; log_evidence is left at 0.
Smoothed smooth(const TemporalTrace& trace);

}  // namespace infans::inference
