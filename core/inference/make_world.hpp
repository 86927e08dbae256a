// The world models an agent can choose from.
#pragma once

#include <memory>

#include "core/inference/ensemble_world.hpp"
#include "core/inference/transition_model.hpp"
#include "core/inference/world_model.hpp"

namespace infans::inference {

enum class WorldKind {
  fourier,    // a readout on features of a whole control step (TransitionModel)
  harmonics,  // path level, gated harmonics: no structure of a body
  mechanics,  // path level, inertia, potential, friction: bodies that touch nothing
  ensemble,   // predictive-coding hierarchies that learn the step each (EnsembleWorld)
  gate,       // mechanics with a Fourier residual, pooled by evidence with a plain readout
};

struct WorldOptions {
  WorldKind kind = WorldKind::fourier;
  TransitionOptions transition;  // of fourier; its draws count for every kind
  EnsembleOptions ensemble;      // of ensemble
  int harmonic_order = 0;        // of harmonics; 0: 4 up to two joints, 3 for three, 2 beyond
};

// Random features come from streams keyed by {seed, agent}.
std::unique_ptr<WorldModel> make_world_model(const model::Encoding& encoding, const WorldOptions& options,
                                             std::uint64_t seed, std::uint32_t agent);

}  // namespace infans::inference
