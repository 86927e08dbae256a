// Whether one model can take another's place in the middle of a life. Internal to envs/mujoco.
#pragma once

#include <mujoco/mujoco.h>

#include <string>

namespace infans::envs {

// The same bodies, joints, geoms, sites, cameras, actuators and sensors, by number, name and type, and the same state.
// Throws base::BodyError that names the first element that differs.
void check_same_structure(const mjModel& old_model, const mjModel& new_model, const std::string& source);

}  // namespace infans::envs
