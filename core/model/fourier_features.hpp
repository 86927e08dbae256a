// Random Fourier features of a Gaussian (ARD) kernel: phi_j(z) = sqrt(2/D) cos(w_j . (z / l) + b_j)
// (Rahimi & Recht 2007; orthogonal frequencies: Yu et al. 2016).
#pragma once

#include <Eigen/Dense>

#include "core/random/stream.hpp"

namespace infans::model {

struct FourierFeatures {
  // D features of I inputs, all length scales `length_scale`. Blocks of I frequencies are orthogonal.
  FourierFeatures(int inputs, int count, double length_scale, random::Stream& stream);

  int count() const { return static_cast<int>(phase.size()); }
  int inputs() const { return static_cast<int>(length_scale.size()); }
  double amplitude() const;
  // Frequencies over the learned scales, D x I.
  Eigen::MatrixXd scaled() const;

  // Arguments of the cosines, N x D, of inputs z (N x I), and the features themselves.
  Eigen::MatrixXd angles(const Eigen::MatrixXd& z) const;
  Eigen::MatrixXd features(const Eigen::MatrixXd& z) const;

  Eigen::MatrixXd frequency;     // D x I, of unit scale
  Eigen::VectorXd phase;         // D, radians
  Eigen::VectorXd length_scale;  // I, in units of the input
};

}  // namespace infans::model
