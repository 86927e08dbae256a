#include "core/model/least_constraint.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace infans::model {
namespace {

// Newton steps before the search gives up; the active set of a few constraints settles in a handful.
constexpr int most_steps = 60;

}  // namespace

LeastConstraint::LeastConstraint(int joints, int most)
    : joints_(joints),
      jacobian_(joints, most),
      reference_(most),
      compliance_(most),
      low_(most),
      high_(most),
      force_(most),
      error_(most),
      along_(most),
      piece_(Eigen::VectorXi::Zero(most)),
      hessian_(joints, joints),
      gradient_(joints),
      step_(joints),
      factor_(joints) {
  if (joints < 1 || most < 0) throw std::logic_error("LeastConstraint: no joint, or a negative number of constraints");
}

void LeastConstraint::add(std::span<const double> jacobian, double reference, double compliance, double low,
                          double high) {
  if (count_ == jacobian_.cols()) throw std::logic_error("LeastConstraint: more constraints than it has room for");
  for (int j = 0; j < joints_; ++j) jacobian_(j, count_) = jacobian[static_cast<std::size_t>(j)];
  reference_(count_) = reference;
  compliance_(count_) = compliance;
  low_(count_) = low;
  high_(count_) = high;
  ++count_;
}

double LeastConstraint::clipped(int i, double error) const {
  return std::clamp(-error / compliance_(i), low_(i), high_(i));
}

bool LeastConstraint::inside(int i, double error) const {
  const double f = -error / compliance_(i);
  return f > low_(i) && f < high_(i);
}

// Where F's derivative along the step vanishes: 1, or less where the step crosses into a stiffer piece. The derivative
// rises piecewise linearly, so a bracketed Newton search ends exactly.
double LeastConstraint::step_length(double slope, double curvature) const {
  const auto derivative = [&](double t, double& second) {
    double first = slope + t * curvature;
    second = curvature;
    for (int i = 0; i < count_; ++i) {
      const double e = error_(i) + t * along_(i);
      first -= along_(i) * (clipped(i, e) - force_(i));
      if (inside(i, e)) second += along_(i) * along_(i) / compliance_(i);
    }
    return first;
  };
  double low = 0.0, high = 1.0, t = 1.0, second = 0.0;
  for (int k = 0; k < most_steps; ++k) {
    const double first = derivative(t, second);
    if (std::abs(first) <= 1e-12 * std::abs(slope) || (k == 0 && first < 0.0)) break;
    (first > 0.0 ? high : low) = t;
    const double next = t - first / second;
    t = next > low && next < high ? next : 0.5 * (low + high);
    if (high - low < 1e-15) break;
  }
  return t;
}

int LeastConstraint::settle(const Eigen::MatrixXd& inertia, const Eigen::VectorXd& a0, Eigen::VectorXd& a) {
  a = a0;
  if (count_ == 0) return 0;
  bool whole = false;  // the last step was a full Newton step
  for (int step = 0; step < most_steps; ++step) {
    // Where a full step has not changed any piece, F is quadratic along it and its minimum is reached.
    if (!linearise(inertia, a0, a) && whole) return step;
    factor_.compute(hessian_);
    step_ = -gradient_;
    factor_.solveInPlace(step_);
    along_.head(count_).noalias() = jacobian_.leftCols(count_).transpose() * step_;
    double curvature = 0.0;
    for (int j = 0; j < joints_; ++j) curvature += step_(j) * inertia.col(j).dot(step_);
    const double t = step_length(gradient_.dot(step_), curvature);
    whole = t == 1.0;
    a += t * step_;
  }
  return most_steps;
}

// Errors, forces, gradient and Hessian of F at a. Returns whether a constraint is on another piece than before.
bool LeastConstraint::linearise(const Eigen::MatrixXd& inertia, const Eigen::VectorXd& a0, const Eigen::VectorXd& a) {
  step_ = a - a0;
  gradient_.noalias() = inertia * step_;
  hessian_ = inertia;
  bool changed = false;
  for (int i = 0; i < count_; ++i) {
    error_(i) = jacobian_.col(i).dot(a) - reference_(i);
    force_(i) = clipped(i, error_(i));
    gradient_ -= force_(i) * jacobian_.col(i);
    const bool in = inside(i, error_(i));
    const int piece = in ? 0 : force_(i) == low_(i) ? -1 : 1;
    changed = changed || piece != piece_(i);
    piece_(i) = piece;
    if (!in) continue;
    for (int j = 0; j < joints_; ++j) hessian_.col(j) += jacobian_(j, i) / compliance_(i) * jacobian_.col(i);
  }
  return changed;
}

}  // namespace infans::model
