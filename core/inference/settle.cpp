#include "core/inference/settle.hpp"

#include "core/inference/descent.hpp"

namespace infans::inference {
namespace {

template <typename T>
void activity_gradient(const model::Hierarchy<T>& m, model::HierarchyState<T>& s) {
  for (int j = 0; j < m.nodes(); ++j)
    if (m.predicted(j)) model::through_slope(m, s, j, s.weighted[j]);
  for (int i = 0; i < m.nodes(); ++i) {
    if (!s.settles[i]) continue;
    model::send_back(m, s, i, s.weighted, s.scratch[i]);
    s.gradient[i] = s.weighted[i] - s.scratch[i];
    const double decay = m.spec.nodes[i].decay;
    if (decay > 0.0) s.gradient[i] += static_cast<T>(decay) * s.activity[i];
    s.gradient[i].array() *= s.free[i].array();
  }
}

}  // namespace

const char* text_of(SettleEnd end) {
  switch (end) {
    case SettleEnd::slope:
      return "the slope of F is below its limit";
    case SettleEnd::gradient:
      return "the gradient of F is below its limit";
    case SettleEnd::no_descent:
      return "no step size lowers F any more";
    case SettleEnd::max_steps:
      break;
  }
  return "the limit of steps is reached";
}

template <typename T>
SettleReport settle(const model::Hierarchy<T>& m, model::HierarchyState<T>& s, const SettleOptions& o) {
  return descend(
      s, s.activity, o, model::free_energy(m, s), [&] { activity_gradient(m, s); },
      [&] { return model::free_energy(m, s); });
}

template SettleReport settle(const model::Hierarchy<float>&, model::HierarchyState<float>&, const SettleOptions&);
template SettleReport settle(const model::Hierarchy<double>&, model::HierarchyState<double>&, const SettleOptions&);

}  // namespace infans::inference
