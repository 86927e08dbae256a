// The flight kernel, compiled once per instruction set; see mechanics.hpp. A tile is one vector register of columns.
#include "core/kernels/mechanics.hpp"
#include "core/kernels/simd.hpp"

namespace infans::kernels {
namespace {

INFANS_INLINE vf magnitude(vf a) { return (vf)((vi)a & 0x7fffffff); }

// P a = r by L D L' with pivots held above the floor; the upper triangle of p and r are used up.
template <int N>
INFANS_INLINE void solve(vf (&p)[N][N], vf (&r)[N], float floor) {
  vf inverse[N];
#pragma GCC unroll 8
  for (int j = 0; j < N; ++j) {
    inverse[j] = set1(1.0F) / largest(p[j][j], set1(floor));
#pragma GCC unroll 8
    for (int i = j + 1; i < N; ++i) {
      const vf factor = p[j][i] * inverse[j];
#pragma GCC unroll 8
      for (int k = i; k < N; ++k) p[i][k] = fma(-factor, p[j][k], p[i][k]);
      r[i] = fma(-factor, r[j], r[i]);
    }
  }
#pragma GCC unroll 8
  for (int j = N - 1; j >= 0; --j) {
#pragma GCC unroll 8
    for (int k = j + 1; k < N; ++k) r[j] = fma(-p[j][k], r[k], r[j]);
    r[j] *= inverse[j];
  }
}

template <int N>
INFANS_INLINE void friction(const BodyModel& b, const vf (&v)[N], vf (&r)[N]) {
#pragma GCC unroll 8
  for (int i = 0; i < N; ++i) {
    const vf x = v[i] * set1(1.0F / b.velocity_scale[i]);
    r[i] = fma(-x, fma(set1(b.friction[2 * N + i]), magnitude(x), set1(b.friction[i])), r[i]);
    if (b.dry_friction) r[i] = fma(-set1(b.friction[N + i]), tanh_vector(x * set1(50.0F)), r[i]);
  }
}

// The acceleration of a tile at (q, v) under the commands' force.
template <int N>
void acceleration(const BodyModel& b, const vf (&q)[N], const vf (&v)[N], const vf (&force)[N], vf (&a)[N]) {
  vf own_cosine[N], own_sine[N], p[N][N];
#pragma GCC unroll 8
  for (int i = 0; i < N; ++i) {
    vi sign;
    const vf angle = reduce(q[i] * set1(b.scale[i]), &sign);
    own_cosine[i] = cos_reduced(angle, sign);
    own_sine[i] = sin_reduced(angle, sign);
    a[i] = force[i];
#pragma GCC unroll 8
    for (int j = i; j < N; ++j) p[i][j] = set1(b.constant[i * N + j]);
  }
  friction<N>(b, v, a);
  vf wave_cosine[max_waves], wave_sine[max_waves];
  for (int w = 0; w < b.waves; ++w) {
    vf c = own_cosine[b.turn[w]], s = own_sine[b.turn[w]] * set1(b.back[w]);
    if (b.parent[w] >= 0) {
      const vf pc = wave_cosine[b.parent[w]], ps = wave_sine[b.parent[w]];
      const vf turned = fma(pc, c, -(ps * s));
      s = fma(pc, s, ps * c);
      c = turned;
    }
    wave_cosine[w] = c;
    wave_sine[w] = s;
    const float* slope = b.slope + w * N;
    // along: what pulls along the phase, -dV/dphase + dT/dphase.
    vf along = fma(set1(b.potential[2 * w]), s, -(set1(b.potential[2 * w + 1]) * c));
    if (b.first_term[w] < b.first_term[w + 1]) {
      vf m[N] = {};
      vf* const pairs = &p[0][0];
      vf* const sums = m;
      for (int k = b.first_term[w]; k < b.first_term[w + 1]; ++k) {
        const InertiaTerm& t = b.terms[k];
        const vf tc = set1(t.cosine), ts = set1(t.sine);
        vf& entry = pairs[t.i * N + t.j];
        entry = fma(tc, c, fma(ts, s, entry));
        const vf d = fma(ts, c, -(tc * s));
        sums[t.i] = fma(d, v[t.j], sums[t.i]);
        if (t.i != t.j) sums[t.j] = fma(d, v[t.i], sums[t.j]);
      }
      vf twice_t{}, turn{};
#pragma GCC unroll 8
      for (int i = 0; i < N; ++i) {
        twice_t = fma(m[i], v[i], twice_t);
        turn = fma(set1(slope[i]), v[i], turn);
      }
      along = fma(set1(0.5F), twice_t, along);
#pragma GCC unroll 8
      for (int i = 0; i < N; ++i) a[i] = fma(-turn, m[i], a[i]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) a[i] = fma(set1(slope[i]), along, a[i]);
  }
  solve<N>(p, a, b.pivot_floor);
#pragma GCC unroll 8
  for (int i = 0; i < N; ++i) a[i] = largest(smallest(a[i], set1(b.limit[i])), set1(-b.limit[i]));
}

template <int N>
INFANS_INLINE void along(const vf (&x)[N], const vf (&d)[N], float h, vf (&out)[N]) {
#pragma GCC unroll 8
  for (int i = 0; i < N; ++i) out[i] = fma(set1(h), d[i], x[i]);
}

// Classical Runge-Kutta of one step of h: stages share the slopes' sums.
template <int N>
INFANS_INLINE void advance(const BodyModel& b, vf (&q)[N], vf (&v)[N], const vf (&force)[N], float h) {
  constexpr float share[] = {0.5F, 0.5F, 1.0F};
  vf qs[N], vs[N], a[N], dq[N], dv[N];
  acceleration<N>(b, q, v, force, a);
  for (int i = 0; i < N; ++i) {
    dq[i] = v[i];
    dv[i] = a[i];
    vs[i] = v[i];
  }
  for (int stage = 0; stage < 3; ++stage) {
    along<N>(q, vs, share[stage] * h, qs);
    along<N>(v, a, share[stage] * h, vs);
    acceleration<N>(b, qs, vs, force, a);
    const vf weight = set1(stage < 2 ? 2.0F : 1.0F);
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) {
      dq[i] = fma(weight, vs[i], dq[i]);
      dv[i] = fma(weight, a[i], dv[i]);
    }
  }
  along<N>(q, dq, h / 6.0F, q);
  along<N>(v, dv, h / 6.0F, v);
}

// Column n0 onwards of z, and the force of its commands.
template <int N>
INFANS_INLINE void load_columns(const BodyModel& b, const float* z, int stride, int n0, vf (&q)[N], vf (&v)[N],
                                vf (&force)[N]) {
  for (int i = 0; i < N; ++i) {
    q[i] = load(z + i * stride + n0);
    v[i] = load(z + (N + i) * stride + n0);
    force[i] = vf{};
    for (int k = 0; k < b.commands; ++k)
      force[i] = fma(set1(b.command[i * b.commands + k]), load(z + (2 * N + k) * stride + n0), force[i]);
  }
}

template <int N>
void fly_joints(const BodyModel& b, const float* z, int n, int stride, float* out) {
  for (int n0 = 0; n0 < n; n0 += width) {
    vf q[N], v[N], force[N];
    load_columns<N>(b, z, stride, n0, q, v, force);
    for (int s = 0; s < b.steps; ++s) advance<N>(b, q, v, force, b.period / static_cast<float>(b.steps));
    for (int i = 0; i < N; ++i) {
      store(out + i * stride + n0, q[i]);
      store(out + (N + i) * stride + n0, v[i]);
    }
  }
}

template <int N>
void accelerate_joints(const BodyModel& b, const float* z, int n, int stride, float* out) {
  for (int n0 = 0; n0 < n; n0 += width) {
    vf q[N], v[N], force[N], a[N];
    load_columns<N>(b, z, stride, n0, q, v, force);
    acceleration<N>(b, q, v, force, a);
    for (int i = 0; i < N; ++i) store(out + i * stride + n0, a[i]);
  }
}

using ByJoints = void (*)(const BodyModel&, const float*, int, int, float*);

void fly(const BodyModel& b, const float* z, int n, int stride, float* out) {
  constexpr ByJoints all[max_joints] = {fly_joints<1>, fly_joints<2>, fly_joints<3>, fly_joints<4>,
                                        fly_joints<5>, fly_joints<6>, fly_joints<7>, fly_joints<8>};
  all[b.joints - 1](b, z, n, stride, out);
}

void accelerate(const BodyModel& b, const float* z, int n, int stride, float* out) {
  constexpr ByJoints all[max_joints] = {accelerate_joints<1>, accelerate_joints<2>, accelerate_joints<3>,
                                        accelerate_joints<4>, accelerate_joints<5>, accelerate_joints<6>,
                                        accelerate_joints<7>, accelerate_joints<8>};
  all[b.joints - 1](b, z, n, stride, out);
}

}  // namespace
}  // namespace infans::kernels
