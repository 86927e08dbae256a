// The flight of a field, compiled once per instruction set; see field.hpp. A tile is one or two registers of columns;
// element i of its column t * width + lane stands at [(i * T + t) * width + lane].
#include "core/kernels/columns.inl"
#include "core/kernels/field.hpp"
#include "core/kernels/simd.hpp"

namespace infans::kernels {
namespace {

// Working memory of one tile.
struct Tile {
  float *features, *series, *monomial;
};

template <int T>
INFANS_INLINE Tile tile_of(const FieldModel& f, float* scratch) {
  float* series = scratch + f.features() * T * width;
  return {scratch, series, series + f.outputs * f.monomials() * T * width};
}

template <int T>
INFANS_INLINE void harmonics(const FieldModel& f, const vf (*q)[T], float* out) {
  vf own_cosine[max_joints][T], own_sine[max_joints][T];
  for (int i = 0; i < f.joints; ++i)
#pragma GCC unroll 2
    for (int t = 0; t < T; ++t) {
      vi sign;
      const vf angle = reduce(q[i][t] * set1(f.scale[i]), &sign);
      own_cosine[i][t] = cos_reduced(angle, sign);
      own_sine[i][t] = sin_reduced(angle, sign);
    }
#pragma GCC unroll 2
  for (int t = 0; t < T; ++t) store(out + t * width, set1(1.0F));
  for (int w = 0; w < f.waves; ++w) {
    float* const place = out + (1 + 2 * w) * T * width;
    const float* const parent = out + (1 + 2 * f.parent[w]) * T * width;
    const vf *own_c = own_cosine[f.turn[w]], *own_s = own_sine[f.turn[w]];
    const vf back = set1(f.back[w]);
#pragma GCC unroll 2
    for (int t = 0; t < T; ++t) {
      vf c = own_c[t], s = own_s[t] * back;
      if (f.parent[w] >= 0) {
        const vf pc = load(parent + t * width), ps = load(parent + (T + t) * width);
        const vf turned = fma(pc, c, -(ps * s));
        s = fma(pc, s, ps * c);
        c = turned;
      }
      store(place + t * width, c);
      store(place + (T + t) * width, s);
    }
  }
}

template <int T>
INFANS_INLINE void monomials(const FieldModel& f, const vf (*v)[T], const vf (*u)[T], float* out) {
  vf scaled[max_joints][T];
  const auto put = [&](int t, vf x) { store(out + t * width, x); };
#pragma GCC unroll 2
  for (int t = 0; t < T; ++t) put(t, set1(1.0F));
  out += T * width;
  for (int i = 0; i < f.commands; ++i, out += T * width)
#pragma GCC unroll 2
    for (int t = 0; t < T; ++t) put(t, u[i][t]);
  for (int i = 0; i < f.joints; ++i, out += T * width)
#pragma GCC unroll 2
    for (int t = 0; t < T; ++t) put(t, scaled[i][t] = v[i][t] * set1(1.0F / f.velocity_scale[i]));
  for (int i = 0; i < f.joints; ++i)
    for (int j = i; j < f.joints; ++j, out += T * width)
#pragma GCC unroll 2
      for (int t = 0; t < T; ++t) put(t, scaled[i][t] * scaled[j][t]);
}

template <int T>
INFANS_INLINE void outputs(const FieldModel& f, const vf (*q)[T], const vf (*v)[T], const vf (*u)[T], const Tile& tile,
                           vf (*a)[T]) {
  const int count = f.monomials(), columns = f.outputs * count;
  harmonics<T>(f, q, tile.features);
  monomials<T>(f, v, u, tile.monomial);
  for (int c = 0; c < columns * T; ++c) store(tile.series + c * width, vf{});
  accumulate<T>(f.weight, columns, columns, tile.features, f.features(), tile.series);
  for (int o = 0; o < f.outputs; ++o) {
    const float* const series = tile.series + o * count * T * width;
    vf sum[T] = {};
    for (int m = 0; m < count * T; m += T)
#pragma GCC unroll 2
      for (int t = 0; t < T; ++t)
        sum[t] = fma(load(tile.monomial + (m + t) * width), load(series + (m + t) * width), sum[t]);
#pragma GCC unroll 2
    for (int t = 0; t < T; ++t)
      a[o][t] = f.limit == nullptr ? sum[t] : largest(smallest(sum[t], set1(f.limit[o])), set1(-f.limit[o]));
  }
}

template <int T>
INFANS_INLINE void load_columns(const FieldModel& f, const float* z, int stride, int n0, vf (*q)[T], vf (*v)[T],
                                vf (*u)[T]) {
  const auto rows = [&](int from, int count, vf(*to)[T]) {
    for (int i = 0; i < count; ++i)
#pragma GCC unroll 2
      for (int t = 0; t < T; ++t) to[i][t] = load(z + (from + i) * stride + n0 + t * width);
  };
  rows(0, f.joints, q);
  rows(f.joints, f.joints, v);
  rows(2 * f.joints, f.commands, u);
}

template <int T>
INFANS_INLINE void store_columns(const vf (*x)[T], int count, int stride, int n0, float* out) {
  for (int i = 0; i < count; ++i)
#pragma GCC unroll 2
    for (int t = 0; t < T; ++t) store(out + i * stride + n0 + t * width, x[i][t]);
}

template <int T>
void fly_tile(const FieldModel& f, const float* z, int n0, int stride, float* out, float* scratch) {
  constexpr float share[] = {0.5F, 0.5F, 1.0F};
  const Tile tile = tile_of<T>(f, scratch);
  const int joints = f.joints;
  const float h = f.period / static_cast<float>(f.steps);
  using Rows = vf[max_joints][T];
  vf u[max_commands][T];
  Rows q, v, qs, vs, a, dq, dv;
  const auto each = [&](const auto& change) {
    for (int i = 0; i < joints; ++i)
#pragma GCC unroll 2
      for (int t = 0; t < T; ++t) change(i, t);
  };
  load_columns<T>(f, z, stride, n0, q, v, u);
  for (int s = 0; s < f.steps; ++s) {
    outputs<T>(f, q, v, u, tile, a);
    each([&](int i, int t) {
      dq[i][t] = vs[i][t] = v[i][t];
      dv[i][t] = a[i][t];
    });
    for (int stage = 0; stage < 3; ++stage) {
      const vf step = set1(share[stage] * h), weight = set1(stage < 2 ? 2.0F : 1.0F);
      each([&](int i, int t) {
        qs[i][t] = fma(step, vs[i][t], q[i][t]);
        vs[i][t] = fma(step, a[i][t], v[i][t]);
      });
      outputs<T>(f, qs, vs, u, tile, a);
      each([&](int i, int t) {
        dq[i][t] = fma(weight, vs[i][t], dq[i][t]);
        dv[i][t] = fma(weight, a[i][t], dv[i][t]);
      });
    }
    const vf sixth = set1(h / 6.0F);
    each([&](int i, int t) {
      q[i][t] = fma(sixth, dq[i][t], q[i][t]);
      v[i][t] = fma(sixth, dv[i][t], v[i][t]);
    });
  }
  store_columns<T>(q, joints, stride, n0, out);
  store_columns<T>(v, joints, stride, n0, out + joints * stride);
}

template <int T>
void evaluate_tile(const FieldModel& f, const float* z, int n0, int stride, float* out, float* scratch) {
  vf q[max_joints][T], v[max_joints][T], u[max_commands][T], a[max_outputs][T];
  load_columns<T>(f, z, stride, n0, q, v, u);
  outputs<T>(f, q, v, u, tile_of<T>(f, scratch), a);
  store_columns<T>(a, f.outputs, stride, n0, out);
}

void fly(const FieldModel& f, const float* z, int n, int stride, float* out, float* scratch) {
  for_tiles(
      n, [&](int n0) { fly_tile<tile_registers>(f, z, n0, stride, out, scratch); },
      [&](int n0) { fly_tile<1>(f, z, n0, stride, out, scratch); });
}

void evaluate(const FieldModel& f, const float* z, int n, int stride, float* out, float* scratch) {
  for_tiles(
      n, [&](int n0) { evaluate_tile<tile_registers>(f, z, n0, stride, out, scratch); },
      [&](int n0) { evaluate_tile<1>(f, z, n0, stride, out, scratch); });
}

}  // namespace
}  // namespace infans::kernels
