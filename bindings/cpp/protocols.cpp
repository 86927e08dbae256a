// Protocols and probes that are written in Python, and participants of the compiled ones for Python's probes.
// infans.protocol checks what users write and hands over lists and tuples.
#include "bindings/cpp/protocols.hpp"

#include <pybind11/stl.h>

#include <string>
#include <utility>

#include "bindings/cpp/in_python.hpp"
#include "experiments/run/design.hpp"

namespace py = pybind11;

namespace infans::bindings {
namespace {

using experiments::Participant;

py::object object_of(const config::Value& value) {
  return std::visit([](const auto& x) -> py::object { return py::cast(x); }, value);
}

py::dict dict_of(const config::Options& options) {
  py::dict values;
  for (const config::Option& o : options.table())
    if (o.fields.empty()) values[py::str(o.key)] = object_of(options.value(o.key));
  return values;
}

std::vector<experiments::Variable> variables_of(const py::handle& list) {
  std::vector<experiments::Variable> variables;
  for (const py::handle item : list) {
    const auto [name, unit, doc] = py::cast<std::tuple<std::string, std::string, std::string>>(item);
    variables.push_back({name, unit, doc});
  }
  return variables;
}

// A trial as keyword arguments of infans.protocol.Trial.
py::dict dict_of(const experiments::Trial& trial) {
  py::dict d;
  d["kind"] = trial.kind;
  d["options"] = dict_of(trial.options);
  d["age_days"] = trial.age_days;
  d["occasion"] = trial.occasion;
  d["index"] = trial.index;
  d["trials"] = trial.trials;
  return d;
}

// An object of infans.protocol.Participant.
class PythonParticipant final : public Participant {
 public:
  PythonParticipant(std::string name, Held self) : name_(std::move(name)), self_(std::move(self)) {}

  void begin_stage(const config::Options& options) override {
    in_python(name_, [&] { self_->attr("begin_stage")(dict_of(options)); });
  }
  void set_age(double days) override {
    in_python(name_, [&] { self_->attr("set_age")(days); });
  }
  experiments::Sample live(std::span<const double> partner) override {
    return in_python(name_, [&] {
      const py::object tape =
          partner.empty() ? py::object(py::none()) : py::cast(std::vector<double>(partner.begin(), partner.end()));
      auto [values, own] = py::cast<std::pair<std::vector<double>, std::vector<double>>>(self_->attr("_live")(tape));
      return experiments::Sample{std::move(values), std::move(own)};
    });
  }
  double seconds() const override {
    return in_python(name_, [&] { return py::cast<double>(self_->attr("seconds")); });
  }
  bool reached(const std::string& criterion) const override {
    return in_python(name_, [&] { return py::cast<bool>(self_->attr("reached")(criterion)); });
  }
  std::unique_ptr<Participant> clone() const override {
    return in_python(name_, [&]() -> std::unique_ptr<Participant> {
      return std::make_unique<PythonParticipant>(name_, hold(py::module_::import("copy").attr("deepcopy")(*self_)));
    });
  }
  std::vector<double> test(const experiments::Trial& trial) override {
    return in_python(name_, [&] { return py::cast<std::vector<double>>(self_->attr("_test")(dict_of(trial))); });
  }
  // The object itself, pickled.
  void describe(base::Archive& archive) override {
    std::string bytes;
    if (!archive.restoring()) bytes = pickled();
    archive("pickle", bytes);
    if (archive.restoring())
      in_python(name_, [&] { self_ = hold(py::module_::import("pickle").attr("loads")(py::bytes(bytes))); });
  }

 private:
  std::string pickled() const {
    try {
      return in_python(name_,
                       [&] { return py::cast<std::string>(py::module_::import("pickle").attr("dumps")(*self_)); });
    } catch (const base::SimulationError& e) {
      throw base::StateError(name_, "cannot be pickled: " + e.reason);
    }
  }

  std::string name_;
  Held self_;
};

// A participant in the hands of a probe, for as long as the probe's function runs.
class Visit {
 public:
  Visit(Participant& participant, const experiments::Trial& trial) : participant_(&participant), trial_(trial) {}

  void end() { participant_ = nullptr; }
  std::vector<double> live() {
    Participant& p = here();
    const py::gil_scoped_release release;
    return p.live({}).values;
  }
  double seconds() { return here().seconds(); }
  void set_options(const py::dict& changes) {
    Participant& p = here();
    const config::Options changed = options(changes);
    const py::gil_scoped_release release;
    p.begin_stage(changed);
  }
  std::vector<double> test(const std::string& kind, int index, const py::dict& changes) {
    Participant& p = here();
    const config::Options changed = options(changes);
    const py::gil_scoped_release release;
    return p.test({kind, changed, trial_.age_days, trial_.occasion, index, trial_.trials});
  }

 private:
  Participant& here() {
    if (participant_ == nullptr) throw base::UserError("the probe is over, and with it the copy of the participant");
    return *participant_;
  }
  config::Options options(const py::dict& changes) const {
    config::Options changed = trial_.options;
    for (const auto& [key, value] : changes)
      changed.set_text(py::cast<std::string>(key), py::cast<std::string>(value), "probe " + trial_.kind);
    return changed;
  }

  Participant* participant_;
  const experiments::Trial& trial_;
};

std::vector<double> run_probe(const Held& function, Participant& copy, const experiments::Trial& trial) {
  return in_python("probe " + trial.kind, [&] {
    const auto visit = std::make_shared<Visit>(copy, trial);
    const struct Ends {
      Visit& visit;
      ~Ends() { visit.end(); }  // whoever still holds it, and also when the function raises
    } ends{*visit};
    const py::object result = (*function)(visit, dict_of(trial));
    return py::cast<std::vector<double>>(result);
  });
}

config::Option option_of(const py::dict& d) {
  config::Option o;
  o.key = py::cast<std::string>(d["key"]);
  const py::object standard = d["default"];
  if (py::isinstance<py::bool_>(standard))
    o.standard = py::cast<bool>(standard);
  else if (py::isinstance<py::int_>(standard))
    o.standard = py::cast<long>(standard);
  else if (py::isinstance<py::float_>(standard))
    o.standard = py::cast<double>(standard);
  else
    o.standard = py::cast<std::string>(standard);
  o.low = py::cast<double>(d["low"]);
  o.high = py::cast<double>(d["high"]);
  o.choices = py::cast<std::vector<std::string>>(d["choices"]);
  o.unit = py::cast<std::string>(d["unit"]);
  o.doc = py::cast<std::string>(d["doc"]);
  return o;
}

py::list list_of(const std::vector<experiments::Variable>& variables) {
  py::list list;
  for (const auto& v : variables) list.append(py::make_tuple(v.name, v.unit, v.doc));
  return list;
}

py::list shipped() {
  py::list all;
  for (const experiments::Protocol& p : experiments::shipped_protocols()) {
    py::dict d;
    d["name"] = p.name;
    d["summary"] = p.summary;
    d["variables"] = list_of(p.variables);
    d["criteria"] = list_of(p.criteria);
    py::list probes;
    for (const auto& kind : p.probes) probes.append(py::make_tuple(kind.name, kind.doc, list_of(kind.measures)));
    d["probes"] = probes;
    all.append(d);
  }
  return all;
}

}  // namespace

std::optional<experiments::Protocol> protocol_of(const py::object& description) {
  if (description.is_none()) return std::nullopt;
  const py::dict d = description;
  experiments::Protocol p;
  p.name = py::cast<std::string>(d["name"]);
  p.summary = py::cast<std::string>(d["summary"]);
  for (const py::handle option : d["options"]) p.options.push_back(option_of(py::cast<py::dict>(option)));
  p.fixed = py::cast<std::vector<std::string>>(d["fixed"]);
  p.variables = variables_of(d["variables"]);
  p.criteria = variables_of(d["criteria"]);
  p.yoked = py::cast<bool>(d["yoked"]);
  for (const py::handle probe : d["probes"]) {
    const py::tuple parts = py::cast<py::tuple>(probe);
    p.probes.push_back({py::cast<std::string>(parts[0]), py::cast<std::string>(parts[1]), variables_of(parts[2])});
  }
  p.make = [name = p.name, make = hold(d["make"])](const config::Options& options, const experiments::Identity& who) {
    return in_python(name, [&]() -> std::unique_ptr<Participant> {
      return std::make_unique<PythonParticipant>(name, hold((*make)(dict_of(options), who.number, who.seed)));
    });
  };
  return p;
}

std::vector<experiments::ExtraProbe> probes_of(const py::object& descriptions) {
  std::vector<experiments::ExtraProbe> probes;
  if (descriptions.is_none()) return probes;
  for (const py::handle item : descriptions) {
    const py::tuple parts = py::cast<py::tuple>(item);
    experiments::ExtraProbe probe;
    probe.kind = {py::cast<std::string>(parts[0]), py::cast<std::string>(parts[1]), variables_of(parts[2])};
    const Held function = hold(parts[3]);
    probe.test = [function](Participant& copy, const experiments::Trial& trial) {
      return run_probe(function, copy, trial);
    };
    probes.push_back(std::move(probe));
  }
  return probes;
}

void bind_protocols(py::module_& module) {
  py::class_<Visit, std::shared_ptr<Visit>>(module, "Visit", "A copy of a participant in a probe's hands.")
      .def("live", &Visit::live, "One sample of life; its values in the order of the protocol's variables.")
      .def_property_readonly("seconds", &Visit::seconds, "Simulated time lived, s.")
      .def("begin_stage", &Visit::set_options, py::arg("changes"))
      .def("test", &Visit::test, py::arg("kind"), py::arg("index"), py::arg("changes"));
  module.def("protocol_of", &experiments::protocol_of, py::arg("spec"), "The protocol that a study names, or \"\".");
  module.def("protocols", &shipped, "The shipped protocols: name, summary, variables, criteria, probes.");
}

}  // namespace infans::bindings
