#include <stdexcept>
#include <string>

#include "core/inference/descent.hpp"
#include "core/inference/settle.hpp"

namespace infans::inference {
namespace {

// Activities that follow from the errors of free units, parents first; returns F.
template <typename T>
double unfold(const model::Hierarchy<T>& m, model::HierarchyState<T>& s) {
  double energy = 0.0;
  for (const int j : m.order) {
    model::predict_node(m, s, j);
    if (s.settles[j] && !m.categorical(j))
      s.activity[j] = (s.free[j].array() != T(0)).select(s.prediction[j] + s.variable[j], s.activity[j]);
    model::refresh_rate(m, s, j);
    energy += model::refresh_error(m, s, j);
  }
  return energy;
}

// One sweep from the leaves to the roots. With v_j = dF/dx_j through children and decay: a free unit has dF/de = Pi e +
// v and passes -v on to its parents, a clamped one passes Pi e on. The signals stand in state.before, which the descent
// fills only later.
template <typename T>
void error_gradient(const model::Hierarchy<T>& m, model::HierarchyState<T>& s) {
  auto& signal = s.before;
  for (auto i = m.order.rbegin(); i != m.order.rend(); ++i) {
    const int j = *i;
    model::send_back(m, s, j, signal, signal[j]);
    const double decay = m.spec.nodes[j].decay;
    if (decay > 0.0) signal[j] -= static_cast<T>(decay) * s.activity[j];
    s.gradient[j].array() = (s.weighted[j] - signal[j]).array() * s.free[j].array();
    signal[j] = (s.free[j].array() != T(0)).select(signal[j], s.weighted[j]);
    if (m.predicted(j)) model::through_slope(m, s, j, signal[j]);
  }
}

}  // namespace

template <typename T>
SettleReport settle_errors(const model::Hierarchy<T>& m, model::HierarchyState<T>& s, const SettleOptions& o) {
  const double energy = model::free_energy(m, s);
  for (int j = 0; j < m.nodes(); ++j) s.variable[j] = s.activity[j] - s.prediction[j];
  return descend(
      s, s.variable, o, energy, [&] { error_gradient(m, s); }, [&] { return unfold(m, s); });
}

template <typename T>
void settle_fixed_prediction(const model::Hierarchy<T>& m, model::HierarchyState<T>& s) {
  for (int j = 0; j < m.nodes(); ++j)
    if (s.settles[j] && (s.free[j].array() == T(0)).any())
      throw std::invalid_argument("settle_fixed_prediction: a node is clamped in part (number " + std::to_string(j) +
                                  "); use settle() or settle_errors()");
  model::predict_all(m, s);
  model::free_energy(m, s);
  for (auto i = m.order.rbegin(); i != m.order.rend(); ++i) {
    const int j = *i;
    if (s.settles[j] && m.predicted(j) && !m.categorical(j)) {
      model::send_back(m, s, j, s.weighted, s.weighted[j]);
      const double decay = m.spec.nodes[j].decay;
      if (decay > 0.0) s.weighted[j] -= static_cast<T>(decay) * s.activity[j];
      m.precision[j].apply_inverse(s.weighted[j], s.error[j]);
    }
    if (m.predicted(j)) model::through_slope(m, s, j, s.weighted[j]);
  }
}

#define INFANS_INSTANTIATE(T)                                                                                       \
  template SettleReport settle_errors(const model::Hierarchy<T>&, model::HierarchyState<T>&, const SettleOptions&); \
  template void settle_fixed_prediction(const model::Hierarchy<T>&, model::HierarchyState<T>&);
INFANS_INSTANTIATE(float)
INFANS_INSTANTIATE(double)
#undef INFANS_INSTANTIATE

}  // namespace infans::inference
