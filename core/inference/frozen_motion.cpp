#include "core/inference/frozen_motion.hpp"

#include <algorithm>
#include <cmath>

#include "core/inference/motion_model.hpp"
#include "core/kernels/operations.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd rows_of(const Batch& x, int from, int count, int n) {
  MatrixXd out(n, count);
  for (int i = 0; i < count; ++i)
    for (int k = 0; k < n; ++k) out(k, i) = double{x.row(from + i)[k]};
  return out;
}

}  // namespace

void FrozenMotion::step(const Batch& x, int joints, int commands, int n, Batch& end, float* gain) {
  const MatrixXd q = rows_of(x, 0, joints, n), v = rows_of(x, joints, joints, n),
                 u = rows_of(x, 2 * joints, commands, n);
  MatrixXd mean;
  if (gain == nullptr) {
    mean = model_.mean(q, v, u);
  } else {
    const MotionBatch p = model_.predict(q, v, u);
    mean = p.mean;
    const VectorXd information = p.information();
    for (int k = 0; k < n; ++k) gain[k] = static_cast<float>(information(k));
  }
  end.resize(2 * joints, n);
  for (int i = 0; i < 2 * joints; ++i)
    for (int k = 0; k < n; ++k) end.row(i)[k] = static_cast<float>(mean(k, i));
}

void middle_of(const Batch& x, const Batch& end, int joints, int commands, int n, Batch& middle) {
  const int width = padded(n);
  middle.resize(2 * joints + commands, n);
  for (int i = 0; i < 2 * joints; ++i)
    for (int k = 0; k < width; ++k) middle.row(i)[k] = 0.5F * (x.row(i)[k] + end.row(i)[k]);
  for (int i = 2 * joints; i < 2 * joints + commands; ++i) std::copy(x.row(i), x.row(i) + width, middle.row(i));
}

double DrawInformation::operations(int count, int size) {
  const double pairs = 0.5 * size * (size + 1), elimination = size * (size - 1) * (size + 1) / 2.0;
  return pairs * count * 3.0 + elimination + size * (kernels::log1p_operations + 2.0);
}

void DrawInformation::compute(const Batch& deviation, int count, int size, float share, int n, float* gain) {
  const int width = padded(n);
  matrix_.resize(size * size + 1, n);
  const auto entry = [&](int i, int j) { return matrix_.row(i * size + j); };  // i >= j
  for (int i = 0; i < size; ++i)
    for (int j = 0; j <= i; ++j) {
      float* sum = entry(i, j);
      std::fill(sum, sum + width, 0.0F);
      for (int d = 0; d < count; ++d) {
        const float *a = deviation.row(d * size + i), *b = deviation.row(d * size + j);
        for (int k = 0; k < width; ++k) sum[k] += share * a[k] * b[k];
      }
    }
  // The determinant is the product of the pivots of L D L'; none is below 1.
  std::fill(gain, gain + width, 0.0F);
  float* const logarithm = matrix_.row(size * size);
  for (int p = 0; p < size; ++p) {
    float* pivot = entry(p, p);
    for (int k = 0; k < width; ++k) pivot[k] = std::max(pivot[k], 0.0F);
    kernels::best().log1p(pivot, width, logarithm);
    for (int k = 0; k < width; ++k) gain[k] += 0.5F * logarithm[k];
    for (int i = p + 1; i < size; ++i)
      for (int j = p + 1; j <= i; ++j) {
        const float *a = entry(i, p), *b = entry(j, p);
        float* target = entry(i, j);
        for (int k = 0; k < width; ++k) target[k] -= a[k] * b[k] / (1.0F + pivot[k]);
      }
  }
}

}  // namespace infans::inference
