// The inner ear: linear acceleration with gravity and angular velocity of a head, in its own frame.
#pragma once

#include <memory>

#include "envs/mujoco/senses/sense.hpp"

namespace infans::envs::senses {

std::unique_ptr<Sense> make_vestibular(const mjModel& m, const VestibularOptions& options, const std::string& source);

}  // namespace infans::envs::senses
