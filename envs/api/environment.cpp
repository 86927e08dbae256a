#include "envs/api/environment.hpp"

#include <numeric>

namespace infans::envs {

int Spec::observation_size() const {
  return std::accumulate(modalities.begin(), modalities.end(), 0, [](int n, const Modality& m) { return n + m.size; });
}

std::vector<double> saved(const Environment& world) {
  std::vector<double> state(static_cast<std::size_t>(world.spec().state_size));
  world.save(state);
  return state;
}

}  // namespace infans::envs
