// A chain of Gaussian layers whose weights and precisions are beliefs (Bayesian predictive coding; Tschantz et al.
// 2025, arXiv:2503.24016): every [W b] with its layer's noise precision is matrix-normal-Wishart.
//
// Level 0 is the top (inputs, always given), level L the bottom. x_{l+1} = W_l [f_l(x_l); 1] + e, f_0 the identity.
// Activities are points (as in the paper) or Gaussians, one independent of the other (mean field), whose covariance is
// the inverse curvature of F: without it, a hidden layer believes its own settled activities to be noise-free.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/model/activation.hpp"
#include "core/model/matrix_normal_wishart.hpp"

namespace infans::model {

enum class Latent { point, gaussian };

struct BayesianHierarchyShape {
  std::vector<int> widths;                   // units of each level, top first; at least 2 levels
  Activation activation = Activation::tanh;  // of the hidden levels
  Latent latent = Latent::gaussian;          // how hidden activities are believed
  // Priors of each layer: weight precision K = weight_precision * (presynaptic units + 1), noise levels in units of the
  // activities, degrees of freedom above o - 1.
  double weight_precision = 1.0;
  double hidden_noise = 0.1;
  double output_noise = 0.1;
  double extra_dof = 2.0;
};

// What settling needs of a layer's belief; refreshed whenever it changes.
struct LayerMoments {
  Eigen::MatrixXd precision;   // E[Lambda], o x o
  Eigen::MatrixXd covariance;  // K^-1, p x p
  Eigen::MatrixXd curvature;   // M' E[Lambda] M + o K^-1 without the bias, (p-1) x (p-1)
  double log_det = 0.0;        // E ln|Lambda|
};

// Const while activities settle, shared by all threads.
struct BayesianHierarchy {
  BayesianHierarchyShape shape;
  std::vector<MatrixNormalWishart> prior, weight;  // [l]: widths[l+1] x (widths[l] + 1)
  std::vector<LayerMoments> moments;

  // Posterior = prior but for its means, drawn from N(0, 1 / fan-in) to break the symmetry of hidden units.
  // Throws std::logic_error for fewer than two levels or a width below 1.
  BayesianHierarchy(const BayesianHierarchyShape& shape, random::Stream& stream);

  void refresh();  // moments from `weight`
  int levels() const { return static_cast<int>(shape.widths.size()); }
  // f_l: the top is taken as it is.
  Activation activation(int level) const { return level == 0 ? Activation::identity : shape.activation; }
};

// Activities of a batch (a column a sample) and everything an update needs.
struct BayesianHierarchyState {
  BayesianHierarchyState(const BayesianHierarchy& model, int batch);

  std::vector<Eigen::MatrixXd> activity;    // [l]: widths[l] x B
  std::vector<Eigen::MatrixXd> rate;        // [f_l(x_l); 1], (widths[l] + 1) x B; the bottom has none
  std::vector<Eigen::MatrixXd> prediction;  // [l]: mean prediction of level l; [0] unused
  std::vector<Eigen::MatrixXd> error;       // e_l = x_l - mu_l; [0] unused
  std::vector<Eigen::MatrixXd> weighted;    // E[Lambda_l] e_l
  std::vector<Eigen::VectorXd> energy;      // [l], B: 1/2 e' E[Lambda] e + o/2 phi' K^-1 phi of the level's prediction
  std::vector<bool> clamped;                // the top is clamped from the start
  // Latent::gaussian: summed over the batch; spread[l] = sum S_l, rate_spread[l] = sum D S_l D with D = f'(x_l);
  // entropy[l] = sum 1/2 ln|2 pi e S_l|. Empty and 0 for clamped levels.
  std::vector<Eigen::MatrixXd> spread, rate_spread;
  std::vector<double> entropy;
  int batch() const { return static_cast<int>(activity.front().cols()); }
};

// Rates of level l from its activities, f'(x_l) as a matrix.
void refresh_rate(const BayesianHierarchy& model, BayesianHierarchyState& state, int level);
Eigen::MatrixXd rate_slope(const BayesianHierarchy& model, const BayesianHierarchyState& state, int level);
// Prediction, errors and energies of level l >= 1 from the rates above it.
void refresh_error(const BayesianHierarchy& model, BayesianHierarchyState& state, int level);

// Sets every free level below the top to its prediction (the feedforward pass at the mean weights).
void predict_all(const BayesianHierarchy& model, BayesianHierarchyState& state);

// Expected energy of the batch, nats: refreshes everything and returns
// sum_l E_q[-ln p(x_l | x_{l-1}, W, Lambda)] - entropy of the activities.
double free_energy(const BayesianHierarchy& model, BayesianHierarchyState& state);
// sum_l KL[q(W, Lambda) || prior], nats. F of a data set = free_energy + this = -ELBO.
double weight_divergence(const BayesianHierarchy& model);

}  // namespace infans::model
