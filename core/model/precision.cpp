#include "core/model/precision.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

namespace infans::model {

template <typename T>
Precision<T>::Precision(int width, PrecisionKind kind) : kind_(kind), diagonal_(VectorOf<T>::Ones(width)) {
  if (kind == PrecisionKind::full) full_ = MatrixOf<T>::Identity(width, width);
}

template <typename T>
MatrixOf<T> Precision<T>::matrix() const {
  return kind_ == PrecisionKind::full ? full_ : MatrixOf<T>(diagonal_.asDiagonal());
}

template <typename T>
void Precision<T>::set(const VectorOf<T>& diagonal) {
  if (diagonal.size() != diagonal_.size())
    throw std::invalid_argument("precision: " + std::to_string(diagonal_.size()) + " values are needed, not " +
                                std::to_string(diagonal.size()));
  if (!(diagonal.array() > T(0)).all() || !diagonal.allFinite())
    throw std::invalid_argument("precision: every value must be a positive number");
  kind_ = PrecisionKind::diagonal;
  diagonal_ = diagonal;
  full_.resize(0, 0);
  log_determinant_ = diagonal.template cast<double>().array().log().sum();
}

template <typename T>
void Precision<T>::set(const MatrixOf<T>& matrix) {
  if (matrix.rows() != diagonal_.size() || matrix.cols() != diagonal_.size())
    throw std::invalid_argument("precision: a matrix of " + std::to_string(diagonal_.size()) +
                                " rows and columns is needed");
  const Eigen::MatrixXd exact = matrix.template cast<double>();
  const Eigen::LLT<Eigen::MatrixXd> llt(exact);
  if (!exact.allFinite() || !exact.isApprox(exact.transpose(), 1e-6) || llt.info() != Eigen::Success)
    throw std::invalid_argument("precision: the matrix must be symmetric and positive definite");
  kind_ = PrecisionKind::full;
  full_ = matrix;
  diagonal_ = matrix.diagonal();
  log_determinant_ = 2.0 * Eigen::MatrixXd(llt.matrixL()).diagonal().array().log().sum();
}

template <typename T>
void Precision<T>::apply(const MatrixOf<T>& error, MatrixOf<T>& out) const {
  switch (kind_) {
    case PrecisionKind::unit:
      out = error;
      break;
    case PrecisionKind::diagonal:
      out.noalias() = diagonal_.asDiagonal() * error;
      break;
    case PrecisionKind::full:
      out.noalias() = full_ * error;
      break;
  }
}

template <typename T>
void Precision<T>::apply_inverse(const MatrixOf<T>& weighted, MatrixOf<T>& out) const {
  switch (kind_) {
    case PrecisionKind::unit:
      out = weighted;
      break;
    case PrecisionKind::diagonal:
      out = diagonal_.cwiseInverse().asDiagonal() * weighted;
      break;
    case PrecisionKind::full:
      out = full_.llt().solve(weighted);
      break;
  }
}

template class Precision<float>;
template class Precision<double>;

}  // namespace infans::model
