// Learning of a settled hierarchy: every weight moves by precision-weighted error x presynaptic activity, nothing else.
#pragma once

#include <vector>

#include "core/model/hierarchy.hpp"

namespace infans::inference {

// dF/dW_ij = -s drive_j r_i' / B and dF/db_j = -drive_j / B of a settled state: the mean over the batch.
template <typename T>
struct LocalGradient {
  explicit LocalGradient(const model::Hierarchy<T>& model);
  std::vector<model::MatrixOf<T>> weight;  // [edge], empty for a residual edge
  std::vector<model::VectorOf<T>> bias;    // [node]; zero where nothing predicts the node

  void describe(base::Archive& archive) { archive("weight", weight)("bias", bias); }
};

// Needs an evaluated state (any solver leaves one). Refreshes state.drive.
template <typename T>
void local_gradient(const model::Hierarchy<T>& model, model::HierarchyState<T>& state, LocalGradient<T>& out);

struct SgdOptions {
  double rate = 1e-2;
  double momentum = 0.0;  // heavy ball
  double decay = 0.0;     // fraction of a weight lost a step
};

// Gradient descent with momentum; one object a hierarchy.
template <typename T>
class Sgd {
 public:
  Sgd(const model::Hierarchy<T>& model, const SgdOptions& options);
  // One step on the local gradients (call a solver first). rate_factor scales the rate, for schedules.
  void learn(model::Hierarchy<T>& model, model::HierarchyState<T>& state, double rate_factor = 1.0);

  void describe(base::Archive& archive) { archive("velocity", velocity_); }

 private:
  SgdOptions options_;
  LocalGradient<T> gradient_, velocity_;
};

// Adaptive step a synapse (Adam; Kingma & Ba 2015) with decoupled weight decay (AdamW; Loshchilov & Hutter 2019).
struct AdamOptions {
  double rate = 3e-3;
  double decay = 1e-5;  // fraction of a weight lost a step
  double beta1 = 0.9;
  double beta2 = 0.999;
};

// Running moments of the local gradients; one object a hierarchy.
template <typename T>
class Adam {
 public:
  Adam(const model::Hierarchy<T>& model, const AdamOptions& options);
  // As Sgd::learn.
  void learn(model::Hierarchy<T>& model, model::HierarchyState<T>& state, double rate_factor = 1.0);

  void describe(base::Archive& archive) { archive("steps", steps_)("mean", mean_)("square", square_); }

 private:
  AdamOptions options_;
  long steps_ = 0;
  LocalGradient<T> gradient_, mean_, square_;
};

}  // namespace infans::inference
