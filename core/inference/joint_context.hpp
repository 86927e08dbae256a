// Slow context of a body: sensors that lie by an offset. hand = f(q + delta) + o with f any learned map and (delta, o)
// a random walk, filtered with every sample (extended Kalman filter: precision-weighted prediction errors). It answers
// a shifted joint sensor or a moved eye at once, where relearning f would take many samples.
#pragma once

#include <Eigen/Dense>

namespace infans::inference {

struct ContextOptions {
  double joint_sd = 0.3;     // prior of delta, rad
  double hand_sd = 0.03;     // prior of o, m
  double joint_walk = 2e-3;  // rad a sample
  double hand_walk = 2e-4;   // m a sample
};

class JointContext {
 public:
  JointContext(int joints, int outputs, const ContextOptions& options = {});

  // The angles to give to f.
  Eigen::VectorXd corrected(const Eigen::VectorXd& q) const { return q + state_.head(joints_); }
  // One sample: mean (O) and jacobian (O x n) of f at corrected(q), what was seen (O), and the covariance that f and
  // the senses give it (O x O).
  void observe(const Eigen::VectorXd& mean, const Eigen::MatrixXd& jacobian, const Eigen::VectorXd& seen,
               const Eigen::MatrixXd& noise);

  Eigen::VectorXd joint_offset() const { return state_.head(joints_); }                 // delta, rad
  Eigen::VectorXd hand_offset() const { return state_.tail(state_.size() - joints_); }  // o, m
  const Eigen::MatrixXd& covariance() const { return covariance_; }                     // of (delta, o)

 private:
  Eigen::Index joints_;
  Eigen::VectorXd state_, walk_;
  Eigen::MatrixXd covariance_;
};

}  // namespace infans::inference
