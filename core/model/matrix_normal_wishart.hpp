// Belief about a linear map and the full precision of its noise: x = W phi + e, e ~ N(0, Lambda^-1).
//
//   W | Lambda ~ MN(M, Lambda^-1, K^-1),  Lambda ~ Wishart(Psi^-1, nu)   (E[Lambda] = nu Psi^-1)
// Conjugate: the natural parameters (K, M K, Psi + M K M', nu) of the posterior are those of the prior plus
// sum (phi phi', x phi', x x', 1), the Hebbian products of presynaptic and postsynaptic activity (Minka 2000, "Bayesian
// linear regression"; Tschantz et al. 2025, eq. 7). Kept as (M, K, Psi, nu), and Psi as a sum of positive parts, so
// that noise-free data lose no digits.
#pragma once

#include <Eigen/Dense>

#include "core/random/stream.hpp"

namespace infans::model {

struct MatrixNormalWishart {
  Eigen::MatrixXd mean;              // M, o x p
  Eigen::MatrixXd column_precision;  // K, p x p, symmetric positive definite, in units of noise precision
  Eigen::MatrixXd scale;             // Psi, o x o, symmetric positive definite, unit of x squared
  double dof = 0.0;                  // nu > o - 1

  // Mean 0, K = weight_precision I, E[Lambda] = I / noise^2 with `dof` = o - 1 + extra_dof.
  // Throws std::logic_error for sizes below 1 or values that are not positive.
  static MatrixNormalWishart prior(int outputs, int inputs, double weight_precision, double noise, double extra_dof);

  int outputs() const { return static_cast<int>(mean.rows()); }
  int inputs() const { return static_cast<int>(mean.cols()); }

  Eigen::MatrixXd expected_precision() const;  // nu Psi^-1
  double expected_log_det() const;             // E ln|Lambda|
  Eigen::MatrixXd column_covariance() const;   // K^-1; Cov(W phi) = (phi' K^-1 phi) Lambda^-1

  // Posterior after columns phi (p x n) and x (o x n), each counted `weight` times. phi_spread (p x p) and x_spread
  // (o x o), where not empty, are the summed covariances of uncertain activities.
  void update(const Eigen::MatrixXd& phi, const Eigen::MatrixXd& x, double weight = 1.0,
              const Eigen::MatrixXd& phi_spread = {}, const Eigen::MatrixXd& x_spread = {});
  // Natural parameters move to (1 - rate) of these and rate of `other`: a step of stochastic variational inference
  // (Hoffman et al. 2013), and with other = prior a discount of old evidence.
  void move_towards(const MatrixNormalWishart& other, double rate);

  // Predictive density of x: multivariate Student-t about M phi of nu - o + 1 degrees of freedom; its scale matrix.
  Eigen::MatrixXd predictive_scale(const Eigen::VectorXd& phi) const;
  double predictive_dof() const { return dof - outputs() + 1.0; }

  // One draw of W (o x p) and of the lower factor R of the noise covariance, R R' = Lambda^-1.
  void draw(random::Stream& stream, Eigen::MatrixXd& weight, Eigen::MatrixXd& noise_factor) const;
};

// KL[q || p], nats.
double divergence(const MatrixNormalWishart& q, const MatrixNormalWishart& p);

// ln p(X | Phi), nats, from a prior and the posterior of `rows` observations, all parameters integrated out.
double log_evidence(const MatrixNormalWishart& prior, const MatrixNormalWishart& posterior, double rows);

}  // namespace infans::model
