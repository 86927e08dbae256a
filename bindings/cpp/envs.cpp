// Tasks and pools of them for Python: infans.envs wraps them as Gymnasium environments.
#include "bindings/cpp/envs.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings/cpp/in_python.hpp"
#include "core/base/error.hpp"
#include "core/parallel/parallel.hpp"
#include "envs/api/callback_world.hpp"
#include "envs/mujoco/pool.hpp"
#include "envs/worlds/worlds.hpp"

namespace py = pybind11;

namespace infans::bindings {
namespace {

using Array = py::array_t<double, py::array::c_style | py::array::forcecast>;
using Seeds = py::array_t<std::uint64_t, py::array::c_style | py::array::forcecast>;
using Mask = py::array_t<std::uint8_t, py::array::c_style | py::array::forcecast>;

template <typename A>
auto span_of(const A& a) {
  return std::span(a.data(), static_cast<std::size_t>(a.size()));
}

Array array_of(std::span<const double> values) { return Array(static_cast<py::ssize_t>(values.size()), values.data()); }

using Values = std::map<std::string, config::Value>;

envs::TaskOptions native(const std::string& assets, const Values& values) {
  envs::TaskOptions options;
  options.assets = assets;
  options.commands = envs::Commands::native;
  options.values = values;
  return options;
}

py::dict dict_of(const envs::TaskInfo& info) {
  py::dict out;
  out["id"] = info.id;
  out["package"] = info.package;
  out["folder"] = info.folder;
  out["time_limit"] = info.time_limit;
  out["reward_threshold"] = info.reward_threshold;
  out["single_commands"] = info.single_commands;
  out["success"] = info.success;
  out["source"] = info.source;
  py::dict options;
  for (const config::Option& o : info.options)
    options[py::str(o.key)] = o.doc + " [" + config::to_text(o.standard) + "]";
  out["options"] = options;
  return out;
}

// Numbers of a body of the task that stand in its spaces.
void describe(py::dict& out, const envs::Task& task) {
  const envs::Spec& spec = task.world->spec();
  out["command_low"] = array_of(task.command_low);
  out["command_high"] = array_of(task.command_high);
  out["observation_size"] = spec.observation_size();
  out["control_period"] = spec.control_period;
  out["positions"] = task.positions;
  out["velocities"] = task.velocities;
  py::list parts;
  for (const envs::Modality& m : spec.modalities) parts.append(py::make_tuple(m.name, m.unit, m.offset, m.size));
  out["modalities"] = parts;
}

// One body in native commands.
struct Body {
  Body(const std::string& id, const std::string& assets, const Values& values)
      : task(envs::all_tasks().make(id, native(assets, values))) {}

  Array reset(std::uint64_t seed, std::uint64_t episode) {
    random::Stream stream({seed, 0, random::Purpose::reset, episode});
    return array_of(task.world->reset(stream));
  }

  py::tuple step(const Array& action) {
    std::span<const double> observation;
    {
      py::gil_scoped_release release;
      observation = task.world->step(span_of(action));
    }
    const envs::Outcome outcome = task.world->outcome();
    return py::make_tuple(array_of(observation), outcome.reward, outcome.terminated);
  }

  Array save() const {
    Array state(task.world->spec().state_size);
    task.world->save({state.mutable_data(), static_cast<std::size_t>(state.size())});
    return state;
  }

  envs::Task task;
};

envs::Autoreset autoreset_of(const std::string& name) {
  if (name == "next_step") return envs::Autoreset::next_step;
  if (name == "same_step") return envs::Autoreset::same_step;
  if (name == "disabled") return envs::Autoreset::disabled;
  throw base::OptionError("autoreset_mode",
                          "there is no autoreset '" + name + "'; one of next_step, same_step, disabled");
}

struct BodyPool {
  BodyPool(const std::string& id, const std::string& assets, const Values& values, int bodies,
           const envs::PoolOptions& options)
      : pool(envs::make_bodies(envs::all_tasks(), id, native(assets, values), bodies, options.threads), options) {
    const envs::Task task = envs::all_tasks().make(id, native(assets, values));
    info = dict_of(task.info);
    describe(info, task);
  }

  static envs::PoolOptions options_of(int threads, int time_limit, const std::string& autoreset) {
    envs::PoolOptions options;
    options.threads = threads > 0 ? threads : parallel::available_threads();
    options.time_limit = time_limit;
    options.autoreset = autoreset_of(autoreset);
    return options;
  }

  Array rows(std::span<const double> values) const {
    const py::ssize_t n = pool.size();
    return Array({n, static_cast<py::ssize_t>(values.size()) / n}, values.data());
  }

  static py::array_t<bool> flags(std::span<const std::uint8_t> values) {
    py::array_t<bool> out(static_cast<py::ssize_t>(values.size()));
    std::copy(values.begin(), values.end(), out.mutable_data());
    return out;
  }

  Array reset(const Seeds& seeds, const Mask& mask) {
    envs::Batch batch;
    {
      py::gil_scoped_release release;
      batch = pool.reset(span_of(seeds), span_of(mask));
    }
    return rows(batch.observations);
  }

  py::tuple step(const Array& actions) {
    envs::Batch batch;
    {
      py::gil_scoped_release release;
      batch = pool.step(span_of(actions));
    }
    return py::make_tuple(rows(batch.observations), array_of(batch.rewards), flags(batch.terminated),
                          flags(batch.truncated), batch.final.empty() ? py::none() : py::object(rows(batch.final)));
  }

  py::dict info;
  envs::Pool pool;
};

std::vector<double> numbers_of(const py::handle& array) {
  const Array values = py::cast<Array>(array);
  return {values.data(), values.data() + values.size()};
}

// Python's half: an object with reset(seed) -> observation, step(action) -> (observation, reward, terminated) and
// set_state(qpos, qvel).
class PythonWorld {
 public:
  PythonWorld(const std::string& name, const py::object& inner, int observation_size, int action_size, double period,
              const std::vector<std::string>& joints) {
    envs::Spec spec;
    spec.name = name;
    describe_joints(spec, joints, observation_size);
    spec.action_size = action_size;
    spec.control_period = period;
    const Held held = hold(inner);
    envs::Callbacks calls;
    calls.reset = [name, held](std::uint64_t seed) {
      return in_python(name, [&] { return numbers_of(held->attr("reset")(seed)); });
    };
    calls.step = [name, held](std::span<const double> action) {
      return in_python(name, [&] {
        const py::tuple reply = held->attr("step")(array_of(action));
        return envs::Callbacks::Reply{numbers_of(reply[0]), {py::cast<double>(reply[1]), py::cast<bool>(reply[2])}};
      });
    };
    calls.set_joints = [name, held](std::span<const double> q, std::span<const double> v) {
      in_python(name, [&] { held->attr("set_state")(array_of(q), array_of(v)); });
    };
    world = envs::make_callback_world(std::move(spec), std::move(calls));
  }

  std::unique_ptr<envs::Environment> world;

 private:
  // The observation: the joints' positions, their velocities, then whatever else there is.
  static void describe_joints(envs::Spec& spec, const std::vector<std::string>& joints, int observation_size) {
    const int n = static_cast<int>(joints.size());
    std::string position, velocity;
    for (const std::string& kind : joints) {
      if (kind != "slide" && kind != "hinge")
        throw base::OptionError("joints", "there is no joint '" + kind + "'; one of slide, hinge");
      spec.joints.push_back(kind == "slide" ? envs::Joint::slide : envs::Joint::hinge);
      const std::string unit = kind == "slide" ? "m" : "rad", comma = position.empty() ? "" : ",";
      position += comma + unit;
      velocity += comma + unit + "/s";
    }
    if (observation_size < 2 * n)
      throw base::OptionError("joints", "the observation has " + std::to_string(observation_size) + " numbers; " +
                                            std::to_string(n) + " positions and velocities need " +
                                            std::to_string(2 * n));
    if (n > 0) spec.modalities = {{"joint_position", position, 0, n}, {"joint_velocity", velocity, n, n}};
    if (observation_size > 2 * n) spec.modalities.push_back({"observation", "", 2 * n, observation_size - 2 * n});
  }
};

}  // namespace

std::function<std::unique_ptr<envs::Environment>(int)> worlds_of(const py::object& make) {
  if (make.is_none()) return {};
  const Held held = hold(make);
  return [held](int agent) {
    return in_python("world", [&] {
      const py::object made = (*held)(agent);
      if (!py::hasattr(made, "_world"))
        throw base::OptionError("world", "world(agent) must return an infans.envs.World; it returned " +
                                             py::cast<std::string>(py::repr(made)));
      // The life takes it over: what Python still holds is empty.
      auto& world = py::cast<PythonWorld&>(made.attr("_world")).world;
      if (!world) throw base::OptionError("world", "world(agent) must return a new world for every agent");
      return std::move(world);
    });
  };
}

void bind_envs(py::module_& module) {
  module.def(
      "task_infos",
      [] {
        py::list infos;
        const envs::TaskTable tasks = envs::all_tasks();
        for (const std::string& id : tasks.ids()) infos.append(dict_of(tasks.info(id)));
        return infos;
      },
      "What is known of every task without loading its body, a dict each.");

  py::class_<Body>(module, "TaskBody", "One body of a task; commands in the task's own units.")
      .def(py::init<const std::string&, const std::string&, const Values&>(), py::arg("id"), py::arg("assets"),
           py::arg("options"))
      .def_property_readonly("info",
                             [](const Body& body) {
                               py::dict out = dict_of(body.task.info);
                               describe(out, body.task);
                               return out;
                             })
      .def("reset", &Body::reset, py::arg("seed"), py::arg("episode"))
      .def("step", &Body::step, py::arg("action"), "(observation, reward, terminated) after one control step.")
      .def("set_state",
           [](Body& body, const Array& q, const Array& v) { body.task.world->set_joints(span_of(q), span_of(v)); })
      .def("save", &Body::save)
      .def("restore", [](Body& body, const Array& state) { body.task.world->restore(span_of(state)); });

  py::class_<BodyPool>(module, "TaskPool", "Many bodies of one task, stepped by several threads.")
      .def(py::init([](const std::string& id, const std::string& assets, const Values& values, int bodies, int threads,
                       int time_limit, const std::string& autoreset) {
             return std::make_unique<BodyPool>(id, assets, values, bodies,
                                               BodyPool::options_of(threads, time_limit, autoreset));
           }),
           py::arg("id"), py::arg("assets"), py::arg("options"), py::arg("bodies"), py::arg("threads"),
           py::arg("time_limit"), py::arg("autoreset"))
      .def_readonly("info", &BodyPool::info)
      .def("reset", &BodyPool::reset, py::arg("seeds"), py::arg("mask"))
      .def("step", &BodyPool::step, py::arg("actions"),
           "(observations, rewards, terminated, truncated, final observations or None).")
      .def("set_state", [](BodyPool& pool, int i, const Array& q, const Array& v) {
        pool.pool.body(i).set_joints(span_of(q), span_of(v));
      });

  py::class_<PythonWorld>(module, "PythonWorld", "A world of the library whose work is done by a Python object.")
      .def(py::init<const std::string&, const py::object&, int, int, double, const std::vector<std::string>&>(),
           py::arg("name"), py::arg("inner"), py::arg("observation_size"), py::arg("action_size"),
           py::arg("control_period"), py::arg("joints"))
      .def("reset",
           [](PythonWorld& w, std::uint64_t seed, std::uint64_t episode) {
             random::Stream stream({seed, 0, random::Purpose::reset, episode});
             return array_of(w.world->reset(stream));
           })
      .def("step",
           [](PythonWorld& w, const Array& action) {
             std::span<const double> observation;
             {
               py::gil_scoped_release release;
               observation = w.world->step(span_of(action));
             }
             const envs::Outcome outcome = w.world->outcome();
             return py::make_tuple(array_of(observation), outcome.reward, outcome.terminated);
           })
      .def("set_state",
           [](PythonWorld& w, const Array& q, const Array& v) { w.world->set_joints(span_of(q), span_of(v)); });
}

}  // namespace infans::bindings
