// The rollout kernels, compiled once per instruction set; see kernels.hpp. A tile is one or two registers of columns;
// it is finished before the next one starts, so its features stay in the first-level cache.
#include "core/kernels/columns.inl"
#include "core/kernels/kernels.hpp"
#include "core/kernels/simd.hpp"

namespace infans::kernels {
namespace {

// Angles of J features, which share every load of the tile.
template <int T, int J>
INFANS_INLINE void angles(const FeatureModel& m, int j, const float* tile, vf (&u)[J][T]) {
#pragma GCC unroll 8
  for (int k = 0; k < J; ++k)
#pragma GCC unroll 2
    for (int t = 0; t < T; ++t) u[k][t] = set1(m.phase[j + k]);
  const float* row = m.frequency + j * m.inputs;
  for (int i = 0; i < m.inputs; ++i) {
    vf z[T];
#pragma GCC unroll 2
    for (int t = 0; t < T; ++t) z[t] = load(tile + (i * T + t) * width);
#pragma GCC unroll 8
    for (int k = 0; k < J; ++k) {
      const vf w = set1(row[k * m.inputs + i]);
#pragma GCC unroll 2
      for (int t = 0; t < T; ++t) u[k][t] = fma(w, z[t], u[k][t]);
    }
  }
}

template <int T, int J>
INFANS_INLINE void cosines(const FeatureModel& m, int j, const float* tile, float* phi) {
  vf u[J][T];
  angles<T, J>(m, j, tile, u);
#pragma GCC unroll 8
  for (int k = 0; k < J; ++k)
#pragma GCC unroll 2
    for (int t = 0; t < T; ++t) {
      vi sign;
      const vf r = reduce_half_turns(u[k][t], &sign);
      store(phi + ((j + k) * T + t) * width, cos_half_turns(r, sign));
    }
}

// dst = tanh(weight' x + bias); weight is input-major so that a block of units shares each load of x.
template <int T>
INFANS_INLINE void tanh_layer(const float* weight, const float* bias, int units, const float* x, int inputs,
                              float* dst) {
  for (int h = 0; h < units * T; ++h) store(dst + h * width, set1(bias[h / T]));
  accumulate<T>(weight, units, units, x, inputs, dst);
  for (int h = 0; h < units * T; ++h) store(dst + h * width, tanh_vector(load(dst + h * width)));
}

template <int T>
INFANS_INLINE void load_tile(const float* z, int inputs, int stride, int n0, float* tile) {
  for (int i = 0; i < inputs; ++i)
    for (int t = 0; t < T; ++t) store(tile + (i * T + t) * width, load(z + i * stride + n0 + t * width));
}

template <int T>
INFANS_INLINE void read_out(const FeatureModel& m, const float* phi, float* sum, float* out, int stride, int n0) {
  for (int c = 0; c < m.columns * T; ++c) store(sum + c * width, vf{});
  accumulate<T>(m.readout, m.columns, m.columns, phi, m.features(), sum);
  for (int c = 0; c < m.columns; ++c)
    for (int t = 0; t < T; ++t) store(out + c * stride + n0 + t * width, load(sum + (c * T + t) * width));
}

template <int T>
void forward_tile(const FeatureModel& m, const float* z, int n0, int stride, float* out, float* scratch) {
  float* phi = scratch;
  float* lower = phi + m.features() * T * width;
  float* sum = lower + m.hidden * T * width;
  alignas(64) float tile[max_inputs * T * width];
  load_tile<T>(z, m.inputs, stride, n0, tile);
  int j = 0;
  for (; j + 4 <= m.fourier; j += 4) cosines<T, 4>(m, j, tile, phi);
  for (; j < m.fourier; ++j) cosines<T, 1>(m, j, tile, phi);
  tanh_layer<T>(m.weight1, m.bias1, m.hidden, tile, m.inputs, lower);
  tanh_layer<T>(m.weight2, m.bias2, m.hidden, lower, m.hidden, phi + m.fourier * T * width);
  read_out<T>(m, phi, sum, out, stride, n0);
}

void forward(const FeatureModel& m, const float* z, int n, int stride, float* out, float* scratch) {
  for_tiles(
      n, [&](int n0) { forward_tile<tile_registers>(m, z, n0, stride, out, scratch); },
      [&](int n0) { forward_tile<1>(m, z, n0, stride, out, scratch); });
}

// jac[c * I + i] += sum_j readout[j, c] slope[j] frequency[j, i] over the Fourier features.
INFANS_INLINE void fourier_jacobian(const FeatureModel& m, const float* slope, float* jac, int stride, int n0) {
  for (int c = 0; c < m.columns; ++c) {
    for (int i = 0; i < m.inputs; i += 4) {
      const int few = m.inputs - i < 4 ? m.inputs - i : 4;
      vf sum[4] = {};
      for (int j = 0; j < m.fourier; ++j) {
        const vf t = load(slope + j * width) * set1(m.readout[j * m.columns + c]);
        const float* w = m.frequency + j * m.inputs + i;
        for (int k = 0; k < 4; ++k)
          if (k < few) sum[k] = fma(set1(w[k]), t, sum[k]);
      }
      for (int k = 0; k < few; ++k) store(jac + (c * m.inputs + i + k) * stride + n0, sum[k]);
    }
  }
}

void jacobian(const FeatureModel& m, const float* z, int n, int stride, float* out, float* jac, float* scratch) {
  float* phi = scratch;
  float* slope = phi + m.features() * width;
  float* lower = slope + m.features() * width;
  float* sum = lower + m.hidden * width;
  float* d_lower = sum + m.columns * width;                // [I x H]
  float* d_upper = d_lower + m.hidden * m.inputs * width;  // [I x H]
  alignas(64) float tile[max_inputs * width];
  const int inputs = m.inputs;
  for (int n0 = 0; n0 < n; n0 += width) {
    load_tile<1>(z, inputs, stride, n0, tile);
    for (int j = 0; j < m.fourier; ++j) {
      vf u[1][1];
      angles<1, 1>(m, j, tile, u);
      vi sign;
      const vf r = reduce_half_turns(u[0][0], &sign);
      store(phi + j * width, cos_half_turns(r, sign));
      store(slope + j * width, sin_half_turns(r, sign) * set1(-3.14159265F));
    }
    fourier_jacobian(m, slope, jac, stride, n0);
    const vf one = set1(1.0F);
    tanh_layer<1>(m.weight1, m.bias1, m.hidden, tile, inputs, lower);
    tanh_layer<1>(m.weight2, m.bias2, m.hidden, lower, m.hidden, phi + m.fourier * width);
    for (int h = 0; h < m.hidden; ++h) {
      const vf a = load(lower + h * width);
      for (int i = 0; i < inputs; ++i)
        store(d_lower + (i * m.hidden + h) * width, (one - a * a) * set1(m.weight1[i * m.hidden + h]));
    }
    for (int i = 0; i < inputs; ++i) {
      float* column = d_upper + i * m.hidden * width;
      for (int h = 0; h < m.hidden; ++h) store(column + h * width, vf{});
      accumulate<1>(m.weight2, m.hidden, m.hidden, d_lower + i * m.hidden * width, m.hidden, column);
      for (int h = 0; h < m.hidden; ++h) {
        const vf a = load(phi + (m.fourier + h) * width);
        store(column + h * width, (one - a * a) * load(column + h * width));
      }
    }
    for (int c = 0; c < m.columns && m.hidden > 0; ++c)
      for (int i = 0; i < inputs; ++i) {
        float* target = jac + (c * inputs + i) * stride + n0;
        vf s = load(target);
        for (int h = 0; h < m.hidden; ++h)
          s = fma(set1(m.readout[(m.fourier + h) * m.columns + c]), load(d_upper + (i * m.hidden + h) * width), s);
        store(target, s);
      }
    read_out<1>(m, phi, sum, out, stride, n0);
  }
}

void log1p(const float* x, int n, float* y) {
  for (int i = 0; i < n; i += width) store(y + i, log1p_vector(load(x + i)));
}

INFANS_INLINE void philox(vu (&c)[4], unsigned key0, unsigned key1) {
  for (int round = 0; round < 10; ++round) {
    vu high0, high2;
    const vu low0 = multiply_words(c[0], 0xD2511F53U, &high0), low2 = multiply_words(c[2], 0xCD9E8D57U, &high2);
    c[0] = high2 ^ c[1] ^ key0;
    c[1] = low2;
    c[2] = high0 ^ c[3] ^ key1;
    c[3] = low0;
    key0 += 0x9E3779B9U;
    key1 += 0xBB67AE85U;
  }
}

INFANS_INLINE void box_muller(vu size, vu turn, float* first, float* second) {
  const vf share = (__builtin_convertvector((vi)(size >> 8), vf) + set1(0.5F)) * set1(0x1p-24F);
  const vf radius = root(set1(-2.0F) * log_vector(share));
  vi sign;
  const vf r = reduce_half_turns(__builtin_convertvector((vi)turn, vf) * set1(0x1p-31F), &sign);
  store(first, radius * cos_half_turns(r, sign));
  store(second, radius * sin_half_turns(r, sign));
}

void normals(const unsigned* counter, const unsigned* key, int blocks, float* out) {
  vu lane{};
  for (int k = 0; k < width; ++k) lane[k] = static_cast<unsigned>(k);
  for (int b = 0; b < blocks; b += width) {
    vu c[4] = {lane + (counter[0] + static_cast<unsigned>(b)), counter[1] - vu{}, counter[2] - vu{}, counter[3] - vu{}};
    philox(c, key[0], key[1]);
    box_muller(c[0], c[1], out + b, out + blocks + b);
    box_muller(c[2], c[3], out + 2 * blocks + b, out + 3 * blocks + b);
  }
}

void sincos(const float* x, int n, float* sine, float* cosine) {
  for (int i = 0; i < n; i += width) {
    vi sign;
    const vf r = reduce(load(x + i), &sign);
    store(sine + i, sin_reduced(r, sign));
    store(cosine + i, cos_reduced(r, sign));
  }
}

}  // namespace
}  // namespace infans::kernels
