// The flight of a field, compiled once per instruction set; see field.hpp. A tile is one vector register of columns.
#include "core/kernels/columns.inl"
#include "core/kernels/field.hpp"
#include "core/kernels/simd.hpp"

namespace infans::kernels {
namespace {

// Working memory of one tile.
struct Tile {
  float *features, *series, *monomial;
};

INFANS_INLINE Tile tile_of(const FieldModel& f, float* scratch) {
  float* series = scratch + f.features() * width;
  return {scratch, series, series + f.outputs * f.monomials() * width};
}

INFANS_INLINE void harmonics(const FieldModel& f, const vf* q, float* out) {
  vf own_cosine[max_joints], own_sine[max_joints];
  for (int i = 0; i < f.joints; ++i) {
    vi sign;
    const vf angle = reduce(q[i] * set1(f.scale[i]), &sign);
    own_cosine[i] = cos_reduced(angle, sign);
    own_sine[i] = sin_reduced(angle, sign);
  }
  store(out, set1(1.0F));
  for (int w = 0; w < f.waves; ++w) {
    vf c = own_cosine[f.turn[w]], s = own_sine[f.turn[w]] * set1(f.back[w]);
    if (f.parent[w] >= 0) {
      const float* parent = out + (1 + 2 * f.parent[w]) * width;
      const vf pc = load(parent), ps = load(parent + width);
      const vf turned = fma(pc, c, -(ps * s));
      s = fma(pc, s, ps * c);
      c = turned;
    }
    store(out + (1 + 2 * w) * width, c);
    store(out + (2 + 2 * w) * width, s);
  }
}

INFANS_INLINE void monomials(const FieldModel& f, const vf* v, const vf* u, float* out) {
  vf scaled[max_joints];
  store(out, set1(1.0F));
  out += width;
  for (int i = 0; i < f.commands; ++i, out += width) store(out, u[i]);
  for (int i = 0; i < f.joints; ++i, out += width) {
    scaled[i] = v[i] * set1(1.0F / f.velocity_scale[i]);
    store(out, scaled[i]);
  }
  for (int i = 0; i < f.joints; ++i)
    for (int j = i; j < f.joints; ++j, out += width) store(out, scaled[i] * scaled[j]);
}

INFANS_INLINE void outputs(const FieldModel& f, const vf* q, const vf* v, const vf* u, const Tile& t, vf* a) {
  const int count = f.monomials(), columns = f.outputs * count;
  harmonics(f, q, t.features);
  monomials(f, v, u, t.monomial);
  for (int c = 0; c < columns; ++c) store(t.series + c * width, vf{});
  accumulate(f.weight, columns, columns, t.features, f.features(), t.series);
  for (int o = 0; o < f.outputs; ++o) {
    vf sum{};
    for (int m = 0; m < count; ++m)
      sum = fma(load(t.monomial + m * width), load(t.series + (o * count + m) * width), sum);
    if (f.limit != nullptr) sum = largest(smallest(sum, set1(f.limit[o])), set1(-f.limit[o]));
    a[o] = sum;
  }
}

INFANS_INLINE void load_columns(const FieldModel& f, const float* z, int stride, int n0, vf* q, vf* v, vf* u) {
  for (int i = 0; i < f.joints; ++i) {
    q[i] = load(z + i * stride + n0);
    v[i] = load(z + (f.joints + i) * stride + n0);
  }
  for (int k = 0; k < f.commands; ++k) u[k] = load(z + (2 * f.joints + k) * stride + n0);
}

void fly(const FieldModel& f, const float* z, int n, int stride, float* out, float* scratch) {
  constexpr float share[] = {0.5F, 0.5F, 1.0F};
  const Tile t = tile_of(f, scratch);
  const int joints = f.joints;
  const float h = f.period / static_cast<float>(f.steps);
  vf q[max_joints], v[max_joints], u[max_commands], qs[max_joints], vs[max_joints], a[max_joints], dq[max_joints],
      dv[max_joints];
  for (int n0 = 0; n0 < n; n0 += width) {
    load_columns(f, z, stride, n0, q, v, u);
    for (int s = 0; s < f.steps; ++s) {
      outputs(f, q, v, u, t, a);
      for (int i = 0; i < joints; ++i) {
        dq[i] = vs[i] = v[i];
        dv[i] = a[i];
      }
      for (int stage = 0; stage < 3; ++stage) {
        const vf step = set1(share[stage] * h), weight = set1(stage < 2 ? 2.0F : 1.0F);
        for (int i = 0; i < joints; ++i) {
          qs[i] = fma(step, vs[i], q[i]);
          vs[i] = fma(step, a[i], v[i]);
        }
        outputs(f, qs, vs, u, t, a);
        for (int i = 0; i < joints; ++i) {
          dq[i] = fma(weight, vs[i], dq[i]);
          dv[i] = fma(weight, a[i], dv[i]);
        }
      }
      for (int i = 0; i < joints; ++i) {
        q[i] = fma(set1(h / 6.0F), dq[i], q[i]);
        v[i] = fma(set1(h / 6.0F), dv[i], v[i]);
      }
    }
    for (int i = 0; i < joints; ++i) {
      store(out + i * stride + n0, q[i]);
      store(out + (joints + i) * stride + n0, v[i]);
    }
  }
}

void evaluate(const FieldModel& f, const float* z, int n, int stride, float* out, float* scratch) {
  const Tile t = tile_of(f, scratch);
  vf q[max_joints], v[max_joints], u[max_commands], a[max_outputs];
  for (int n0 = 0; n0 < n; n0 += width) {
    load_columns(f, z, stride, n0, q, v, u);
    outputs(f, q, v, u, t, a);
    for (int o = 0; o < f.outputs; ++o) store(out + o * stride + n0, a[o]);
  }
}

}  // namespace
}  // namespace infans::kernels
