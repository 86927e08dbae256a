// Micro-kernels of the belief updates: packed weights times blocks of activities, packed weights times one vector, and
// the outer products of learning. Included by the per-ISA sources only.
#pragma once

#include "core/kernels/belief.hpp"
#include "core/kernels/simd.hpp"

namespace infans::kernels {
namespace {

typedef float v8 __attribute__((vector_size(32)));  // one row of a weight panel, on every instruction set

INFANS_INLINE v8 load8(const float* p) {
  v8 v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
INFANS_INLINE void store8(float* p, v8 v) { __builtin_memcpy(p, &v, sizeof v); }

INFANS_INLINE v8 fma8(v8 a, v8 b, v8 c) {
#if defined(__FMA__)
  return (v8)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}

// Rows of one register tile; a panel is done in panel / tile_rows of them. Two registers of columns: with 32 registers
// 8 x 2 sums leave room for the operands, with 16 registers 4 x 2.
#if defined(__AVX512F__)
constexpr int tile_rows = 8;
#else
constexpr int tile_rows = 4;
#endif

// sum[r][c] (stride `block`) = first[r] + sum_k a[k * a_step + r * a_row] x[k * x_step + c], in the order of k.
template <int V>
INFANS_INLINE void tile(const float* a, int a_step, int a_row, const float* x, int x_step, int count,
                        const float* first, float* sum) {
  vf s[tile_rows][V];
#pragma GCC unroll 16
  for (int r = 0; r < tile_rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) s[r][v] = first == nullptr ? load(sum + r * block + v * width) : set1(first[r]);
  for (int k = 0; k < count; ++k) {
    vf column[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) column[v] = load(x + v * width);
#pragma GCC unroll 16
    for (int r = 0; r < tile_rows; ++r) {
      const vf w = set1(a[r * a_row]);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) s[r][v] = fma(w, column[v], s[r][v]);
    }
    a += a_step;
    x += x_step;
  }
#pragma GCC unroll 16
  for (int r = 0; r < tile_rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) store(sum + r * block + v * width, s[r][v]);
}

// One panel times one block: sum[8][32] = first + W x for `columns` (16 or 32) columns.
INFANS_INLINE void panel_times_block(const float* w, int count, const float* x, int columns, const float* first,
                                     float* sum) {
  for (int r = 0; r < panel; r += tile_rows) {
    int c = 0;
    for (; c + 2 * width <= columns; c += 2 * width)
      tile<2>(w + r, panel, 1, x + c, block, count, first + r, sum + r * block + c);
    for (; c < columns; c += width) tile<1>(w + r, panel, 1, x + c, block, count, first + r, sum + r * block + c);
  }
}

// sum[8][32] += sum_n delta[r * 32 + n] s[n * 32 + c], n < samples of one block.
INFANS_INLINE void outer_block(const float* delta, const float* s, int samples, float* sum) {
  for (int r = 0; r < panel; r += tile_rows)
    for (int c = 0; c < block; c += 2 * width)
      tile<2>(delta + r * block, 1, block, s + c, block, samples, nullptr, sum + r * block + c);
}

// A row of a panel in registers no wider than itself: one, or two of four floats.
#if defined(__AVX__)
typedef v8 row_part;
#else
typedef vf row_part;
#endif
constexpr int part_width = sizeof(row_part) / sizeof(float), parts = panel / part_width;

INFANS_INLINE row_part load_part(const float* p) {
  row_part v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

INFANS_INLINE row_part fma_part(row_part a, row_part b, row_part c) {
#if defined(__AVX__)
  return fma8(a, b, c);
#else
  return fma(a, b, c);
#endif
}

// y[P panels] = first (nullptr: zero) + W x with S interleaved sums a panel, to hide the latency of the multiply-add.
template <int P, int S>
INFANS_INLINE void panels_times_vector(const float* w, int count, const float* x, const float* first, float* y) {
  constexpr int rows = P * parts;
  const auto at = [&](int r, int k) { return w + (r / parts * count + k) * panel + r % parts * part_width; };
  row_part s[rows][S];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r)
#pragma GCC unroll 8
    for (int j = 0; j < S; ++j) s[r][j] = j == 0 && first != nullptr ? load_part(first + r * part_width) : row_part{};
  int k = 0;
  for (; k + S <= count; k += S)
#pragma GCC unroll 8
    for (int j = 0; j < S; ++j) {
      const row_part xk = x[k + j] - row_part{};
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) s[r][j] = fma_part(load_part(at(r, k + j)), xk, s[r][j]);
    }
  for (; k < count; ++k)
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) s[r][0] = fma_part(load_part(at(r, k)), x[k] - row_part{}, s[r][0]);
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 8
    for (int j = 1; j < S; j *= 2)
#pragma GCC unroll 8
      for (int i = 0; i + j < S; i += 2 * j) s[r][i] += s[r][i + j];
    __builtin_memcpy(y + r * part_width, &s[r][0], sizeof(row_part));
  }
}

INFANS_INLINE void weights_times_vector(const float* w, int n_panels, int count, const float* x, const float* first,
                                        float* y) {
  const int size = count * panel;
  const auto at = [&](int p) { return first == nullptr ? nullptr : first + p * panel; };
  int p = 0;
#if defined(__AVX__)
  for (; p + 4 <= n_panels; p += 4) panels_times_vector<4, 2>(w + p * size, count, x, at(p), y + p * panel);
  for (; p + 2 <= n_panels; p += 2) panels_times_vector<2, 4>(w + p * size, count, x, at(p), y + p * panel);
  for (; p < n_panels; ++p) panels_times_vector<1, 4>(w + p * size, count, x, at(p), y + p * panel);
#else  // a row of a panel takes two registers
  for (; p + 2 <= n_panels; p += 2) panels_times_vector<2, 2>(w + p * size, count, x, at(p), y + p * panel);
  for (; p < n_panels; ++p) panels_times_vector<1, 4>(w + p * size, count, x, at(p), y + p * panel);
#endif
}

INFANS_INLINE void transpose8(v8* r) {
  v8 a[8], b[8];
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    a[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    a[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4)
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      b[i + 2 * j] = __builtin_shufflevector(a[i + j], a[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      b[i + 2 * j + 1] = __builtin_shufflevector(a[i + j], a[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    r[i] = __builtin_shufflevector(b[i], b[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    r[i + 4] = __builtin_shufflevector(b[i], b[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

// to[j * to_step + i] = from[i * from_step + j], i, j < 8.
INFANS_INLINE void transpose_tile(const float* from, long from_step, float* to, long to_step) {
  v8 r[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) r[i] = load8(from + i * from_step);
  transpose8(r);
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) store8(to + i * to_step, r[i]);
}

}  // namespace
}  // namespace infans::kernels
