// Where the joints are, how fast they move, what pulls at them and how near their limits are.
#pragma once

#include <memory>

#include "envs/mujoco/senses/sense.hpp"

namespace infans::envs::senses {

std::unique_ptr<Sense> make_proprioception(const mjModel& m, const ProprioceptionOptions& options,
                                           const std::string& source);

}  // namespace infans::envs::senses
