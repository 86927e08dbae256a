// Chains of Gaussian levels on the fused float32 kernels (core/kernels/belief.hpp has the equations): settle, then one
// local weight update, without allocation and with the same bits for any number of threads.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/kernels/belief.hpp"

namespace infans::inference {

struct FusedShape {
  std::vector<int> widths;                    // units of each level, top (inputs) first; at least two levels
  kernels::Form form = kernels::Form::mba;    // mu = f(W x + b), or AMB: mu = W f(x) + b
  std::vector<bool> tanh;                     // f of each edge; empty: hidden levels tanh, inputs and outputs linear
  std::vector<bool> clamped;                  // of each level; empty: inputs and outputs
  std::vector<std::vector<float>> precision;  // Pi of each level, one value a unit, > 0; an empty vector: all one
};

// One chain, one batch. Arrays are row-major, a row a sample: [batch x width]. Spans of another size throw
// std::logic_error; values that are not finite throw base::ValueError and leave everything as it was, except in
// set_activity the level itself.
class FusedChain {
 public:
  FusedChain(const FusedShape& shape, int batch, int threads = 1,
             const kernels::BeliefTable& table = kernels::best_belief());
  ~FusedChain();
  FusedChain(FusedChain&&) noexcept;
  FusedChain& operator=(FusedChain&&) noexcept;

  // W [out x in] and b [out] (empty: zero) of the edge from level `edge` to the next.
  void set_weights(int edge, std::span<const float> weight, std::span<const float> bias = {});
  void weights(int edge, std::span<float> weight, std::span<float> bias = {}) const;
  void set_clamped(int level, bool clamped);
  void set_activity(int level, std::span<const float> rows);
  void activity(int level, std::span<float> rows) const;
  void prediction(int level, std::span<float> rows) const;  // mu of a level below the top, after settle

  // Settles the free levels and returns F = sum over batch and levels of 1/2 e' Pi e - 1/2 ln|Pi|, nats, without the
  // constant (n/2) ln 2 pi. Throws base::OptionError if F is not finite: the step is too large.
  double settle(const kernels::Descent& descent);
  // One step down F / batch in all weights and biases, from the errors that the last settle left.
  void learn(float rate);
  // The two in one parallel region; nothing is learned if F is not finite.
  double settle_and_learn(const kernels::Descent& descent, float rate);

 private:
  struct Store;
  std::unique_ptr<Store> store_;
};

// `count` agents with equal chains and weights of their own, one sample each; rows are agents.
class FusedPopulation {
 public:
  FusedPopulation(const FusedShape& shape, int count, int threads = 1,
                  const kernels::BeliefTable& table = kernels::best_belief());
  ~FusedPopulation();
  FusedPopulation(FusedPopulation&&) noexcept;
  FusedPopulation& operator=(FusedPopulation&&) noexcept;

  void set_weights(int agent, int edge, std::span<const float> weight, std::span<const float> bias = {});
  void weights(int agent, int edge, std::span<float> weight, std::span<float> bias = {}) const;
  void set_activity(int level, std::span<const float> rows);  // [count x width]
  void activity(int level, std::span<float> rows) const;

  // As for FusedChain; energy (empty, or [count]): F of each agent. If that of an agent is not finite, the agents of
  // its group of 16 learn nothing and base::OptionError names it.
  void settle(const kernels::Descent& descent, std::span<double> energy = {});
  void settle_and_learn(const kernels::Descent& descent, float rate, std::span<double> energy = {});

 private:
  struct Store;
  std::unique_ptr<Store> store_;
};

}  // namespace infans::inference
