#include "agents/drives/saturating.hpp"

#include <cmath>
#include <stdexcept>
#include <utility>

namespace infans::agents {
namespace {

// Below this |ln W| a Taylor series is exact to doubles where differences are not.
constexpr double small = 1e-4;

struct Scale {
  double value, slope;
};

// s(e) = sqrt((1 - exp(-e)) / e) and its derivative: 1/2 |s g|^2 = 1 - exp(-e) where e = 1/2 |g|^2.
Scale scale(double e) {
  if (e < small) return {1.0 - e / 4.0 + 5.0 * e * e / 96.0, -0.25 + 5.0 * e / 48.0};
  const double gone = -std::expm1(-e), value = std::sqrt(gone / e);
  return {value, (e * std::exp(-e) - gone) / (2.0 * e * e * value)};
}

}  // namespace

Saturating::Saturating(std::shared_ptr<Preference> wanted, double temperature, Eigen::VectorXd weight,
                       double command_precision)
    : wanted_(std::move(wanted)),
      temperature_(temperature),
      weight_(std::move(weight)),
      command_precision_(command_precision) {
  if (temperature_ <= 0.0) throw std::logic_error("Saturating: the temperature must be positive");
}

std::unique_ptr<Preference> Saturating::clone() const {
  return std::make_unique<Saturating>(wanted_->clone(), temperature_, weight_, command_precision_);
}

void Saturating::add_log_density(const Batch& state, int n, float* sum) {
  log_wanted_.assign(static_cast<std::size_t>(state.stride), 0.0F);
  wanted_->add_log_density(state, n, log_wanted_.data());
  const float worth = static_cast<float>(1.0 / temperature_);
  for (int k = 0; k < n; ++k) sum[k] += worth * std::expm1(log_wanted_[static_cast<std::size_t>(k)]);
  for (Eigen::Index i = 0; i < weight_.size(); ++i) {
    const float half = static_cast<float>(0.5 * weight_(i));
    const float* x = state.row(static_cast<int>(i));
    for (int k = 0; half > 0.0F && k < n; ++k) sum[k] -= half * x[k] * x[k];
  }
}

void Saturating::residual(const Eigen::VectorXd& s, Eigen::VectorXd& r, Eigen::MatrixXd& jacobian) const {
  Eigen::VectorXd g;
  Eigen::MatrixXd slope;
  wanted_->residual(s, g, slope);
  const auto [value, change] = scale(0.5 * g.squaredNorm());
  const double root = 1.0 / std::sqrt(temperature_);
  r.resize(g.size() + weight_.size());
  jacobian.setZero(r.size(), s.size());
  r.head(g.size()) = root * value * g;
  jacobian.topRows(g.size()) = root * (value * slope + change * g * (g.transpose() * slope));
  const Eigen::VectorXd stiff = weight_.cwiseSqrt();
  r.tail(weight_.size()) = stiff.cwiseProduct(s.head(weight_.size()));
  jacobian.bottomLeftCorner(weight_.size(), weight_.size()) = stiff.asDiagonal();
}

}  // namespace infans::agents
