#include "core/model/hierarchy.hpp"

#include <cmath>
#include <stdexcept>

namespace infans::model {
namespace {

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument("hierarchy: " + what); }

std::string node_text(const HierarchySpec& s, int i) {
  std::string text = "node ";
  text += std::to_string(i);
  if (!s.nodes[i].name.empty()) text += " '" + s.nodes[i].name + "'";
  return text;
}

void check(const HierarchySpec& s) {
  const int n = static_cast<int>(s.nodes.size());
  if (n == 0) refuse("at least one node is needed");
  for (int i = 0; i < n; ++i) {
    if (s.nodes[i].width < 1) refuse(node_text(s, i) + " needs at least one unit");
    if (!(s.nodes[i].decay >= 0.0)) refuse(node_text(s, i) + ": decay must not be negative");
  }
  for (std::size_t k = 0; k < s.edges.size(); ++k) {
    const EdgeSpec& e = s.edges[k];
    std::string where = "edge ";
    where += std::to_string(k);
    if (e.from < 0 || e.from >= n || e.to < 0 || e.to >= n || e.from == e.to)
      refuse(where + " must join two different nodes of 0.." + std::to_string(n - 1));
    if (!std::isfinite(e.scale) || !std::isfinite(e.deviation)) refuse(where + ": scale and deviation must be finite");
    if (e.kind == EdgeKind::residual && s.nodes[e.from].width != s.nodes[e.to].width)
      refuse(where + ": a residual edge joins nodes of equal width");
    if (e.kind == EdgeKind::residual && s.nodes[e.to].likelihood == Likelihood::categorical)
      refuse(where + ": a categorical node takes dense edges only");
    if (s.nodes[e.from].likelihood == Likelihood::categorical)
      refuse(node_text(s, e.from) + " is categorical: it must be a leaf");
  }
  for (int i = 0; i < n; ++i)
    if (s.nodes[i].likelihood == Likelihood::categorical &&
        (s.nodes[i].activation != Activation::identity || s.nodes[i].decay > 0.0))
      refuse(node_text(s, i) + " is categorical: softmax is its only function");
}

// Kahn's order; nodes of equal rank by index.
std::vector<int> topological_order(const HierarchySpec& s) {
  std::vector<int> parents(s.nodes.size(), 0), order;
  for (const EdgeSpec& e : s.edges) ++parents[e.to];
  std::vector<bool> placed(s.nodes.size(), false);
  while (order.size() < s.nodes.size()) {
    std::size_t next = 0;
    while (next < s.nodes.size() && (placed[next] || parents[next] > 0)) ++next;
    if (next == s.nodes.size()) refuse("the edges form a cycle");
    placed[next] = true;
    order.push_back(static_cast<int>(next));
    for (const EdgeSpec& e : s.edges)
      if (e.from == static_cast<int>(next)) --parents[e.to];
  }
  return order;
}

template <typename T>
void draw(MatrixOf<T>& m, double deviation, random::Stream& stream) {
  for (T& x : m.reshaped()) x = static_cast<T>(deviation * stream.normal());
}

// mu = softmax(a), column by column, without overflow.
template <typename T>
void softmax(const MatrixOf<T>& a, MatrixOf<T>& mu) {
  for (Eigen::Index b = 0; b < a.cols(); ++b) {
    mu.col(b) = (a.col(b).array() - a.col(b).maxCoeff()).exp();
    mu.col(b) /= mu.col(b).sum();
  }
}

// sum x (ln x - ln softmax(a)), with 0 ln 0 = 0.
template <typename T>
double cross_entropy(const MatrixOf<T>& x, const MatrixOf<T>& a) {
  double sum = 0.0;
  for (Eigen::Index b = 0; b < a.cols(); ++b) {
    const double top = a.col(b).maxCoeff();
    const double log_sum = top + std::log((a.col(b).template cast<double>().array() - top).exp().sum());
    for (Eigen::Index i = 0; i < a.rows(); ++i) {
      const double p = x(i, b);
      if (p > 0.0) sum += p * (std::log(p) - (a(i, b) - log_sum));
    }
  }
  return sum;
}

template <typename T>
bool sends(const Hierarchy<T>& m, int j) {
  for (const int k : m.outgoing[j])
    if (m.spec.edges[k].kind == EdgeKind::dense) return true;
  return false;
}

template <typename T>
bool has_residual(const Hierarchy<T>& m, int j) {
  for (const int k : m.incoming[j])
    if (m.spec.edges[k].kind == EdgeKind::residual) return true;
  return false;
}

template <typename T>
void require_shape(const Hierarchy<T>& m, int node, const MatrixOf<T>& values, Eigen::Index rows,
                   Eigen::Index columns) {
  if (node < 0 || node >= m.nodes()) refuse("clamp: there is no node " + std::to_string(node));
  if (values.rows() != rows || values.cols() != columns)
    refuse("clamp: " + node_text(m.spec, node) + " takes " + std::to_string(rows) + " units of " +
           std::to_string(columns) + " samples, not " + std::to_string(values.rows()) + " of " +
           std::to_string(values.cols()));
}

}  // namespace

HierarchySpec chain(const std::vector<int>& widths, Activation activation, Form form) {
  HierarchySpec s;
  s.form = form;
  const std::size_t n = widths.size();
  for (std::size_t l = 0; l < n; ++l) {
    NodeSpec node;
    node.name = "x" + std::to_string(l);
    node.width = widths[l];
    if (l > 0 && l + 1 < n) node.activation = activation;
    s.nodes.push_back(node);
    if (l > 0) s.edges.push_back({static_cast<int>(l) - 1, static_cast<int>(l)});
  }
  return s;
}

HierarchySpec mupc_chain(const std::vector<int>& widths, Activation activation) {
  HierarchySpec s = chain(widths, activation, Form::amb);
  const std::size_t depth = s.edges.size();
  for (std::size_t l = 0; l < depth; ++l) {
    const double fan_in = widths[l];
    s.edges[l].deviation = 1.0;
    s.edges[l].scale = l == 0           ? 1.0 / std::sqrt(fan_in)
                       : l + 1 == depth ? 1.0 / fan_in
                                        : 1.0 / std::sqrt(fan_in * static_cast<double>(depth));
  }
  for (std::size_t l = 1; l + 1 < depth; ++l)
    if (widths[l] == widths[l + 1])
      s.edges.push_back({static_cast<int>(l), static_cast<int>(l) + 1, EdgeKind::residual});
  return s;
}

template <typename T>
Hierarchy<T>::Hierarchy(const HierarchySpec& s, random::Stream& stream) : spec(s) {
  check(s);
  order = topological_order(s);
  incoming.resize(s.nodes.size());
  outgoing.resize(s.nodes.size());
  weight.resize(s.edges.size());
  for (const NodeSpec& n : s.nodes) {
    bias.push_back(VectorOf<T>::Zero(n.width));
    precision.emplace_back(n.width, n.precision);
  }
  for (int k = 0; k < edges(); ++k) {
    incoming[s.edges[k].to].push_back(k);
    outgoing[s.edges[k].from].push_back(k);
  }
  for (const int j : order) {
    double fan_in = 0.0;
    for (const int k : incoming[j])
      if (s.edges[k].kind == EdgeKind::dense) fan_in += s.nodes[s.edges[k].from].width;
    for (const int k : incoming[j]) {
      const EdgeSpec& e = s.edges[k];
      if (e.kind == EdgeKind::residual) continue;
      weight[k].resize(s.nodes[j].width, s.nodes[e.from].width);
      draw(weight[k], e.deviation < 0.0 ? 1.0 / std::sqrt(fan_in) : e.deviation, stream);
    }
    if (s.nodes[j].bias_deviation > 0.0)
      for (T& b : bias[j]) b = static_cast<T>(s.nodes[j].bias_deviation * stream.normal());
  }
}

template <typename T>
int Hierarchy<T>::node(const std::string& name) const {
  std::string known;
  for (int i = 0; i < nodes(); ++i) {
    if (spec.nodes[i].name == name) return i;
    known += (i > 0 ? ", " : "") + spec.nodes[i].name;
  }
  refuse("there is no node '" + name + "'; one of " + known);
}

template <typename T>
HierarchyState<T>::HierarchyState(const Hierarchy<T>& model, int batch)
    : settles(model.spec.nodes.size(), true), energy(model.spec.nodes.size(), 0.0) {
  if (batch < 1) refuse("a batch needs at least one sample");
  for (const NodeSpec& node : model.spec.nodes) {
    const MatrixOf<T> zero = MatrixOf<T>::Zero(node.width, batch);
    for (auto* values : {&activity, &rate, &net, &prediction, &error, &weighted, &drive, &gradient, &scratch, &variable,
                         &before, &velocity})
      values->push_back(zero);
    free.push_back(MatrixOf<T>::Ones(node.width, batch));
  }
}

template <typename T>
void HierarchyState<T>::clamp(const Hierarchy<T>& m, int node, const MatrixOf<T>& values) {
  clamp_where(m, node, values, MatrixOf<T>::Ones(values.rows(), values.cols()));
}

template <typename T>
void HierarchyState<T>::clamp_units(const Hierarchy<T>& m, int node, const std::vector<int>& units,
                                    const MatrixOf<T>& values) {
  require_shape(m, node, values, static_cast<Eigen::Index>(units.size()), batch());
  MatrixOf<T> all = activity[node], mask = MatrixOf<T>::Zero(all.rows(), all.cols());
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (units[i] < 0 || units[i] >= all.rows())
      refuse("clamp: " + node_text(m.spec, node) + " has no unit " + std::to_string(units[i]));
    all.row(units[i]) = values.row(static_cast<Eigen::Index>(i));
    mask.row(units[i]).setOnes();
  }
  clamp_where(m, node, all, mask);
}

template <typename T>
void HierarchyState<T>::clamp_where(const Hierarchy<T>& m, int node, const MatrixOf<T>& values,
                                    const MatrixOf<T>& mask) {
  for (const MatrixOf<T>* given : {&values, &mask})
    require_shape(m, node, *given, node < 0 || node >= m.nodes() ? 0 : activity[node].rows(), batch());
  const auto held = mask.array() != T(0);
  if (!held.select(values, T(0)).allFinite())
    refuse("clamp: " + node_text(m.spec, node) + " was given a value that is not finite");
  if (m.categorical(node) && !held.all())
    refuse("clamp: " + node_text(m.spec, node) + " is categorical: clamp it whole");
  activity[node] = held.select(values, activity[node]);
  free[node] = held.select(T(0), free[node]);
  settles[node] = (free[node].array() != T(0)).any();
}

template <typename T>
void HierarchyState<T>::release(int node) {
  free[node].setOnes();
  settles[node] = true;
}

template <typename T>
void refresh_rate(const Hierarchy<T>& m, HierarchyState<T>& s, int j) {
  if (!sends(m, j)) return;
  activate(m.spec.form == Form::amb ? m.spec.nodes[j].activation : Activation::identity, s.activity[j], s.rate[j]);
}

template <typename T>
void predict_node(const Hierarchy<T>& m, HierarchyState<T>& s, int j) {
  if (!m.predicted(j)) return;
  MatrixOf<T>& a = s.net[j];
  bool first = true;
  for (const int k : m.incoming[j]) {
    const EdgeSpec& e = m.spec.edges[k];
    if (e.kind == EdgeKind::residual) continue;
    if (first && e.scale == 1.0) {
      a.noalias() = m.weight[k] * s.rate[e.from];
    } else {
      if (first) a.setZero();
      a.noalias() += static_cast<T>(e.scale) * m.weight[k] * s.rate[e.from];
    }
    first = false;
  }
  if (first) a.setZero();
  a.colwise() += m.bias[j];
  if (m.categorical(j))
    softmax(a, s.prediction[j]);
  else
    activate(m.spec.form == Form::mba ? m.spec.nodes[j].activation : Activation::identity, a, s.prediction[j]);
  for (const int k : m.incoming[j]) {
    const EdgeSpec& e = m.spec.edges[k];
    if (e.kind == EdgeKind::residual) s.prediction[j] += static_cast<T>(e.scale) * s.activity[e.from];
  }
}

template <typename T>
void predict_all(const Hierarchy<T>& m, HierarchyState<T>& s) {
  for (const int j : m.order) {
    predict_node(m, s, j);
    if (m.predicted(j) && s.settles[j])
      s.activity[j] = (s.free[j].array() != T(0)).select(s.prediction[j], s.activity[j]);
    refresh_rate(m, s, j);
  }
}

template <typename T>
double refresh_error(const Hierarchy<T>& m, HierarchyState<T>& s, int j) {
  double energy = 0.0;
  if (m.categorical(j)) {
    if (s.settles[j]) s.activity[j] = s.prediction[j];  // its equilibrium
    s.error[j] = s.activity[j] - s.prediction[j];
    s.weighted[j] = s.error[j];
    if (!s.settles[j]) energy = cross_entropy(s.activity[j], s.net[j]);
  } else if (m.predicted(j)) {
    s.error[j] = s.activity[j] - s.prediction[j];
    m.precision[j].apply(s.error[j], s.weighted[j]);
    energy = 0.5 * s.error[j].template cast<double>().cwiseProduct(s.weighted[j].template cast<double>()).sum();
    energy -= 0.5 * s.batch() * m.precision[j].log_determinant();
  }
  const double decay = m.spec.nodes[j].decay;
  if (decay > 0.0) energy += 0.5 * decay * s.activity[j].template cast<double>().squaredNorm();
  s.energy[j] = energy;
  return energy;
}

template <typename T>
double free_energy(const Hierarchy<T>& m, HierarchyState<T>& s) {
  double energy = 0.0;
  for (const int j : m.order) {
    refresh_rate(m, s, j);
    predict_node(m, s, j);
    energy += refresh_error(m, s, j);
  }
  return energy;
}

template <typename T>
void through_slope(const Hierarchy<T>& m, HierarchyState<T>& s, int j, const MatrixOf<T>& signal) {
  s.drive[j] = signal;
  const Activation f = m.spec.nodes[j].activation;
  if (m.spec.form == Form::amb || f == Activation::identity) return;
  if (has_residual(m, j)) {
    activate(f, s.net[j], s.scratch[j]);
    times_slope(f, s.net[j], s.scratch[j], s.drive[j]);
  } else {
    times_slope(f, s.net[j], s.prediction[j], s.drive[j]);
  }
}

template <typename T>
void send_back(const Hierarchy<T>& m, HierarchyState<T>& s, int j, const std::vector<MatrixOf<T>>& signal,
               MatrixOf<T>& out) {
  bool first = true;
  for (const int k : m.outgoing[j]) {
    const EdgeSpec& e = m.spec.edges[k];
    if (e.kind == EdgeKind::residual) continue;
    if (first && e.scale == 1.0) {
      out.noalias() = m.weight[k].transpose() * s.drive[e.to];
    } else {
      if (first) out.setZero();
      out.noalias() += static_cast<T>(e.scale) * m.weight[k].transpose() * s.drive[e.to];
    }
    first = false;
  }
  if (first) out.setZero();
  if (m.spec.form == Form::amb && !first) times_slope(m.spec.nodes[j].activation, s.activity[j], s.rate[j], out);
  for (const int k : m.outgoing[j]) {
    const EdgeSpec& e = m.spec.edges[k];
    if (e.kind == EdgeKind::residual) out += static_cast<T>(e.scale) * signal[e.to];
  }
}

#define INFANS_INSTANTIATE(T)                                                                    \
  template struct Hierarchy<T>;                                                                  \
  template struct HierarchyState<T>;                                                             \
  template double refresh_error(const Hierarchy<T>&, HierarchyState<T>&, int);                   \
  template void refresh_rate(const Hierarchy<T>&, HierarchyState<T>&, int);                      \
  template void predict_node(const Hierarchy<T>&, HierarchyState<T>&, int);                      \
  template void predict_all(const Hierarchy<T>&, HierarchyState<T>&);                            \
  template double free_energy(const Hierarchy<T>&, HierarchyState<T>&);                          \
  template void through_slope(const Hierarchy<T>&, HierarchyState<T>&, int, const MatrixOf<T>&); \
  template void send_back(const Hierarchy<T>&, HierarchyState<T>&, int, const std::vector<MatrixOf<T>>&, MatrixOf<T>&);
INFANS_INSTANTIATE(float)
INFANS_INSTANTIATE(double)
#undef INFANS_INSTANTIATE

}  // namespace infans::model
