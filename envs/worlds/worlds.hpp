// The benchmark worlds by name, with what their literature calls solved.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/config/option.hpp"
#include "envs/api/environment.hpp"

namespace infans::envs {

struct TaskInfo {
  std::string name;
  int time_limit = 0;          // decisions an episode; the caller counts them, a world only knows `terminated`
  double command_scale = 1.0;  // the task's own action at command 1
  std::string command_unit;
  bool ends_on_success = false;
  double solved_return = 0.0;  // return of an episode that counts as solved; 0 with ends_on_success: reaching is all
  std::string success;         // the rule in words
  std::string source;
  config::OptionTable options;
};

using WorldOptions = std::map<std::string, config::Value>;

const std::vector<TaskInfo>& task_table();
// Throws base::OptionError naming the nearest name.
const TaskInfo& task_info(const std::string& name);
// Throws base::OptionError for an unknown world or option (naming the nearest) or a value out of its range.
std::unique_ptr<Environment> make_world(const std::string& name, const WorldOptions& options = {});

}  // namespace infans::envs
