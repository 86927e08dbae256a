#include "experiments/benchmarks/rest_limit.hpp"

#include <algorithm>
#include <cmath>

#include "agents/sampling/input_plan.hpp"
#include "core/model/symmetric.hpp"

namespace infans {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index channels = 8;  // of R; more than the sqrt(nz (nz + 1)) that a solution needs for nz <= 5
constexpr int ascents = 1500;

// Inputs and what they do, every start at rest.
struct Problem {
  const inference::LinearSystem& system;
  const MatrixXd& known;

  VectorXd rest() const { return VectorXd::Zero(system.b.size()); }
  MatrixXd information(const MatrixXd& r) const {
    MatrixXd sum = known;
    for (const auto& u : r.colwise()) {
      const MatrixXd z = agents::rollout(system, rest(), u);
      sum += z * z.transpose();
    }
    return sum;
  }
  VectorXd product(const VectorXd& u, const MatrixXd& g) const {  // Q u
    return 0.5 * agents::input_slope(system, agents::rollout(system, rest(), u), g, rest());
  }
  MatrixXd product(const MatrixXd& r, const MatrixXd& g) const {
    MatrixXd all(r.rows(), r.cols());
    for (Index c = 0; c < r.cols(); ++c) all.col(c) = product(VectorXd(r.col(c)), g);
    return all;
  }
};

double log_det(const MatrixXd& m) { return model::log_det(Eigen::LLT<MatrixXd>(m)); }

MatrixXd inverse(const MatrixXd& m) { return Eigen::LLT<MatrixXd>(m).solve(MatrixXd::Identity(m.rows(), m.cols())); }

MatrixXd unit_rows(const MatrixXd& m) { return m.rowwise().normalized(); }

MatrixXd ascend(const Problem& problem, MatrixXd r) {
  MatrixXd information = problem.information(r);
  double value = log_det(information);
  for (int i = 0; i < ascents; ++i) {
    const MatrixXd way = unit_rows(problem.product(r, inverse(information))) - r;
    double gain = 0.0;
    for (double step = 1.0; step > 1e-4 && gain <= 0.0; step *= 0.5) {
      const MatrixXd tried = unit_rows(r + step * way), found = problem.information(tried);
      gain = log_det(found) - value;
      if (gain <= 0.0) continue;
      r = tried;
      information = found;
      value += gain;
    }
    if (gain < 1e-10) break;
  }
  return r;
}

// Largest eigenvalue of a symmetric operator on vectors of this size, from above.
template <typename Operator>
double largest_eigenvalue(Index size, const Operator& apply, random::Stream& draws) {
  const Index most = std::min<Index>(150, size);
  MatrixXd basis(size, most), small = MatrixXd::Zero(most, most);
  VectorXd v(size);
  for (double& x : v) x = draws.normal();
  v.normalize();
  double next = 0.0;
  for (Index j = 0; j < most; ++j) {
    basis.col(j) = v;
    VectorXd w = apply(v);
    small(j, j) = v.dot(w);
    for (int twice = 0; twice < 2; ++twice) w -= basis.leftCols(j + 1) * (basis.leftCols(j + 1).transpose() * w).eval();
    next = w.norm();
    if (j + 1 < most) small(j, j + 1) = small(j + 1, j) = next;
    v = w / std::max(next, 1e-300);
  }
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(small);
  return solver.eigenvalues()(most - 1) + next * std::abs(solver.eigenvectors()(most - 1, most - 1));
}

}  // namespace

double rest_limit(const inference::LinearSystem& system, const MatrixXd& known, int steps, random::Stream& draws) {
  const Problem problem{system, known};
  MatrixXd r(steps, channels);
  for (double& x : r.reshaped()) x = draws.normal();
  r = ascend(problem, unit_rows(r));
  const MatrixXd information = problem.information(r), g = inverse(information);
  const VectorXd d = problem.product(r, g).rowwise().norm(), scale = d.cwiseSqrt().cwiseInverse();
  const auto scaled = [&](const VectorXd& v) -> VectorXd {
    return scale.cwiseProduct(problem.product(VectorXd(scale.cwiseProduct(v)), g));
  };
  const double worst = std::max(1.0, largest_eigenvalue(steps, scaled, draws));
  return log_det(information) + g.cwiseProduct(known).sum() - static_cast<double>(known.rows()) + worst * d.sum();
}

}  // namespace infans
