// Any MJCF body of sliding and hinge joints as an Environment. This folder is the only one that includes mujoco.h.
#pragma once

#include <memory>
#include <string>

#include "envs/api/environment.hpp"

namespace infans::envs {

struct MujocoOptions {
  double control_period = 0.1;  // s between two commands; a whole multiple of the body's timestep
  double reset_std = 0.05;      // standard deviation of a start around the rest pose: m, rad, m/s, rad/s
};

// A world of the body in `mjcf_text`. `source` is where the text came from (a path or a shipped name): it stands in
// every message, and files that the body names (meshes) are looked for beside it. Worlds of the same text share one
// model; different worlds may be used by different threads at the same time.
//
// Observation: "joint_position" (m, rad), then "joint_velocity" (m/s, rad/s). Commands in [-1, 1] are mapped to each
// actuator's ctrlrange, or passed on as they are when it has none.
//
// Throws base::BodyError when the text does not load, has no joint, no actuator, a ball or free joint, or a timestep
// that control_period is not a whole multiple of; base::OptionError for an option outside its range. The world's
// calls throw base::SimulationError when MuJoCo warns, fails or leaves the finite numbers; it then throws at every
// step until reset, restore or set_joints. They throw base::UserError for a span of a wrong size.
std::unique_ptr<Environment> make_mujoco_world(const std::string& name, const std::string& mjcf_text,
                                               const std::string& source, const MujocoOptions& options);

// The version of the MuJoCo library in use, e.g. "4.0.0".
std::string mujoco_version();

}  // namespace infans::envs
