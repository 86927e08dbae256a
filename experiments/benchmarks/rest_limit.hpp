// The most that inputs |u| <= 1 can teach about a linear body in `steps` steps from rest: T_opt of
// inference/optimal_input bounds bodies that swing already.
#pragma once

#include "core/inference/optimal_input.hpp"
#include "core/random/stream.hpp"

namespace infans {

// An upper bound on ln det( known + E sum z z' ) over every input, random or not, that does not look at the noise;
// known nz x nz holds the prior and what the noise stirs up. The concave problem over U = E u u', U_kk <= 1, is
// ascended as U = R R' with unit rows (Burer & Monteiro 2003) and bounded by its dual: for any M, G = M^-1 and weights
// d > 0,
//   ln det M' <= ln det M + tr(G known) - nz + sum d_k max(1, lambda_max(D^-1/2 Q D^-1/2)),  u'Q u = tr(G sum z z').
// lambda_max by Lanczos, its residual added; tight to the digits of the ascent.
double rest_limit(const inference::LinearSystem& system, const Eigen::MatrixXd& known, int steps,
                  random::Stream& draws);

}  // namespace infans
