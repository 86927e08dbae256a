// Bodies that are paid for getting forward. Internal to envs/mujoco/tasks.
#pragma once

#include <memory>
#include <string>

#include "envs/mujoco/tasks/rules.hpp"

namespace infans::envs {

std::unique_ptr<Rules> make_swimmer(const mjModel& m, const std::string& source);
std::unique_ptr<Rules> make_hopper(const mjModel& m, const std::string& source);
std::unique_ptr<Rules> make_half_cheetah(const mjModel& m, const std::string& source);
std::unique_ptr<Rules> make_walker(const mjModel& m, const std::string& source);
std::unique_ptr<Rules> make_humanoid(const mjModel& m, const std::string& source);

}  // namespace infans::envs
