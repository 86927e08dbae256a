#include "envs/mujoco/tasks/tasks.hpp"

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <utility>

#include "core/base/error.hpp"
#include "envs/bodies/bodies.hpp"
#include "envs/mujoco/tasks/task.hpp"

namespace infans::envs {
namespace {

std::string install_hint(const TaskInfo& info) {
  return "pip install " + (info.package == "gymnasium" ? std::string("'gymnasium[mujoco]'") : info.package);
}

// MJCF text and the source that stands in messages.
struct BodyText {
  std::string text, source;
};

BodyText read_body(const Definition& definition, const TaskInfo& info, const TaskOptions& options) {
  if (info.package.empty()) return {load_mjcf(definition.file), definition.file};
  const std::filesystem::path path = std::filesystem::path(options.assets) / definition.file;
  if (options.assets.empty())
    throw base::OptionError("assets", info.id + " reads its body from the Python package " + info.package +
                                          "; give the path of its folder " + info.folder + ", or first " +
                                          install_hint(info));
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file || text.empty())
    throw base::FileError(path.string(), "the body of " + info.id + " is not there; " + install_hint(info));
  return {text, path.string()};
}

Task make(const Definition& definition, const TaskInfo& info, const TaskOptions& options) {
  const BodyText body = read_body(definition, info, options);
  install_log_handler();
  const std::shared_ptr<const mjModel> model = load_model(body.text, body.source);
  Task task;
  task.info = info;
  for (int i = 0; i < model->nu; ++i) {
    task.command_low.push_back(model->actuator_ctrlrange[2 * i]);
    task.command_high.push_back(model->actuator_ctrlrange[2 * i + 1]);
  }
  task.positions = static_cast<int>(model->nq);
  task.velocities = static_cast<int>(model->nv);
  task.world = std::make_unique<MujocoTask>(info, definition, model, body.source, options.commands,
                                            dynamic_cast<MujocoTask*>(options.beside));
  return task;
}

void add(TaskTable& table, const std::vector<Definition>& definitions, const TaskInfo& family) {
  for (const Definition& definition : definitions) {
    TaskInfo info = family;
    info.id = definition.id;
    info.time_limit = definition.time_limit;
    info.reward_threshold = definition.reward_threshold;
    info.success = definition.success;
    info.source = definition.source;
    table.add(info, [definition](const TaskInfo& i, const TaskOptions& o) { return make(definition, i, o); });
  }
}

}  // namespace

void add_mujoco_tasks(TaskTable& table) {
  TaskInfo gymnasium;
  gymnasium.package = "gymnasium";
  gymnasium.folder = "envs/mujoco/assets";
  gymnasium.single_commands = true;
  add(table, gymnasium_definitions(), gymnasium);
  TaskInfo suite;
  suite.package = "dm_control";
  suite.folder = "suite";
  add(table, dm_control_definitions(), suite);
  add(table, benchmark_definitions(), {});
}

Task make_task(const std::string& id, const TaskOptions& options) {
  TaskTable table;
  add_mujoco_tasks(table);
  return table.make(id, options);
}

int required(const mjModel& m, mjtObj type, const char* name, const std::string& source) {
  const int id = mj_name2id(&m, type, name);
  if (id < 0) throw base::BodyError(source, std::string("the task needs an element named ") + name);
  return id;
}

std::vector<Modality> joints_observed(const mjModel& m, int skipped_positions) {
  std::string positions, velocities;
  for (int j = 0; j < m.njnt; ++j) {
    const std::string unit = m.jnt_type[j] == mjJNT_SLIDE ? "m" : "rad";
    if (j >= skipped_positions) positions += (positions.empty() ? "" : ",") + unit;
    velocities += (velocities.empty() ? "" : ",") + unit + "/s";
  }
  return {{"joint_position", positions, 0, static_cast<int>(m.nq) - skipped_positions},
          {"joint_velocity", velocities, 0, static_cast<int>(m.nv)}};
}

}  // namespace infans::envs
