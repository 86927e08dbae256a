#include "core/inference/settle.hpp"

#include <cmath>
#include <vector>

namespace infans::inference {
namespace {

// F is a sum of many squares: differences below this share of it are rounding, not a rise. Without the allowance,
// activities would stop at the square root of the machine's precision.
constexpr double rounding = 1e-14;

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
  SettleReport report;
  report.energy = model::free_energy(m, s);
  std::vector<Eigen::MatrixXd> before, velocity;
  for (const auto& x : s.activity) velocity.push_back(Eigen::MatrixXd::Zero(x.rows(), x.cols()));
  double step = o.step;
  for (int tries = 0; tries < o.max_steps && step > 1e-12; ++tries) {
    activity_gradient(m, s);
    before = s.activity;
    for (int l = 1; l < m.levels(); ++l) {
      if (s.clamped[l]) continue;
      velocity[l] = o.momentum * velocity[l] - step * s.gradient[l];
      s.activity[l] += velocity[l];
    }
    const double energy = model::free_energy(m, s);
    if (!(energy <= report.energy + rounding * (1.0 + std::abs(report.energy)))) {
      s.activity = before;
      model::free_energy(m, s);
      for (auto& v : velocity) v.setZero();
      step *= 0.5;
      continue;
    }
    const double fall = report.energy - energy;
    report.energy = energy;
    ++report.steps;
    if (o.slope > 0.0 && fall < o.slope * (1.0 + std::abs(energy))) {
      report.converged = true;
      break;
    }
  }
  return report;
}

}  // namespace infans::inference
