// How many samples a model of a body needs by who chooses them: agents without a task, one model, one held-out test.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agents/agent.hpp"
#include "envs/api/environment.hpp"

namespace infans::experiments {

// A body and the box that its model is tested on: states and velocities uniform in it, commands in [-1, 1].
struct ExploreBody {
  std::string name;
  std::unique_ptr<envs::Environment> world;
  Eigen::VectorXd low, high;    // 2n: m or rad, then m/s or rad/s
  double velocity_scale = 6.0;  // rad/s, what the model's inputs take as 1

  int joints() const { return static_cast<int>(low.size()) / 2; }
};

std::vector<std::string> explore_bodies();
// "tip-reacher" (T3, without its target; 20 ms), "weak-arm" (two links of 1 kg and 0.5 m under gravity, 5 and 2.5 N m;
// 50 ms) or "infant-arm" (12 months, shoulder flexion and elbow, the other five joints held; 50 ms).
// Throws base::OptionError for another name.
ExploreBody explore_body(const std::string& name);

struct ExploreOptions {
  std::string agent = "active";
  int decisions = 400;
  int episode = 100;  // decisions from the start pose on
  int measure_every = 20;
  int consolidate_every = 20;  // decisions, of agents that plan; the others when they are measured
  int tests = 500;             // transitions from teleports; 200 of ten steps
  agents::AgentOptions learner;
};

// white (uniform commands), pink and red (spread 0.6 and, -loud, 1.2); active (foresight: information about predictions
// in the box), joint, summed (information about all weights), flex (D-optimal, one step and where it leads),
// uncertainty (sum of variances). All but noise also prefer the box's velocities, softly. yoked learns from the life of
// another active agent of the same body (another's features), yoked-slow from one that wants to know a third of the
// velocities.
std::vector<std::string> explore_agents();
// The recipe's features, twice as many; a plan of 15 decisions without gradients.
ExploreOptions explore_options(const std::string& agent);

// Error of the model over a life; every sample counts, from the first command on.
struct ExploreCurve {
  std::vector<int> decisions;
  std::vector<double> one_step;  // nRMSE of what constant velocity leaves, root of the mean square over outputs
  std::vector<double> ten_step;  // nRMSE of ten steps of white commands over how far they lead, squares capped at 4
  std::vector<double> reach;     // largest |velocity| so far over the box's, largest of the joints
  double decision_seconds = 0.0;
};

// Throws base::OptionError for an unknown agent.
ExploreCurve explore(const std::string& body, const ExploreOptions& options, std::uint64_t seed);

// Length scales of the inputs as the evidence has them that knows `count` transitions from all over a box of states:
// what an agent could be told beforehand. Not all-in.
Eigen::VectorXd fitted_scales(envs::Environment& world, const Eigen::VectorXd& low, const Eigen::VectorXd& high,
                              const agents::AgentOptions& agent, int count);

// Bodies should stay inside a box of velocities: ln C = -20 sum max(|v| / limit - 1, 0)^2.
class VelocityBox final : public agents::Preference {
 public:
  explicit VelocityBox(Eigen::VectorXd limit) : limit_(std::move(limit)) {}
  std::unique_ptr<agents::Preference> clone() const override { return std::make_unique<VelocityBox>(*this); }
  void add_log_density(const agents::Batch& state, int n, float* sum) override;
  void residual(const Eigen::VectorXd& state, Eigen::VectorXd& r, Eigen::MatrixXd& jacobian) const override;
  double curvature() const override;

 private:
  Eigen::VectorXd limit_;  // n, rad/s
};

}  // namespace infans::experiments
