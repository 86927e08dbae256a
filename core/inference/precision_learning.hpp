// Learning of precisions: each node's log-precision (or covariance) descends the same free energy as everything else.
#pragma once

#include "core/model/hierarchy.hpp"

namespace infans::inference {

struct PrecisionOptions {
  // Prior of every ln pi: normal. Without one a precision diverges where errors vanish.
  double prior_mean = 0.0;
  double prior_deviation = 3.0;
  double rate = 1.0;  // share of the way to the optimum of this batch, in ln pi; below 1 for minibatches
  // Adds what is unknown about free activities to their squared errors: E[e e'] = e e' + J C J', C the inverse of the
  // Gauss-Newton curvature (Laplace; exact for linear hierarchies: then this is EM). Without it, precisions of nodes
  // next to free ones come out too high.
  bool uncertainty = true;
};

// One update of the precision of every predicted Gaussian node listed in `nodes`; a node of kind unit becomes diagonal.
//  diagonal: ln pi_i minimises 1/2 (pi_i S_ii - B ln pi_i) + (ln pi_i - m)^2 / (2 s^2), S = sum over the batch of E[e
//  e']; full: Pi = ((nu e^-m I + S) / (nu + B))^-1, nu = 1/s^2: the mode under a Wishart-like prior of nu
//  pseudo-samples.
// The state must be settled. Throws std::invalid_argument for a node that nothing predicts or a categorical one.
template <typename T>
void learn_precision(model::Hierarchy<T>& model, const model::HierarchyState<T>& state, const std::vector<int>& nodes,
                     const PrecisionOptions& options);

}  // namespace infans::inference
