// Bayesian linear regression whose prior precisions come in groups, with the exact evidence and its local gradient.
//
//   y_j = X w_j + noise_j,  w_j ~ N(0, sigma_j^2 Lambda^-1),  sigma_j^2 ~ InvGamma(1, f^2)   (Bishop 2006, section 3.5)
//   A = Lambda + X'X,  W = A^-1 X'Y,  sigma_j^2 = (y_j' (y_j - X w_j) + 2 f^2) / (R + 2)
// Unlike model::BayesianReadout the noise has no hard floor: f is a weak prior, as noise-free laws of motion need.
#pragma once

#include <Eigen/Dense>

#include "core/model/grouping.hpp"

namespace infans::base {
class Archive;
}

namespace infans::inference {

struct GroupedPosterior {
  Eigen::MatrixXd mean;                   // C x O
  Eigen::VectorXd noise;                  // O, sigma_j^2: variance of a row's noise
  Eigen::LLT<Eigen::MatrixXd> precision;  // A; cov w_j = sigma_j^2 A^-1
  double log_evidence = 0.0;              // nats

  // X A^-1 X' blockwise: the rows of `x` are taken in groups of `block`; returns one block x block matrix a group.
  std::vector<Eigen::MatrixXd> epistemic(const Eigen::MatrixXd& x, Eigen::Index block) const;
  void describe(base::Archive& archive);
};

class GroupedRegression {
 public:
  // x: R x C, y: R x O; noise_floor: f, in units of y.
  GroupedRegression(Eigen::MatrixXd x, Eigen::MatrixXd y, double noise_floor);

  // The two sides of the derivative to ln lambda_k, over all outputs: d ln p / d ln lambda_k = (determined - used) / 2.
  struct Effect {
    Eigen::VectorXd determined;  // C: how far the data determine the weight, 0 to O (MacKay 1992: gamma_k)
    Eigen::VectorXd used;        // C: lambda_k sum_j w_kj^2 / sigma_j^2
    Eigen::VectorXd gradient() const { return 0.5 * (determined - used); }
  };
  // ln p(y | x, lambda) in nats, sigma integrated out. Fills the effect and d/dx (R x C) where asked for.
  // Takes the smaller of the two Cholesky factors, C x C or R x R.
  double log_evidence(const Eigen::VectorXd& log_precision, Effect* effect, Eigen::MatrixXd* d_x) const;

  GroupedPosterior posterior(const Eigen::VectorXd& log_precision) const;

  const Eigen::MatrixXd& x() const { return x_; }
  const Eigen::MatrixXd& y() const { return y_; }

 private:
  double primal(const Eigen::VectorXd& lambda, Effect* effect, Eigen::MatrixXd* d_x) const;
  double dual(const Eigen::VectorXd& lambda, Effect* effect, Eigen::MatrixXd* d_x) const;
  double value(const Eigen::VectorXd& squares, double log_det_ratio, Eigen::VectorXd* noise) const;

  Eigen::MatrixXd x_, y_;
  Eigen::MatrixXd gram_, moment_;  // X'X (lower), X'Y; gram_ is empty where the dual form is taken
  Eigen::VectorXd squares_;        // y_j'y_j
  double floor_;
};

// Gaussian hyper-prior and bounds of the parameters of a grouping, and how long to climb.
struct EvidenceAscent {
  Eigen::VectorXd centre, deviation, low, high;
  int fixed_points = 0;  // MacKay's updates of the groups first: they leap where L-BFGS would walk
  int iterations = 12;
};

// (L^-1) of a lower triangular matrix, by halves.
Eigen::MatrixXd inverse_lower(const Eigen::MatrixXd& lower);

// Parameters [theta; delta] of highest evidence plus hyper-prior, from `at`.
Eigen::VectorXd ascend(const GroupedRegression& regression, const model::Grouping& grouping, const EvidenceAscent& o,
                       Eigen::VectorXd at);

}  // namespace infans::inference
