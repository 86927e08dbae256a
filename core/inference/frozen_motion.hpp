// A fitted model of motion, frozen for thought: ends of many control steps at once, and what each would teach.
#pragma once

#include "core/inference/batch.hpp"

namespace infans::inference {

class MotionModel;

// What posterior draws add to n imagined steps: element i of draw d stands in rows(first + d * size + i), in units in
// which a row is seen with noise 1, `weight` times.
struct Deviations {
  const Batch* rows = nullptr;  // null: the model makes no draws
  int first = 0;
  int draws = 0, size = 1;
  float weight = 1.0F;
  int copies = 1;  // outputs that share the draws, each with weights of its own

  float share() const { return weight / static_cast<float>(draws); }
};

// Straight from the model's own predictions, in double: right for every model, slow. Models with kernels override.
class FrozenMotion {
 public:
  explicit FrozenMotion(const MotionModel& model) : model_(model) {}
  virtual ~FrozenMotion() = default;

  // Rows of x: q, v, u of n columns; of end: q1, v1. gain: information about the weights, nats, or null.
  virtual void step(const Batch& x, int joints, int commands, int n, Batch& end, float* gain);
  // Floating-point operations of a column's step, with its gain if `informed`; 0: not counted.
  virtual double operations(bool) const { return 0.0; }
  // Of the last step that was asked for its gain; none for a model that makes no draws.
  virtual Deviations deviations() const { return {}; }

 protected:
  const MotionModel& model_;
};

// One whose law of motion is a kernel.
class FrozenLaw : public FrozenMotion {
 public:
  using FrozenMotion::FrozenMotion;
  // The acceleration at n columns of x (joints rows); gain: what seeing it twice with the noise of a row (the two test
  // functions of a step) tells about the weights, nats, or null.
  virtual void accelerate(const Batch& x, int joints, int commands, int n, Batch& acceleration, float* gain) = 0;
  // Floating-point operations of a column's acceleration, with its gain if `informed`.
  virtual double accelerate_operations(bool informed) const = 0;
};

// State and command in mid-step, as rows of x; the state is the mean of both ends.
void middle_of(const Batch& x, const Batch& end, int joints, int commands, int n, Batch& middle);

// 1/2 ln det(I + share sum_k d_k d_k') of every candidate: the information in a vector that is seen with unit noise,
// of which `count` posterior draws deviate by d_k. deviation row k * size + i: element i of draw k; n candidates.
class DrawInformation {
 public:
  void compute(const Batch& deviation, int count, int size, float share, int n, float* gain);
  static double operations(int count, int size);  // of a candidate

 private:
  Batch matrix_;  // without the identity; its lower triangle, then ln of a pivot
};

}  // namespace infans::inference
