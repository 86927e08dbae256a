// The tasks of the literature, equal to their reference implementations from one state on. The bodies (MJCF) of the
// tasks that stand in a Python package are read from it, installed; this library holds none of them.
#pragma once

#include <memory>
#include <string>

#include "envs/api/task.hpp"

namespace infans::envs {

// Adds
//   Gymnasium: InvertedPendulum-v5, InvertedDoublePendulum-v5, Reacher-v5, Pusher-v5, Swimmer-v5, Hopper-v5,
//     HalfCheetah-v5, Walker2d-v5, Humanoid-v5;
//   dm_control: dmc-cartpole-swingup-v0, dmc-cartpole-swingup_sparse-v0, dmc-pendulum-swingup-v0, dmc-reacher-easy-v0,
//     dmc-reacher-hard-v0;
//   benchmarks on shipped bodies: tip-reacher-v0 (50 steps of 0.02 s; goal uniform in the disc of 0.2 m; reward -|tip -
//     goal| - |a|^2), pets-cartpole-v0 (200 steps of 0.04 s, native commands to 3; start hanging, normal, sd 0.1;
//     reward exp(-d^2 / 0.36) - 0.01 a^2, d from the tip to its place upright in the middle).
//
// Starts have the reference's distributions, not its random numbers. Native commands are not clipped: the engine clips
// the forces, rewards count the commands as given. Observations stand in the reference's order; spec().joints is set
// where they begin with all positions and velocities and empty elsewhere. set_joints takes positions and velocities as
// MuJoCo counts them (dmc-reacher and tip-reacher also take 4 positions: the target's x and y in m follow the joints;
// with 2 the target stays); everything else is as at the start of an episode.
// Unlike in the references a state that MuJoCo warns about is a base::SimulationError, not a silent restart.
void add_mujoco_tasks(TaskTable& table);

// One of the tasks above. Throws as TaskTable::make.
Task make_task(const std::string& id, const TaskOptions& options);

}  // namespace infans::envs
