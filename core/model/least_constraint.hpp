// One acceleration between what the free body would do and what bounded forces want of it.
//
//   F(a) = 1/2 (a - a0)' P (a - a0) + sum_i rho_i(J_i a - c_i),   force_i = -rho_i'(e) = clip(-e / R_i, low_i, high_i)
// Gauss's principle of least constraint (1829) with soft, bounded constraints (Todorov 2011, "A convex, smooth and
// invertible contact model"): inertia P is the precision of the free law, 1 / R_i that of what constraint i predicts,
// and the bounds gate it: a wall only pushes (low = 0), dry friction is weaker than its limit (low = -high). F is
// convex with one minimum; Newton steps with exact line search on the piecewise quadratic reach it in finitely many
// steps.
#pragma once

#include <Eigen/Dense>
#include <span>

namespace infans::model {

class LeastConstraint {
 public:
  // Room for `most` constraints on n joints; nothing allocates after that.
  LeastConstraint(int joints, int most);

  void clear() { count_ = 0; }
  // jacobian: n; reference: what J a should be, its unit per s^2; compliance: R > 0; low <= 0 <= high: force bounds.
  void add(std::span<const double> jacobian, double reference, double compliance, double low, double high);
  int count() const { return count_; }

  // a = argmin F from a0; inertia: P, positive definite. Returns the Newton steps taken.
  int settle(const Eigen::MatrixXd& inertia, const Eigen::VectorXd& a0, Eigen::VectorXd& a);
  // Force of constraint i at the last settled acceleration.
  double force(int i) const { return force_(i); }

 private:
  double clipped(int i, double error) const;
  bool inside(int i, double error) const;
  bool linearise(const Eigen::MatrixXd& inertia, const Eigen::VectorXd& a0, const Eigen::VectorXd& a);
  double step_length(double slope, double curvature) const;

  int joints_, count_ = 0;
  Eigen::MatrixXd jacobian_;  // n x most: column i is J_i'
  Eigen::VectorXd reference_, compliance_, low_, high_, force_, error_, along_;
  Eigen::VectorXi piece_;  // of the last linearisation: -1 at the lower bound, 0 between, 1 at the upper
  Eigen::MatrixXd hessian_;
  Eigen::VectorXd gradient_, step_;
  Eigen::LLT<Eigen::MatrixXd> factor_;
};

}  // namespace infans::model
