// Decides which limbs move and how vigorously, by expected free energy over movements that occur by themselves:
//   q(u) ~ E(u) exp(-gamma G(u)),   G(u) = -(pragmatic + epistemic),   nats
//   E: each limb rests, or with its spontaneous rate moves with a vigour uniform in (0, 1): the habit that limbs rest
//   pragmatic = E_q[ln p(effect)] - max = -((mean - goal)^2 + variance) / 2 width^2,  p = N(goal, width^2) preferred
//   epistemic = information about the contingency (novelty, 1/2 ln(1 + v))
// Samples of E weighted by exp(-gamma G) stand for q (importance sampling); one of them is drawn.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/inference/contingency_model.hpp"
#include "core/random/stream.hpp"

namespace infans::agents {

struct SpontaneousPolicyOptions {
  int candidates = 64;
  double precision = 1.0;         // gamma
  double epistemic_weight = 1.0;  // of the epistemic value
  double goal = 0.2;              // preferred effect, in its unit
  double width = 0.1;             // of the preference, same unit
};

struct SpontaneousDecision {
  Eigen::VectorXd command;  // vigour of each limb, 0 to 1
  double pragmatic = 0.0;   // of the chosen, nats
  double epistemic = 0.0;   // nats, not weighted
  double expected_free_energy = 0.0;
};

// All that a decision weighed.
struct SpontaneousChoice {
  std::vector<SpontaneousDecision> considered;
  std::vector<double> q;   // of each
  std::size_t chosen = 0;  // of them
};

class SpontaneousPolicy {
 public:
  // rate: of each limb, its chance to move by itself in a decision. Throws std::logic_error for rates outside [0, 1]
  // or options out of range.
  SpontaneousPolicy(Eigen::VectorXd rate, const SpontaneousPolicyOptions& options);
  void set_options(const SpontaneousPolicyOptions& options);

  SpontaneousDecision judge(const inference::ContingencyModel& model, const Eigen::VectorXd& command) const;
  SpontaneousDecision decide(const inference::ContingencyModel& model, random::Stream& stream) const;
  SpontaneousChoice choose(const inference::ContingencyModel& model, random::Stream& stream) const;
  // A draw of E.
  Eigen::VectorXd movement(random::Stream& stream) const;
  const Eigen::VectorXd& rate() const { return rate_; }

 private:
  Eigen::VectorXd rate_;
  SpontaneousPolicyOptions options_;
};

}  // namespace infans::agents
