#include "envs/worlds/worlds.hpp"

#include "core/base/error.hpp"
#include "envs/analytic/tasks.hpp"

namespace infans::envs {
namespace {

using Make = std::unique_ptr<Environment> (*)(const config::Options&);

struct Entry {
  TaskInfo info;
  Make make;
};

std::unique_ptr<Environment> mountain_car(const config::Options& o, bool feef) {
  return make_mountain_car({.feef = feef, .power = o.number("power")});
}

const config::Option kCarPower{"power", 0.0015, 1e-6, 1.0, {}, "", "engine power of the car"};

std::vector<Entry> made_entries() {
  return {
      {{"tip-pendulum",
        200,
        2.0,
        "N m",
        false,
        -200.0,
        "mean return of 5 episodes above -200",
        "Mehta et al. 2022 (TIP), BARL",
        {}},
       [](const config::Options&) { return make_tip_pendulum(); }},
      {{"pilco-cartpole",
        25,
        10.0,
        "N",
        false,
        -12.5,
        "mean return of 5 episodes above -12.5 (-12 and -13 in logs)",
        "Mehta et al. 2022 (TIP); Deisenroth & Rasmussen 2011",
        {}},
       [](const config::Options&) { return make_pilco_cartpole(); }},
      {{"mountain-car",
        999,
        1.0,
        "",
        true,
        90.0,
        "the goal is reached; return above 90",
        "Gymnasium MountainCarContinuous-v0; Moore 1990",
        {kCarPower}},
       [](const config::Options& o) { return mountain_car(o, false); }},
      // 500 raw steps, 3 a decision.
      {{"mountain-car-feef",
        167,
        1.0,
        "",
        true,
        1.0,
        "the goal is reached",
        "Tschantz et al. 2020 (FEEF)",
        {kCarPower}},
       [](const config::Options& o) { return mountain_car(o, true); }},
  };
}

const std::vector<Entry>& entries() {
  static const std::vector<Entry> all = made_entries();
  return all;
}

const Entry& entry(const std::string& name) {
  std::vector<std::string> names;
  for (const Entry& e : entries()) {
    if (e.info.name == name) return e;
    names.push_back(e.info.name);
  }
  throw base::OptionError("world", "no world is called " + config::quote(name) + "; did you mean " +
                                       config::quote(config::nearest(name, names)) + "?");
}

}  // namespace

const std::vector<TaskInfo>& task_table() {
  static const std::vector<TaskInfo> table = [] {
    std::vector<TaskInfo> infos;
    for (const Entry& e : entries()) infos.push_back(e.info);
    return infos;
  }();
  return table;
}

const TaskInfo& task_info(const std::string& name) { return entry(name).info; }

std::unique_ptr<Environment> make_world(const std::string& name, const WorldOptions& options) {
  const Entry& e = entry(name);
  config::Options checked(e.info.options);
  for (const auto& [key, value] : options) checked.set(key, value, "world " + name);
  return e.make(checked);
}

}  // namespace infans::envs
