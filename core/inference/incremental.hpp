// Incremental predictive coding (iPC; Salvatori et al. 2024): activities and weights move together at every step,
// instead of weights only at the equilibrium.
#pragma once

#include "core/inference/learn.hpp"
#include "core/inference/settle.hpp"

namespace infans::inference {

// options.max_steps times: one step of settle(), one step of the learner (Sgd or Adam). The energy in the report is
// that before the last step of learning.
template <typename T, typename Learner>
SettleReport settle_and_learn(model::Hierarchy<T>& model, model::HierarchyState<T>& state, Learner& learner,
                              const SettleOptions& options, double rate_factor = 1.0) {
  SettleOptions one = options;
  one.max_steps = 1;
  SettleReport report;
  for (int t = 0; t < options.max_steps; ++t) {
    const SettleReport r = settle(model, state, one);
    report.steps += r.steps;
    report.rejected += r.rejected;
    report.energy = r.energy;
    report.step = r.step;
    one.step = r.step;
    learner.learn(model, state, rate_factor);
  }
  return report;
}

}  // namespace infans::inference
