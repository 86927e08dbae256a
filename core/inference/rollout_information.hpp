// What whole imagined rollouts would teach, from what posterior draws of the weights add to each of their steps. With D
// the deviations of a rollout (rows: every element of every step; columns: draws), D D' share is its covariance in
// units of what a row is seen with:
//   joint      copies/2 ln det(I + share D D'): the mutual information of all observations and the weights. Never more
//              than the sum of the steps' own gains: what a step teaches cannot be learned again
//   foresight  copies/2 mean over targets of ln((1 + v*) / (1 + v*')): what the rollout tells of predictions elsewhere,
//   v*
//              before and v*' after it (expected predictive information gain; Bickford Smith et al. 2023)
#pragma once

#include "core/inference/batch.hpp"
#include "core/inference/frozen_motion.hpp"

namespace infans::inference {

class RolloutInformation {
 public:
  // A rollout of `steps` steps of n candidates begins.
  void begin(int steps, int n);
  // One more step. Throws std::logic_error beyond `steps` or without draws.
  void add(const Deviations& step);
  // copies times the sum of all variances that weights add, in units of noise: what uncertainty sampling adds up.
  void variance(float* sum) const;
  // Of all steps added since begin(), nats; padded(n) floats.
  void joint(float* gain);
  // Likewise of predictions at `targets`, of the same draws; n_targets columns.
  void foresight(const Deviations& targets, int n_targets, float* gain);

 private:
  int elements() const { return added_ * size_; }  // rows of D
  // Whichever of D'D and D D' is smaller has the same determinant.
  bool by_draws() const { return draws_ <= steps_ * size_; }
  int place(int element, int draw) const {
    return by_draws() ? element * draws_ + draw : draw * steps_ * size_ + element;
  }

  int steps_ = 0, n_ = 0, added_ = 0, draws_ = 0, size_ = 0, copies_ = 1;
  float share_ = 0.0F;
  Batch deviation_;  // by place()
  DrawInformation determinant_;
};

}  // namespace infans::inference
