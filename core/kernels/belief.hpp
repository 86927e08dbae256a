// Belief updates of chains of Gaussian levels, fused: predict, error, precision, gradient, activity step, energy, and
// one local weight update. Compiled once per instruction set; belief_plain.cpp holds the readable twin. Only raw
// pointers cross this boundary; every array starts at a multiple of 64 bytes and its padding holds zeros.
//
// Level 0 predicts level 1, and so on to level L. Error e_l = x_l - mu_l, energy F = sum_l 1/2 e_l' Pi_l e_l.
//   MBA: mu_{l+1} = f_l(W_l x_l + b_l), delta_{l+1} = f_l'(.) Pi_{l+1} e_{l+1}, dF/dx_l = Pi_l e_l - W_l' delta_{l+1}
//   AMB: mu_{l+1} = W_l f_l(x_l) + b_l, delta_{l+1} = Pi_{l+1} e_{l+1}, dF/dx_l = Pi_l e_l - f_l'(x_l) W_l' delta_{l+1}
// All free levels step together: x_l -= step dF/dx_l. Weights: W_l += rate delta_{l+1} s_l', s_l = x_l (MBA) or
// f_l(x_l) (AMB), summed over the batch (Rao & Ballard 1999; Whittington & Bogacz 2017).
#pragma once

namespace infans::kernels {

inline constexpr int panel = 8;         // rows of a packed weight panel
inline constexpr int block = 32;        // samples of a block of activities
inline constexpr int max_levels = 256;  // of a chain
inline constexpr int agents = 16;       // of a group of a population: one lane each

constexpr int panels(int units) { return (units + panel - 1) / panel; }
constexpr int blocks(int samples) { return (samples + block - 1) / block; }
// Rows reserved for the units of a level.
constexpr int padded(int units) { return (units + 15) / 16 * 16; }

enum class Form { mba, amb };

// Weights from level l to level l + 1, twice: packed for W x and for W' delta. Value (o, i) stands at
// forward[((o / 8) * in + i) * 8 + o % 8] and at backward[((i / 8) * out + o) * 8 + i % 8].
struct Edge {
  int in = 0;
  int out = 0;
  bool tanh = false;          // f: tanh or identity
  float* forward = nullptr;   // [panels(out) x in x 8]
  float* backward = nullptr;  // [panels(in) x out x 8]
  float* bias = nullptr;      // [padded(out)]
};

// Arrays of a level. Batch 1: [padded(width)]. Larger batches: [padded(width) x 32] for each block of 32 samples,
// sample n of unit i at (n / 32) * stride + i * 32 + n % 32. All arrays of a block lie together and blocks do not share
// a page, lest one processor's prefetches take lines that another is writing.
struct Level {
  int width = 0;
  bool clamped = false;
  const float* precision = nullptr;  // [padded(width)]; nullptr: all one
  float* activity = nullptr;
  float* signal = nullptr;      // s_l; the same array as activity where s_l = x_l
  float* prediction = nullptr;  // mu_l; unused for level 0, as the next three
  float* delta = nullptr;
  float* energy = nullptr;    // [blocks(batch) x 32] 1/2 e' Pi e of each sample; batch 1: [1]
  float* velocity = nullptr;  // needed with momentum only
  float* transposed =
      nullptr;  // [blocks(width) x blocks(batch) * 32 x 32]: s_l, 32 units of a sample; batch 1: scratch
};

struct Chain {
  Form form = Form::mba;
  int edges = 0;                 // L
  int batch = 0;                 // samples
  long stride = 0;               // floats between the arrays of two blocks
  const Edge* edge = nullptr;    // [L]
  const Level* level = nullptr;  // [L + 1]
};

struct Descent {
  int steps = 0;
  float step = 0.0F;
  float momentum = 0.0F;  // velocity = momentum velocity - step gradient, from rest (Polyak 1964)
  bool forward = true;    // free levels start at their predictions; else at their activities
};

// Equal chains with weights of their own, one sample each, in groups of 16 agents: value i of agent n of any array of
// `size` values stands at ((n / 16) * size + i) * 16 + n % 16.
struct PopulationEdge {
  int in = 0;
  int out = 0;
  bool tanh = false;
  float* weight = nullptr;  // [out x in]
  float* bias = nullptr;    // [out]
};

struct PopulationLevel {
  int width = 0;
  bool clamped = false;
  const float* precision = nullptr;  // [width], nullptr: all one
  float* activity = nullptr;         // this and the next arrays: [width]
  float* signal = nullptr;
  float* prediction = nullptr;
  float* delta = nullptr;
  float* sent = nullptr;  // W' delta of the level below
  float* velocity = nullptr;
  float* energy = nullptr;  // [1]
};

struct Population {
  Form form = Form::mba;
  int edges = 0;
  const PopulationEdge* edge = nullptr;
  const PopulationLevel* level = nullptr;
};

struct BeliefTable {
  const char* isa;

  // Weights and biases of one edge from [out x in] and [out] (nullptr: zero), or back.
  void (*pack)(const Edge&, const float* weight, const float* bias);
  void (*unpack)(const Edge&, float* weight, float* bias);
  // Activities of blocks first .. last - 1 of a level from rows [batch x width], or back. load returns whether every
  // value is finite.
  bool (*load)(const Chain&, int level, int first, int last, const float* rows);
  void (*unload)(const Chain&, const float* values, int width, int first, int last, float* rows);

  // Settles the samples of blocks first .. last - 1 (batch 1: 0, 1), which touch no other block; leaves predictions,
  // deltas and energies of the settled state.
  void (*settle)(const Chain&, const Descent&, int first, int last);
  // Transposes the signals of these blocks for learn; nothing to do for batch 1.
  void (*transpose)(const Chain&, int first, int last);
  // W += rate delta s', b += rate delta for the rows of panels first .. last - 1 of one edge, over the whole batch.
  // Batch 1: all rows, whatever the panels.
  void (*learn)(const Chain&, int edge, float rate, int first, int last);

  // One group of a population.
  void (*settle_agents)(const Population&, const Descent&, int group);
  void (*learn_agents)(const Population&, float rate, int group);

  // out = W x for blocks first .. last - 1: the bare product, [blocks x padded(out) x 32] from [blocks x padded(in) x
  // 32].
  void (*product)(const Edge&, const float* x, int first, int last, float* out);
  // y[i] = tanh(x[i]), within 4 ulp of the result for normal numbers; n a multiple of 16.
  void (*tanh)(const float* x, int n, float* y);
};

const BeliefTable& plain_belief();
// The best table of this processor; INFANS_ISA overrides it and errors are as for best() in kernels.hpp.
const BeliefTable& best_belief();

}  // namespace infans::kernels
