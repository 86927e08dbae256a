// Settling, learning and prediction of a hierarchy with Bayesian weights (Tschantz et al. 2025, algorithm 1).
#pragma once

#include <vector>

#include "core/model/bayesian_hierarchy.hpp"
#include "core/random/stream.hpp"

namespace infans::inference {

struct BayesianSettleOptions {
  int sweeps = 10;      // passes over the levels, each a Newton step a level
  double slope = 1e-6;  // stop when F falls by less than slope * (1 + |F|) in a sweep; 0: never
};

struct BayesianSettleReport {
  int sweeps = 0;
  double energy = 0.0;  // final free_energy of the batch, nats
  bool converged = false;
};

// Free levels in turn take, sample by sample, the step -H^-1 dF/dx with
//   dF/dx_l = Lambda_l e_l - f'(x_l) .* (M' Lambda_{l+1} e_{l+1} - o K^-1 phi),  H = Lambda_l + M' Lambda M + o K^-1,
// halved while that sample's energy would rise and left out if it always would: no sweep raises F. With
// Latent::gaussian each level's covariance is then set to the inverse curvature at its activities, its optimum for
// linear rates; for others slopes count as constant (Laplace), which may cost F a little.
BayesianSettleReport settle(const model::BayesianHierarchy& model, model::BayesianHierarchyState& state,
                            const BayesianSettleOptions& options);

// Exact update from a settled batch that is the whole data set: posterior = prior + Hebbian products. Never raises
// free_energy + weight_divergence.
void learn(model::BayesianHierarchy& model, const model::BayesianHierarchyState& state);
// From a settled mini-batch of a data set of `rows`: natural parameters move by `rate` towards prior + rows/B products.
void learn(model::BayesianHierarchy& model, const model::BayesianHierarchyState& state, double rows, double rate);

struct BayesianFitOptions {
  int rounds = 300;                      // learn + settle on the whole data set
  double slope = 1e-6;                   // stop when F changes by less than slope * (1 + |F|) in a round
  BayesianSettleOptions settle{1, 0.0};  // a sweep a round: activities and weights move together
};

struct BayesianFitReport {
  int rounds = 0;
  double free_energy = 0.0;  // F of the data set: free_energy + weight_divergence = -ELBO, nats
  bool converged = false;
};

// Learns columns of inputs (I x N) and outputs (O x N) by rounds of exact learning and settling. Rounds step over the
// exact learning by a growing factor and fall back to it whenever F would rise (adaptive over-relaxation; Salakhutdinov
// & Roweis 2003). Outputs are best standardised to the noise levels of the shape. Throws std::logic_error for sizes
// that do not fit.
BayesianFitReport fit(model::BayesianHierarchy& model, const Eigen::MatrixXd& inputs, const Eigen::MatrixXd& outputs,
                      const BayesianFitOptions& options);

struct BayesianPrediction {
  Eigen::MatrixXd mean;       // O x B
  Eigen::MatrixXd epistemic;  // O x B: variance of the noise-free pass over draws of the weights
  Eigen::MatrixXd variance;   // O x B: of the output, weights and noises of all layers
};

// Moments of the posterior predictive over `draws` (>= 2) draws of all weights, precisions and noises (Monte Carlo: no
// linearisation; relative standard error of a variance about sqrt(2 / draws)). inputs: I x B.
BayesianPrediction predict(const model::BayesianHierarchy& model, const Eigen::MatrixXd& inputs, int draws,
                           random::Stream& stream);

}  // namespace infans::inference
