// Cholesky factors as state.
#pragma once

#include <Eigen/Cholesky>

#include "core/base/archive.hpp"

namespace infans::base {

// The factor itself: one computed anew from the matrix that it stands for would round otherwise. An empty factor stays
// empty. Not the norm that rcond() needs.
inline void describe(Archive& archive, Eigen::LLT<Eigen::MatrixXd>& factor) {
  Eigen::MatrixXd lower = factor.rows() > 0 ? factor.matrixLLT() : Eigen::MatrixXd();
  archive("lower", lower);
  if (!archive.restoring()) return;
  if (lower.rows() != lower.cols()) throw StateError("lower", "a factor is square");
  factor = Eigen::LLT<Eigen::MatrixXd>();
  if (lower.size() == 0) return;
  factor.compute(Eigen::MatrixXd::Identity(lower.rows(), lower.cols()));
  const_cast<Eigen::MatrixXd&>(factor.matrixLLT()) = lower;  // Eigen offers no other way to set it
}

}  // namespace infans::base
