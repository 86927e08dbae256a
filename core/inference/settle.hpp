// State-based settling (sPC): activities descend the free energy while parameters stay.
#pragma once

#include "core/model/hierarchy.hpp"

namespace infans::inference {

struct SettleOptions {
  int max_steps = 20;
  double step = 0.2;      // first step size; halved whenever F would rise, so F never does (beyond its rounding)
  double momentum = 0.0;  // heavy ball (Polyak 1964), dropped when F would rise
  double slope = 0.0;     // stop when F falls by less than slope * (1 + |F|) in a step; 0: never
};

struct SettleReport {
  int steps = 0;           // accepted steps
  double energy = 0.0;     // final F, nats, summed over the batch
  bool converged = false;  // the slope criterion was met
};

// Descends dF/dx_l = Pi_l e_l - f'(x_l) .* W_l' Pi_{l+1} e_{l+1} on all unclamped levels.
SettleReport settle(const model::Hierarchy& model, model::HierarchyState& state, const SettleOptions& options);

}  // namespace infans::inference
