#include "core/inference/world_model.hpp"

#include "core/base/archive.hpp"
#include "core/base/error.hpp"

namespace infans::inference {

Imagination& WorldModel::imagine_draw(random::Stream&) {
  throw base::UserError(
      "agent.model: this world model draws no weights, as agent.policy = thompson needs; take fourier, harmonics or "
      "mechanics");
}

void Belief::describe(base::Archive& archive) {
  archive("mean", mean)("standard_deviation", standard_deviation)("precision", precision)("covariance", covariance);
}

void Surprise::describe(base::Archive& archive) {
  archive("prediction_error", prediction_error)("vfe", vfe)("accuracy", accuracy)("complexity", complexity);
  archive("information_gain", information_gain);
}

}  // namespace infans::inference
