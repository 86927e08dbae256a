// What stands between a world and an agent: observations that are noisy, late, or do not come.
#pragma once

#include <Eigen/Dense>
#include <cstdint>
#include <deque>

namespace infans::base {
class Archive;
}

namespace infans::experiments {

struct SensesOptions {
  double noise = 0.0;    // standard deviation on every element, SI units
  int delay = 0;         // decisions
  double missing = 0.0;  // probability that an observation never comes
};

class Senses {
 public:
  // Noise and gaps are a function of {seed, how many states were sensed before}.
  Senses(const SensesOptions& options, std::uint64_t seed) : options_(options), seed_(seed) {}

  void begin_episode() { queue_.clear(); }
  // Takes the present state and delivers what arrives now, all NaN where that never comes. Until the first observation
  // of an episode is `delay` decisions old it is repeated, as if the world had stood still before.
  Eigen::VectorXd sense(const Eigen::VectorXd& state);
  void describe(base::Archive& archive);

 private:
  SensesOptions options_;
  std::uint64_t seed_, sensed_ = 0;
  std::deque<Eigen::VectorXd> queue_;  // the last delay + 1 of this episode
};

}  // namespace infans::experiments
