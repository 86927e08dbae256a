// The tasks of the literature, equal to their reference implementations from one state on. Their bodies (MJCF) are read
// from the installed Python package of the reference; this library holds none of them.
#pragma once

#include <memory>
#include <string>

#include "envs/api/task.hpp"

namespace infans::envs {

// Adds
//   Gymnasium: InvertedPendulum-v5, InvertedDoublePendulum-v5, Reacher-v5, Pusher-v5, Swimmer-v5, Hopper-v5,
//     HalfCheetah-v5, Walker2d-v5, Humanoid-v5;
//   dm_control: dmc-cartpole-swingup-v0, dmc-cartpole-swingup_sparse-v0, dmc-pendulum-swingup-v0, dmc-reacher-easy-v0,
//     dmc-reacher-hard-v0.
//
// Starts have the reference's distributions, not its random numbers. Native commands are not clipped: the engine clips
// the forces, rewards count the commands as given. Observations stand in the reference's order; spec().joints is set
// where they begin with all positions and velocities and empty elsewhere. set_joints takes positions and velocities as
// MuJoCo counts them (dmc-reacher also takes 4 positions: the target's x and y in m follow the joints; with 2 the
// target stays); everything else is as at the start of an episode.
// Unlike in the references a state that MuJoCo warns about is a base::SimulationError, not a silent restart.
void add_mujoco_tasks(TaskTable& table);

// One of the tasks above. Throws as TaskTable::make.
Task make_task(const std::string& id, const TaskOptions& options);

}  // namespace infans::envs
