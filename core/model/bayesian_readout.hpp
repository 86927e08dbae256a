// Bayesian linear readout: y = M' phi + noise, per output a normal-inverse-gamma belief, one posterior covariance
// shared by all outputs (Bishop 2006, section 3.3; Murphy 2012, section 7.6.3).
//
//   prior     M_j ~ N(0, sigma_j^2 Lambda^-1),  sigma_j^2 ~ InvGamma(1, f^2)
//   posterior A = Lambda + Phi' Phi,  M = A^-1 Phi' Y,  cov M_j = sigma_j^2 A^-1,  sigma_j^2 ~ InvGamma(a, b_j)
//             a = 1 + N/2,  b_j = f^2 + (Y_j' Y_j - M_j' A M_j)/2
// The rank-1 update is prediction error x precision-weighted feature: M += A^-1 phi (y - M' phi)'. A full noise
// covariance between the outputs: model/matrix_normal_wishart.
#pragma once

#include <Eigen/Dense>

#include "core/random/stream.hpp"

namespace infans::base {
class Archive;
}

namespace infans::model {

// What an observation did to the belief about the weights; nats, in units of the outputs given to update().
struct ReadoutUpdate {
  Eigen::VectorXd error;          // y - M' phi before the update, O
  double epistemic = 0.0;         // v = phi' A^-1 phi: parameter variance in units of noise variance
  double information_gain = 0.0;  // O/2 ln(1 + v): KL in expectation, and the log-det difference
  double accuracy = 0.0;          // E_q[ln p(y | M)] under the updated posterior
  double complexity = 0.0;        // KL[posterior after || before]
  double vfe = 0.0;               // complexity - accuracy = -ln p(y | past), given sigma
};

// The same for k observations taken at once.
struct ReadoutBlockUpdate {
  Eigen::MatrixXd error;          // Y - Phi M before the update, k x O
  double information_gain = 0.0;  // O/2 ln det(I + Phi A^-1 Phi')
  double accuracy = 0.0;          // as above, summed over the rows
  double complexity = 0.0;
  double vfe = 0.0;  // -ln p(Y | past) of the rows together, given sigma
};

// Predictive density of each output with sigma integrated out: Student-t of `dof` degrees of freedom.
struct StudentPrediction {
  Eigen::VectorXd mean;      // O
  Eigen::VectorXd scale;     // O, squared scale b_j / a (1 + v)
  double dof = 0.0;          // 2a
  Eigen::VectorXd variance;  // O, scale dof / (dof - 2); infinite for dof <= 2
  // ln p(y), nats, summed over the outputs.
  double log_density(const Eigen::VectorXd& y) const;
};

class BayesianReadout {
 public:
  // When the noise in use follows its belief b_j / a: at fit() only, or after every update too.
  enum class NoiseLearning { at_fit, at_every_update };

  // prior_precision: Lambda's diagonal (D, in units of noise precision, > 0); noise_floor: f, in units of the outputs.
  // Throws std::logic_error for a prior precision that is not positive.
  BayesianReadout(Eigen::VectorXd prior_precision, int outputs, double noise_floor,
                  NoiseLearning noise = NoiseLearning::at_fit);

  // Forgets and fits rows phi (N x D) to y (N x O); learns sigma.
  void fit(const Eigen::MatrixXd& phi, const Eigen::MatrixXd& y, Eigen::VectorXd prior_precision);
  // One more observation. O(D^2).
  ReadoutUpdate update(const Eigen::VectorXd& phi, const Eigen::VectorXd& y);
  // k rows at once (phi k x D, y k x O): the same belief as k single updates. O(k D^2).
  ReadoutBlockUpdate update_block(const Eigen::MatrixXd& phi, const Eigen::MatrixXd& y);
  // Old evidence counts `keep` times as much, 0 <= keep <= 1, while the prior stays whole: every natural parameter
  // eta = (A, A M, 2b + M'AM, 2a) becomes eta_0 + keep (eta - eta_0). Before each update it is exponential forgetting
  // (row n then weighs keep^age); once, it is the answer to a body that changed. O(D^3). Throws std::logic_error
  // outside [0, 1].
  void discount(double keep);

  Eigen::VectorXd predict(const Eigen::VectorXd& phi) const { return mean_.transpose() * phi; }
  double epistemic_variance(const Eigen::VectorXd& phi) const;  // v
  // Predictive variance given the noise in use: sigma_j^2 (1 + v), O.
  Eigen::VectorXd predictive_variance(const Eigen::VectorXd& phi) const;
  StudentPrediction predict_student(const Eigen::VectorXd& phi) const;
  double information_gain(const Eigen::VectorXd& phi) const;  // nats
  // K directions z ~ N(0, A^-1), D x K: mean_k (phi . z_k)^2 estimates v; M + z sigma_j is a posterior draw of output
  // j.
  Eigen::MatrixXd draw_directions(int count, random::Stream& stream) const;
  // The same from normals that are there already, D x K.
  Eigen::MatrixXd directions(Eigen::MatrixXd normals) const;
  // D directions without chance, D x D: mean_k (phi . z_k)^2 is v itself.
  Eigen::MatrixXd all_directions() const;
  // One draw of all weights from the normal-inverse-gamma posterior, D x O; fills `noise` (O, variances) unless null.
  Eigen::MatrixXd draw_weights(random::Stream& stream, Eigen::VectorXd* noise = nullptr) const;

  // Log marginal likelihood of everything seen since the last fit or construction, sigma integrated out, nats.
  // Discounted rows count as powers of their likelihood.
  double log_evidence() const;
  // ln det A: its increase over updates, times O/2, is the information gained.
  double log_det_precision() const;

  const Eigen::MatrixXd& mean() const { return mean_; }                      // D x O
  const Eigen::VectorXd& noise_variance() const { return noise_variance_; }  // O, in use: max(b_j / a, f^2)
  double noise_shape() const { return shape_; }                              // a
  Eigen::VectorXd noise_rate() const { return shape_ * estimate_; }          // b, O
  const Eigen::LLT<Eigen::MatrixXd>& precision() const { return precision_; }
  int features() const { return static_cast<int>(prior_precision_.size()); }
  int outputs() const { return static_cast<int>(mean_.cols()); }

  void describe(base::Archive& archive);

 private:
  void learn_noise(double rows, const Eigen::VectorXd& weighted_squares);

  Eigen::VectorXd prior_precision_;
  Eigen::MatrixXd mean_;
  Eigen::VectorXd noise_variance_;
  Eigen::LLT<Eigen::MatrixXd> precision_;  // Cholesky factor of A
  double noise_floor_;
  NoiseLearning noise_learning_;
  double shape_ = 1.0;        // a
  Eigen::VectorXd estimate_;  // b / a
};

// Information that a whole imagined rollout would bring about the weights: O/2 ln det(I + Phi A^-1 Phi'), never more
// than the sum of its steps' own gains, because what a step teaches cannot be learned again. The Cholesky factor of
// I + Phi A^-1 Phi' grows by a row a step: O(D^2/2 + t D). The readout must outlive it and stay as it is.
class JointInformation {
 public:
  JointInformation(const BayesianReadout& readout, int max_rows);
  // Appends features phi (D); returns what they add, nats. Throws std::logic_error beyond max_rows.
  double add(const Eigen::VectorXd& phi);
  // Back to the first `rows` steps: another branch of the same rollout.
  void truncate(int rows);
  double total() const { return rows_ == 0 ? 0.0 : gain_(rows_ - 1); }  // nats
  int rows() const { return rows_; }

 private:
  const BayesianReadout& readout_;
  Eigen::MatrixXd whitened_;  // D x max_rows: L^-1 phi_t
  Eigen::MatrixXd factor_;    // max_rows x max_rows, lower
  Eigen::VectorXd gain_;      // running totals
  int rows_ = 0;
};

// b_N / a_N of the inverse gamma posterior, the inverse of its mean precision: (R_j' Y_j + 2 f^2) / (N + 2). May fall
// below f^2 where the data are noise-free; the noise variance in use never does: sigma_j^2 = max(this, f^2).
Eigen::VectorXd noise_estimate(const Eigen::MatrixXd& residual, const Eigen::MatrixXd& y, double noise_floor);

// Log marginal likelihood (nats) from the estimate above, ln det A and ln det Lambda: exact where the estimate is above
// the floor; at the floor, sigma^2 is held at f^2 and the fit still counts, with the same gradient. `rows` may be a
// discounted count.
double student_evidence(const Eigen::VectorXd& noise_estimate, double rows, double noise_floor, double log_det_a,
                        double log_det_prior);

}  // namespace infans::model
