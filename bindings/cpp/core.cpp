// Hierarchies and their solvers for Python. NumPy arrays hold a sample a row, Eigen's a sample a column, so a
// C-contiguous array B x width is Eigen's width x B without a copy of the layout.
#include "bindings/cpp/core.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/inference/amortised.hpp"
#include "core/inference/incremental.hpp"
#include "core/inference/learn.hpp"
#include "core/inference/precision_learning.hpp"
#include "core/inference/settle.hpp"

namespace py = pybind11;

namespace infans::bindings {
namespace {

template <typename T>
using Array = py::array_t<T, py::array::c_style | py::array::forcecast>;

template <typename T>
model::MatrixOf<T> samples(const Array<T>& a) {
  if (a.ndim() != 2) throw std::invalid_argument("an array of two dimensions is needed: (samples, units)");
  return Eigen::Map<const model::MatrixOf<T>>(a.data(), a.shape(1), a.shape(0));
}

// A copy, samples x units.
template <typename T>
py::array_t<T> rows_of(const model::MatrixOf<T>& m) {
  py::array_t<T> out({m.cols(), m.rows()});
  std::memcpy(out.mutable_data(), m.data(), static_cast<std::size_t>(m.size()) * sizeof(T));
  return out;
}

template <typename T>
py::array_t<T> matrix_of(const model::MatrixOf<T>& m) {
  return rows_of<T>(m.transpose());
}

template <typename T>
py::array_t<T> vector_of(const model::VectorOf<T>& v) {
  return py::array_t<T>(v.size(), v.data());
}

template <typename T>
model::VectorOf<T> vector_from(const Array<T>& a) {
  if (a.ndim() != 1) throw std::invalid_argument("an array of one dimension is needed");
  return Eigen::Map<const model::VectorOf<T>>(a.data(), a.size());
}

template <typename T>
void assign(model::MatrixOf<T>& target, const model::MatrixOf<T>& value, const char* what) {
  if (target.rows() != value.rows() || target.cols() != value.cols())
    throw std::invalid_argument(std::string(what) + ": an array of shape (" + std::to_string(target.rows()) + ", " +
                                std::to_string(target.cols()) + ") is needed");
  if (!value.allFinite()) throw std::invalid_argument(std::string(what) + ": every value must be finite");
  target = value;
}

int checked(int index, int count, const char* what) {
  if (index < 0 || index >= count)
    throw py::index_error(std::string(what) + " " + std::to_string(index) + " is not one of 0.." +
                          std::to_string(count - 1));
  return index;
}

// One model, one batch of beliefs about it.
template <typename T>
struct Belief {
  Belief(const model::Hierarchy<T>& m, int batch) : model(&m), state(m, batch) {}
  const model::Hierarchy<T>* model;
  model::HierarchyState<T> state;
};

template <typename T>
void require_own(const model::Hierarchy<T>& m, const Belief<T>& b) {
  if (b.model != &m) throw std::invalid_argument("belief: it belongs to another hierarchy");
}

inference::SettleReport run_solver(const std::string& solver, auto& m, auto& s, const inference::SettleOptions& o) {
  if (solver == "sPC") return inference::settle(m, s, o);
  if (solver == "ePC") return inference::settle_errors(m, s, o);
  if (solver == "gauss_newton") return inference::settle_gauss_newton(m, s, o);
  if (solver == "fixed_prediction") {
    inference::settle_fixed_prediction(m, s);
    inference::SettleReport r;
    for (const double part : s.energy) r.energy += part;
    r.steps = 1;
    r.converged = true;
    return r;
  }
  throw std::invalid_argument("solver: there is no '" + solver + "'; one of sPC, ePC, gauss_newton, fixed_prediction");
}

template <typename T>
void bind_model(py::module_& module, const std::string& suffix) {
  using Model = model::Hierarchy<T>;
  py::class_<Model>(module, ("Hierarchy" + suffix).c_str())
      .def(py::init([](const model::HierarchySpec& spec, std::uint64_t seed) {
        random::Stream stream({seed, 0, random::Purpose::hierarchy_init, 0});
        return Model(spec, stream);
      }))
      .def_property_readonly("spec", [](const Model& m) { return m.spec; })
      .def("node", &Model::node)
      .def("weight", [](const Model& m, int k) { return matrix_of<T>(m.weight[checked(k, m.edges(), "edge")]); })
      .def("set_weight",
           [](Model& m, int k, const Array<T>& w) {
             assign<T>(m.weight[checked(k, m.edges(), "edge")], samples<T>(w).transpose(), "weight");
           })
      .def("bias", [](const Model& m, int j) { return vector_of<T>(m.bias[checked(j, m.nodes(), "node")]); })
      .def("set_bias",
           [](Model& m, int j, const Array<T>& b) {
             model::MatrixOf<T> value = m.bias[checked(j, m.nodes(), "node")];
             assign<T>(value, vector_from<T>(b), "bias");
             m.bias[j] = value;
           })
      .def("precision",
           [](const Model& m, int j) { return matrix_of<T>(m.precision[checked(j, m.nodes(), "node")].matrix()); })
      .def("set_precision",
           [](Model& m, int j, const Array<T>& p) {
             auto& precision = m.precision[checked(j, m.nodes(), "node")];
             p.ndim() == 1 ? precision.set(vector_from<T>(p)) : precision.set(samples<T>(p));
           })
      .def("learn_precision", [](Model& m, const Belief<T>& b, const std::vector<int>& nodes, double prior_mean,
                                 double prior_deviation, double rate, bool uncertainty) {
        require_own(m, b);
        py::gil_scoped_release release;
        inference::learn_precision(m, b.state, nodes, {prior_mean, prior_deviation, rate, uncertainty});
      });
}

template <typename T>
void bind_belief(py::module_& module, const std::string& suffix) {
  using Model = model::Hierarchy<T>;
  using B = Belief<T>;
  const auto at = [](const B& b, int j) { return checked(j, b.model->nodes(), "node"); };
  py::class_<B>(module, ("Belief" + suffix).c_str())
      .def(py::init<const Model&, int>(), py::keep_alive<1, 2>())
      .def_property_readonly("batch", [](const B& b) { return b.state.batch(); })
      .def("clamp", [](B& b, int j, const Array<T>& x) { b.state.clamp(*b.model, j, samples<T>(x)); })
      .def("clamp_units", [](B& b, int j, const std::vector<int>& units,
                             const Array<T>& x) { b.state.clamp_units(*b.model, j, units, samples<T>(x)); })
      .def("clamp_where",
           [](B& b, int j, const Array<T>& x, const Array<T>& mask) {
             b.state.clamp_where(*b.model, j, samples<T>(x), samples<T>(mask));
           })
      .def("release", [at](B& b, int j) { b.state.release(at(b, j)); })
      .def("clamped",
           [at](const B& b, int j) { return rows_of<bool>((b.state.free[at(b, j)].array() == T(0)).matrix()); })
      .def("set_activity",
           [at](B& b, int j, const Array<T>& x) { assign<T>(b.state.activity[at(b, j)], samples<T>(x), "activity"); })
      .def("activity", [at](const B& b, int j) { return rows_of<T>(b.state.activity[at(b, j)]); })
      .def("prediction", [at](const B& b, int j) { return rows_of<T>(b.state.prediction[at(b, j)]); })
      .def("error", [at](const B& b, int j) { return rows_of<T>(b.state.error[at(b, j)]); })
      .def("energies", [](const B& b) { return b.state.energy; })
      .def(
          "predict", [](B& b) { model::predict_all(*b.model, b.state); }, py::call_guard<py::gil_scoped_release>())
      .def(
          "free_energy", [](B& b) { return model::free_energy(*b.model, b.state); },
          py::call_guard<py::gil_scoped_release>())
      .def("settle",
           [](B& b, const std::string& solver, const inference::SettleOptions& o) {
             py::gil_scoped_release release;
             return run_solver(solver, *b.model, b.state, o);
           })
      .def("local_gradient", [](B& b) {
        inference::LocalGradient<T> g(*b.model);
        inference::local_gradient(*b.model, b.state, g);
        py::list weights, biases;
        for (const auto& w : g.weight) weights.append(matrix_of<T>(w));
        for (const auto& v : g.bias) biases.append(vector_of<T>(v));
        return py::make_tuple(weights, biases);
      });
}

template <typename T, typename Learner, typename Options>
void bind_learner(py::module_& module, const std::string& name) {
  using Model = model::Hierarchy<T>;
  py::class_<Learner>(module, name.c_str())
      .def(py::init<const Model&, const Options&>())
      .def("learn",
           [](Learner& l, Model& m, Belief<T>& b, double rate_factor) {
             require_own(m, b);
             py::gil_scoped_release release;
             l.learn(m, b.state, rate_factor);
           })
      .def("settle_and_learn",
           [](Learner& l, Model& m, Belief<T>& b, const inference::SettleOptions& o, double rate_factor) {
             require_own(m, b);
             py::gil_scoped_release release;
             return inference::settle_and_learn(m, b.state, l, o, rate_factor);
           });
}

template <typename T>
void bind_amortiser(py::module_& module, const std::string& suffix) {
  using A = inference::Amortiser<T>;
  py::class_<A>(module, ("Amortiser" + suffix).c_str())
      .def(py::init(
          [](const model::Hierarchy<T>& m, const std::vector<int>& path, int batch, std::uint64_t seed, double rate) {
            random::Stream stream({seed, 1, random::Purpose::hierarchy_init, 0});
            inference::AdamOptions o;
            o.rate = rate;
            return A(m, path, batch, stream, o);
          }))
      .def(
          "initialise", [](A& a, Belief<T>& b) { a.initialise(b.state); }, py::call_guard<py::gil_scoped_release>())
      .def(
          "learn", [](A& a, const Belief<T>& b) { return a.learn(b.state); }, py::call_guard<py::gil_scoped_release>());
}

template <typename T>
void bind_all(py::module_& module, const std::string& suffix) {
  bind_model<T>(module, suffix);
  bind_belief<T>(module, suffix);
  bind_learner<T, inference::Sgd<T>, inference::SgdOptions>(module, "Sgd" + suffix);
  bind_learner<T, inference::Adam<T>, inference::AdamOptions>(module, "Adam" + suffix);
  bind_amortiser<T>(module, suffix);
}

model::PrecisionKind precision_named(const std::string& name) {
  if (name == "unit") return model::PrecisionKind::unit;
  if (name == "diagonal") return model::PrecisionKind::diagonal;
  if (name == "full") return model::PrecisionKind::full;
  throw std::invalid_argument("precision: there is no '" + name + "'; one of unit, diagonal, full");
}

model::Form form_named(const std::string& name) {
  if (name == "amb") return model::Form::amb;
  if (name == "mba") return model::Form::mba;
  throw std::invalid_argument("form: there is no '" + name + "'; one of amb, mba");
}

void bind_specs(py::module_& module) {
  py::class_<model::HierarchySpec>(module, "HierarchySpec")
      .def(py::init([](const std::string& form) {
        model::HierarchySpec s;
        s.form = form_named(form);
        return s;
      }))
      .def("add_node",
           [](model::HierarchySpec& s, const std::string& name, int width, const std::string& activation,
              bool categorical, const std::string& precision, bool prior, double decay, double bias_deviation) {
             s.nodes.push_back({name, width, model::activation_named(activation),
                                categorical ? model::Likelihood::categorical : model::Likelihood::gaussian,
                                precision_named(precision), prior, decay, bias_deviation});
           })
      .def("add_edge",
           [](model::HierarchySpec& s, int from, int to, bool residual, double scale, double deviation) {
             s.edges.push_back(
                 {from, to, residual ? model::EdgeKind::residual : model::EdgeKind::dense, scale, deviation});
           })
      .def_property_readonly("nodes",
                             [](const model::HierarchySpec& s) {
                               std::vector<std::pair<std::string, int>> nodes;
                               for (const auto& n : s.nodes) nodes.emplace_back(n.name, n.width);
                               return nodes;
                             })
      .def_property_readonly("edges", [](const model::HierarchySpec& s) {
        std::vector<std::tuple<int, int, bool>> edges;
        for (const auto& e : s.edges) edges.emplace_back(e.from, e.to, e.kind == model::EdgeKind::residual);
        return edges;
      });
  module.def("chain_spec",
             [](const std::vector<int>& widths, const std::string& activation, const std::string& form, bool mupc) {
               const model::Activation f = model::activation_named(activation);
               return mupc ? model::mupc_chain(widths, f) : model::chain(widths, f, form_named(form));
             });
  module.def("set_categorical", [](model::HierarchySpec& s, int node) {
    s.nodes.at(static_cast<std::size_t>(node)).likelihood = model::Likelihood::categorical;
  });
}

void bind_options(py::module_& module) {
  using inference::SettleOptions;
  using inference::SettleReport;
  py::class_<SettleOptions>(module, "SettleOptions")
      .def(py::init([](int max_steps, double step, double momentum, double slope, double gradient) {
        if (max_steps < 0) throw std::invalid_argument("max_steps must not be negative");
        if (!(step > 0.0)) throw std::invalid_argument("step must be positive");
        if (!(momentum >= 0.0 && momentum < 1.0)) throw std::invalid_argument("momentum must be in [0, 1)");
        return SettleOptions{max_steps, step, momentum, slope, gradient};
      }));
  py::class_<SettleReport>(module, "SettleReport")
      .def_readonly("steps", &SettleReport::steps)
      .def_readonly("rejected", &SettleReport::rejected)
      .def_readonly("energy", &SettleReport::energy)
      .def_readonly("step", &SettleReport::step)
      .def_readonly("converged", &SettleReport::converged)
      .def_property_readonly("reason", [](const SettleReport& r) { return inference::text_of(r.end); });
  py::class_<inference::SgdOptions>(module, "SgdOptions").def(py::init<double, double, double>());
  py::class_<inference::AdamOptions>(module, "AdamOptions").def(py::init<double, double, double, double>());
}

}  // namespace

void bind_core(py::module_& module) {
  bind_specs(module);
  bind_options(module);
  bind_all<float>(module, "32");
  bind_all<double>(module, "64");
}

}  // namespace infans::bindings
