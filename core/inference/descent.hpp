// The descent that the solvers of a hierarchy share; internal to this folder.
#pragma once

#include <Eigen/Dense>
#include <cmath>
#include <vector>

#include "core/inference/settle.hpp"

namespace infans::inference {

// F is a sum of many squares: differences below this share of it are rounding, not a rise. Without the allowance,
// activities would stop at the square root of the machine's precision.
inline constexpr double energy_rounding = 1e-14;

// Heavy-ball descent of F over variables[l] for every level l that is free. gradient(l) is dF/dvariables[l] at the last
// evaluation; refresh_gradient() brings it up to date; evaluate() returns F after a move. A step that would raise F is
// taken back, with half the step size and no momentum.
template <typename Gradient, typename Refresh, typename Evaluate>
SettleReport descend(std::vector<Eigen::MatrixXd>& variables, const std::vector<bool>& free, const SettleOptions& o,
                     double energy_at_start, const Gradient& gradient, const Refresh& refresh_gradient,
                     const Evaluate& evaluate) {
  SettleReport report;
  report.energy = energy_at_start;
  std::vector<Eigen::MatrixXd> before, velocity = variables;
  for (auto& v : velocity) v.setZero();
  double step = o.step;
  for (int tries = 0; tries < o.max_steps && step > 1e-12; ++tries) {
    refresh_gradient();
    before = variables;
    for (std::size_t l = 0; l < variables.size(); ++l) {
      if (!free[l]) continue;
      velocity[l] = o.momentum * velocity[l] - step * gradient(l);
      variables[l] += velocity[l];
    }
    const double energy = evaluate();
    if (!(energy <= report.energy + energy_rounding * (1.0 + std::abs(report.energy)))) {
      variables = before;
      evaluate();
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
