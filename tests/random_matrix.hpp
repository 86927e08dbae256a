// Matrices that many tests draw, and the largest difference of two.
#pragma once

#include <Eigen/Dense>

#include "core/random/stream.hpp"

namespace infans::tests {

// Independent standard normal numbers, column by column.
template <typename T = double>
Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> normal(Eigen::Index rows, Eigen::Index columns, random::Stream& s) {
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> m(rows, columns);
  for (T& x : m.reshaped()) x = static_cast<T>(s.normal());
  return m;
}

// 0 for an empty matrix.
inline double largest(const Eigen::MatrixXd& m) { return m.size() == 0 ? 0.0 : m.cwiseAbs().maxCoeff(); }

inline double worst(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) { return largest(a - b); }

}  // namespace infans::tests
