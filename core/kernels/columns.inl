// Products of a small matrix with tiles of columns, shared by the rollout kernels; included per instruction set. A tile
// is T registers wide: element i of its columns stands at [i * T * width].
#pragma once

#include "core/kernels/simd.hpp"

namespace infans::kernels {
namespace {

// Two registers share every broadcast weight, so that multiplying, not loading, sets the pace.
constexpr int tile_registers = 2;
// Sums that stay in registers beside the operands.
#if defined(__AVX512F__)
constexpr int most_sums = 24;
#else
constexpr int most_sums = 10;
#endif

// dst[r] += sum_k weight[k * ld + r] * x[k], r < R, with the R x T sums in registers.
template <int T, int R>
void columns(const float* weight, int ld, const float* x, int k_count, float* dst) {
  vf sum[R][T];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int t = 0; t < T; ++t) sum[r][t] = load(dst + (r * T + t) * width);
  for (int k = 0; k < k_count; ++k) {
    vf v[T];
#pragma GCC unroll 2
    for (int t = 0; t < T; ++t) v[t] = load(x + (k * T + t) * width);
    const float* w = weight + k * ld;
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const vf one = set1(w[r]);
#pragma GCC unroll 2
      for (int t = 0; t < T; ++t) sum[r][t] = fma(one, v[t], sum[r][t]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int t = 0; t < T; ++t) store(dst + (r * T + t) * width, sum[r][t]);
}

// dst += weight[:, :count]' x, in blocks of nearly equal numbers of columns: a narrow one would wait for its own sums.
template <int T>
void accumulate(const float* weight, int ld, int count, const float* x, int k_count, float* dst) {
  using Block = void (*)(const float*, int, const float*, int, float*);
  static constexpr int most = most_sums / T < 12 ? most_sums / T : 12;
  static constexpr Block blocks[] = {columns<T, 1>, columns<T, 2>,  columns<T, 3>,  columns<T, 4>,
                                     columns<T, 5>, columns<T, 6>,  columns<T, 7>,  columns<T, 8>,
                                     columns<T, 9>, columns<T, 10>, columns<T, 11>, columns<T, 12>};
  for (int left = count; left > 0;) {
    const int parts = (left + most - 1) / most, r = (left + parts - 1) / parts;
    blocks[r - 1](weight, ld, x, k_count, dst);
    weight += r;
    dst += r * T * width;
    left -= r;
  }
}

// Calls `wide` for tiles of T registers and `narrow` for what is left of n columns, each with its first column.
template <int T = tile_registers, class Wide, class Narrow>
INFANS_INLINE void for_tiles(int n, const Wide& wide, const Narrow& narrow) {
  int n0 = 0;
  for (; n0 + T * width <= n; n0 += T * width) wide(n0);
  for (; n0 < n; n0 += width) narrow(n0);
}

}  // namespace
}  // namespace infans::kernels
