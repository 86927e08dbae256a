// The descent that the solvers of a hierarchy share; internal to this folder.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "core/inference/settle.hpp"

namespace infans::inference {

// F is a sum of many squares: differences below this share of it are rounding, not a rise. Without the allowance,
// activities would stop at the square root of the machine's precision.
template <typename T>
double energy_rounding(double energy) {
  return 50.0 * static_cast<double>(std::numeric_limits<T>::epsilon()) * (1.0 + std::abs(energy));
}

template <typename T>
double largest_gradient(const model::HierarchyState<T>& s) {
  double largest = 0.0;
  for (std::size_t i = 0; i < s.gradient.size(); ++i)
    if (s.settles[i]) largest = std::max(largest, static_cast<double>(s.gradient[i].cwiseAbs().maxCoeff()));
  return largest;
}

// Heavy-ball descent of F over variables[i] of every node that settles. refresh_gradient() brings state.gradient up to
// date; evaluate() returns F after a move. A step that would raise F is taken back: the momentum goes first, then half
// the step size.
template <typename T, typename Refresh, typename Evaluate>
SettleReport descend(model::HierarchyState<T>& s, std::vector<model::MatrixOf<T>>& variables, const SettleOptions& o,
                     double energy_at_start, const Refresh& refresh_gradient, const Evaluate& evaluate) {
  SettleReport report;
  report.energy = energy_at_start;
  report.step = o.step;
  const std::size_t nodes = variables.size();
  for (auto& v : s.velocity) v.setZero();
  bool moving = false, moved = true;
  for (int tries = 0; tries < o.max_steps; ++tries) {
    if (moved) refresh_gradient();
    if (o.gradient > 0.0 && largest_gradient(s) <= o.gradient) {
      report.end = SettleEnd::gradient;
      report.converged = true;
      break;
    }
    for (std::size_t i = 0; i < nodes; ++i) {
      if (!s.settles[i]) continue;
      s.before[i] = variables[i];
      if (moving)
        s.velocity[i] = static_cast<T>(o.momentum) * s.velocity[i] - static_cast<T>(report.step) * s.gradient[i];
      else
        s.velocity[i] = static_cast<T>(-report.step) * s.gradient[i];
      variables[i] += s.velocity[i];
    }
    const double energy = evaluate();
    if (!(energy <= report.energy + energy_rounding<T>(report.energy))) {
      for (std::size_t i = 0; i < nodes; ++i)
        if (s.settles[i]) variables[i] = s.before[i];
      evaluate();
      ++report.rejected;
      if (!moving) report.step *= 0.5;
      moving = moved = false;
      if (report.step < 1e-12) {
        report.end = SettleEnd::no_descent;
        break;
      }
      continue;
    }
    const double fall = report.energy - energy;
    report.energy = energy;
    ++report.steps;
    moved = true;
    moving = o.momentum > 0.0;
    if (o.slope > 0.0 && fall < o.slope * (1.0 + std::abs(energy))) {
      report.end = SettleEnd::slope;
      report.converged = true;
      break;
    }
  }
  return report;
}

}  // namespace infans::inference
