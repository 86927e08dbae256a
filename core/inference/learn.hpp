// Learning of a settled hierarchy: every weight moves by precision-weighted error x presynaptic activity, nothing else.
#pragma once

#include <vector>

#include "core/model/hierarchy.hpp"

namespace infans::inference {

// Adaptive step a synapse (Adam; Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019).
struct AdamOptions {
  double rate = 3e-3;
  double decay = 1e-5;  // fraction of a weight lost a step
  double beta1 = 0.9;
  double beta2 = 0.999;
};

// Running moments of the local gradients; one object a hierarchy.
class Adam {
 public:
  Adam(const model::Hierarchy& model, const AdamOptions& options);
  // One step on dF/dW_l = -Pi e_{l+1} f(x_l)' / B and dF/db_l from the errors in `state` (call settle first).
  // rate_factor scales the rate, for schedules.
  void learn(model::Hierarchy& model, const model::HierarchyState& state, double rate_factor = 1.0);

 private:
  AdamOptions options_;
  long steps_ = 0;
  std::vector<Eigen::MatrixXd> mean_, square_, gradient_;  // weights then bias, as one matrix [W b] a level
};

}  // namespace infans::inference
