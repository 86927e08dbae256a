// infans._infans: the CLI and the runner for Python. The package infans re-exports the exceptions under its own name.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/cpp/body.hpp"
#include "bindings/cpp/core.hpp"
#include "bindings/cpp/efficiency.hpp"
#include "bindings/cpp/envs.hpp"
#include "bindings/cpp/in_python.hpp"
#include "bindings/cpp/protocols.hpp"
#include "core/base/error.hpp"
#include "experiments/run/cli.hpp"
#include "experiments/run/life.hpp"
#include "experiments/run/population.hpp"
#include "experiments/run/resume.hpp"
#include "experiments/run/stop_signal.hpp"
#include "experiments/run/study.hpp"

namespace py = pybind11;

namespace {

// Python's exception types; they live as long as the interpreter and are never freed.
struct Exceptions {
  PyObject* error = nullptr;
  PyObject* option = nullptr;
  PyObject* file = nullptr;
  PyObject* body = nullptr;
  PyObject* simulation = nullptr;
};
Exceptions exceptions;

// A subclass of infans.Error and of the nearest built-in, so both `except infans.Error` and `except ValueError` catch
// it.
PyObject* make_exception(py::module_& module, const char* name, PyObject* base, const char* doc) {
  const std::string full = std::string("infans.") + name;
  py::list bases;
  if (exceptions.error) bases.append(py::handle(exceptions.error));
  bases.append(py::handle(base));
  PyObject* type = PyErr_NewExceptionWithDoc(full.c_str(), doc, py::tuple(bases).ptr(), nullptr);
  if (!type) throw py::error_already_set();
  module.attr(name) = py::handle(type);
  return type;
}

template <class Fill>
void raise(PyObject* type, const char* message, Fill fill) {
  py::object value = py::handle(type)(message);
  fill(value);
  PyErr_SetObject(type, value.ptr());
}

void translate(std::exception_ptr pointer) {
  using namespace infans::base;
  try {
    if (pointer) std::rethrow_exception(pointer);
  } catch (const OptionError& e) {
    raise(exceptions.option, e.what(), [&](py::object& value) { value.attr("key") = e.key; });
  } catch (const FileError& e) {
    raise(exceptions.file, e.what(), [&](py::object& value) { value.attr("path") = e.path; });
  } catch (const BodyError& e) {
    raise(exceptions.body, e.what(), [&](py::object& value) { value.attr("source") = e.source; });
  } catch (const SimulationError& e) {
    raise(exceptions.simulation, e.what(), [&](py::object& value) {
      value.attr("world") = e.world;
      value.attr("step") = e.step;
    });
  } catch (const Error& e) {
    raise(exceptions.error, e.what(), [](py::object&) {});
  }
}

std::vector<std::pair<std::string, std::string>> pairs_of(const py::dict& settings) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [key, value] : settings)
    pairs.emplace_back(py::cast<std::string>(key), py::cast<std::string>(value));
  return pairs;
}

// infans-report and its like stand in the environment's own folder, which is not on the PATH unless it was activated.
void see_own_commands() {
  const py::object environ = py::module_::import("os").attr("environ");
  const std::string own = py::cast<std::string>(py::module_::import("sysconfig").attr("get_path")("scripts"));
  const std::string path = py::cast<std::string>(environ.attr("get")("PATH", ""));
  if ((":" + path + ":").find(":" + own + ":") == std::string::npos)
    environ.attr("__setitem__")("PATH", path.empty() ? own : own + ":" + path);
}

int run_cli(const std::vector<std::string>& arguments) {
  see_own_commands();
  py::gil_scoped_release release;
  return infans::experiments::run_cli(arguments);
}

py::dict build_info() {
  py::dict info;
  for (const auto& [key, value] : infans::experiments::build_info()) info[py::str(key)] = value;
  return info;
}

infans::experiments::RunRequest request_of(const std::string& spec, const std::string& out, const py::dict& settings,
                                           std::optional<std::uint64_t> seed) {
  infans::experiments::RunRequest request;
  request.spec = spec;
  request.out = out;
  request.settings = pairs_of(settings);
  request.seed = seed;
  request.quiet = true;
  return request;
}

// A Python function of (number, sample, body, physics), called from inside the run.
decltype(infans::experiments::RunRequest::on_sample) watcher_of(const py::object& function) {
  if (function.is_none()) return {};
  return [held = infans::bindings::hold(function)](int number, long sample,
                                                   const infans::experiments::Participant& participant) {
    const std::string body = participant.body();
    const std::vector<double> physics = participant.physics();
    infans::bindings::in_python("on_sample", [&] { (*held)(number, sample, body, physics); });
  };
}

// With the GIL released; what was asked to stop raises KeyboardInterrupt.
template <typename Run>
std::string interruptible(const Run& run) {
  see_own_commands();
  std::string path;
  {
    py::gil_scoped_release release;
    path = run();
  }
  // Its files are complete up to here; Python's own rule for Ctrl-C ends the caller's script or cell.
  if (infans::experiments::interrupted()) {
    PyErr_SetNone(PyExc_KeyboardInterrupt);
    throw py::error_already_set();
  }
  return path;
}

std::string run(const std::string& spec, const std::string& out, const py::dict& settings, std::optional<int> agents,
                std::optional<std::uint64_t> seed, std::optional<int> threads, bool quiet, const py::object& world,
                const std::vector<int>& participants, const py::object& protocol, const py::object& probes, bool resume,
                const py::object& on_sample) {
  infans::experiments::RunRequest request = request_of(spec, out, settings, seed);
  request.agents = agents;
  request.threads = threads;
  request.quiet = quiet;
  request.world = infans::bindings::worlds_of(world);
  request.participants = participants;
  request.protocol = infans::bindings::protocol_of(protocol);
  request.probes = infans::bindings::probes_of(probes);
  request.resume = resume;
  request.on_sample = watcher_of(on_sample);
  return interruptible([&] { return infans::experiments::run_study(request); });
}

std::string resume(const std::string& run, std::optional<int> threads, bool quiet, const py::object& world,
                   const py::object& protocol, const py::object& probes, const py::object& on_sample) {
  infans::experiments::RunRequest request;
  request.threads = threads;
  request.quiet = quiet;
  request.world = infans::bindings::worlds_of(world);
  request.protocol = infans::bindings::protocol_of(protocol);
  request.probes = infans::bindings::probes_of(probes);
  request.on_sample = watcher_of(on_sample);
  return interruptible([&] { return infans::experiments::resume(run, request); });
}

py::dict study_texts(const std::string& spec, const py::dict& settings, std::optional<int> agents,
                     std::optional<std::uint64_t> seed, const py::object& protocol, const py::object& probes) {
  infans::experiments::RunRequest request = request_of(spec, "", settings, seed);
  request.agents = agents;
  request.protocol = infans::bindings::protocol_of(protocol);
  request.probes = infans::bindings::probes_of(probes);
  py::dict texts;
  for (const auto& [name, text] : infans::experiments::study_texts(request)) texts[py::str(name)] = text;
  return texts;
}

}  // namespace

PYBIND11_MODULE(_infans, module) {
  module.doc() = "Compiled part of Infans.";
  exceptions.error = make_exception(module, "Error", PyExc_Exception, "Anything that Infans reports to its caller.");
  exceptions.option = make_exception(module, "OptionError", PyExc_ValueError,
                                     "An unknown option or a value outside its range; `key` names the option.");
  exceptions.file =
      make_exception(module, "FileError", PyExc_OSError,
                     "A file that is missing, in the way, unreadable or of another type; `path` names it.");
  exceptions.body = make_exception(module, "BodyError", PyExc_ValueError,
                                   "A body that does not load or does not fit its use; `source` names it.");
  exceptions.simulation =
      make_exception(module, "SimulationError", PyExc_RuntimeError,
                     "A world that left its domain; `world` and `step` (control step in the episode) say where.");
  py::register_exception_translator(translate);

  module.def("run_cli", &run_cli, py::arg("argv"),
             "Run the command line `infans argv...` in this process; returns the exit code. SIGINT goes to the run.");
  module.def("build_info", &build_info, "Version, git hash, compiler, ISA and libraries as a dict of str.");
  module.def("run", &run, py::arg("spec"), py::arg("out"), py::arg("settings") = py::dict(), py::kw_only(),
             py::arg("agents") = py::none(), py::arg("seed") = py::none(), py::arg("threads") = py::none(),
             py::arg("quiet") = false, py::arg("world") = py::none(), py::arg("participants") = std::vector<int>(),
             py::arg("protocol") = py::none(), py::arg("probes") = py::none(), py::arg("resume") = false,
             py::arg("on_sample") = py::none(),
             "Run a life (name of a shipped one, or path of a TOML file) into the folder `out`; returns the path of "
             "run.h5. Ctrl-C ends the run with complete files and raises KeyboardInterrupt. `settings` overrides "
             "options, e.g. {\"agent.data\": \"random\"}.");
  module.def("resume", &resume, py::arg("run"), py::kw_only(), py::arg("threads") = py::none(),
             py::arg("quiet") = false, py::arg("world") = py::none(), py::arg("protocol") = py::none(),
             py::arg("probes") = py::none(), py::arg("on_sample") = py::none(),
             "Go on with a run that was stopped or killed, to the same bits; returns the path of run.h5.");
  module.def("study_texts", &study_texts, py::arg("spec"), py::arg("settings") = py::dict(), py::kw_only(),
             py::arg("agents") = py::none(), py::arg("seed") = py::none(), py::arg("protocol") = py::none(),
             py::arg("probes") = py::none(),
             "The root attributes that the record of a study will have, as a dict of str; nothing is lived.");

  infans::bindings::bind_core(module);
  infans::bindings::bind_body(module);
  infans::bindings::bind_envs(module);
  infans::bindings::bind_efficiency(module);
  infans::bindings::bind_protocols(module);

  using infans::experiments::SteppedLife;
  py::class_<SteppedLife>(module, "SteppedLife", "One life in the caller's hands.")
      .def(py::init([](const std::string& spec, const std::string& out, const py::dict& settings,
                       std::optional<std::uint64_t> seed, const py::object& world) {
             infans::experiments::RunRequest request = request_of(spec, out, settings, seed);
             request.world = infans::bindings::worlds_of(world);
             return std::make_unique<SteppedLife>(std::move(request));
           }),
           py::arg("spec"), py::arg("out"), py::arg("settings") = py::dict(), py::kw_only(),
           py::arg("seed") = py::none(), py::arg("world") = py::none())
      .def("next_step", &SteppedLife::next_step, py::call_guard<py::gil_scoped_release>(),
           "One decision; False when the life has ended.")
      .def("finalize", &SteppedLife::finalize, py::call_guard<py::gil_scoped_release>(),
           "Commit what is open; returns the path of run.h5.")
      .def_property_readonly("decisions", [](const SteppedLife& life) { return life.progress().decisions; })
      .def_property_readonly("episode", [](const SteppedLife& life) { return life.progress().episode; });
}
