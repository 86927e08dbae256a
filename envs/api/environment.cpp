#include "envs/api/environment.hpp"

#include <numeric>

namespace infans::envs {

int Spec::observation_size() const {
  return std::accumulate(modalities.begin(), modalities.end(), 0, [](int n, const Modality& m) { return n + m.size; });
}

}  // namespace infans::envs
