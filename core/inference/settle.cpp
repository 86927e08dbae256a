#include "core/inference/settle.hpp"

#include <vector>

#include "core/inference/descent.hpp"

namespace infans::inference {
namespace {

void activity_gradient(const model::Hierarchy& m, model::HierarchyState& s) {
  for (int l = 1; l < m.levels(); ++l) {
    if (s.clamped[l]) continue;
    s.gradient[l] = s.weighted[l];
    if (l + 1 == m.levels()) continue;
    // free_energy refreshes predictions anyway, so they serve as scratch for W' Pi e.
    auto& back = s.prediction[l];
    back.noalias() = m.weight[l].transpose() * s.weighted[l + 1];
    if (m.shape.activation == model::Activation::tanh) back.array() *= 1.0 - s.rate[l].array().square();
    s.gradient[l] -= back;
  }
}

}  // namespace

SettleReport settle(const model::Hierarchy& m, model::HierarchyState& s, const SettleOptions& o) {
  std::vector<bool> free(s.clamped);
  free.flip();
  free[0] = false;  // nothing predicts the top: it is given
  return descend(
      s.activity, free, o, model::free_energy(m, s),
      [&](std::size_t l) -> const Eigen::MatrixXd& { return s.gradient[l]; }, [&] { activity_gradient(m, s); },
      [&] { return model::free_energy(m, s); });
}

}  // namespace infans::inference
