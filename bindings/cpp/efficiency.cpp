// Sample efficiency on the benchmark tasks for Python: infans.bench_records calls it.
#include "bindings/cpp/efficiency.hpp"

#include <pybind11/stl.h>

#include <map>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "envs/worlds/worlds.hpp"
#include "experiments/benchmarks/sample_efficiency.hpp"
#include "experiments/run/options.hpp"

namespace py = pybind11;

namespace infans::bindings {
namespace {

// Task -> horizon of its planner, decisions.
const std::map<std::string, long>& horizons() {
  static const std::map<std::string, long> known = {
      {"tip-pendulum", 20}, {"pilco-cartpole", 15}, {"pets-cartpole", 25}};
  return known;
}

std::vector<std::string> tasks() {
  std::vector<std::string> names;
  for (const auto& [name, horizon] : horizons()) names.push_back(name);
  return names;
}

experiments::EfficiencyOptions options_of(const std::string& task, const std::string& agent,
                                          const std::map<std::string, std::string>& settings,
                                          const envs::TaskTable& table) {
  const auto known = horizons().find(task);
  if (known == horizons().end())
    throw base::OptionError("task",
                            "there is no task '" + task + "'; the nearest is '" + config::nearest(task, tasks()) + "'");
  config::Options options(experiments::life_options());
  options.set("planner.horizon", known->second, task);
  options.set_text("agent.model", "harmonics", task);
  options.set_text("agent.policy", agent, "agent");
  for (const auto& [key, value] : settings) options.set_text(key, value, "settings");
  experiments::EfficiencyOptions o;
  o.task = task + "-v0";
  o.threshold = table.info(o.task).reward_threshold;
  o.test_every = 5;
  o.agent = experiments::agent_options(options);
  return o;
}

py::object count(int decisions) { return decisions < 0 ? py::object(py::none()) : py::object(py::int_(decisions)); }

py::dict sample_efficiency(const std::string& task, const std::string& agent, std::uint64_t seed,
                           const std::map<std::string, std::string>& settings) {
  const envs::TaskTable table = envs::all_tasks();
  const experiments::EfficiencyOptions o = options_of(task, agent, settings, table);
  experiments::EfficiencyRecord r;
  double period = 0.0;
  {
    const py::gil_scoped_release release;
    period = table.make(o.task, {}).world->spec().control_period;
    r = experiments::measure_efficiency(table, o, seed);
  }
  py::list curve;
  for (std::size_t k = 0; k < r.test_return.size(); ++k)
    curve.append(py::make_tuple(r.test_decisions[k], r.test_return[k] > o.threshold ? 1.0 : 0.0));
  py::dict out;
  out["curve"] = curve;
  out["budget"] = o.budget;
  out["control_period"] = period;
  out["decisions_first"] = count(r.decisions_first);
  out["decisions_sustained"] = count(r.decisions_sustained);
  out["decisions_all_in"] = r.decisions;
  out["control_steps"] = r.decisions;
  return out;
}

}  // namespace

void bind_efficiency(py::module_& module) {
  module.def("efficiency_tasks", &tasks, "Tasks that sample_efficiency measures.");
  module.def(
      "sample_efficiency", &sample_efficiency, py::arg("task"), py::arg("agent"), py::arg("seed"), py::arg("settings"),
      "One life on a task until 3 tests in a row succeed, or 300 decisions; agent: an agent.policy. The model is "
      "harmonics unless settings (options of `infans options`, as text) say otherwise. A test's score is 1 when "
      "the mean return of 5 episodes is above the task's threshold, else 0.");
}

}  // namespace infans::bindings
