// What an action brings about: the state of an object.
#pragma once

#include <memory>

#include "envs/mujoco/senses/sense.hpp"

namespace infans::envs::senses {

std::unique_ptr<Sense> make_effect(const mjModel& m, const EffectOptions& options, const std::string& source);

}  // namespace infans::envs::senses
