// The sensors that an MJCF file declares, as modalities.
#pragma once

#include <memory>
#include <vector>

#include "envs/mujoco/senses/sense.hpp"

namespace infans::envs::senses {

// One sense per entry of the options, then one per named sensor that no entry takes.
// Throws base::BodyError for a name that the body has not and for a sensor that two entries take.
std::vector<std::unique_ptr<Sense>> make_sensors(const mjModel& m, const BodyOptions& options,
                                                 const std::string& source);

}  // namespace infans::envs::senses
