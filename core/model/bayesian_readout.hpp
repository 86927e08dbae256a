// Bayesian linear readout: y = M' phi + noise, one posterior covariance shared by all outputs (Bishop 2006,
// section 3.3).
//
//   prior     M_j ~ N(0, sigma_j^2 Lambda^-1),  sigma_j^2 ~ InvGamma(1, f^2)
//   posterior A = Lambda + Phi' Phi,  M = A^-1 Phi' Y,  cov M_j = sigma_j^2 A^-1
// The rank-1 update is prediction error x precision-weighted feature: M += A^-1 phi (y - M' phi)'.
#pragma once

#include <Eigen/Dense>

#include "core/random/stream.hpp"

namespace infans::model {

// What one observation did to the belief about the weights; nats, in units of the outputs given to update().
struct ReadoutUpdate {
  Eigen::VectorXd error;          // y - M' phi before the update, O
  double epistemic = 0.0;         // v = phi' A^-1 phi: parameter variance in units of noise variance
  double information_gain = 0.0;  // O/2 ln(1 + v): KL in expectation, and the log-det difference
  double accuracy = 0.0;          // E_q[ln p(y | M)] under the updated posterior
  double complexity = 0.0;        // KL[posterior after || before]
  double vfe = 0.0;               // complexity - accuracy = -ln p(y | past), given sigma
};

class BayesianReadout {
 public:
  // prior_precision: Lambda's diagonal (D, in units of noise precision, > 0); noise_floor: f, in units of the outputs.
  BayesianReadout(Eigen::VectorXd prior_precision, int outputs, double noise_floor);

  // Forgets and fits rows phi (N x D) to y (N x O); learns sigma.
  void fit(const Eigen::MatrixXd& phi, const Eigen::MatrixXd& y, Eigen::VectorXd prior_precision);
  // One more observation; sigma stays. O(D^2).
  ReadoutUpdate update(const Eigen::VectorXd& phi, const Eigen::VectorXd& y);

  Eigen::VectorXd predict(const Eigen::VectorXd& phi) const { return mean_.transpose() * phi; }
  double epistemic_variance(const Eigen::VectorXd& phi) const;  // v
  double information_gain(const Eigen::VectorXd& phi) const;    // nats
  // K directions z ~ N(0, A^-1), D x K: mean_k (phi . z_k)^2 estimates v; M + z sigma_j is a posterior draw of output
  // j.
  Eigen::MatrixXd draw_directions(int count, random::Stream& stream) const;

  // Log marginal likelihood of the rows given to fit(), sigma integrated out, nats.
  double log_evidence() const { return log_evidence_; }
  // ln det A: its increase over updates, times O/2, is the information gained.
  double log_det_precision() const;

  const Eigen::MatrixXd& mean() const { return mean_; }                      // D x O
  const Eigen::VectorXd& noise_variance() const { return noise_variance_; }  // O
  int features() const { return static_cast<int>(prior_precision_.size()); }
  int outputs() const { return static_cast<int>(mean_.cols()); }

 private:
  Eigen::VectorXd prior_precision_;
  Eigen::MatrixXd mean_;
  Eigen::VectorXd noise_variance_;
  Eigen::LLT<Eigen::MatrixXd> precision_;  // Cholesky factor of A
  double noise_floor_;
  double log_evidence_ = 0.0;
};

// b_N / a_N of the inverse gamma posterior, the inverse of its mean precision: (R_j' Y_j + 2 f^2) / (N + 2). May fall
// below f^2 where the data are noise-free; the noise variance in use never does: sigma_j^2 = max(this, f^2).
Eigen::VectorXd noise_estimate(const Eigen::MatrixXd& residual, const Eigen::MatrixXd& y, double noise_floor);

// Log marginal likelihood (nats) from the estimate above, ln det A and ln det Lambda: exact where the estimate is above
// the floor; at the floor, sigma^2 is held at f^2 and the fit still counts, with the same gradient.
double student_evidence(const Eigen::VectorXd& noise_estimate, Eigen::Index rows, double noise_floor, double log_det_a,
                        double log_det_prior);

}  // namespace infans::model
