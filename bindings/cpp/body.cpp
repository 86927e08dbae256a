// Any body with its senses for Python: infans.body wraps it.
#include "bindings/cpp/body.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "envs/bodies/bodies.hpp"
#include "envs/mujoco/body_table.hpp"
#include "experiments/run/show_body.hpp"

namespace py = pybind11;

namespace infans::bindings {
namespace {

using Array = py::array_t<double, py::array::c_style | py::array::forcecast>;

std::span<const double> span_of(const Array& a) { return {a.data(), static_cast<std::size_t>(a.size())}; }

std::span<double> space_in(Array& a) { return {a.mutable_data(), static_cast<std::size_t>(a.size())}; }

bool is_sequence(const py::handle& value) {
  return py::isinstance<py::sequence>(value) && !py::isinstance<py::str>(value) && !py::isinstance<py::bytes>(value);
}

config::Value value_of(const py::handle& value, const std::string& key, const std::string& where) {
  if (py::isinstance<py::bool_>(value)) return py::cast<bool>(value);
  if (py::isinstance<py::str>(value)) return py::cast<std::string>(value);
  if (is_sequence(value) && py::len(value) > 0 && py::isinstance<py::str>(value[py::int_(0)]))
    return py::cast<config::Texts>(value);
  if (is_sequence(value)) return py::len(value) > 0 ? py::cast<config::Numbers>(value) : config::Value(config::Texts());
  if (PyIndex_Check(value.ptr())) return py::cast<long>(py::int_(py::reinterpret_borrow<py::object>(value)));
  if (PyNumber_Check(value.ptr())) return py::cast<double>(py::float_(py::reinterpret_borrow<py::object>(value)));
  throw base::OptionError(key, where + ": " + key + " is a " + py::cast<std::string>(py::str(py::type::of(value))) +
                                   "; it must be a text, a number, true or false, or a list of texts or numbers");
}

void set_one(config::Options& options, const std::string& key, const py::handle& value, const std::string& where) {
  try {
    options.set(key, value_of(value, key, where), where);
  } catch (const py::cast_error&) {
    throw base::OptionError(key, where + ": " + key + " must be a list of texts or a list of numbers");
  }
}

void add_entry(config::Options& options, const std::string& key, const py::dict& fields, const std::string& where) {
  config::Options& entry = options.add(key, where);
  for (const auto& [name, value] : fields) set_one(entry, key + "." + py::cast<std::string>(name), value, where);
}

config::Options options_of(const py::dict& settings) {
  config::Options options(envs::body_table());
  for (const auto& [py_name, value] : settings) {
    const auto name = py::cast<std::string>(py_name);
    const std::string key = (name == "control_period" || name == "reset_std" ? "world." : "body.") + name;
    const std::string where = "Body: " + name;
    const bool entries = is_sequence(value) && py::len(value) > 0 && py::isinstance<py::dict>(value[py::int_(0)]);
    if (py::isinstance<py::dict>(value)) {
      add_entry(options, key, py::cast<py::dict>(value), where);
    } else if (entries) {
      std::size_t i = 0;
      for (const py::handle& entry : py::reinterpret_borrow<py::sequence>(value)) {
        const std::string place = where + "[" + std::to_string(i++) + "]";
        if (!py::isinstance<py::dict>(entry))
          throw base::OptionError(key, place + " is no dict; " + key + " must be a list of dicts");
        add_entry(options, key, py::cast<py::dict>(entry), place);
      }
    } else {
      set_one(options, key, value, where);
    }
  }
  return options;
}

// A text that begins with "<" is the MJCF itself.
bool is_text(const std::string& mjcf) {
  const std::size_t first = mjcf.find_first_not_of(" \t\r\n");
  return first != std::string::npos && mjcf[first] == '<';
}

experiments::LifeBody described(const std::string& mjcf, const config::Options& options) {
  experiments::LifeBody body;
  body.source = is_text(mjcf) ? "mjcf" : mjcf;
  body.mjcf = is_text(mjcf) ? mjcf : envs::load_mjcf(mjcf);
  body.options = experiments::options_of_body(options, body.source);
  body.bare = envs::is_bare(options);
  return body;
}

// Calls come from any thread, one at a time: the lock is never held by who waits for the GIL.
class Body {
 public:
  Body(const std::string& mjcf, const py::dict& settings)
      : body_(described(mjcf, options_of(settings))), world_(make_body(body_, body_.source)) {}

  const envs::BodyWorld& world() const { return *world_; }
  std::string words() const { return experiments::body_in_words(body_); }

  // `work` without the GIL.
  template <typename Work>
  void run(Work&& work) {
    const py::gil_scoped_release release;
    const std::lock_guard lock(mutex_);
    work(*world_);
  }

  // What `work` returns, as an array.
  template <typename Work>
  Array observed(Work&& work) {
    Array out(world_->spec().observation_size());
    const std::span<double> space = space_in(out);
    run([&](envs::BodyWorld& w) {
      const std::span<const double> seen = work(w);
      std::copy(seen.begin(), seen.end(), space.begin());
    });
    return out;
  }

 private:
  experiments::LifeBody body_;
  std::unique_ptr<envs::BodyWorld> world_;
  std::mutex mutex_;
};

Array rows_of(std::size_t n) { return Array({static_cast<py::ssize_t>(n), py::ssize_t{3}}); }

py::dict taxels_of(Body& body, const std::string& skin) {
  std::vector<envs::Taxel> taxels;
  body.run([&](envs::BodyWorld& w) { taxels = w.taxels(skin); });
  py::list geoms, bodies;
  Array place = rows_of(taxels.size()), normal = rows_of(taxels.size()), world = rows_of(taxels.size());
  for (std::size_t i = 0; i < taxels.size(); ++i) {
    geoms.append(taxels[i].geom);
    bodies.append(taxels[i].body);
    std::copy_n(taxels[i].place.begin(), 3, place.mutable_data() + 3 * i);
    std::copy_n(taxels[i].normal.begin(), 3, normal.mutable_data() + 3 * i);
    std::copy_n(taxels[i].world.begin(), 3, world.mutable_data() + 3 * i);
  }
  return py::dict(py::arg("geom") = geoms, py::arg("body") = bodies, py::arg("place") = place,
                  py::arg("normal") = normal, py::arg("world") = world);
}

py::dict receptors_of(Body& body, const std::string& retina) {
  std::vector<envs::Receptor> receptors;
  body.run([&](envs::BodyWorld& w) { receptors = w.receptors(retina); });
  Array direction = rows_of(receptors.size());
  Array spacing(static_cast<py::ssize_t>(receptors.size()));
  for (std::size_t i = 0; i < receptors.size(); ++i) {
    std::copy_n(receptors[i].direction.begin(), 3, direction.mutable_data() + 3 * i);
    spacing.mutable_data()[i] = receptors[i].spacing;
  }
  return py::dict(py::arg("direction") = direction, py::arg("spacing") = spacing);
}

py::dict info_of(const Body& body) {
  const envs::Spec& spec = body.world().spec();
  py::dict out;
  py::list parts;
  for (const envs::Modality& m : spec.modalities) parts.append(py::make_tuple(m.name, m.unit, m.offset, m.size));
  out["modalities"] = parts;
  out["motors"] = body.world().motors();
  out["observation_size"] = spec.observation_size();
  out["action_size"] = spec.action_size;
  out["state_size"] = spec.state_size;
  out["control_period"] = spec.control_period;
  out["positions"] = body.world().position_size();
  out["velocities"] = body.world().velocity_size();
  return out;
}

}  // namespace

void bind_body(py::module_& module) {
  py::class_<Body>(module, "BodyWorld", "A body and its senses; commands in [-1, 1].")
      .def(py::init<const std::string&, const py::dict&>(), py::arg("mjcf"), py::arg("options"))
      .def("info", &info_of)
      .def("words", &Body::words)
      .def("reset",
           [](Body& body, std::uint64_t seed, std::uint64_t episode) {
             random::Stream stream({seed, 0, random::Purpose::reset, episode});
             return body.observed([&](envs::BodyWorld& w) { return w.reset(stream); });
           })
      .def("step",
           [](Body& body, const Array& action) {
             return body.observed([&](envs::BodyWorld& w) { return w.step(span_of(action)); });
           })
      .def("save",
           [](Body& body) {
             Array state(body.world().spec().state_size);
             body.run([space = space_in(state)](envs::BodyWorld& w) { w.save(space); });
             return state;
           })
      .def("restore",
           [](Body& body, const Array& state) { body.run([&](envs::BodyWorld& w) { w.restore(span_of(state)); }); })
      .def("set_state",
           [](Body& body, const Array& q, const Array& v) {
             body.run([&](envs::BodyWorld& w) { w.set_joints(span_of(q), span_of(v)); });
           })
      .def("age_days",
           [](Body& body) {
             double days = 0.0;
             body.run([&](envs::BodyWorld& w) { days = w.age_days(); });
             return days;
           })
      .def("set_age", [](Body& body, double days) { body.run([&](envs::BodyWorld& w) { w.set_age(days); }); })
      .def("set_gain", [](Body& body, const std::string& name,
                          double gain) { body.run([&](envs::BodyWorld& w) { w.set_gain(name, gain); }); })
      .def("set_word", [](Body& body, const std::string& name,
                          int word) { body.run([&](envs::BodyWorld& w) { w.set_word(name, word); }); })
      .def("replace_body",
           [](Body& body, const std::string& mjcf) {
             const std::string text = is_text(mjcf) ? mjcf : envs::load_mjcf(mjcf);
             body.run([&](envs::BodyWorld& w) { w.replace_body(text); });
           })
      .def("taxels", &taxels_of, py::arg("skin"))
      .def("receptors", &receptors_of, py::arg("retina"));
}

}  // namespace infans::bindings
