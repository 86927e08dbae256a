#include "agents/sampling/input_plan.hpp"

#include "core/model/symmetric.hpp"

namespace infans::agents {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd rollout(const inference::LinearSystem& system, const VectorXd& x, const VectorXd& inputs, VectorXd* end) {
  const Index n = x.size();
  MatrixXd z(n + 1, inputs.size());
  z.row(n) = inputs.transpose();
  VectorXd state = x;
  for (Index k = 0; k < inputs.size(); ++k) {
    z.col(k).head(n) = state;
    state = system.b * inputs(k);
    state.noalias() += system.a * z.col(k).head(n);
  }
  if (end != nullptr) *end = state;
  return z;
}

VectorXd input_slope(const inference::LinearSystem& system, const MatrixXd& z, const MatrixXd& g, VectorXd later) {
  const Index n = later.size();
  const MatrixXd direct = 2.0 * g * z;
  VectorXd slope(z.cols()), here(n);
  for (Index k = z.cols() - 1; k >= 0; --k) {
    slope(k) = direct(n, k) + system.b.dot(later);
    here = direct.col(k).head(n);
    here.noalias() += system.a.transpose() * later;
    later.swap(here);
  }
  return slope;
}

InputPlan::InputPlan(const inference::LinearSystem& system, bool tail) : system_(system), tail_(tail) {}

double InputPlan::value(const VectorXd& x, const MatrixXd& known, const VectorXd& inputs) {
  const Index n = x.size();
  z_ = rollout(system_, x, inputs, &end_);
  information_ = known;
  information_.noalias() += z_ * z_.transpose();
  if (tail_) information_.topLeftCorner(n, n) += inference::stationary_covariance(system_.a, end_ * end_.transpose());
  return model::log_det(Eigen::LLT<MatrixXd>(information_));
}

VectorXd InputPlan::gradient() const {
  const Index n = end_.size();
  const MatrixXd g = Eigen::LLT<MatrixXd>(information_).solve(MatrixXd::Identity(n + 1, n + 1));
  VectorXd later = VectorXd::Zero(n);
  if (tail_) later = 2.0 * inference::stationary_covariance(system_.a.transpose(), g.topLeftCorner(n, n)) * end_;
  return input_slope(system_, z_, g, later);
}

double InputPlan::ascend(const VectorXd& x, const MatrixXd& known, VectorXd& inputs, int iterations) {
  constexpr double shortest = 1.0 / 32.0;
  double best = value(x, known, inputs);
  for (int i = 0; i < iterations; ++i) {
    const VectorXd way = gradient().unaryExpr([](double s) { return s >= 0.0 ? 1.0 : -1.0; }) - inputs;
    double step = 1.0, found = best;
    VectorXd tried;
    for (; step >= shortest; step *= 0.5) {
      tried = inputs + step * way;
      found = value(x, known, tried);
      if (found > best) break;
    }
    if (step < shortest) {
      value(x, known, inputs);
      break;
    }
    const bool settled = found - best < 1e-9;
    best = found;
    inputs = tried;
    if (settled) break;
  }
  return best;
}

}  // namespace infans::agents
