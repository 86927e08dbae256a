// The batched flight of a body with mechanics: one control step by classical Runge-Kutta, compiled once per instruction
// set, with a readable twin. Arrays are structure-of-arrays as in kernels.hpp.
//
//   P(q) a = B u - D(v) - sum_w [dV/dq + P' v - dT/dq] over the waves w of a harmonic series (see model/mechanics.hpp)
//
// A wave's cosine and sine come from another wave's by one complex product with a joint's own; so a step costs two
// transcendental functions a joint and evaluation.
#pragma once

#include "core/kernels/kernels.hpp"

namespace infans::kernels {

inline constexpr int max_joints = 8;   // of a BodyModel
inline constexpr int max_waves = 256;  // likewise

// One entry of P in one wave: P_ij += cosine cos + sine sin, i <= j.
struct InertiaTerm {
  int i, j;
  float cosine, sine;
};

struct BodyModel {
  int joints = 0;                   // n, at most max_joints
  int commands = 0;                 // m
  int steps = 1;                    // Runge-Kutta steps of a control step
  float period = 0;                 // s, of a control step
  const float* constant = nullptr;  // [n x n], the part of P that does not depend on q
  const float* scale = nullptr;     // [n], rad per unit of q
  // Wave w turns wave parent[w] (-1: none) by joint turn[w], backwards where back[w] is -1.
  int waves = 0;
  const int* parent = nullptr;
  const int* turn = nullptr;
  const float* back = nullptr;
  const float* slope = nullptr;      // [waves x n], gradient of the phase
  const float* potential = nullptr;  // [waves x 2], cosine then sine
  const int* first_term = nullptr;   // [waves + 1], into `terms`
  const InertiaTerm* terms = nullptr;
  const float* friction = nullptr;        // [3 x n], of v, tanh(v / 0.02), v |v|, v in velocity scales
  bool dry_friction = false;              // any of the second row is not 0
  const float* velocity_scale = nullptr;  // [n]
  const float* command = nullptr;         // [n x m], B
  float pivot_floor = 0;                  // smallest pivot of P
  const float* limit = nullptr;           // [n], of accelerations
};

// Whether a wave turns by joint i.
static inline bool turns(const BodyModel& b, int i) {
  for (int w = 0; w < b.waves; ++w)
    if (b.turn[w] == i) return true;
  return false;
}

struct BodyTable {
  const char* isa;
  // z: q [n], v [n], u [m]; out: q and v at the end of the step [2n].
  void (*fly)(const BodyModel&, const float* z, int n, int stride, float* out);
  // The same z; out: the acceleration there [n].
  void (*accelerate)(const BodyModel&, const float* z, int n, int stride, float* out);
};

const BodyTable& plain_body();
// Of the instruction set that best() takes.
const BodyTable& best_body();

}  // namespace infans::kernels
