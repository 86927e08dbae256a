// Imagined rollouts of many candidate plans at once, and their linearisation. States and commands are
// structure-of-arrays floats: element i of candidate n stands at [i * stride + n], stride a multiple of kernels::lanes.
#pragma once

#include <vector>

#include "core/inference/transition_model.hpp"
#include "core/kernels/kernels.hpp"

namespace infans::agents {

// Rows of `stride` floats; grows, never shrinks.
struct Batch {
  std::vector<float> values;
  int stride = 0;

  void resize(int rows, int candidates);
  float* row(int i) { return values.data() + static_cast<std::ptrdiff_t>(i) * stride; }
  const float* row(int i) const { return values.data() + static_cast<std::ptrdiff_t>(i) * stride; }
};

class Imagination {
 public:
  Imagination(const model::Encoding& encoding, const kernels::Table& kernels);

  // The model to imagine with, until the next call.
  void set_tables(inference::RolloutTables tables) { tables_ = std::move(tables); }

  // next = f(state, action) by the mean model, velocities clipped; gain[n] = O/2 ln(1 + v) nats (if gain is not null).
  void step(const Batch& state, const Batch& action, int n, Batch& next, float* gain);
  // jacobian row (i * (S + U) + k): d next_i / d [state; action]_k. gain_gradient row k: d gain / d [state; action]_k.
  void linearise(const Batch& state, const Batch& action, int n, Batch& jacobian, Batch& gain_gradient);

  int state_size() const { return encoding_.state_size(); }
  int action_size() const { return encoding_.actions; }

 private:
  void encode(const Batch& state, const Batch& action, int n);
  // d z_j / d [state; action]_k is nonzero for one k: its index, and whether it is -sin, cos or a constant.
  struct Link {
    int source;
    float factor;      // constant part
    int partner = -1;  // row of z that multiplies: d sin = cos, d cos = -sin
  };

  model::Encoding encoding_;
  const kernels::Table& kernels_;
  inference::RolloutTables tables_;
  std::vector<Link> links_;
  std::vector<float> velocity_limit_;
  Batch z_, out_, jacobian_z_;
  std::vector<float> scratch_, gain_factor_;
};

}  // namespace infans::agents
