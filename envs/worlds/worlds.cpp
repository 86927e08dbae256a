#include "envs/worlds/worlds.hpp"

#include "envs/analytic/tasks.hpp"
#include "envs/mujoco/tasks/tasks.hpp"
#include "envs/worlds/body_tasks.hpp"

namespace infans::envs {

TaskTable all_tasks() {
  TaskTable table;
  add_analytic_tasks(table);
  add_mujoco_tasks(table);
  add_body_tasks(table);
  return table;
}

}  // namespace infans::envs
