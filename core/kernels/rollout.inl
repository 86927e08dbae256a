// The rollout kernels, compiled once per instruction set; see kernels.hpp. A tile is one vector register of columns; it
// is finished before the next one starts, so its features stay in the first-level cache.
#include "core/kernels/columns.inl"
#include "core/kernels/kernels.hpp"
#include "core/kernels/simd.hpp"

namespace infans::kernels {
namespace {

INFANS_INLINE vf affine(const float* row, float bias, const float* x, int count) {
  vf u = set1(bias);
  for (int i = 0; i < count; ++i) u = fma(set1(row[i]), load(x + i * width), u);
  return u;
}

// dst = tanh(weight' x + bias); weight is input-major so that a block of units shares each load of x.
INFANS_INLINE void tanh_layer(const float* weight, const float* bias, int units, const float* x, int inputs,
                              float* dst) {
  for (int h = 0; h < units; ++h) store(dst + h * width, set1(bias[h]));
  accumulate(weight, units, units, x, inputs, dst);
  for (int h = 0; h < units; ++h) store(dst + h * width, tanh_vector(load(dst + h * width)));
}

INFANS_INLINE void load_tile(const float* z, int inputs, int stride, int n0, float* tile) {
  for (int i = 0; i < inputs; ++i) store(tile + i * width, load(z + i * stride + n0));
}

void forward(const FeatureModel& m, const float* z, int n, int stride, float* out, float* scratch) {
  float* phi = scratch;
  float* lower = phi + m.features() * width;
  float* sum = lower + m.hidden * width;
  alignas(64) float tile[max_inputs * width];
  for (int n0 = 0; n0 < n; n0 += width) {
    load_tile(z, m.inputs, stride, n0, tile);
    for (int j = 0; j < m.fourier; ++j) {
      vi sign;
      const vf r = reduce_half_turns(affine(m.frequency + j * m.inputs, m.phase[j], tile, m.inputs), &sign);
      store(phi + j * width, cos_half_turns(r, sign));
    }
    tanh_layer(m.weight1, m.bias1, m.hidden, tile, m.inputs, lower);
    tanh_layer(m.weight2, m.bias2, m.hidden, lower, m.hidden, phi + m.fourier * width);
    for (int c = 0; c < m.columns; ++c) store(sum + c * width, vf{});
    accumulate(m.readout, m.columns, m.columns, phi, m.features(), sum);
    for (int c = 0; c < m.columns; ++c) store(out + c * stride + n0, load(sum + c * width));
  }
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
    load_tile(z, inputs, stride, n0, tile);
    for (int j = 0; j < m.fourier; ++j) {
      vi sign;
      const vf r = reduce_half_turns(affine(m.frequency + j * inputs, m.phase[j], tile, inputs), &sign);
      store(phi + j * width, cos_half_turns(r, sign));
      store(slope + j * width, sin_half_turns(r, sign) * set1(-3.14159265F));
    }
    fourier_jacobian(m, slope, jac, stride, n0);
    const vf one = set1(1.0F);
    tanh_layer(m.weight1, m.bias1, m.hidden, tile, inputs, lower);
    tanh_layer(m.weight2, m.bias2, m.hidden, lower, m.hidden, phi + m.fourier * width);
    for (int h = 0; h < m.hidden; ++h) {
      const vf a = load(lower + h * width);
      for (int i = 0; i < inputs; ++i)
        store(d_lower + (i * m.hidden + h) * width, (one - a * a) * set1(m.weight1[i * m.hidden + h]));
    }
    for (int i = 0; i < inputs; ++i) {
      float* column = d_upper + i * m.hidden * width;
      for (int h = 0; h < m.hidden; ++h) store(column + h * width, vf{});
      accumulate(m.weight2, m.hidden, m.hidden, d_lower + i * m.hidden * width, m.hidden, column);
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
    for (int c = 0; c < m.columns; ++c) store(sum + c * width, vf{});
    accumulate(m.readout, m.columns, m.columns, phi, m.features(), sum);
    for (int c = 0; c < m.columns; ++c) store(out + c * stride + n0, load(sum + c * width));
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
