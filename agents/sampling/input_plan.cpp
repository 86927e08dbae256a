#include "agents/sampling/input_plan.hpp"

#include "core/model/symmetric.hpp"

namespace infans::agents {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

InputPlan::InputPlan(const inference::LinearSystem& system, bool tail) : system_(system), tail_(tail) {}

double InputPlan::value(const VectorXd& x, const MatrixXd& known, const VectorXd& inputs) {
  const Index n = x.size(), horizon = inputs.size();
  z_.resize(n + 1, horizon);
  z_.row(n) = inputs.transpose();
  end_ = x;
  for (Index k = 0; k < horizon; ++k) {
    z_.col(k).head(n) = end_;
    end_ = system_.b * inputs(k);
    end_.noalias() += system_.a * z_.col(k).head(n);
  }
  information_ = known;
  information_.noalias() += z_ * z_.transpose();
  if (tail_) information_.topLeftCorner(n, n) += inference::stationary_covariance(system_.a, end_ * end_.transpose());
  return model::log_det(Eigen::LLT<MatrixXd>(information_));
}

const VectorXd& InputPlan::gradient() {
  const Index n = end_.size(), horizon = z_.cols();
  const MatrixXd g = Eigen::LLT<MatrixXd>(information_).solve(MatrixXd::Identity(n + 1, n + 1));
  const MatrixXd direct = 2.0 * g * z_;
  // d value / d x_{k+1}
  VectorXd later = VectorXd::Zero(n), here(n);
  if (tail_) later = 2.0 * inference::stationary_covariance(system_.a.transpose(), g.topLeftCorner(n, n)) * end_;
  slope_.resize(horizon);
  for (Index k = horizon - 1; k >= 0; --k) {
    slope_(k) = direct(n, k) + system_.b.dot(later);
    here = direct.col(k).head(n);
    here.noalias() += system_.a.transpose() * later;
    later.swap(here);
  }
  return slope_;
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
