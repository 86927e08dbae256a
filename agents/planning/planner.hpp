// Planning by expected free energy: coloured-noise CEM (iCEM; Pinneri et al. 2020) whose rollouts are shaped by the
// feedback gains of the previous decision's iLQR, then a few iLQR steps (Tassa, Erez & Todorov 2012) on the best plan.
//
//   G(plan) = -(pragmatic + epistemic), nats
//   pragmatic = sum_t ln C(s_{t+1}, u_t)  log preference along the mean path, without its constant
//   epistemic                             information gain about the parameters (novelty); see Information
// The width of the preference sets how much curiosity can outbid it; there is no other exploration weight by default.
#pragma once

#include <memory>
#include <vector>

#include "agents/drives/preference.hpp"
#include "agents/planning/coloured_noise.hpp"
#include "core/inference/world_model.hpp"

namespace infans::agents {

// How candidates shape the next iteration's distribution.
enum class Update {
  elites,   // mean and spread of the best ones (CEM)
  weighted  // mean of all, each weighted by exp(-G / temperature), at a constant spread (MPPI; Williams et al. 2017)
};

// How much a plan teaches. Only `summed` is exact for every model; the others need posterior draws of a model and are
// `summed` where it makes none.
enum class Information {
  summed,     // sum_t O/2 ln(1 + v_t): every step as if no other taught anything
  joint,      // O/2 ln det of all steps together: what two steps both teach counts once
  foresight,  // mean information about predictions at the planner's targets
  variance    // sum_t O v_t, not an information: uncertainty sampling
};

struct PlannerOptions {
  int horizon = 15;              // decisions
  int candidates = 200;          // of the first CEM iteration
  int iterations = 3;            // CEM
  double candidate_decay = 1.3;  // candidates shrink by this factor an iteration
  int elites = 10;
  double spread = 0.6;        // first standard deviation of the commands
  double momentum = 0.1;      // of mean and spread over iterations
  double noise_colour = 1.0;  // beta
  int ilqr_iterations = 5;
  int ilqr_starts = 1;   // candidates that are refined; the best result is kept
  bool feedback = true;  // shape rollouts by the previous gains
  double epistemic_weight = 1.0;
  int rejected = 4;  // candidates of the last iteration kept for the record
  Update update = Update::elites;
  double temperature = 1.0;      // nats, of weighted updates
  int replan_interval = 1;       // decisions lived by one plan, its feedback gains included
  double replan_surprise = 3.0;  // a state this many predicted standard deviations off ends a plan before
  Information information = Information::summed;
  double pragmatic_weight = 1.0;  // 0: plans to learn, whatever is preferred
};

struct Plan {
  Eigen::VectorXd action;  // first command, U
  double pragmatic = 0.0, epistemic = 0.0, expected_free_energy = 0.0;
  struct Rejected {
    Eigen::VectorXd action;
    double pragmatic = 0.0, epistemic = 0.0;
  };
  std::vector<Rejected> rejected;  // spread over the ranks of the last CEM generation, best first
};

class Planner {
 public:
  // For states of `states` numbers and commands of `actions`.
  Planner(int states, int actions, const PlannerOptions& options, std::shared_ptr<Preference> preference);

  // Forgets the previous plan: at the start of an episode.
  void reset();
  // Another goal from the next plan on.
  void want(std::shared_ptr<Preference> preference) { preference_ = std::move(preference); }
  // The best plan from `state` under what `imagination` holds.
  Plan plan(const Eigen::VectorXd& state, inference::Imagination& imagination, random::Stream& stream);
  // Whether the last plan holds for one decision more, given how surprising the present state is (standard deviations).
  bool follows(double surprise) const;
  // The next command of the last plan, corrected by its feedback gains. Where follows() says so.
  Eigen::VectorXd follow(const Eigen::VectorXd& state);
  // What `foresight` is about: states (S x M) and the commands given there (U x M).
  void set_targets(const Eigen::MatrixXd& state, const Eigen::MatrixXd& action);
  // Whether information gain counts, so that the imagination needs posterior draws.
  bool curious() const { return options_.epistemic_weight > 0.0; }

  // Floating-point operations of all imagined steps so far, as core/kernels/operations.hpp counts them.
  double operations() const { return operations_; }

  // What a decision leaves to the next, and the targets; the preference is its owner's.
  void describe(base::Archive& archive);

 private:
  struct Score {
    double pragmatic = 0.0, epistemic = 0.0, total = 0.0;
  };
  struct Trajectory {
    Eigen::MatrixXd action;             // U x T
    Eigen::MatrixXd state;              // S x (T + 1)
    std::vector<Eigen::MatrixXd> gain;  // T of U x S
    Score score;
  };

  // A rollout of n candidates: start, then a step for each command in action_, an end, then the score of each.
  void start_rollout(const Eigen::VectorXd& state, int n);
  void imagine_step(int n);
  // Of whole rollouts, where it is not the sum of what single steps teach.
  void end_rollout();
  Score score_of(std::size_t candidate) const;

  Eigen::MatrixXd plan_of(const Batch& plans, int candidate) const;  // U x T
  void put_plan(const Eigen::MatrixXd& plan, int candidate);         // among the proposed
  void propose(int count, bool with_mean, random::Stream& stream);
  void command_candidates(int t);
  void evaluate(const Eigen::VectorXd& state);
  void refine_distribution();
  void refine_by_elites();
  void refine_by_weights();
  Trajectory ilqr(const Eigen::VectorXd& state, const Eigen::MatrixXd& action);
  Trajectory roll(const Eigen::VectorXd& state, const Trajectory& around, const Eigen::MatrixXd& feedforward,
                  const std::vector<Eigen::MatrixXd>& gain);
  bool backward(const Trajectory& around, double regularisation, Eigen::MatrixXd& feedforward,
                std::vector<Eigen::MatrixXd>& gain);
  void remember(const Trajectory& best);
  void shift();

  PlannerOptions options_;
  std::shared_ptr<Preference> preference_;
  inference::Imagination* imagination_ = nullptr;  // of the plan in the making
  inference::Operations price_;                    // of its steps
  double operations_ = 0.0;
  ColouredNoise noise_;
  int states_, actions_;

  Eigen::MatrixXd mean_, deviation_;   // U x T
  std::vector<Eigen::MatrixXd> kept_;  // elites carried over, U x T each
  Batch proposed_, realised_;          // command i at time t of candidate k at row(t * U + i)[k]
  int candidates_ = 0;
  Batch noise_of_one_;  // of one command
  std::vector<Score> scores_;
  std::vector<int> order_;                      // candidates by score, best first
  Eigen::MatrixXd feedback_state_;              // S x T, of the previous decision, shifted by one
  std::vector<Eigen::MatrixXd> feedback_gain_;  // empty: none
  int followed_ = 0;                            // decisions that the last plan has given
  Batch state_, next_, action_;
  inference::Linearisation linear_;
  std::vector<float> gain_, pragmatic_, epistemic_;
  std::vector<Trajectory> rolled_;  // one a step length of the line search
  inference::RolloutInformation rollout_;
  bool whole_ = false;  // rollout_ has every step of the rollout in the making
  Batch target_state_, target_action_;
  int targets_ = 0;
};

}  // namespace infans::agents
