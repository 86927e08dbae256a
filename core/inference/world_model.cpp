#include "core/inference/world_model.hpp"

#include "core/base/error.hpp"

namespace infans::inference {

Imagination& WorldModel::imagine_draw(random::Stream&) {
  throw base::UserError(
      "agent.model: this world model draws no weights, as agent.policy = thompson needs; take fourier, harmonics or "
      "mechanics");
}

}  // namespace infans::inference
