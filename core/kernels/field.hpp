// The batched flight of a body under a generic field of gated harmonics, a = sum_m monomial_m(v, u) series_m(q): one
// control step by classical Runge-Kutta, compiled once per instruction set, with a readable twin. Arrays are
// structure-of-arrays as in kernels.hpp.
//
// The series share their waves, so an evaluation is two transcendental functions a joint, one complex product a wave
// and one matrix product with all series of all outputs.
#pragma once

#include "core/kernels/kernels.hpp"
#include "core/kernels/mechanics.hpp"

namespace infans::kernels {

inline constexpr int max_commands = 16;  // of a FieldModel
inline constexpr int max_outputs = 256;  // likewise

struct FieldModel {
  int joints = 0;                         // n, at most max_joints
  int commands = 0;                       // m, at most max_commands
  int steps = 1;                          // Runge-Kutta steps of a control step
  float period = 0;                       // s, of a control step
  const float* scale = nullptr;           // [n], rad per unit of q
  const float* velocity_scale = nullptr;  // [n]
  // Wave w turns wave parent[w] (-1: none) by joint turn[w], backwards where back[w] is -1.
  int waves = 0;
  const int* parent = nullptr;
  const int* turn = nullptr;
  const float* back = nullptr;
  const float* limit = nullptr;   // [n], of accelerations; null: none
  int outputs = 0;                // n for a flight, at most max_outputs
  const float* weight = nullptr;  // [(1 + 2 waves) x (outputs x monomials)]; rows: 1, then cosine and sine of each wave

  // 1, u_i, v_i, v_i v_j with i <= j; v in velocity scales.
  int monomials() const { return 1 + commands + joints + joints * (joints + 1) / 2; }
  int features() const { return 1 + 2 * waves; }
};

struct FieldTable {
  const char* isa;
  // z: q [n], v [n], u [m]; out: q and v at the end of the step [2n].
  void (*fly)(const FieldModel&, const float* z, int n, int stride, float* out, float* scratch);
  // The outputs at z [outputs].
  void (*evaluate)(const FieldModel&, const float* z, int n, int stride, float* out, float* scratch);
};

inline int scratch_floats(const FieldModel& m) { return 2 * lanes * (m.features() + (m.outputs + 1) * m.monomials()); }

const FieldTable& plain_field();
// Of the instruction set that best() takes.
const FieldTable& best_field();

}  // namespace infans::kernels
