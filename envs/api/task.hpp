// Tasks by name: a world together with what its user must know before the first step. Knows no physics engine.
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/config/option.hpp"
#include "envs/api/environment.hpp"

namespace infans::envs {

// What is known of a task before its body is loaded.
struct TaskInfo {
  std::string id;       // "HalfCheetah-v5", "dmc-cartpole-swingup-v0"
  std::string package;  // the Python package whose MJCF files it reads, "" when it reads none
  std::string folder;   // of those files inside the package, e.g. "envs/mujoco/assets"
  int time_limit = 0;   // control steps of an episode, after which the caller cuts it off; 0: endless
  double reward_threshold = std::numeric_limits<double>::quiet_NaN();  // return called solved; NaN: none is known
  bool single_commands = false;      // commands are numbers of single precision, as in Gymnasium's spaces
  std::string success = {};          // what its literature calls solved, in words
  std::string source = {};           // author, year
  config::OptionTable options = {};  // what a user may choose of the task itself
};

// How the commands of step() are meant.
enum class Commands {
  unit,   // in [-1, 1], clipped and mapped to the task's limits, as the agents give them
  native  // in the task's own units, passed on as they are, as the reference's users give them
};

struct TaskOptions {
  std::string assets;  // path of TaskInfo::folder on this machine; not used by a task without a package
  Commands commands = Commands::unit;
  std::map<std::string, config::Value> values = {};  // of TaskInfo::options
  // A body of the same task that is never used at the same time: the new one shares its working memory, if the engine
  // has such a thing. Nothing else changes.
  Environment* beside = nullptr;
};

// Values of the task's own options. Throws base::OptionError for an unknown key, naming the nearest, or a value outside
// the option's range.
config::Options settings(const TaskInfo& info, const TaskOptions& options);

// A world that is ready for its first reset.
struct Task {
  TaskInfo info;
  std::vector<double> command_low, command_high;  // limits of native commands, action_size each
  int positions = 0, velocities = 0;              // sizes that set_joints takes
  std::unique_ptr<Environment> world;
};

class TaskTable {
 public:
  using Factory = std::function<Task(const TaskInfo&, const TaskOptions&)>;

  // Throws std::logic_error when the id is taken.
  void add(TaskInfo info, Factory factory);

  // In alphabetical order.
  std::vector<std::string> ids() const;
  // Throws base::OptionError for an unknown id; the message names the nearest one.
  const TaskInfo& info(const std::string& id) const;
  // Throws as info() and settings() do, and base::FileError or base::BodyError when the files are not there or do not
  // load.
  Task make(const std::string& id, const TaskOptions& options) const;

 private:
  struct Entry {
    TaskInfo info;
    Factory factory;
  };
  const Entry& find(const std::string& id) const;

  std::map<std::string, Entry> entries_;
};

}  // namespace infans::envs
