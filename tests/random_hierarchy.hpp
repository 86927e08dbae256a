// Random hierarchies of every kind, for property tests and for tests against the plain twin.
#pragma once

#include "core/model/hierarchy.hpp"
#include "tests/random_matrix.hpp"

namespace infans::tests {

inline bool chance(double p, random::Stream& s) { return s.uniform() < p; }

// 1 to 6 nodes of 1 to 6 units; every pair (i < j) may have a dense or residual edge; some leaves are categorical.
inline model::HierarchySpec random_spec(random::Stream& s) {
  constexpr model::Activation functions[] = {
      model::Activation::identity,   model::Activation::tanh, model::Activation::sigmoid, model::Activation::relu,
      model::Activation::leaky_relu, model::Activation::gelu, model::Activation::softplus};
  model::HierarchySpec spec;
  spec.form = chance(0.5, s) ? model::Form::amb : model::Form::mba;
  const int nodes = 1 + static_cast<int>(s.index(6));
  std::vector<bool> parent(static_cast<std::size_t>(nodes), false);
  for (int j = 0; j < nodes; ++j) {
    model::NodeSpec n;
    n.width = 1 + static_cast<int>(s.index(6));
    n.activation = functions[s.index(7)];
    n.prior = chance(0.5, s);
    n.decay = chance(0.3, s) ? s.uniform(0.0, 1.0) : 0.0;
    n.bias_deviation = 0.5;
    spec.nodes.push_back(n);
    for (int i = 0; i < j; ++i) {
      if (!chance(0.6, s)) continue;
      spec.edges.push_back({i, j, model::EdgeKind::dense, s.uniform(0.3, 2.0)});
      if (spec.nodes[i].width == n.width && chance(0.3, s))
        spec.edges.push_back({i, j, model::EdgeKind::residual, s.uniform(0.3, 1.2)});
    }
  }
  for (const auto& e : spec.edges) parent[e.from] = true;
  for (int j = 0; j < nodes; ++j) {
    bool plain = !parent[j], fed = false;
    for (const auto& e : spec.edges) {
      if (e.to != j) continue;
      fed = true;
      plain = plain && e.kind == model::EdgeKind::dense;
    }
    if (!plain || !fed || !chance(0.25, s)) continue;
    spec.nodes[j].likelihood = model::Likelihood::categorical;
    spec.nodes[j].activation = model::Activation::identity;
    spec.nodes[j].decay = 0.0;
  }
  return spec;
}

template <typename T>
void random_precisions(model::Hierarchy<T>& m, random::Stream& s) {
  for (int j = 0; j < m.nodes(); ++j) {
    const int kind = static_cast<int>(s.index(3)), width = m.spec.nodes[j].width;
    if (kind == 1) {
      model::VectorOf<T> pi(width);
      for (T& x : pi) x = static_cast<T>(std::exp(s.uniform(-2.0, 2.0)));
      m.precision[j].set(pi);
    } else if (kind == 2) {
      const model::MatrixOf<T> a = normal<T>(width, width, s);
      m.precision[j].set(model::MatrixOf<T>(model::MatrixOf<T>::Identity(width, width) + T(0.5) * a * a.transpose()));
    }
  }
}

// Activities N(0, 1); each node is free, clamped whole, or clamped at random elements.
template <typename T>
void random_clamps(const model::Hierarchy<T>& m, model::HierarchyState<T>& state, random::Stream& s) {
  for (int j = 0; j < m.nodes(); ++j) {
    const Eigen::Index rows = state.activity[j].rows(), columns = state.activity[j].cols();
    if (m.categorical(j)) {
      if (chance(0.3, s)) continue;
      model::MatrixOf<T> p = normal<T>(rows, columns, s).array().exp();
      for (Eigen::Index b = 0; b < columns; ++b) p.col(b) /= p.col(b).sum();
      state.clamp(m, j, p);
      continue;
    }
    state.activity[j] = normal<T>(rows, columns, s);
    const int kind = static_cast<int>(s.index(3));
    if (kind == 1) state.clamp(m, j, normal<T>(rows, columns, s));
    if (kind == 2) {
      const model::MatrixOf<T> mask = (normal<T>(rows, columns, s).array() > T(0)).template cast<T>();
      state.clamp_where(m, j, normal<T>(rows, columns, s), mask);
    }
  }
}

}  // namespace infans::tests
