// The flight kernel, compiled once per instruction set; see mechanics.hpp. A tile is T registers of columns.
#include "core/kernels/columns.inl"
#include "core/kernels/mechanics.hpp"
#include "core/kernels/simd.hpp"

#define INFANS_EACH_REGISTER _Pragma("GCC unroll 4") for (int t = 0; t < T; ++t)

namespace infans::kernels {
namespace {

INFANS_INLINE vf magnitude(vf a) { return (vf)((vi)a & 0x7fffffff); }

// P a = r by L D L' with pivots held above the floor; the upper triangle of p and r are used up.
template <int N, int T>
INFANS_INLINE void solve(vf (&p)[N][N][T], vf (&r)[N][T], float floor) {
  vf inverse[N][T];
#pragma GCC unroll 8
  for (int j = 0; j < N; ++j) {
    INFANS_EACH_REGISTER inverse[j][t] = set1(1.0F) / largest(p[j][j][t], set1(floor));
#pragma GCC unroll 8
    for (int i = j + 1; i < N; ++i) {
      INFANS_EACH_REGISTER {
        const vf factor = p[j][i][t] * inverse[j][t];
#pragma GCC unroll 8
        for (int k = i; k < N; ++k) p[i][k][t] = fma(-factor, p[j][k][t], p[i][k][t]);
        r[i][t] = fma(-factor, r[j][t], r[i][t]);
      }
    }
  }
#pragma GCC unroll 8
  for (int j = N - 1; j >= 0; --j) {
    INFANS_EACH_REGISTER {
#pragma GCC unroll 8
      for (int k = j + 1; k < N; ++k) r[j][t] = fma(-p[j][k][t], r[k][t], r[j][t]);
      r[j][t] *= inverse[j][t];
    }
  }
}

template <int N, int T>
INFANS_INLINE void friction(const BodyModel& b, const vf (&v)[N][T], vf (&r)[N][T]) {
#pragma GCC unroll 8
  for (int i = 0; i < N; ++i) {
    const vf scale = set1(1.0F / b.velocity_scale[i]);
    INFANS_EACH_REGISTER {
      const vf x = v[i][t] * scale;
      r[i][t] = fma(-x, fma(set1(b.friction[2 * N + i]), magnitude(x), set1(b.friction[i])), r[i][t]);
      if (b.dry_friction) r[i][t] = fma(-set1(b.friction[N + i]), tanh_vector(x * set1(50.0F)), r[i][t]);
    }
  }
}

// The acceleration of a tile at (q, v) under the commands' force. Joints that turn no wave need no cosine.
template <int N, int T>
void acceleration(const BodyModel& b, const vf (&q)[N][T], const vf (&v)[N][T], const vf (&force)[N][T],
                  vf (&a)[N][T]) {
  vf own_cosine[N][T], own_sine[N][T], p[N][N][T];
#pragma GCC unroll 8
  for (int i = 0; i < N; ++i) {
    if (turns(b, i)) {
      INFANS_EACH_REGISTER {
        vi sign;
        const vf angle = reduce(q[i][t] * set1(b.scale[i]), &sign);
        own_cosine[i][t] = cos_reduced(angle, sign);
        own_sine[i][t] = sin_reduced(angle, sign);
      }
    } else {
      INFANS_EACH_REGISTER own_cosine[i][t] = own_sine[i][t] = set1(0.0F);  // never read; the compiler cannot know
    }
    INFANS_EACH_REGISTER a[i][t] = force[i][t];
#pragma GCC unroll 8
    for (int j = i; j < N; ++j) INFANS_EACH_REGISTER p[i][j][t] = set1(b.constant[i * N + j]);
  }
  friction<N, T>(b, v, a);
  vf wave_cosine[max_waves][T], wave_sine[max_waves][T];
  for (int w = 0; w < b.waves; ++w) {
    const float* slope = b.slope + w * N;
    const bool has_terms = b.first_term[w] < b.first_term[w + 1];
    vf c[T], s[T], along[T];
    const vf back = set1(b.back[w]);
    INFANS_EACH_REGISTER {
      c[t] = own_cosine[b.turn[w]][t];
      s[t] = own_sine[b.turn[w]][t] * back;
    }
    if (b.parent[w] >= 0) {
      const vf *pc = wave_cosine[b.parent[w]], *ps = wave_sine[b.parent[w]];
      INFANS_EACH_REGISTER {
        const vf turned = fma(pc[t], c[t], -(ps[t] * s[t]));
        s[t] = fma(pc[t], s[t], ps[t] * c[t]);
        c[t] = turned;
      }
    }
    // along: what pulls along the phase, -dV/dphase + dT/dphase.
    INFANS_EACH_REGISTER {
      wave_cosine[w][t] = c[t];
      wave_sine[w][t] = s[t];
      along[t] = fma(set1(b.potential[2 * w]), s[t], -(set1(b.potential[2 * w + 1]) * c[t]));
    }
    if (has_terms) {
      vf m[N][T];
#pragma GCC unroll 8
      for (int i = 0; i < N; ++i) INFANS_EACH_REGISTER m[i][t] = vf{};
      vf(*const pairs)[T] = &p[0][0];
      vf(*const sums)[T] = m;
      for (int k = b.first_term[w]; k < b.first_term[w + 1]; ++k) {
        const InertiaTerm& term = b.terms[k];
        const vf tc = set1(term.cosine), ts = set1(term.sine);
        vf* const entry = pairs[term.i * N + term.j];
        INFANS_EACH_REGISTER {
          entry[t] = fma(tc, c[t], fma(ts, s[t], entry[t]));
          const vf d = fma(ts, c[t], -(tc * s[t]));
          sums[term.i][t] = fma(d, v[term.j][t], sums[term.i][t]);
          if (term.i != term.j) sums[term.j][t] = fma(d, v[term.i][t], sums[term.j][t]);
        }
      }
      INFANS_EACH_REGISTER {
        vf twice_t{}, turn{};
#pragma GCC unroll 8
        for (int i = 0; i < N; ++i) {
          twice_t = fma(m[i][t], v[i][t], twice_t);
          turn = fma(set1(slope[i]), v[i][t], turn);
        }
        along[t] = fma(set1(0.5F), twice_t, along[t]);
#pragma GCC unroll 8
        for (int i = 0; i < N; ++i) a[i][t] = fma(-turn, m[i][t], a[i][t]);
      }
    }
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) INFANS_EACH_REGISTER a[i][t] = fma(set1(slope[i]), along[t], a[i][t]);
  }
  solve<N, T>(p, a, b.pivot_floor);
#pragma GCC unroll 8
  for (int i = 0; i < N; ++i)
    INFANS_EACH_REGISTER a[i][t] = largest(smallest(a[i][t], set1(b.limit[i])), set1(-b.limit[i]));
}

template <int N, int T>
INFANS_INLINE void along(const vf (&x)[N][T], const vf (&d)[N][T], float h, vf (&out)[N][T]) {
#pragma GCC unroll 8
  for (int i = 0; i < N; ++i) INFANS_EACH_REGISTER out[i][t] = fma(set1(h), d[i][t], x[i][t]);
}

// Classical Runge-Kutta of one step of h: stages share the slopes' sums.
template <int N, int T>
INFANS_INLINE void advance(const BodyModel& b, vf (&q)[N][T], vf (&v)[N][T], const vf (&force)[N][T], float h) {
  constexpr float share[] = {0.5F, 0.5F, 1.0F};
  vf qs[N][T], vs[N][T], a[N][T], dq[N][T], dv[N][T];
  acceleration<N, T>(b, q, v, force, a);
  for (int i = 0; i < N; ++i) INFANS_EACH_REGISTER {
      dq[i][t] = vs[i][t] = v[i][t];
      dv[i][t] = a[i][t];
    }
  for (int stage = 0; stage < 3; ++stage) {
    along<N, T>(q, vs, share[stage] * h, qs);
    along<N, T>(v, a, share[stage] * h, vs);
    acceleration<N, T>(b, qs, vs, force, a);
    const vf weight = set1(stage < 2 ? 2.0F : 1.0F);
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) INFANS_EACH_REGISTER {
        dq[i][t] = fma(weight, vs[i][t], dq[i][t]);
        dv[i][t] = fma(weight, a[i][t], dv[i][t]);
      }
  }
  along<N, T>(q, dq, h / 6.0F, q);
  along<N, T>(v, dv, h / 6.0F, v);
}

// Column n0 onwards of z, and the force of its commands.
template <int N, int T>
INFANS_INLINE void load_columns(const BodyModel& b, const float* z, int stride, int n0, vf (&q)[N][T], vf (&v)[N][T],
                                vf (&force)[N][T]) {
  for (int i = 0; i < N; ++i) INFANS_EACH_REGISTER {
      const float* const column = z + n0 + t * width;
      q[i][t] = load(column + i * stride);
      v[i][t] = load(column + (N + i) * stride);
      force[i][t] = vf{};
      for (int k = 0; k < b.commands; ++k)
        force[i][t] = fma(set1(b.command[i * b.commands + k]), load(column + (2 * N + k) * stride), force[i][t]);
    }
}

template <int N, int T>
INFANS_INLINE void store_columns(const vf (&x)[N][T], int stride, int n0, float* out) {
  for (int i = 0; i < N; ++i) INFANS_EACH_REGISTER store(out + i * stride + n0 + t * width, x[i][t]);
}

template <int N, int T>
void fly_tile(const BodyModel& b, const float* z, int n0, int stride, float* out) {
  vf q[N][T], v[N][T], force[N][T];
  load_columns<N, T>(b, z, stride, n0, q, v, force);
  for (int s = 0; s < b.steps; ++s) advance<N, T>(b, q, v, force, b.period / static_cast<float>(b.steps));
  store_columns<N, T>(q, stride, n0, out);
  store_columns<N, T>(v, stride, n0, out + N * stride);
}

template <int N, int T>
void accelerate_tile(const BodyModel& b, const float* z, int n0, int stride, float* out) {
  vf q[N][T], v[N][T], force[N][T], a[N][T];
  load_columns<N, T>(b, z, stride, n0, q, v, force);
  acceleration<N, T>(b, q, v, force, a);
  store_columns<N, T>(a, stride, n0, out);
}

// An evaluation is a chain of dependent operations: several registers of columns hide its latency, as far as small
// bodies leave room for them.
template <int N>
constexpr int wide = N <= 2   ? 4
                     : N == 3 ? 2
                              : 1;

template <int N>
void fly_joints(const BodyModel& b, const float* z, int n, int stride, float* out) {
  for_tiles<wide<N>>(
      n, [&](int n0) { fly_tile<N, wide<N>>(b, z, n0, stride, out); },
      [&](int n0) { fly_tile<N, 1>(b, z, n0, stride, out); });
}

template <int N>
void accelerate_joints(const BodyModel& b, const float* z, int n, int stride, float* out) {
  for_tiles<wide<N>>(
      n, [&](int n0) { accelerate_tile<N, wide<N>>(b, z, n0, stride, out); },
      [&](int n0) { accelerate_tile<N, 1>(b, z, n0, stride, out); });
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

#undef INFANS_EACH_REGISTER
