// Every task that the library knows, in one table.
#pragma once

#include "envs/api/task.hpp"

namespace infans::envs {

// Benchmark worlds (envs/analytic), the tasks of the literature (envs/mujoco/tasks) and bodies without a task
// (body_tasks.hpp).
TaskTable all_tasks();

}  // namespace infans::envs
