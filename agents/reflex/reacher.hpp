// A mind that reaches: it learns where its hand is from its joints, decides on postures, and leaves the joints to
// reflex arcs. Slow level: HandModel and PosturePlanner, one decision at a time. Fast level: ReflexArc.
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <vector>

#include "agents/planning/posture_planner.hpp"
#include "core/inference/hand_model.hpp"

namespace infans::agents {

struct ReacherOptions {
  PosturePlannerOptions planner;
  // Random postures first, until the median of the last babble_window prediction errors is below babble_until; then
  // planning. Without it every decision but the first is planned.
  bool babble = false;
  int babble_window = 6;
  double babble_until = 0.02;  // m
};

class Reacher {
 public:
  // low, high: ranges of the joints (rad) that postures are chosen in.
  Reacher(std::unique_ptr<inference::HandModel> model, const Eigen::VectorXd& low, const Eigen::VectorXd& high,
          const ReacherOptions& options, std::uint64_t seed);

  // The posture to predict next, from the sensed one. A random posture while nothing is known.
  PosturePlan decide(const Eigen::Vector3d& goal, const Eigen::VectorXd& now);
  Eigen::VectorXd random_posture(random::Stream& stream) const { return planner_.random_posture(stream); }
  bool babbling() const { return babbling_; }
  // Sensed angles (rad) and hand (m) of one moment.
  void learn(const Eigen::VectorXd& q, const Eigen::Vector3d& hand);

  const inference::HandModel& model() const { return *model_; }
  int decisions() const { return decisions_; }
  void describe(base::Archive& archive);

 private:
  std::unique_ptr<inference::HandModel> model_;
  PosturePlanner planner_;
  ReacherOptions options_;
  std::uint64_t seed_;
  int decisions_ = 0;
  bool babbling_;
  std::vector<double> errors_;  // m, of predictions so far
};

}  // namespace infans::agents
