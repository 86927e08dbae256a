#include "agents/drives/joint_stops.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/archive.hpp"

namespace infans::agents {

using Eigen::Index;
using Eigen::VectorXd;

JointStops::JointStops(int joints) : last_(VectorXd::Zero(joints)), held_(Eigen::VectorXi::Zero(joints)) {
  begin_episode();
}

void JointStops::begin_episode() {
  constexpr double none = std::numeric_limits<double>::infinity();
  low_ = VectorXd::Constant(last_.size(), -none);
  high_ = VectorXd::Constant(last_.size(), none);
  held_.setZero();
  expected_.resize(0);
  any_ = false;
}

void JointStops::expect(const VectorXd& next) { expected_ = next.head(last_.size()); }

void JointStops::see(std::span<const double> observation) {
  const Eigen::Map<const VectorXd> q(observation.data(), last_.size());
  for (Index i = 0; expected_.size() > 0 && i < q.size(); ++i) {
    const double wanted = expected_(i) - last_(i), moved = q(i) - last_(i);
    const int way = wanted > 0.0 ? 1 : -1;
    const bool still = std::abs(wanted) > least_motion && std::abs(moved) < stillness * std::abs(wanted);
    held_(i) = !still ? 0 : held_(i) * way >= 0 ? held_(i) + way : way;
    if (held_(i) == patience) high_(i) = q(i);
    if (held_(i) == -patience) low_(i) = q(i);
    high_(i) = std::max(high_(i), q(i));
    low_(i) = std::min(low_(i), q(i));
  }
  any_ = !(low_.array() == -std::numeric_limits<double>::infinity()).all() ||
         !(high_.array() == std::numeric_limits<double>::infinity()).all();
  last_ = q;
  expected_.resize(0);
}

void JointStops::add_log_density(const inference::Batch& state, int n, float* sum) const {
  if (!any_) return;
  constexpr float half = static_cast<float>(0.5 / (width * width));
  for (Index i = 0; i < last_.size(); ++i) {
    const float* const q = state.row(static_cast<int>(i));
    const float low = static_cast<float>(low_(i)), high = static_cast<float>(high_(i));
    for (int k = 0; k < n; ++k) {
      const float e = std::max(0.0F, std::max(q[k] - high, low - q[k]));
      sum[k] -= half * e * e;
    }
  }
}

bool JointStops::touched(const VectorXd& q) const {
  return ((q - high_).array() > -margin).any() || ((low_ - q).array() > -margin).any();
}

VectorXd JointStops::excess(const VectorXd& q) const {
  return ((q - high_).cwiseMax(0.0) - (low_ - q).cwiseMax(0.0)) / width;
}

void JointStops::describe(base::Archive& archive) {
  archive("low", low_)("high", high_)("last", last_)("expected", expected_)("held", held_)("any", any_);
}

}  // namespace infans::agents
