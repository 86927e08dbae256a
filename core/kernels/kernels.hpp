// Batched kernels for imagined rollouts, compiled once per instruction set; plain.cpp holds the readable twin of each.
// Only raw pointers cross this boundary. Arrays are structure-of-arrays: value i of column n stands at [i * stride +
// n]; stride is a multiple of `lanes` and every array is readable and writable up to it (padding columns are computed
// too).
#pragma once

namespace infans::kernels {

inline constexpr int lanes = 16;
inline constexpr int max_inputs = 64;  // of a FeatureModel

// Features of one input vector z: Fourier features cos(pi (frequency z + phase)) (Rahimi & Recht 2007; half-turns make
// the range reduction exact; their amplitude belongs into the readout) followed by the activities of the upper hidden
// layer of a two-layer tanh hierarchy; then a linear readout of `columns` columns.
struct FeatureModel {
  int inputs = 0;                    // I
  int fourier = 0;                   // D
  const float* frequency = nullptr;  // [D x I], half-turns
  const float* phase = nullptr;      // [D], half-turns
  int hidden = 0;                    // H, 0: no hierarchy
  const float* weight1 = nullptr;    // [I x H]
  const float* bias1 = nullptr;      // [H]
  const float* weight2 = nullptr;    // [H x H], row = unit of the lower layer
  const float* bias2 = nullptr;      // [H]
  int columns = 0;                   // C
  const float* readout = nullptr;    // [(D + H) x C]

  int features() const { return fourier + hidden; }
};

struct Table {
  const char* isa;
  // out[C] = readout' phi(z). scratch: scratch_floats(model) floats.
  void (*forward)(const FeatureModel&, const float* z, int n, int stride, float* out, float* scratch);
  // out as above and jacobian[(c * I + i)] = d out_c / d z_i.
  void (*jacobian)(const FeatureModel&, const float* z, int n, int stride, float* out, float* jacobian, float* scratch);
  // sine and cosine, |x| < 1e4 rad, absolute error below 4e-7; n a multiple of `lanes`.
  void (*sincos)(const float* x, int n, float* sine, float* cosine);
  // ln(1 + x), x >= 0, relative error below 4e-7; n a multiple of `lanes`; y may be x.
  void (*log1p)(const float* x, int n, float* y);
  // Standard normals, sizes below 5.9, from `blocks` blocks of Philox4x32-10 (core/random/stream.hpp), counter[0] + b
  // for block b: normal j of block b at out[j * blocks + b], j < 4, two from each pair of its words by Box & Muller
  // (1958). blocks a multiple of `lanes`.
  void (*normals)(const unsigned* counter, const unsigned* key, int blocks, float* out);
};

inline int scratch_floats(const FeatureModel& m) {
  return 2 * lanes * (2 * m.features() + m.hidden * (2 + 2 * m.inputs) + m.columns);
}

const Table& plain();
// The best table of this processor; the environment variable INFANS_ISA (plain, x86-64-v2, x86-64-v3, x86-64-v4)
// overrides it. Throws base::OptionError for another name or a set this processor lacks.
const Table& best();

}  // namespace infans::kernels
