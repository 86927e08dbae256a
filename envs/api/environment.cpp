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

void describe(base::Archive& archive, Environment& world) {
  std::vector<double> state = saved(world);
  const std::size_t size = state.size();
  archive("state", state);
  if (state.size() != size)
    throw base::StateError("state", world.spec().name + ": " + std::to_string(state.size()) +
                                        " numbers were saved, this body has " + std::to_string(size));
  if (archive.restoring()) world.restore(state);
}

}  // namespace infans::envs
