// One life: an agent in its world, step by step, with its record.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agents/agent.hpp"
#include "core/base/archive.hpp"
#include "core/config/option.hpp"
#include "envs/api/environment.hpp"
#include "experiments/record/recorder.hpp"
#include "experiments/run/senses.hpp"

namespace infans::experiments {

// What is reported while a life goes on and at its end.
struct LifeProgress {
  int agent = 0;  // from 0
  std::uint64_t seed = 0;
  int episode = 0;                                       // episodes finished
  std::int64_t decisions = 0;                            // all-in: everything the agent lived and learned from
  bool success = false;                                  // of the last judged episode
  double mean_vfe = 0.0;                                 // nats, over the last episode
  double hold_distance = 0.0;                            // m
  double seconds = 0.0;                                  // wall time so far
  std::int64_t first_success = -1, three_in_a_row = -1;  // decisions at the end of that episode; -1: not reached
  int successes = 0;
  std::string failure = {};  // why the world ended this life; "": it did not
};

// States with the real body's answers, for measuring a model from outside.
struct ModelProbe {
  std::vector<Eigen::VectorXd> state, action, next;
};
ModelProbe make_probe(const config::Options& options, envs::Environment& world);

// Where the rows of lives go; called by the thread of each life.
class RowLog {
 public:
  virtual ~RowLog() = default;
  virtual void commit(int agent, const std::vector<StepRow>& steps, const std::vector<EpisodeRow>& episodes) = 0;
  virtual void commit_ledger(int agent, const LedgerRow& row) = 0;
};

// The same three calls everywhere: construct (init), next_step() until it returns false, finalize().
class Life {
 public:
  // agent: index from 0; the seed of the life is population.seed + agent.
  Life(const config::Options& options, int agent, std::unique_ptr<envs::Environment> world, const ModelProbe& probe,
       RowLog& log);

  // One turn of perceive, decide, act, learn, record. Returns false when the life has ended.
  bool next_step();
  // Commits what is still open: an unfinished episode keeps its steps. Called once, also after an interruption.
  void finalize();

  // Commits the rows of an open block: the log then has all until here.
  void commit();
  // Everything that goes on after this step, for a life made alike. Commit first: open rows are not part of it. Throws
  // base::StateError for what does not fit; the life is then good for nothing.
  void describe(base::Archive& archive);

  const LifeProgress& progress() const { return progress_; }
  bool episode_just_ended() const { return index_ == 0; }

 private:
  void begin_episode();
  void end_episode();
  void perceive(const Eigen::VectorXd& state);
  void consolidate();
  void record(const Eigen::VectorXd& before, const agents::Decision& decision, const inference::Surprise& surprise);
  void watch(const Eigen::VectorXd& state);
  bool learns_next() const;
  void judge(bool counts);
  double model_error() const;

  const ModelProbe& probe_;
  RowLog& log_;
  std::unique_ptr<envs::Environment> world_;
  std::shared_ptr<agents::PlanarTip> preference_;
  agents::Agent agent_;
  const int episode_steps_, babbling_steps_, success_steps_, successes_wanted_, babbling_episodes_, rejected_,
      consolidate_every_;
  const std::int64_t budget_;
  const double tolerance_, learn_share_;
  const bool random_data_;

  LifeProgress progress_;
  Senses senses_;
  Eigen::VectorXd observation_, belief_;  // what came last of the state (NaN: nothing), what the agent makes of it
  std::vector<double> physics_;
  int length_ = 0;           // steps of this episode
  int index_ = 0;            // step inside it
  bool evaluation_ = false;  // this episode only tests the planner
  int in_a_row_ = 0;
  double best_distance_ = 0.0, hold_distance_ = 0.0, vfe_sum_ = 0.0, plan_seconds_ = 0.0;
  std::int64_t planned_ = 0, samples_ = 0;
  double started_wall_, started_cpu_;
  std::vector<StepRow> steps_;
};

}  // namespace infans::experiments
