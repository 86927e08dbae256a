// What core needs of symmetric matrices beyond Eigen.
#pragma once

#include <Eigen/Dense>

namespace infans::model {

inline constexpr double log_two_pi = 1.8378770664093454836;

// ln|A| from its factor.
inline double log_det(const Eigen::LLT<Eigen::MatrixXd>& factor) {
  return 2.0 * factor.matrixLLT().diagonal().array().log().sum();
}

// Rounding leaves a product that should be symmetric a little beside it: both halves become their mean.
inline void symmetrise(Eigen::MatrixXd& m) {
  for (Eigen::Index j = 0; j < m.cols(); ++j)
    for (Eigen::Index i = 0; i < j; ++i) m(i, j) = m(j, i) = 0.5 * (m(i, j) + m(j, i));
}

}  // namespace infans::model
