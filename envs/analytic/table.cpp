#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "envs/analytic/contact_search.hpp"
#include "envs/analytic/linear_body.hpp"
#include "envs/analytic/tasks.hpp"

namespace infans::envs {
namespace {

using Make = std::function<std::unique_ptr<TaskWorld>(const config::Options&)>;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

TaskInfo described(std::string id, int time_limit, double threshold, std::string success, std::string source) {
  TaskInfo info;
  info.id = std::move(id);
  info.time_limit = time_limit;
  info.reward_threshold = threshold;
  info.success = std::move(success);
  info.source = std::move(source);
  return info;
}

TaskInfo mountain_car(std::string id, int time_limit, double threshold, std::string success, std::string source) {
  TaskInfo info = described(std::move(id), time_limit, threshold, std::move(success), std::move(source));
  info.options = {{"power", 0.0015, 1e-6, 1.0, {}, "", "engine power of the car"}};
  return info;
}

// `limit`: the task's own action at command 1.
void add(TaskTable& table, TaskInfo info, double limit, Make make) {
  table.add(std::move(info), [make, limit](const TaskInfo& i, const TaskOptions& options) {
    std::unique_ptr<TaskWorld> world = make(settings(i, options));
    if (options.commands == Commands::native) world->take_native_commands(limit);
    const auto commands = static_cast<std::size_t>(world->spec().action_size);
    const int joints = static_cast<int>(world->spec().joints.size());
    return Task{i, std::vector(commands, -limit), std::vector(commands, limit), joints, joints, std::move(world)};
  });
}

}  // namespace

void add_analytic_tasks(TaskTable& table) {
  const std::string tip = "Mehta et al. 2022 (TIP)";
  add(table, described("tip-pendulum-v0", 200, -200.0, "mean return of 5 episodes above -200", tip), 2.0,
      [](const config::Options&) { return make_tip_pendulum(); });
  add(table,
      described("pilco-cartpole-v0", 25, -12.5, "mean return of 5 episodes above -12.5 (-12 and -13 in logs)",
                tip + "; Deisenroth & Rasmussen 2011"),
      10.0, [](const config::Options&) { return make_pilco_cartpole(); });
  add(table,
      mountain_car("mountain-car-v0", 999, 90.0, "the goal is reached; return above 90",
                   "Gymnasium MountainCarContinuous-v0; Moore 1990"),
      1.0, [](const config::Options& o) { return make_mountain_car({.feef = false, .power = o.number("power")}); });
  // 500 raw steps, 3 a decision.
  add(table, mountain_car("mountain-car-feef-v0", 167, 1.0, "the goal is reached", "Tschantz et al. 2020 (FEEF)"), 1.0,
      [](const config::Options& o) { return make_mountain_car({.feef = true, .power = o.number("power")}); });
  for (const LinearBody& body : linear_bodies()) {
    add(table,
        described(body.name + "-v0", 1000, kNone, "fewest_steps / steps at equal bits (inference/optimal_input)",
                  "Mehra 1974"),
        1.0, [&body](const config::Options&) { return make_linear_body(body); });
  }
  TaskInfo search =
      described("contact-search-v0", 10000, -10.0, "the height is shown to 1 mm in 10 touches, by bisection",
                "Castro, Willett & Nowak 2005");
  search.options = {{"tolerance", 1e-3, 1e-9, 0.5, {}, "m", "how well the height must be known"}};
  add(table, std::move(search), 1.0,
      [](const config::Options& o) { return make_contact_search({.tolerance = o.number("tolerance")}); });
}

}  // namespace infans::envs
