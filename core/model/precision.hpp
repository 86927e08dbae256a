// The precision (inverse covariance) of a node's prediction errors: unit, diagonal or full.
#pragma once

#include "core/base/archive.hpp"
#include "core/model/activation.hpp"

namespace infans::model {

enum class PrecisionKind { unit, diagonal, full };

template <typename T>
class Precision {
 public:
  explicit Precision(int width = 0, PrecisionKind kind = PrecisionKind::unit);

  PrecisionKind kind() const { return kind_; }
  // Pi, width x width; its diagonal; ln |Pi|.
  MatrixOf<T> matrix() const;
  const VectorOf<T>& diagonal() const { return diagonal_; }
  double log_determinant() const { return log_determinant_; }

  // New values; the kind follows the argument. Throws std::invalid_argument if the size differs, a value is not a
  // positive number or the matrix is not symmetric and positive definite.
  void set(const VectorOf<T>& diagonal);
  void set(const MatrixOf<T>& matrix);

  // out = Pi e for a batch of errors, a column a sample.
  void apply(const MatrixOf<T>& error, MatrixOf<T>& out) const;
  // out = Pi^-1 e.
  void apply_inverse(const MatrixOf<T>& weighted, MatrixOf<T>& out) const;

  void describe(base::Archive& archive) {
    archive("kind", kind_)("diagonal", diagonal_)("full", full_)("log_determinant", log_determinant_);
  }

 private:
  PrecisionKind kind_;
  VectorOf<T> diagonal_;
  MatrixOf<T> full_;  // empty unless the kind is full
  double log_determinant_ = 0.0;
};

}  // namespace infans::model
