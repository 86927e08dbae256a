// A world whose work is done elsewhere, e.g. in Python: the slow path by which any other environment can be lived in.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "envs/api/environment.hpp"

namespace infans::envs {

struct Callbacks {
  struct Reply {
    std::vector<double> observation;  // observation_size numbers
    Outcome outcome;
  };
  // Both are needed. They may throw; one call at a time, from any thread.
  std::function<std::vector<double>(std::uint64_t seed)> reset;
  std::function<Reply(std::span<const double> action)> step;  // commands in [-1, 1]
  // Without it set_joints throws base::UserError.
  std::function<void(std::span<const double> position, std::span<const double> velocity)> set_joints;
};

// A world of that spec. Its state stays where its work is done: spec.state_size must be 0 and restore throws
// base::UserError. Throws std::logic_error for a spec or callbacks that do not fit; its calls throw
// base::SimulationError for an observation of a wrong size or with a number that is not finite.
std::unique_ptr<Environment> make_callback_world(Spec spec, Callbacks callbacks);

}  // namespace infans::envs
