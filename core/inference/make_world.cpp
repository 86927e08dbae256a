#include "core/inference/make_world.hpp"

#include <vector>

#include "core/inference/field_model.hpp"
#include "core/inference/mechanics_model.hpp"
#include "core/inference/motion_stack.hpp"
#include "core/inference/motion_world.hpp"
#include "core/inference/readout_motion.hpp"
#include "core/inference/stepped_motion.hpp"

namespace infans::inference {
namespace {

constexpr int residual_features = 200, plain_features = 400;

std::unique_ptr<MotionModel> make_mechanics(const model::Encoding& e) {
  MechanicsModelOptions o;
  // With fewer motors than joints, which joint a motor drives is learned.
  if (e.actions < e.positions()) o.mechanics.commands = model::CommandMatrix::full;
  return std::make_unique<MechanicsModel>(e, o);
}

std::unique_ptr<MotionModel> make_gate(const model::Encoding& e, std::uint64_t seed, std::uint32_t agent) {
  std::vector<std::unique_ptr<MotionModel>> models;
  models.push_back(std::make_unique<ResidualMotion>(
      make_mechanics(e), std::make_unique<ReadoutMotion>(e, ReadoutMotionOptions{residual_features}, seed, agent)));
  models.push_back(std::make_unique<ReadoutMotion>(e, ReadoutMotionOptions{plain_features}, seed, agent));
  return std::make_unique<EvidenceGate>(std::move(models));
}

int harmonic_order(const model::Encoding& e, int wanted) {
  if (wanted > 0) return wanted;
  return e.positions() <= 2 ? 4 : e.positions() == 3 ? 3 : 2;
}

}  // namespace

std::unique_ptr<WorldModel> make_world_model(const model::Encoding& e, const WorldOptions& o, std::uint64_t seed,
                                             std::uint32_t agent) {
  if (o.kind == WorldKind::fourier) return std::make_unique<TransitionModel>(e, o.transition, seed, agent);
  if (o.kind == WorldKind::ensemble) return std::make_unique<EnsembleWorld>(e, o.ensemble, seed, agent);
  const auto make = [o, seed, agent](const model::Encoding& clock) -> std::unique_ptr<MotionModel> {
    if (o.kind == WorldKind::mechanics) return make_mechanics(clock);
    if (o.kind == WorldKind::gate) return make_gate(clock, seed, agent);
    return make_gated_harmonics(clock, harmonic_order(clock, o.harmonic_order));
  };
  return std::make_unique<MotionWorld>(e, std::make_unique<SteppedMotion>(e, make), o.transition.draws);
}

}  // namespace infans::inference
