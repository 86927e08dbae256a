// Every task that the library knows, in one table.
#pragma once

#include "envs/api/task.hpp"

namespace infans::envs {

// Benchmark worlds (envs/analytic) and the tasks of the literature (envs/mujoco/tasks).
TaskTable all_tasks();

}  // namespace infans::envs
