// The slow level of control: which posture to predict so that the hand is at a goal, by expected free energy,
//   G(q) = sum_i ((mu_i - g_i)^2 + V_i) / 2 c^2  -  w/2 sum_i ln(1 + V_i / N_i)  +  |q - q_now|^2 / 2 p^2,   nats,
// risk under a Gaussian preference for the goal g of width c, minus information about the map (novelty), plus the
// prior that postures stay: mu, V, N mean, epistemic variance and noise of the hand at q. Where the senses may not tell
// (probability 1 - t), information counts t times, and the hand is then somewhere else: risk t R + (1 - t) d^2 / 2 c^2.
// Minimised by the cross-entropy method (Rubinstein 1999), then by Gauss-Newton steps on risk and prior.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/inference/hand_model.hpp"
#include "core/random/stream.hpp"

namespace infans::agents {

struct PosturePlannerOptions {
  int candidates = 96;  // an iteration
  int iterations = 6;   // of the cross-entropy method
  int elites = 10;
  double near_part = 1.0 / 3.0;  // of the first candidates: around q_now, the others uniform in the ranges
  double near_sd = 0.3;          // rad
  double spread = 0.35;          // rad around the elites at the second iteration, halved at each further one
  int refined = 2;               // best candidates that take the Gauss-Newton steps
  int newton_steps = 5;
  double largest_step = 0.3;      // rad a joint
  double goal_width = 0.007;      // c, m; a third of the radius that counts as a hit
  double epistemic_weight = 1.0;  // w
  double variance_weight = 1.0;   // of V in the risk; 0: certainty equivalence
  double posture_width = 1.5;     // p, rad
  double elsewhere = 0.15;        // d, m: from the goal to a hand that no sense tells
};

// What one posture costs, nats.
struct PostureCost {
  double risk = 0.0, information = 0.0, effort = 0.0;
  double expected_free_energy(double epistemic_weight) const { return risk - epistemic_weight * information + effort; }
};

struct PosturePlan {
  Eigen::VectorXd posture;  // rad
  PostureCost cost;
  double expected_free_energy = 0.0;
};

class PosturePlanner {
 public:
  // Ranges that postures stay in, rad. Throws std::logic_error for empty ranges or options out of range.
  PosturePlanner(const Eigen::VectorXd& low, const Eigen::VectorXd& high, const PosturePlannerOptions& options = {});

  PostureCost cost(const inference::HandModel& model, const Eigen::VectorXd& q, const Eigen::Vector3d& goal,
                   const Eigen::VectorXd& now) const;
  // `considered`, if any, gets what the last iteration compared, the best first; the plan is one of the best, refined.
  PosturePlan plan(const inference::HandModel& model, const Eigen::Vector3d& goal, const Eigen::VectorXd& now,
                   random::Stream& stream, std::vector<PosturePlan>* considered = nullptr) const;
  // Around q (near_sd), in the ranges.
  Eigen::VectorXd near_posture(const Eigen::VectorXd& q, random::Stream& stream) const;
  // Uniform in the ranges.
  Eigen::VectorXd random_posture(random::Stream& stream) const;

 private:
  struct Task {
    const inference::HandModel& model;
    const Eigen::Vector3d& goal;
    const Eigen::VectorXd& now;
  };
  PosturePlan judge(const Task& task, const Eigen::VectorXd& q) const;
  PostureCost cost_of(const Task& task, const Eigen::VectorXd& q, const inference::HandBelief& hand) const;
  Eigen::VectorXd newton_step(const Task& task, const Eigen::VectorXd& q) const;
  PosturePlan refine(const Task& task, const PosturePlan& from) const;
  Eigen::VectorXd inside(const Eigen::VectorXd& q) const { return q.cwiseMax(low_).cwiseMin(high_); }

  PosturePlannerOptions options_;
  Eigen::VectorXd low_, high_;
};

}  // namespace infans::agents
