// Bayesian linear regression whose prior precisions come in groups, with the exact evidence and its local gradient.
//
//   y_j = X w_j + noise_j,  w_j ~ N(0, sigma_j^2 Lambda^-1),  sigma_j^2 ~ InvGamma(1, f^2)   (Bishop 2006, section 3.5)
//   A = Lambda + X'X,  W = A^-1 X'Y,  sigma_j^2 = (y_j' (y_j - X w_j) + 2 f^2) / (R + 2)
// Unlike model::BayesianReadout the noise has no hard floor: f is a weak prior, as noise-free laws of motion need.
#pragma once

#include <Eigen/Dense>

#include "core/model/grouping.hpp"

namespace infans::inference {

struct GroupedPosterior {
  Eigen::MatrixXd mean;                    // C x O
  Eigen::VectorXd noise;                   // O, sigma_j^2: variance of a row's noise
  Eigen::LLT<Eigen::MatrixXd> precision;   // A; cov w_j = sigma_j^2 A^-1
  double log_evidence = 0.0;               // nats

  // X A^-1 X' blockwise: the rows of `x` are taken in groups of `block`; returns one block x block matrix a group.
  std::vector<Eigen::MatrixXd> epistemic(const Eigen::MatrixXd& x, Eigen::Index block) const;
};

class GroupedRegression {
 public:
  // x: R x C, y: R x O; noise_floor: f, in units of y.
  GroupedRegression(Eigen::MatrixXd x, Eigen::MatrixXd y, double noise_floor);

  // ln p(y | x, lambda) in nats, sigma integrated out. Fills d/d ln lambda_k (C) and d/dx (R x C) where asked for.
  // Takes the smaller of the two Cholesky factors, C x C or R x R.
  double log_evidence(const Eigen::VectorXd& log_precision, Eigen::VectorXd* effect, Eigen::MatrixXd* d_x) const;

  GroupedPosterior posterior(const Eigen::VectorXd& log_precision) const;

  const Eigen::MatrixXd& x() const { return x_; }
  const Eigen::MatrixXd& y() const { return y_; }

 private:
  double primal(const Eigen::VectorXd& lambda, Eigen::VectorXd* effect, Eigen::MatrixXd* d_x) const;
  double dual(const Eigen::VectorXd& lambda, Eigen::VectorXd* effect, Eigen::MatrixXd* d_x) const;
  double value(const Eigen::VectorXd& squares, double log_det_ratio, Eigen::VectorXd* noise) const;

  Eigen::MatrixXd x_, y_;
  Eigen::MatrixXd gram_, moment_;  // X'X (lower), X'Y; gram_ is empty where the dual form is taken
  Eigen::VectorXd squares_;        // y_j'y_j
  double floor_;
};

// Gaussian hyper-prior and bounds of the parameters of a grouping, and how long to climb.
struct EvidenceAscent {
  Eigen::VectorXd centre, deviation, low, high;
  int iterations = 12;
};

// Parameters [theta; delta] of highest evidence plus hyper-prior, from `at`.
Eigen::VectorXd ascend(const GroupedRegression& regression, const model::Grouping& grouping, const EvidenceAscent& o,
                       Eigen::VectorXd at);

}  // namespace infans::inference
