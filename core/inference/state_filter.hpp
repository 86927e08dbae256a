// Belief about the state of a body whose senses are noisy, late or silent, under the world model that is learned from
// those beliefs. One free energy, descended in turn by the states (an iterated smoother), the noises of readings and
// moves (ascent of the evidence) and the model (its own refit, on smoothed states).
//
// A move's covariance is what the model claims (weights and noise) times learned factors, and a share of what the
// smoothed states leave unknown of it: without that a model takes its own imagination for data (expectation
// maximisation, Dempster, Laird & Rubin 1977; of state spaces, Shumway & Stoffer 1982). Every consolidation compares
// the evidence of the model with that of no law but a guess of the acceleration, and begins anew where that is higher.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/inference/state_moves.hpp"
#include "core/inference/state_noise.hpp"
#include "core/inference/world_model.hpp"

namespace infans::inference {

struct StateFilterOptions {
  int delay = 0;        // decisions between a state and the arrival of its reading, known to the agent
  double noise = 0.03;  // first guess of a reading's standard deviation, SI units
  int window = 30;      // decisions that every new reading settles anew
  int iterations = 2;   // Gauss-Newton steps of that
  int passes = 2;       // states, noises, model: a consolidation
};

class StateFilter {
 public:
  // Keeps a reference to the world, which must outlive it. Throws std::logic_error for options out of range.
  StateFilter(WorldModel& world, const StateFilterOptions& options);

  void begin_episode();
  // What the senses deliver at the present, after a command (U; null at the start of an episode): a reading (S) or null
  // where none came. The reading of a state comes `delay` calls after its own; until then that of the first state is
  // repeated. Throws as TemporalFilter::step.
  void perceive(const Eigen::VectorXd* command, const Eigen::VectorXd* reading);
  // The model may learn from the last move. Episodes without such a move leave no trace.
  void keep();
  // Settles the states of all episodes, learns noises and model from them, and settles the present anew.
  void consolidate();

  const Eigen::VectorXd& mean() const { return episodes_.back().state.back(); }  // S: of the present state
  const Eigen::MatrixXd& covariance() const { return covariance_; }              // S x S
  const StateNoise& noise() const { return noise_; }
  const Eigen::VectorXd& unknown() const { return unknown_; }        // S: variance of a move, given all readings
  const Eigen::VectorXd& first_mean() const { return first_mean_; }  // S: how episodes begin
  const Eigen::MatrixXd& first_covariance() const { return first_covariance_; }  // S x S
  // Of the last reading if it came, else NaN: its prediction's error, and its free energy split by what it told about
  // the state.
  const Surprise& surprise() const { return surprise_; }

  // All of it but the world.
  void describe(base::Archive& archive);

 private:
  struct Episode {
    std::vector<Eigen::VectorXd> command, reading;     // T, T + 1; an empty reading did not come
    std::vector<bool> kept;                            // T
    std::vector<Eigen::VectorXd> state, filtered;      // T + 1: about which moves are linear; given o_0..o_t
    std::vector<Eigen::MatrixXd> filtered_covariance;  // T + 1
    Eigen::Index due = 0;                              // readings that came, or never will

    Eigen::Index moves() const { return static_cast<Eigen::Index>(command.size()); }
    bool has(Eigen::Index t) const { return reading[static_cast<std::size_t>(t)].size() > 0; }
    void describe(base::Archive& archive);
  };

  // As the model claims them.
  Moves moves(const Episode& e, Eigen::Index from, Eigen::Index to);
  Readings readings(const Episode& e, Eigen::Index from) const;
  // One Gauss-Newton step of the states from `from` on, under the moves of all of them.
  FilteredStates settle(Episode& e, Moves moves, Eigen::Index from, Smoothed& smoothed) const;
  FilteredStates settle_present();
  std::vector<Moves> best_law(bool compare);
  void settle_all(bool compare);
  void guess_acceleration();
  void learn_start();
  bool learn_model();
  Eigen::VectorXd smallest_move() const;
  Eigen::VectorXd floor() const;

  WorldModel& world_;
  StateFilterOptions options_;
  StateNoisePrior prior_;
  std::vector<Episode> episodes_;
  bool learned_ = false;  // the world has a model
  StateNoise noise_;
  Eigen::VectorXd unknown_, acceleration_, first_mean_;
  Eigen::MatrixXd first_covariance_, covariance_;
  Surprise surprise_;
};

}  // namespace infans::inference
