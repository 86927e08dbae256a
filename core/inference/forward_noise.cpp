#include "core/inference/forward_noise.hpp"

#include <cmath>
#include <limits>

#include "core/base/archive.hpp"

namespace infans::inference {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

double negative_log_likelihood(const ArrayXd& e2, const ArrayXd& variance) {
  return 0.5 * (variance.log() + e2 / variance).sum();
}

// Best variance for a given share of the integrator, by expectation-maximisation over the two sources.
double best_variance(const ArrayXd& e2, const ArrayXd& inflation, const ArrayXd& other, double floor) {
  double v = std::max((e2 / inflation).mean(), floor);
  for (int i = 0; i < 60; ++i) {
    const ArrayXd part = v * inflation, total = part + other, gain = part / total;
    const double next = std::max(((gain.square() * e2 + part * (1.0 - gain)) / inflation).mean(), floor);
    const bool done = std::abs(next - v) < 1e-6 * v;
    v = next;
    if (done) break;
  }
  return v;
}

}  // namespace

MatrixXd ForwardNoise::covariance(const MatrixXd& epistemic, const VectorXd& difference) const {
  const VectorXd sd = variance.cwiseSqrt();
  MatrixXd out = sd.asDiagonal() * epistemic * sd.asDiagonal();
  out.diagonal() += variance + (step.array() * difference.array()).square().matrix();
  return out;
}

MatrixXd ForwardNoise::diagonal(const MatrixXd& difference) const {
  return (difference * step.asDiagonal()).cwiseAbs2().rowwise() + variance.transpose();
}

ForwardNoise fit_forward_noise(const MatrixXd& error, const MatrixXd& inflation, const MatrixXd& difference,
                               const VectorXd& floor, int learned) {
  const double rows = static_cast<double>(error.rows()), numbers = std::min<double>(learned, 0.5 * rows);
  const double optimism = (rows + numbers) / (rows - numbers);
  ForwardNoise out{VectorXd(error.cols()), VectorXd(error.cols())};
  for (Index a = 0; a < error.cols(); ++a) {
    const ArrayXd e2 = error.col(a).array().square(), d2 = difference.col(a).array().square();
    double best = std::numeric_limits<double>::infinity();
    for (const double step : {0.0, 0.03, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0}) {
      const double v = best_variance(e2, inflation.col(a), step * step * d2, floor(a));
      const double nll = negative_log_likelihood(e2, v * inflation.col(a).array() + step * step * d2);
      if (!(nll < best)) continue;
      best = nll;
      out.variance(a) = v;
      out.step(a) = step;
    }
    out.variance(a) *= optimism;
    out.step(a) *= std::sqrt(optimism);
  }
  return out;
}

void ForwardNoise::describe(base::Archive& archive) { archive("variance", variance)("step", step); }

}  // namespace infans::inference
