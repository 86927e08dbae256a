// One mind: it perceives, learns, decides. It meets the world only through observations and commands.
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <span>
#include <string>

#include "agents/baselines/babbling.hpp"
#include "agents/planning/planner.hpp"
#include "core/inference/make_world.hpp"
#include "core/inference/state_filter.hpp"
#include "envs/api/environment.hpp"

namespace infans::agents {

enum class Policy {
  efe,          // minimises expected free energy
  greedy,       // the same planner without the epistemic term (certainty equivalence)
  thompson,     // greedy by a posterior draw of the model, held for a while (posterior sampling; Strens 2000)
  flex,         // D-optimal for one step and where it leads, whatever is preferred (after Blanke & Lelarge 2023)
  uncertainty,  // plans the largest sum of predictive variances, whatever is preferred
  yoked,     // lives what a partner decides and learns: the same data without a say in them (Gureckis & Markant 2012)
  babbling,  // coloured-noise commands, never plans
  random,    // independent uniform commands, never plans
};

enum class Filter {
  none,      // an observation is the state
  smoothed,  // a state filter, and a model that learns from smoothed states (inference::StateFilter)
};

struct AgentOptions {
  inference::WorldOptions model;
  PlannerOptions planner;
  Policy policy = Policy::efe;
  int draw_decisions = 0;           // thompson holds a draw so long; 0: for an episode
  Policy partner = Policy::efe;     // of a yoked learner
  std::uint32_t partner_agent = 2;  // whose streams the partner draws from, under the same seed
  double babbling_spread = 0.6;     // standard deviation of babbled commands
  double babbling_colour = 1.0;     // beta of their noise
  Filter filter = Filter::none;
  inference::StateFilterOptions senses;  // of the filter
  double slide_scale = 1.0;              // m, m/s, rad/s: what a position or velocity of 1 means to the model's inputs
  double slide_velocity_scale = 2.0;
  double hinge_velocity_scale = 6.0;
};

struct Decision {
  Eigen::VectorXd action;
  bool planned = false;      // else babbled, or the last plan goes on
  Plan plan;                 // where planned
  inference::Belief belief;  // about the next state
};

class Agent {
 public:
  // Random numbers come from streams keyed by {seed, agent}.
  Agent(const envs::Spec& body, const AgentOptions& options, std::shared_ptr<Preference> preference, std::uint64_t seed,
        int episode_steps, std::uint32_t agent = 0);

  // babble: this episode tries commands instead of planning.
  void begin_episode(int episode, bool babble);
  // Belief about the present state from an observation that begins with positions and velocities; what follows them is
  // for the preference. Empty: it did not come. Without a filter the observation is the state, and what did not come is
  // as it was. Once a step.
  Eigen::VectorXd perceive(std::span<const double> observation);
  const Eigen::VectorXd& state() const { return state_; }  // the belief; consolidation changes a filter's
  Decision decide(const Eigen::VectorXd& state);
  // The state before the command and after it, both perceived. A filter learns from them when it consolidates; the
  // surprise then is that of the last observation that came.
  inference::Surprise learn(const Eigen::VectorXd& state, const Eigen::VectorXd& action, const Eigen::VectorXd& next);
  // Consolidates all that was lived: hierarchy, length scales, precisions, exact posterior.
  void consolidate();
  // Whether that is due: after `every` decisions (0: never), and sooner while an agent without a filter is young,
  // whenever what it has lived has grown by half.
  bool consolidation_due(int every) const;
  // What a planner with Information::foresight wants to predict; see Planner.
  void set_targets(const Eigen::MatrixXd& state, const Eigen::MatrixXd& action) { planner_.set_targets(state, action); }

  const inference::StateFilter* filter() const { return filter_.get(); }  // null: none
  const inference::WorldModel& model() const { return *model_; }
  // What it has spent so far, a partner included: transitions that models learned from, and floating-point operations
  // of imagined steps.
  struct Work {
    double belief_updates = 0.0, operations = 0.0;
  };
  Work work() const;
  // All that life changes: model, filter, preference, planner, babbling, and a partner's. For an agent made alike.
  void describe(base::Archive& archive);
  bool plans() const { return options_.policy != Policy::babbling && options_.policy != Policy::random; }

 private:
  friend class Tester;

  // Null: nothing was seen.
  void believe(const Eigen::VectorXd* seen);
  inference::Imagination& imagination();
  // Largest deviation of a state from what was expected, in predicted standard deviations.
  double surprise(const Eigen::VectorXd& state) const;

  AgentOptions options_;
  std::shared_ptr<Preference> preference_;
  std::uint64_t seed_;
  std::uint32_t agent_;
  std::unique_ptr<inference::WorldModel> model_;
  std::unique_ptr<inference::StateFilter> filter_;
  Planner planner_;
  Babbling babbling_;
  std::unique_ptr<Agent> partner_;  // of a yoked learner
  bool babble_ = false;
  inference::Belief expected_;  // of the state that comes, by the last decision; empty at the start of an episode
  std::uint64_t decisions_ = 0, episode_ = 0;
  long learned_ = 0, consolidated_ = 0;  // transitions: in all, and at the last consolidation
  Eigen::VectorXd state_, action_;       // perceived last; commanded since the episode began, or empty
};

// The agent's mind of the moment, put to a test: plans by its model without curiosity, learns nothing, and takes its
// random numbers from streams of its own, so the agent goes on as if there had been no test. The agent must outlive it.
class Tester {
 public:
  explicit Tester(Agent& agent);
  // With what the agent knows now. What the preference feels within the episode (a joint's stop) ends with it.
  void begin_episode();
  Eigen::VectorXd perceive(std::span<const double> observation);
  Eigen::VectorXd decide(const Eigen::VectorXd& state);

 private:
  Agent& agent_;
  std::shared_ptr<Preference> preference_;
  Planner planner_;
  std::uint64_t decisions_ = 0;
};

// Scales and coordinate kinds of a body, for the model's inputs.
model::Encoding encoding_of(const envs::Spec& body, const AgentOptions& options);

}  // namespace infans::agents
