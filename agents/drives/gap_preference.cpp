#include "agents/drives/gap_preference.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/base/archive.hpp"

namespace infans::agents {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

// Links of about 0.1 m, seen to 0.1 mm at best.
constexpr double link = 0.1, floor_of_noise = 1e-4;

int power_of_three(int n) {
  int p = 1;
  while (n-- > 0) p *= 3;
  return p;
}

int feature_count(int joints, int gaps, const GapPreferenceOptions& o) {
  if (joints < 1 || joints > 6 || gaps < 1 || gaps > 3 || !(o.temperature > 0.0 && o.softness > 0.0))
    throw std::logic_error("GapPreference: 1 to 6 joints, 1 to 3 gaps, a temperature and a softness above 0");
  return power_of_three(joints) - 1;
}

}  // namespace

GapPreference::GapPreference(int joints, int gaps, const GapPreferenceOptions& options, const kernels::Table& kernels)
    : joints_(joints),
      gaps_(gaps),
      options_(options),
      kernels_(kernels),
      readout_(VectorXd::Constant(feature_count(joints, gaps, options), std::pow(floor_of_noise / link, 2)), gaps,
               floor_of_noise, model::BayesianReadout::NoiseLearning::at_every_update),
      stops_(joints),
      now_features_(VectorXd::Zero(readout_.features())),
      now_gap_(VectorXd::Zero(gaps)) {}

void GapPreference::begin_episode() {
  anchored_ = false;
  stops_.begin_episode();
}

VectorXd GapPreference::posture(std::span<const double> o) const {
  return Eigen::Map<const VectorXd>(o.data(), joints_);
}

VectorXd GapPreference::seen_gap(std::span<const double> o) const {
  return Eigen::Map<const VectorXd>(o.data() + 2 * joints_, gaps_);
}

// Feature f - 1 is the product over joints of {1, cos, sin}[digit of f in base 3].
VectorXd GapPreference::features(const VectorXd& q, MatrixXd* jacobian) const {
  const int count = readout_.features();
  VectorXd phi = VectorXd::Ones(count);
  if (jacobian) *jacobian = MatrixXd::Ones(count, joints_);
  for (int f = 1; f <= count; ++f) {
    for (int i = 0, rest = f; i < joints_; ++i, rest /= 3) {
      const double c = std::cos(q(i)), s = std::sin(q(i));
      const double factor[] = {1.0, c, s}, slope[] = {0.0, -s, c};
      const int digit = rest % 3;
      phi(f - 1) *= factor[digit];
      for (int k = 0; jacobian && k < joints_; ++k) (*jacobian)(f - 1, k) *= k == i ? slope[digit] : factor[digit];
    }
  }
  return phi;
}

void GapPreference::see(std::span<const double> observation) {
  stops_.see(observation);
  now_features_ = features(posture(observation), nullptr);
  now_gap_ = seen_gap(observation);
}

void GapPreference::learn(std::span<const double> observation) {
  const VectorXd phi = features(posture(observation), nullptr), gap = seen_gap(observation);
  if (anchored_) {
    readout_.update(phi - anchor_features_, gap - anchor_gap_);
    return;
  }
  anchor_features_ = phi;
  anchor_gap_ = gap;
  anchored_ = true;
}

VectorXd GapPreference::gap(const VectorXd& q) const {
  return now_gap_ + readout_.predict(features(q, nullptr) - now_features_);
}

// gap_ = what is expected of n states, gaps_ x n. Products are built up joint by joint: feature f = feature of the
// lower digits times one factor.
void GapPreference::add_gap(const Batch& state, int n) {
  const int count = readout_.features();
  trigonometry_.resize(2 * joints_, n);
  for (int i = 0; i < joints_; ++i)
    kernels_.sincos(state.row(i), trigonometry_.stride, trigonometry_.row(2 * i), trigonometry_.row(2 * i + 1));
  product_.resize(1, n);
  gap_.resize(gaps_, n);
  for (int g = 0; g < gaps_; ++g) {
    const double offset = now_gap_(g) - readout_.mean().col(g).dot(now_features_);
    std::fill_n(gap_.row(g), n, static_cast<float>(offset));
  }
  float* const product = product_.row(0);
  for (int f = 1; f <= count; ++f) {
    std::fill_n(product, n, 1.0F);
    for (int i = 0, rest = f; rest > 0; ++i, rest /= 3) {
      if (rest % 3 == 0) continue;
      const float* const factor = trigonometry_.row(2 * i + (rest % 3 == 1 ? 1 : 0));
      for (int k = 0; k < n; ++k) product[k] *= factor[k];
    }
    for (int g = 0; g < gaps_; ++g) {
      const float m = static_cast<float>(readout_.mean()(f - 1, g));
      float* const gap = gap_.row(g);
      for (int k = 0; k < n; ++k) gap[k] += m * product[k];
    }
  }
}

void GapPreference::add_log_density(const Batch& state, int n, float* sum) {
  add_gap(state, n);
  const float soft = static_cast<float>(options_.softness), rate = static_cast<float>(1.0 / options_.temperature);
  for (int k = 0; k < n; ++k) {
    float square = soft * soft;
    for (int g = 0; g < gaps_; ++g) square += gap_.row(g)[k] * gap_.row(g)[k];
    sum[k] -= rate * (std::sqrt(square) - soft);
  }
  stops_.add_log_density(state, n, sum);
}

// The gap, shrunk by c so that |r|^2 / 2 = -ln C: c^2 = 2 / (T (h + s)) with h = sqrt(|gap|^2 + s^2), because
// |gap|^2 = (h - s)(h + s). Behind it the excesses of the joints.
void GapPreference::residual(const VectorXd& s, VectorXd& r, MatrixXd& jacobian) const {
  MatrixXd slope;
  const VectorXd q = s.head(joints_), phi = features(q, &slope), excess = stops_.excess(q);
  const VectorXd gap = now_gap_ + readout_.predict(phi - now_features_);
  const double h = std::sqrt(gap.squaredNorm() + options_.softness * options_.softness);
  const double c = std::sqrt(2.0 / (options_.temperature * (h + options_.softness)));
  const MatrixXd dr =
      c * (MatrixXd::Identity(gaps_, gaps_) - gap * gap.transpose() / (2.0 * h * (h + options_.softness)));
  r.resize(gaps_ + joints_);
  r << c * gap, excess;
  jacobian = MatrixXd::Zero(r.size(), s.size());
  jacobian.topLeftCorner(gaps_, joints_) = dr * readout_.mean().transpose() * slope;
  for (int i = 0; i < joints_; ++i)
    if (excess(i) != 0.0) jacobian(gaps_ + i, i) = 1.0 / JointStops::width;
}

void GapPreference::describe(base::Archive& archive) {
  archive("readout", readout_)("stops", stops_)("anchored", anchored_);
  archive("anchor_features", anchor_features_)("anchor_gap", anchor_gap_);
  archive("now_features", now_features_)("now_gap", now_gap_);
}

}  // namespace infans::agents
