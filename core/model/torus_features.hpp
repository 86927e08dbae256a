// Functions on the torus of joint angles, and the Bayesian readout on them.
//
// Features phi_j(q) = sqrt(2/D) cos(w_j . q + b_j) with integer frequencies w_ji in {-1, 0, 1}, P(w_ji != 0) = p_i
// (random features of Rahimi & Recht 2007, of a kernel on the torus). Their kernel is exact,
//   k(q, q') = prod_i (1 - p_i + p_i cos(q_i - q'_i)),
// a product of {1, cos, sin} of every joint once: its functions contain the hand position of every serial chain of
// hinges, whatever its axes and links. p_i is how much joint i matters; learned by inference/torus_learner.
#pragma once

#include <Eigen/Dense>

#include "core/random/stream.hpp"

namespace infans::model {

struct TorusFeatures {
  // D features of n joints; presence: p, n values in [0, 1].
  TorusFeatures(int count, const Eigen::VectorXd& presence, random::Stream& stream);

  int count() const { return static_cast<int>(phase.size()); }
  int joints() const { return static_cast<int>(frequency.cols()); }
  // Rows of angles, N x n in rad, to rows of features, N x D.
  Eigen::MatrixXd features(const Eigen::MatrixXd& q) const;

  Eigen::MatrixXd frequency;  // D x n, entries -1, 0, 1
  Eigen::VectorXd phase;      // D, rad
};

// k between the rows of a (N x n) and of b (M x n), rad: N x M.
Eigen::MatrixXd torus_kernel(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, const Eigen::VectorXd& presence);

// Belief of a map q -> y with the kernel above, in dual form: y_j = y0_j + f_j(q) + noise, f_j ~ GP(0, s_j k), noise
// variance lambda s_j / w_n for a sample of weight w_n, s_j ~ InvGamma(1, scale^2).
struct TorusPrediction {
  Eigen::VectorXd mean;      // O
  double epistemic = 1.0;    // v = k(q,q) - k' (K + lambda / W)^-1 k, in units of s_j
  Eigen::VectorXd variance;  // O, of an observation: s_j (v + lambda)
  Eigen::MatrixXd jacobian;  // O x n, d mean / d q
};

class TorusReadout {
 public:
  // scale: typical size of the outputs. Before any data the belief is the prior about 0.
  TorusReadout(int joints, int outputs, double scale);

  // q N x n (rad), y N x O, weights N in (0, 1] (evidence share of each sample), presence n, noise_ratio lambda > 0.
  // The offset y0 is the weighted mean of y. O(N^3). Throws std::logic_error for sizes that do not agree.
  void fit(const Eigen::MatrixXd& q, const Eigen::MatrixXd& y, const Eigen::VectorXd& weights,
           const Eigen::VectorXd& presence, double noise_ratio);

  TorusPrediction predict(const Eigen::VectorXd& q) const;
  Eigen::MatrixXd predict_means(const Eigen::MatrixXd& q) const;  // rows, M x O

  int samples() const { return static_cast<int>(angles_.rows()); }
  const Eigen::VectorXd& signal_variance() const { return signal_variance_; }  // s, O
  const Eigen::VectorXd& presence() const { return presence_; }
  double noise_ratio() const { return noise_ratio_; }
  void describe(base::Archive& archive);

 private:
  double scale_;
  Eigen::MatrixXd angles_, dual_;  // N x n; N x O: (K + lambda / W)^-1 (Y - y0)
  Eigen::LLT<Eigen::MatrixXd> factor_;
  Eigen::VectorXd presence_, offset_, signal_variance_;
  double noise_ratio_ = 1e-3;
};

}  // namespace infans::model
