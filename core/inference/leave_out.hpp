// Block leave-one-out of a linear layer and small statistics that the models of the path level share. Internal.
#pragma once

#include <Eigen/Dense>

namespace infans::inference {

// (I - H)^-1 of a symmetric leverage H whose eigenvalues are kept below `limit`: leave-one-out errors are this times
// the errors, leave-one-out epistemic covariance is H times this (for unit sample precision).
inline Eigen::MatrixXd left_out_inverse(const Eigen::MatrixXd& leverage, double limit) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(leverage);
  const Eigen::VectorXd inverse = (1.0 - eigen.eigenvalues().array().min(limit)).inverse();
  return eigen.eigenvectors() * inverse.asDiagonal() * eigen.eigenvectors().transpose();
}

// What a unit of a weak-form row is worth at the end of a step: q by h^2 / 2, v by h, times the acceleration scale.
inline Eigen::VectorXd end_unit(const Eigen::VectorXd& scale, double h) {
  Eigen::VectorXd unit(2 * scale.size());
  unit << 0.5 * h * h * scale, h * scale;
  return unit;
}

// Standard deviation of every column.
inline Eigen::VectorXd column_deviation(const Eigen::MatrixXd& x) {
  const Eigen::MatrixXd centred = x.rowwise() - x.colwise().mean();
  return (centred.colwise().squaredNorm() / static_cast<double>(x.rows())).cwiseSqrt().transpose();
}

inline constexpr double smallest_noise = 1e-7;  // of a step's typical change: keeps a perfect fit's density finite

}  // namespace infans::inference
