// Products of a small matrix with a register-wide tile, shared by the rollout kernels; included per instruction set.
#pragma once

#include "core/kernels/simd.hpp"

namespace infans::kernels {
namespace {

// dst[r] += sum_k weight[k * ld + r] * x[k], r < R, with the R sums in registers.
template <int R>
INFANS_INLINE void columns(const float* weight, int ld, const float* x, int k_count, float* dst) {
  vf sum[R];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) sum[r] = load(dst + r * width);
  for (int k = 0; k < k_count; ++k) {
    const vf v = load(x + k * width);
    const float* w = weight + k * ld;
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) sum[r] = fma(set1(w[r]), v, sum[r]);
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) store(dst + r * width, sum[r]);
}

// dst += weight[:, :count]' x, in blocks of columns.
INFANS_INLINE void accumulate(const float* weight, int ld, int count, const float* x, int k_count, float* dst) {
  int r = 0;
  for (; r + 12 <= count; r += 12) columns<12>(weight + r, ld, x, k_count, dst + r * width);
  for (; r + 4 <= count; r += 4) columns<4>(weight + r, ld, x, k_count, dst + r * width);
  for (; r < count; ++r) columns<1>(weight + r, ld, x, k_count, dst + r * width);
}

}  // namespace
}  // namespace infans::kernels
