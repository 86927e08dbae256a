#include "core/inference/gap_start.hpp"

#include <cmath>
#include <limits>

#include "core/inference/lbfgs.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double weight_decay = 1e-3;
constexpr int iterations = 200;

// Cross-entropy of held (1) or not (0) against log odds z, and its slope in z.
double cross_entropy(double z, double held, double& slope) {
  slope = 1.0 / (1.0 + std::exp(-z)) - held;
  return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))) - held * z;
}

struct Separation {
  const std::vector<MatrixXd>& features;  // of every moment, N x F
  const Eigen::Array<bool, Eigen::Dynamic, 1>& held;

  double operator()(const VectorXd& w, VectorXd& gradient) const {
    MatrixXd gaps(held.size(), static_cast<Index>(features.size()));
    for (std::size_t m = 0; m < features.size(); ++m) gaps.col(static_cast<Index>(m)) = features[m] * w;
    double value = 0.5 * weight_decay * w.squaredNorm(), slope = 0.0;
    gradient = weight_decay * w;
    for (Index k = 0; k < held.size(); ++k) {
      Index moment = 0;
      const double least = gaps.row(k).minCoeff(&moment);
      value += cross_entropy(-least, held(k) ? 1.0 : 0.0, slope);
      gradient -= slope * features[static_cast<std::size_t>(moment)].row(k).transpose();
    }
    return value;
  }
};

VectorXd descend(const std::vector<MatrixXd>& features, const Eigen::Array<bool, Eigen::Dynamic, 1>& held, VectorXd w) {
  const VectorXd bound = VectorXd::Constant(w.size(), std::numeric_limits<double>::infinity());
  minimise(Separation{features, held}, w, -bound, bound, iterations);
  return w;
}

}  // namespace

GapStart separate(const model::Contact& contact, const std::vector<MatrixXd>& places,
                  const Eigen::Array<bool, Eigen::Dynamic, 1>& held) {
  const Index count = 1 + 2 * contact.waves().rows();
  std::vector<MatrixXd> features;
  MatrixXd mean = MatrixXd::Zero(held.size(), count);
  for (const MatrixXd& q : places) {
    features.emplace_back(held.size(), count);
    for (Index k = 0; k < held.size(); ++k)
      features.back().row(k) = contact.gap_features(q.row(k).transpose()).transpose();
    mean += features.back() / static_cast<double>(places.size());
  }
  GapStart out;
  out.gap = descend(features, held, descend({mean}, held, VectorXd::Zero(count)));
  double square = 0.0;
  for (Index k = 0; k < held.size(); ++k)
    if (held(k)) square += contact.gap(out.gap, places.front().row(k).transpose()).normal.squaredNorm();
  out.gap /= std::sqrt(square / static_cast<double>(held.count()));
  out.nearest = VectorXd::Constant(held.size(), std::numeric_limits<double>::infinity());
  for (const MatrixXd& f : features) out.nearest = out.nearest.cwiseMin(f * out.gap);
  return out;
}

}  // namespace infans::inference
