// The rollout kernels, compiled once per instruction set; see kernels.hpp. Each tile of 16 columns is finished before the
// next one starts, so its features stay in the first-level cache.
#include "core/kernels/kernels.hpp"
#include "core/kernels/simd.hpp"

namespace infans::kernels {
namespace {

// dst[r] += sum_k weight[k * ld + r] * x[k], r < R, with the R sums in registers.
template <int R>
INFANS_INLINE void columns(const float* weight, int ld, const float* x, int k_count, float* dst) {
  vf sum[R];
  for (int r = 0; r < R; ++r) sum[r] = load(dst + r * lanes);
  for (int k = 0; k < k_count; ++k) {
    const vf v = load(x + k * lanes);
    const float* w = weight + k * ld;
    for (int r = 0; r < R; ++r) sum[r] = fma(set1(w[r]), v, sum[r]);
  }
  for (int r = 0; r < R; ++r) store(dst + r * lanes, sum[r]);
}

INFANS_INLINE void accumulate(const float* weight, int ld, int count, const float* x, int k_count, float* dst) {
  int r = 0;
  for (; r + 12 <= count; r += 12) columns<12>(weight + r, ld, x, k_count, dst + r * lanes);
  for (; r + 4 <= count; r += 4) columns<4>(weight + r, ld, x, k_count, dst + r * lanes);
  for (; r < count; ++r) columns<1>(weight + r, ld, x, k_count, dst + r * lanes);
}

INFANS_INLINE vf affine(const float* row, float bias, const float* x, int count) {
  vf u = set1(bias);
  for (int i = 0; i < count; ++i) u = fma(set1(row[i]), load(x + i * lanes), u);
  return u;
}

INFANS_INLINE void load_tile(const float* z, int inputs, int stride, int n0, float* tile) {
  for (int i = 0; i < inputs; ++i) store(tile + i * lanes, load(z + i * stride + n0));
}

constexpr int max_inputs = 64;

void forward(const FeatureModel& m, const float* z, int n, int stride, float* out, float* scratch) {
  float* phi = scratch;
  float* lower = phi + m.features() * lanes;
  float* sum = lower + m.hidden * lanes;
  alignas(64) float tile[max_inputs * lanes];
  for (int n0 = 0; n0 < n; n0 += lanes) {
    load_tile(z, m.inputs, stride, n0, tile);
    for (int j = 0; j < m.fourier; ++j) {
      vi sign;
      const vf r = reduce(affine(m.frequency + j * m.inputs, m.phase[j], tile, m.inputs), &sign);
      store(phi + j * lanes, cos_reduced(r, sign) * set1(m.amplitude));
    }
    for (int h = 0; h < m.hidden; ++h)
      store(lower + h * lanes, tanh_vector(affine(m.weight1 + h * m.inputs, m.bias1[h], tile, m.inputs)));
    for (int h = 0; h < m.hidden; ++h)
      store(phi + (m.fourier + h) * lanes,
            tanh_vector(affine(m.weight2 + h * m.hidden, m.bias2[h], lower, m.hidden)));
    for (int c = 0; c < m.columns; ++c) store(sum + c * lanes, vf{});
    accumulate(m.readout, m.columns, m.columns, phi, m.features(), sum);
    for (int c = 0; c < m.columns; ++c) store(out + c * stride + n0, load(sum + c * lanes));
  }
}

// jac[c * I + i] += sum_j readout[j, c] slope[j] frequency[j, i] over the Fourier features.
INFANS_INLINE void fourier_jacobian(const FeatureModel& m, const float* slope, float* jac, int stride, int n0) {
  for (int c = 0; c < m.columns; ++c) {
    for (int i = 0; i < m.inputs; i += 4) {
      const int width = m.inputs - i < 4 ? m.inputs - i : 4;
      vf sum[4] = {};
      for (int j = 0; j < m.fourier; ++j) {
        const vf t = load(slope + j * lanes) * set1(m.readout[j * m.columns + c]);
        const float* w = m.frequency + j * m.inputs + i;
        for (int k = 0; k < 4; ++k)
          if (k < width) sum[k] = fma(set1(w[k]), t, sum[k]);
      }
      for (int k = 0; k < width; ++k) store(jac + (c * m.inputs + i + k) * stride + n0, sum[k]);
    }
  }
}

void jacobian(const FeatureModel& m, const float* z, int n, int stride, float* out, float* jac, float* scratch) {
  float* phi = scratch;
  float* slope = phi + m.features() * lanes;
  float* lower = slope + m.features() * lanes;
  float* sum = lower + m.hidden * lanes;
  float* d_lower = sum + m.columns * lanes;            // [H x I]
  float* d_upper = d_lower + m.hidden * m.inputs * lanes;  // [H x I]
  alignas(64) float tile[max_inputs * lanes];
  const int inputs = m.inputs;
  for (int n0 = 0; n0 < n; n0 += lanes) {
    load_tile(z, inputs, stride, n0, tile);
    for (int j = 0; j < m.fourier; ++j) {
      vi sign;
      const vf r = reduce(affine(m.frequency + j * inputs, m.phase[j], tile, inputs), &sign);
      store(phi + j * lanes, cos_reduced(r, sign) * set1(m.amplitude));
      store(slope + j * lanes, sin_reduced(r, sign) * set1(-m.amplitude));
    }
    fourier_jacobian(m, slope, jac, stride, n0);
    const vf one = set1(1.0F);
    for (int h = 0; h < m.hidden; ++h) {
      const vf a = tanh_vector(affine(m.weight1 + h * inputs, m.bias1[h], tile, inputs));
      store(lower + h * lanes, a);
      for (int i = 0; i < inputs; ++i)
        store(d_lower + (h * inputs + i) * lanes, (one - a * a) * set1(m.weight1[h * inputs + i]));
    }
    for (int h = 0; h < m.hidden; ++h) {
      const vf a = tanh_vector(affine(m.weight2 + h * m.hidden, m.bias2[h], lower, m.hidden));
      store(phi + (m.fourier + h) * lanes, a);
      for (int i = 0; i < inputs; ++i) {
        vf s = vf{};
        for (int k = 0; k < m.hidden; ++k)
          s = fma(set1(m.weight2[h * m.hidden + k]), load(d_lower + (k * inputs + i) * lanes), s);
        store(d_upper + (h * inputs + i) * lanes, (one - a * a) * s);
      }
    }
    for (int c = 0; c < m.columns && m.hidden > 0; ++c)
      for (int i = 0; i < inputs; ++i) {
        float* target = jac + (c * inputs + i) * stride + n0;
        vf s = load(target);
        for (int h = 0; h < m.hidden; ++h)
          s = fma(set1(m.readout[(m.fourier + h) * m.columns + c]), load(d_upper + (h * inputs + i) * lanes), s);
        store(target, s);
      }
    for (int c = 0; c < m.columns; ++c) store(sum + c * lanes, vf{});
    accumulate(m.readout, m.columns, m.columns, phi, m.features(), sum);
    for (int c = 0; c < m.columns; ++c) store(out + c * stride + n0, load(sum + c * lanes));
  }
}

void sincos(const float* x, int n, float* sine, float* cosine) {
  for (int i = 0; i < n; i += lanes) {
    vi sign;
    const vf r = reduce(load(x + i), &sign);
    store(sine + i, sin_reduced(r, sign));
    store(cosine + i, cos_reduced(r, sign));
  }
}

}  // namespace
}  // namespace infans::kernels
