#include "core/inference/precision_learning.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

#include "core/inference/curvature.hpp"

namespace infans::inference {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

// S = sum over the batch of E[e e'], [node].
template <typename T>
std::vector<MatrixXd> expected_squares(const model::Hierarchy<T>& m, const model::HierarchyState<T>& s,
                                       const std::vector<int>& nodes, bool uncertainty) {
  std::vector<MatrixXd> squares(s.activity.size());
  for (const int j : nodes) {
    const MatrixXd e = s.error[j].template cast<double>();
    squares[j] = e * e.transpose();
  }
  if (!uncertainty) return squares;
  const bool shared = same_curvature(m, s);
  const int evaluated = shared ? 1 : s.batch();
  for (int b = 0; b < evaluated; ++b) {
    const FreeUnits f = free_units(m, s, b);
    if (f.count == 0) continue;
    const std::vector<MatrixXd> jacobians = error_jacobians(m, s, b, f);
    const Eigen::LLT<MatrixXd> llt(curvature(m, s, b, f, jacobians));
    for (const int j : nodes) {
      const MatrixXd root = llt.matrixL().solve(jacobians[j].transpose());
      squares[j] += (shared ? s.batch() : 1.0) * root.transpose() * root;
    }
  }
  return squares;
}

// argmin over t = ln pi of 1/2 (e^t square - samples t) + (t - m)^2 / (2 s^2): convex, by Newton from above.
double best_log_precision(double square, double samples, const PrecisionOptions& o) {
  const double curvature = 1.0 / (o.prior_deviation * o.prior_deviation);
  // At the root of the likelihood alone or the prior mean, whichever is larger, the slope is not negative.
  double t =
      square > 0.0 ? std::max(o.prior_mean, std::log(samples / square)) : o.prior_mean + 0.5 * samples / curvature;
  for (int i = 0; i < 100; ++i) {
    const double slope = 0.5 * (square * std::exp(t) - samples) + (t - o.prior_mean) * curvature;
    const double change = slope / (0.5 * square * std::exp(t) + curvature);
    t -= change;
    if (std::abs(change) < 1e-14 * (1.0 + std::abs(t))) break;
  }
  return t;
}

template <typename T>
void learn_diagonal(model::Precision<T>& precision, const MatrixXd& squares, int batch, const PrecisionOptions& o) {
  model::VectorOf<T> next(squares.rows());
  for (Eigen::Index i = 0; i < squares.rows(); ++i) {
    const double now = std::log(static_cast<double>(precision.diagonal()(i)));
    next(i) = static_cast<T>(std::exp(now + o.rate * (best_log_precision(squares(i, i), batch, o) - now)));
  }
  precision.set(next);
}

template <typename T>
void learn_full(model::Precision<T>& precision, const MatrixXd& squares, int batch, const PrecisionOptions& o) {
  const double pseudo = 1.0 / (o.prior_deviation * o.prior_deviation);
  const MatrixXd identity = MatrixXd::Identity(squares.rows(), squares.cols());
  MatrixXd covariance = (pseudo * std::exp(-o.prior_mean) * identity + squares) / (pseudo + batch);
  if (o.rate < 1.0) {
    const MatrixXd now = precision.matrix().template cast<double>().llt().solve(identity);
    covariance = (1.0 - o.rate) * now + o.rate * covariance;
  }
  const MatrixXd next = covariance.llt().solve(identity);
  precision.set(model::MatrixOf<T>((0.5 * (next + next.transpose())).template cast<T>()));
}

}  // namespace

template <typename T>
void learn_precision(model::Hierarchy<T>& m, const model::HierarchyState<T>& s, const std::vector<int>& nodes,
                     const PrecisionOptions& o) {
  for (const int j : nodes)
    if (j < 0 || j >= m.nodes() || !m.predicted(j) || m.categorical(j))
      throw std::invalid_argument("learn_precision: node " + std::to_string(j) + " has no Gaussian prediction error");
  const std::vector<MatrixXd> squares = expected_squares(m, s, nodes, o.uncertainty);
  for (const int j : nodes) {
    if (m.precision[j].kind() == model::PrecisionKind::full)
      learn_full(m.precision[j], squares[j], s.batch(), o);
    else
      learn_diagonal(m.precision[j], squares[j], s.batch(), o);
  }
}

template void learn_precision(model::Hierarchy<float>&, const model::HierarchyState<float>&, const std::vector<int>&,
                              const PrecisionOptions&);
template void learn_precision(model::Hierarchy<double>&, const model::HierarchyState<double>&, const std::vector<int>&,
                              const PrecisionOptions&);

}  // namespace infans::inference
