// A habit (System 1): commands come from an amortised belief without any planning. One predictive-coding hierarchy,
//   senses <- causes -> commands,     causes guessed from senses and rhythm, then settled,
// whose command leaf says what is usually done when the world feels like this (the prior E over actions; Friston et al.
// 2017). It learns to predict its senses from its own prediction errors; the command leaf keeps its innate weights.
#pragma once

#include <Eigen/Dense>
#include <cstdint>
#include <span>

#include "core/inference/learn.hpp"
#include "core/inference/settle.hpp"

namespace infans::agents {

struct HabitOptions {
  int causes = 24;       // units
  int settle_steps = 2;  // after the guess
  double rate = 1e-2;    // of learning
  double rhythm = 0.9;   // Hz, of the movements that come by themselves
  double vigour = 0.8;   // scale of the innate command weights
};

class Habit {
 public:
  // scale: what a sensed number of 1 means, [senses], above 0. Innate weights are drawn from {seed}.
  Habit(const Eigen::VectorXd& scale, int commands, const HabitOptions& options, std::uint64_t seed);

  // Settles the causes of what is sensed now (time in s), and returns the command, [commands] in [-1, 1]; valid until
  // the next call.
  const Eigen::VectorXd& act(std::span<const double> senses, double time);
  // One local step on the weights that predict the senses.
  void learn();

  double vfe() const { return vfe_; }  // of the last moment, nats, without constants
  // Root mean square of the last prediction errors, in scales.
  double prediction_error() const { return error_; }
  // Of the last moment: prediction errors in units of `scale`, [senses]; the belief, [causes].
  Eigen::VectorXd error() const { return state_.error[1].col(0).cast<double>(); }
  Eigen::VectorXd causes() const { return state_.activity[0].col(0).cast<double>(); }

  // So far: guesses and settling steps; multiplications and additions of guessing, settling, commanding and learning.
  double belief_updates() const { return updates_; }
  double operations() const { return operations_; }
  void describe(base::Archive& archive);

 private:
  using Matrix = model::MatrixOf<float>;
  Eigen::Index weights() const { return model_.weight.front().size(); }

  HabitOptions options_;
  Eigen::VectorXf inverse_scale_;
  Matrix guess_, commands_;  // causes x (senses + rhythm), commands x causes: innate
  model::Hierarchy<float> model_;
  model::HierarchyState<float> state_;
  inference::Sgd<float> learning_;
  Matrix sensed_, inputs_;
  Eigen::VectorXd command_;
  double vfe_ = 0.0, error_ = 0.0, updates_ = 0.0, operations_ = 0.0;
};

}  // namespace infans::agents
