// One register of floats as a value, with the compiler's vector extension; only the fused multiply-add is an intrinsic.
// Included by the per-ISA sources only: everything is static, so no symbol of one ISA can serve another.
#pragma once

#include <immintrin.h>

#if defined(__AVX512F__)
constexpr int width = 16;
#elif defined(__AVX2__)
constexpr int width = 8;
#else
constexpr int width = 4;
#endif
typedef float vf __attribute__((vector_size(width * sizeof(float))));
typedef int vi __attribute__((vector_size(width * sizeof(float))));

#define INFANS_INLINE static inline __attribute__((always_inline))
#define INFANS_INLINE_MEMBER inline __attribute__((always_inline))

INFANS_INLINE vf load(const float* p) {
  vf v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
INFANS_INLINE void store(float* p, vf v) { __builtin_memcpy(p, &v, sizeof v); }
INFANS_INLINE vf set1(float a) { return a - vf{}; }

INFANS_INLINE vf fma(vf a, vf b, vf c) {
#if defined(__AVX512F__)
  return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}

// x = k pi + r with |r| <= pi/2; returns r and the sign bit of (-1)^k. Adding 1.5 * 2^23 rounds to the nearest integer.
INFANS_INLINE vf reduce(vf x, vi* sign) {
  const vf magic = set1(12582912.0F);
  const vf t = fma(x, set1(0.318309886F), magic);
  const vf k = t - magic;
  *sign = ((vi)t & 1) << 31;
  vf r = fma(k, set1(-3.140625F), x);
  r = fma(k, set1(-0.00096750259399414062F), r);
  return fma(k, set1(-1.509957990978376e-07F), r);
}

// Chebyshev fits in r^2 on [0, (pi/2)^2].
INFANS_INLINE vf cos_reduced(vf r, vi sign) {
  const vf t = r * r;
  vf p = set1(1.9907044e-09F);
  p = fma(p, t, set1(-2.7524639e-07F));
  p = fma(p, t, set1(2.4801039e-05F));
  p = fma(p, t, set1(-0.0013888884F));
  p = fma(p, t, set1(0.041666666F));
  p = fma(p, t, set1(-0.5F));
  p = fma(p, t, set1(1.0F));
  return (vf)((vi)p ^ sign);
}

INFANS_INLINE vf sin_reduced(vf r, vi sign) {
  const vf t = r * r;
  vf p = set1(-2.3888648e-08F);
  p = fma(p, t, set1(2.7525238e-06F));
  p = fma(p, t, set1(-0.00019840860F));
  p = fma(p, t, set1(0.008333331F));
  p = fma(p, t, set1(-0.16666667F));
  p = fma(p, t, set1(1.0F));
  return (vf)((vi)(p * r) ^ sign);
}

// The same for angles in half-turns, where the reduction is exact: x = k + r with |r| <= 1/2.
INFANS_INLINE vf reduce_half_turns(vf x, vi* sign) {
  const vf magic = set1(12582912.0F);
  const vf t = x + magic;
  *sign = ((vi)t & 1) << 31;
  return x - (t - magic);
}

INFANS_INLINE vf cos_half_turns(vf r, vi sign) {
  const vf t = r * r;
  vf p = set1(-0.0243953818F);
  p = fma(p, t, set1(0.234936759F));
  p = fma(p, t, set1(-1.33521189F));
  p = fma(p, t, set1(4.05870915F));
  p = fma(p, t, set1(-4.93480214F));
  p = fma(p, t, set1(1.0F));
  return (vf)((vi)p ^ sign);
}

INFANS_INLINE vf sin_half_turns(vf r, vi sign) {
  const vf t = r * r;
  vf p = set1(0.0776541622F);
  p = fma(p, t, set1(-0.598289645F));
  p = fma(p, t, set1(2.55007728F));
  p = fma(p, t, set1(-5.16771007F));
  p = fma(p, t, set1(3.14159264F));
  return (vf)((vi)(p * r) ^ sign);
}

INFANS_INLINE vf select(vi mask, vf a, vf b) { return (vf)(((vi)a & mask) | ((vi)b & ~mask)); }
// b where a is not a number.
INFANS_INLINE vf largest(vf a, vf b) {
#if defined(__AVX512F__)
  return (vf)_mm512_maskz_max_ps(0xffff, (__m512)a, (__m512)b);
#elif defined(__AVX2__)
  return (vf)_mm256_max_ps((__m256)a, (__m256)b);
#else
  return (vf)_mm_max_ps((__m128)a, (__m128)b);
#endif
}
INFANS_INLINE vf smallest(vf a, vf b) {
#if defined(__AVX512F__)
  return (vf)_mm512_maskz_min_ps(0xffff, (__m512)a, (__m512)b);
#elif defined(__AVX2__)
  return (vf)_mm256_min_ps((__m256)a, (__m256)b);
#else
  return (vf)_mm_min_ps((__m128)a, (__m128)b);
#endif
}

// 2^y = 2^k (1 + f p), k the nearest integer, |f| <= 1/2; returns p.
INFANS_INLINE vf exp2_slope(vf y, vi* k, vf* f) {
  const vf magic = set1(12582912.0F);
  const vf t = y + magic;
  *k = (vi)t - 0x4b400000;
  *f = y - (t - magic);
  vf p = set1(0.00015461468F);
  p = fma(p, *f, set1(0.0013400455F));
  p = fma(p, *f, set1(0.0096180566F));
  p = fma(p, *f, set1(0.055503272F));
  p = fma(p, *f, set1(0.24022651F));
  return fma(p, *f, set1(0.69314721F));
}

// tanh x = sign(x) (1 - e) / (1 + e), e = exp(-2|x|) = 2^y: the integer part of y goes into the exponent.
INFANS_INLINE vf tanh_vector(vf x) {
  const vi sign = (vi)x & (int)0x80000000;
  vf a = (vf)((vi)x & 0x7fffffff);
  a = select(a > set1(9.0F), set1(9.0F), a);
  const vf y = a * set1(-2.885390082F);  // -2 / ln 2
  vi k;
  vf f;
  const vf p = exp2_slope(y, &k, &f);
  const vf e = (vf)((vi)fma(p, f, set1(1.0F)) + (k << 23));
  const vf one = set1(1.0F);
  return (vf)((vi)((one - e) / (one + e)) ^ sign);
}

// The same with expm1 in place of exp, so that the error stays relative down to the smallest arguments, which
// converging prediction errors need: tanh x = -m / (m + 2), m = 2^k 2^f - 1 = 2^k (2^f - 1) + (2^k - 1). Within 4 ulp
// of the result.
INFANS_INLINE vf tanh_relative(vf x) {
  const vi sign = (vi)x & (int)0x80000000;
  vf a = (vf)((vi)x & 0x7fffffff);
  a = select(a > set1(9.1F), set1(9.1F), a);
  const vf y = a * set1(-2.885390082F);  // -2 / ln 2
  vi k;
  vf f;
  const vf p = exp2_slope(y, &k, &f);
  const vf power = (vf)((k + 127) << 23);
  const vf m = fma(power, p * f, power - set1(1.0F));
  return (vf)((vi)(m / (m + set1(2.0F))) ^ sign ^ (int)0x80000000);
}

INFANS_INLINE vf root(vf a) {
#if defined(__AVX512F__)
  return (vf)_mm512_maskz_sqrt_ps(0xffff, (__m512)a);
#elif defined(__AVX2__)
  return (vf)_mm256_sqrt_ps((__m256)a);
#else
  return (vf)_mm_sqrt_ps((__m128)a);
#endif
}

// ln x of normal numbers above 0: x = 2^e m with m in [sqrt 1/2, sqrt 2), a polynomial of m - 1 (Moshier's Cephes,
// logf). Within 2 ulp of the larger of the result and 2^-24.
INFANS_INLINE vf log_vector(vf x) {
  const vi moved = (vi)x - 0x3f3504f3;  // sqrt 1/2
  const vf e = __builtin_convertvector(moved >> 23, vf);
  const vf r = (vf)((moved & 0x007fffff) + 0x3f3504f3) - set1(1.0F), t = r * r;
  vf p = set1(7.0376836292E-2F);
  p = fma(p, r, set1(-1.1514610310E-1F));
  p = fma(p, r, set1(1.1676998740E-1F));
  p = fma(p, r, set1(-1.2420140846E-1F));
  p = fma(p, r, set1(1.4249322787E-1F));
  p = fma(p, r, set1(-1.6668057665E-1F));
  p = fma(p, r, set1(2.0000714765E-1F));
  p = fma(p, r, set1(-2.4999993993E-1F));
  p = fma(p, r, set1(3.3333331174E-1F));
  vf y = fma(e, set1(-2.12194440e-4F), p * r * t);
  y = fma(set1(-0.5F), t, y);
  return fma(e, set1(0.693359375F), r + y);
}

// ln(1 + x), x >= 0: what rounding takes off 1 + x comes back by its first order.
INFANS_INLINE vf log1p_vector(vf x) {
  const vf y = x + set1(1.0F);
  return log_vector(y) + (x - (y - set1(1.0F))) / y;
}

typedef unsigned vu __attribute__((vector_size(width * sizeof(float))));

// The low and high words of a times m, lane by lane.
INFANS_INLINE vu multiply_words(vu a, unsigned m, vu* high) {
  typedef unsigned long long vq __attribute__((vector_size(width * sizeof(float))));
  const auto product = [m](vu x) {
    const vu factor = m - vu{};
#if defined(__AVX512F__)
    return (vq)_mm512_maskz_mul_epu32(0xff, (__m512i)x, (__m512i)factor);
#elif defined(__AVX2__)
    return (vq)_mm256_mul_epu32((__m256i)x, (__m256i)factor);
#else
    return (vq)_mm_mul_epu32((__m128i)x, (__m128i)factor);
#endif
  };
  const vq even = product(a), odd = product((vu)((vq)a >> 32));
  const unsigned long long upper = 0xffffffff00000000ULL;
  *high = (vu)((even >> 32) | (odd & upper));
  return (vu)((even & ~upper) | (odd << 32));
}
