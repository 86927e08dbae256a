// Other ways to the same equilibrium: errors as the variables (ePC), and predictions held fixed (equals
// backpropagation).
#pragma once

#include "core/inference/settle.hpp"

namespace infans::inference {

// Error-based settling (ePC; Goemaere et al. 2025): x_l = mu_l(x_{l-1}) + e_l, descent of F over the hidden e_l. The
// output's error reaches every level in one sweep, so depth costs no extra steps. Same F and same equilibria as
// settle(). The bottom must be clamped and hidden levels free: else std::logic_error.
SettleReport settle_errors(const model::Hierarchy& model, model::HierarchyState& state, const SettleOptions& options);

// Fixed predictions (Whittington & Bogacz 2017; Millidge, Tschantz & Buckley 2022): with predictions held at the
// feedforward pass, errors settle in one sweep, and learning from them is exactly backpropagation of 1/2 e' Pi e at the
// bottom. Leaves activities at the feedforward pass. The bottom must be clamped: else std::logic_error.
void settle_fixed_prediction(const model::Hierarchy& model, model::HierarchyState& state);

}  // namespace infans::inference
