// Harmonic series of joint positions: 1, cos(k.q'), sin(k.q') with whole-numbered wave vectors k and q' = scale q.
// Inertia and potential of a body of hinges are finite series of this kind; sliding joints enter with a fixed scale.
#pragma once

#include <Eigen/Dense>
#include <vector>

namespace infans::model {

struct Harmonics {
  Eigen::MatrixXi wave;   // K x n; row 0 is zero, the first number that is not zero is positive
  Eigen::VectorXd scale;  // n, rad per unit of q

  int waves() const { return static_cast<int>(wave.rows()); }
  // cos of every wave, then sin of every wave but the first.
  int count() const { return 2 * waves() - 1; }
  int cosine(int w) const { return w; }
  int sine(int w) const { return waves() + w - 1; }  // w >= 1
  // |k_i| of every feature, count x n.
  Eigen::MatrixXd order() const;
  // scale_i k_i: the gradient of the phase of wave w.
  Eigen::VectorXd phase_gradient(int w) const;

  // cos and sin of every phase, each N x K, by products of the joints' own (three multiplications a factor, no more
  // transcendental functions than 2 n a sample).
  void phases(const Eigen::MatrixXd& q, Eigen::MatrixXd& cosine, Eigen::MatrixXd& sine) const;
  // The features, N x count.
  Eigen::MatrixXd features(const Eigen::MatrixXd& q) const;
};

// All wave vectors with sum |k_i| <= order and |k_i| <= box, one of each pair +-k, by rising order.
Harmonics make_harmonics(const Eigen::VectorXd& scale, int order, int box);

}  // namespace infans::model
