// Solvers that settle the activities of a hierarchy while its parameters stay, by the field's names. All descend the
// same free energy; a step that would raise it is taken back.
#pragma once

#include <string>

#include "core/model/hierarchy.hpp"

namespace infans::inference {

struct SettleOptions {
  int max_steps = 20;
  double step = 0.2;      // first step size; halved whenever F would rise, so F never does (beyond its rounding)
  double momentum = 0.0;  // heavy ball (Polyak 1964), dropped when F would rise
  double slope = 0.0;     // stop when F falls by less than slope * (1 + |F|) in a step; 0: never
  double gradient = 0.0;  // stop when no |dF/dx| is above this; 0: never
};

// Why a solver ended.
enum class SettleEnd { max_steps, slope, gradient, no_descent };
const char* text_of(SettleEnd end);

struct SettleReport {
  int steps = 0;           // accepted steps
  int rejected = 0;        // steps taken back
  double energy = 0.0;     // final F, nats, summed over the batch; its parts are in HierarchyState::energy
  double step = 0.0;       // final step size
  bool converged = false;  // the slope or the gradient criterion was met
  SettleEnd end = SettleEnd::max_steps;  // no_descent: no step size lowers F any more (its rounding is reached)
};

// State-based (sPC): x descends dF/dx_i = Pi_i e_i - back_i + lambda x_i on all free units. Allocates nothing.
template <typename T>
SettleReport settle(const model::Hierarchy<T>& model, model::HierarchyState<T>& state, const SettleOptions& options);

// Error-based (ePC; Goemaere et al. 2025): x_i = mu_i(parents) + e_i on free units, descent of F over those e_i. Errors
// of clamped units reach every node in one sweep, so depth costs no extra steps. Same F and same equilibria as
// settle().
template <typename T>
SettleReport settle_errors(const model::Hierarchy<T>& model, model::HierarchyState<T>& state,
                           const SettleOptions& options);

// Gauss-Newton over all free units at once, a dense solve a sample, halved while F would rise: exact in one step for
// linear hierarchies; for small ones and as an oracle (cost (free units)^3). Uses max_steps, slope and gradient.
template <typename T>
SettleReport settle_gauss_newton(const model::Hierarchy<T>& model, model::HierarchyState<T>& state,
                                 const SettleOptions& options);

// Fixed predictions (Whittington & Bogacz 2017; Millidge, Tschantz & Buckley 2022): with predictions held at the
// feedforward pass, errors settle in one sweep, and learning from them is exactly backpropagation of the energy of the
// clamped nodes and of decay. Leaves activities at the feedforward pass. Every node must be clamped whole or not at
// all: else std::invalid_argument.
template <typename T>
void settle_fixed_prediction(const model::Hierarchy<T>& model, model::HierarchyState<T>& state);

}  // namespace infans::inference
