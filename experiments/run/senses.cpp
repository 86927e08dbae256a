#include "experiments/run/senses.hpp"

#include <limits>

#include "core/base/archive.hpp"
#include "core/random/stream.hpp"

namespace infans::experiments {

Eigen::VectorXd Senses::sense(const Eigen::VectorXd& state) {
  random::Stream stream({seed_, 0, random::Purpose::sense_noise, sensed_++});
  const bool missing = stream.uniform() < options_.missing;
  Eigen::VectorXd observation = state;
  if (options_.noise > 0.0)
    for (double& x : observation) x += options_.noise * stream.normal();
  if (missing) observation.setConstant(std::numeric_limits<double>::quiet_NaN());
  queue_.push_back(std::move(observation));
  if (queue_.size() > static_cast<std::size_t>(options_.delay) + 1) queue_.pop_front();
  return queue_.front();
}

void Senses::describe(base::Archive& archive) { archive("sensed", sensed_)("queue", queue_); }

}  // namespace infans::experiments
