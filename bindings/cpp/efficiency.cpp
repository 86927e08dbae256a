// Sample efficiency on the benchmark tasks for Python: infans.bench_records calls it.
#include "bindings/cpp/efficiency.hpp"

#include <pybind11/stl.h>

#include <map>
#include <string>

#include "envs/worlds/worlds.hpp"
#include "experiments/benchmarks/sample_efficiency.hpp"
#include "experiments/benchmarks/sampling.hpp"

namespace py = pybind11;

namespace infans::bindings {
namespace {

py::object count(int decisions) { return decisions < 0 ? py::object(py::none()) : py::object(py::int_(decisions)); }

py::dict to_python(const experiments::EfficiencyRecord& r, int budget, double period) {
  py::list curve;
  for (std::size_t k = 0; k < r.test_return.size(); ++k)
    curve.append(py::make_tuple(r.test_decisions[k], r.solved[k] ? 1.0 : 0.0));
  py::dict out;
  out["curve"] = curve;
  out["returns"] = r.test_return;
  out["budget"] = budget;
  out["control_period"] = period;
  out["decisions_first"] = count(r.decisions_first);
  out["decisions_sustained"] = count(r.decisions_sustained);
  out["decisions_all_in"] = r.decisions;
  out["control_steps"] = r.control_steps;
  return out;
}

py::dict sample_efficiency(const std::string& task, const std::string& agent, std::uint64_t seed,
                           const std::map<std::string, std::string>& settings, const std::string& assets) {
  const envs::TaskTable table = envs::all_tasks();
  experiments::EfficiencyOptions o = experiments::efficiency_options(table, task, agent, settings);
  o.assets = assets;
  experiments::EfficiencyRecord r;
  double period = 0.0;
  {
    const py::gil_scoped_release release;
    period = experiments::control_period(table, o);
    r = experiments::measure_efficiency(table, o, seed);
  }
  return to_python(r, o.budget, period);
}

py::list sampling_tasks() {
  py::list all;
  for (const experiments::SamplingTask& task : experiments::sampling_tasks())
    all.append(py::make_tuple(task.name, task.agents));
  return all;
}

py::dict sampling_efficiency(const std::string& task, const std::string& agent, std::uint64_t seed) {
  experiments::EfficiencyRecord r;
  {
    const py::gil_scoped_release release;
    r = experiments::measure_sampling(task, agent, seed);
  }
  for (const experiments::SamplingTask& known : experiments::sampling_tasks())
    if (known.name == task) return to_python(r, known.budget, known.control_period);
  return {};
}

py::dict efficiency_goal(const std::string& task, const std::string& assets) {
  const envs::TaskTable table = envs::all_tasks();
  experiments::EfficiencyOptions o = experiments::efficiency_options(table, task, "efe", {});
  o.assets = assets;
  py::dict out;
  out["threshold"] = o.threshold;
  out["by_goal"] = o.success == experiments::Success::by_goal;
  out["control_period"] = experiments::control_period(table, o);
  return out;
}

}  // namespace

void bind_efficiency(py::module_& module) {
  module.def("efficiency_tasks", &experiments::efficiency_tasks, "Tasks that sample_efficiency measures.");
  module.def("efficiency_goal", &efficiency_goal, py::arg("task"), py::arg("assets") = "",
             "What counts as success on a task: threshold of the mean return, or by_goal; control_period in s.");
  module.def(
      "sample_efficiency", &sample_efficiency, py::arg("task"), py::arg("agent"), py::arg("seed"), py::arg("settings"),
      py::arg("assets") = "",
      "One life on a task until 3 successes in a row, or its budget of decisions; agent: an agent.policy. The model is "
      "harmonics unless settings (options of `infans options`, as text) say otherwise. A success is a test whose mean "
      "return of 5 episodes is above the task's threshold, or an episode that ends at the goal (mountain cars). "
      "assets: folder of the task's files, for a task of another package.");
  module.def("sampling_tasks", &sampling_tasks, "(name, agents) of the tasks that sampling_efficiency measures.");
  module.def(
      "sampling_efficiency", &sampling_efficiency, py::arg("task"), py::arg("agent"), py::arg("seed"),
      "One life of a sampler until its goal, or its budget: linear-gaussian, steps until as much is known of a "
      "linear body as no input can tell in fewer than 1000; contact-search, touches until an edge is known to 1 mm.");
}

}  // namespace infans::bindings
