// Preferences that follow from the rewards of known tasks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agents/drives/preference.hpp"

namespace infans::agents {

// ln C(s) = -1/2 sum_i weight_i (s_i - goal_i)^2, differences of circular elements taken the short way round.
class QuadraticState final : public Preference {
 public:
  // goal, weight (1/unit^2), circular: one an element of the state.
  QuadraticState(Eigen::VectorXd goal, Eigen::VectorXd weight, std::vector<bool> circular,
                 double command_precision = 0.0);
  std::unique_ptr<Preference> clone() const override { return std::make_unique<QuadraticState>(*this); }
  void add_log_density(const Batch& state, int n, float* sum) override;
  void residual(const Eigen::VectorXd& state, Eigen::VectorXd& r, Eigen::MatrixXd& jacobian) const override;
  double curvature() const override { return weight_.maxCoeff(); }
  double command_precision() const override { return command_precision_; }

 private:
  Eigen::VectorXd goal_, weight_;
  std::vector<bool> circular_;
  double command_precision_;
};

// ln C(s) = ln(exp(-d^2 / (2 width^2)) + floor), d = max(0, goal - s_element): at the goal or beyond it, and nothing
// else is told apart (Friston et al. 2015: a sparse preference); some widths before the goal it is as flat as the
// floor.
class SparsePlace final : public Preference {
 public:
  // element of the state; goal and width in its unit, the goal approached from below; floor: 0..1.
  SparsePlace(int element, double goal, double width, double floor);
  std::unique_ptr<Preference> clone() const override { return std::make_unique<SparsePlace>(*this); }
  void add_log_density(const Batch& state, int n, float* sum) override;
  // Of the Gaussian with the same slope: r = sqrt(share of the peak) d / width.
  void residual(const Eigen::VectorXd& state, Eigen::VectorXd& r, Eigen::MatrixXd& jacobian) const override;
  double curvature() const override { return 1.0 / (width_ * width_); }

 private:
  int element_;
  double goal_, width_, floor_;
};

// What a task's reward means as a preference over states:
//   tip-pendulum    exp(reward / temperature) with the reward's command term left out (at most 0.004 a step);
//                   one unit of reward is worth 1 / temperature nats
//   pilco-cartpole  reward + 1 = exp(-d^2 / (2 0.25^2)) is a Gaussian of the tip already
//   pets-cartpole   exp(reward / temperature), its command term included, and a weak wish for the rail's middle
//   dmc-cartpole    a Gaussian of the tip around its place over the rail's middle, sparse or not: the sparse reward
//                   itself is silent until then
//   dmc-pendulum    a Gaussian around upright and at rest: the reward itself is silent until 8 degrees
//   tip-reacher     exp(reward / temperature), its distance smooth within 1 cm of the goal
//   dmc-reacher-easy, -hard  the finger's distance to the middle of the target: the reward itself is silent outside it
//   mountain-car(-feef)-short  the goal's place alone, as sparse as the reward
//   mountain-car(-feef)  a Gaussian around a place just behind the goal: the reward itself is silent until then
// Throws base::OptionError for a task without one, naming the nearest.
std::shared_ptr<Preference> task_preference(const std::string& task);

}  // namespace infans::agents
