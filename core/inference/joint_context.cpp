#include "core/inference/joint_context.hpp"

#include <stdexcept>

namespace infans::inference {

using Eigen::MatrixXd;
using Eigen::VectorXd;

JointContext::JointContext(int joints, int outputs, const ContextOptions& o)
    : joints_(joints), state_(VectorXd::Zero(joints + outputs)), walk_(joints + outputs) {
  VectorXd variance(joints + outputs);
  variance << VectorXd::Constant(joints, o.joint_sd * o.joint_sd), VectorXd::Constant(outputs, o.hand_sd * o.hand_sd);
  covariance_ = variance.asDiagonal();
  walk_ << VectorXd::Constant(joints, o.joint_walk * o.joint_walk),
      VectorXd::Constant(outputs, o.hand_walk * o.hand_walk);
}

void JointContext::observe(const VectorXd& mean, const MatrixXd& jacobian, const VectorXd& seen,
                           const MatrixXd& noise) {
  const Eigen::Index outputs = state_.size() - joints_;
  if (mean.size() != outputs || seen.size() != outputs || jacobian.rows() != outputs || jacobian.cols() != joints_)
    throw std::logic_error("JointContext: a sample needs O outputs and an O x n Jacobian");
  covariance_.diagonal() += walk_;
  MatrixXd h(outputs, state_.size());
  h << jacobian, MatrixXd::Identity(outputs, outputs);
  const MatrixXd cross = covariance_ * h.transpose();
  const MatrixXd gain = (h * cross + noise).llt().solve(cross.transpose()).transpose();
  state_ += gain * (seen - mean - hand_offset());
  // Joseph's form stays symmetric and positive whatever the rounding.
  const MatrixXd keep = MatrixXd::Identity(state_.size(), state_.size()) - gain * h;
  covariance_ = keep * covariance_ * keep.transpose() + gain * noise * gain.transpose();
}

}  // namespace infans::inference
