#include "agents/reflex/reflex_arc.hpp"

#include <algorithm>
#include <stdexcept>

#include "core/base/archive_store.hpp"

namespace infans::agents {

using Eigen::VectorXd;

PathPoint minimum_jerk(double s) {
  if (s <= 0.0) return {0.0, 0.0};
  if (s >= 1.0) return {1.0, 0.0};
  const double left = 1.0 - s;
  return {s * s * s * (10.0 - 15.0 * s + 6.0 * s * s), 30.0 * s * s * left * left};
}

ReflexArc::ReflexArc(const VectorXd& torque, const VectorXd& inertia, const ReflexOptions& o) : options_(o) {
  strengthen(torque, inertia);
  if (!(o.stiffness > 0.0 && o.damping >= 0.0 && o.ramp > 0.0 && o.bias_time > 0.0 && o.bias_limit >= 0.0))
    throw std::logic_error("ReflexArc: gains and times must be positive");
  start(VectorXd::Zero(torque.size()));
}

void ReflexArc::strengthen(const VectorXd& torque, const VectorXd& inertia) {
  if (torque.size() < 1 || torque.size() != inertia.size() || !(torque.minCoeff() > 0.0) ||
      !(inertia.minCoeff() > 0.0) || (largest_.size() > 0 && torque.size() != largest_.size()))
    throw std::logic_error("ReflexArc: every joint needs a largest torque and an inertia above 0");
  largest_ = torque;
  stiffness_ = options_.stiffness * torque;
  damping_ = options_.damping * stiffness_.cwiseProduct(inertia).cwiseSqrt();
}

void ReflexArc::start(const VectorXd& q) {
  if (q.size() != largest_.size()) throw std::logic_error("ReflexArc: a posture needs one angle a joint");
  from_ = to_ = q;
  bias_ = VectorXd::Zero(q.size());
  time_ = options_.ramp;
}

void ReflexArc::predict(const VectorXd& posture) {
  if (posture.size() != largest_.size()) throw std::logic_error("ReflexArc: a posture needs one angle a joint");
  from_ = predicted_position();
  to_ = posture;
  time_ = 0.0;
}

VectorXd ReflexArc::predicted_position() const {
  return from_ + minimum_jerk(time_ / options_.ramp).part * (to_ - from_);
}

VectorXd ReflexArc::predicted_velocity() const {
  return minimum_jerk(time_ / options_.ramp).slope / options_.ramp * (to_ - from_);
}

VectorXd ReflexArc::torque(const VectorXd& q, const VectorXd& velocity, double dt) {
  const VectorXd pull = stiffness_.cwiseProduct(predicted_position() - q);
  const VectorXd ahead = options_.velocity_prediction ? predicted_velocity() : VectorXd::Zero(q.size());
  const VectorXd tau = pull + damping_.cwiseProduct(ahead - velocity) + bias_;
  if (resting() || !options_.bias_in_hold_only) {
    const VectorXd limit = options_.bias_limit * largest_;
    bias_ = (bias_ + dt / options_.bias_time * pull).cwiseMin(limit).cwiseMax(-limit);
  }
  time_ += dt;
  return tau.cwiseMin(largest_).cwiseMax(-largest_);
}

void ReflexArc::describe(base::Archive& archive) {
  const Eigen::Index joints = largest_.size();
  archive("largest", largest_)("stiffness", stiffness_)("damping", damping_);
  archive("from", from_)("to", to_)("bias", bias_)("time", time_);
  for (const VectorXd* x : {&largest_, &stiffness_, &damping_, &from_, &to_, &bias_})
    base::require_state(x->size() == joints, "largest",
                        std::to_string(x->size()) + " joints were saved, this arc has " + std::to_string(joints));
}

}  // namespace infans::agents
