// The trajectory log: the only writer of run.h5. FORMAT.md says what stands where.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "experiments/record/faults.hpp"

namespace infans::experiments {

// Everything a file says about itself; written as root attributes.
struct RunHeader {
  std::string infans_version, git_hash, mujoco_version, isa, spec_name, spec_toml, mjcf, modalities_json, joints_json,
      outcome_json, threads;
  std::uint64_t seed = 0;  // of the first agent; agent k (from 0) has seed + k as its identity
  int agents = 0, observation_size = 0, action_size = 0, model_inputs = 0, rejected = 0, physics_size = 0,
      episode_steps = 0;
  double control_period = 0.0;  // s
  Faults faults = {};
};

// One decision. Vector sizes: observation_size, action_size, rejected (x action_size), physics_size.
struct StepRow {
  std::int32_t episode = 0, index = 0;
  std::vector<double> observation, next_observation, action, prediction, prediction_error, predictive_std, precision,
      physics;
  double vfe = 0, accuracy = 0, complexity = 0, information_gain = 0, efe = 0, pragmatic = 0, epistemic = 0;
  std::vector<double> rejected_action, rejected_pragmatic, rejected_epistemic;
  std::int8_t planned = 0;  // 1 planned, 0 babbled or by an earlier plan, 2 evaluation
};

struct EpisodeRow {
  std::int8_t success = 0, evaluation = 0;
  std::int64_t decisions = 0;
  double best_distance = 0, hold_distance = 0, log_evidence = 0, model_error = 0;
  std::vector<double> length_scale;
};

// What a life has cost.
struct LedgerRow {
  double wall_seconds = 0, cpu_seconds = 0, decision_seconds = 0;
  double samples = 0, belief_updates = 0, operations = 0;
};

// Thread-safe: agents commit blocks from their own threads; one thread of its own owns every HDF5 handle and writes
// them in the order in which they came. A commit waits while the agent's last block, or too much, is waiting to be
// written: nothing is dropped. What the disk refuses is thrown by the next call, whoever makes it.
class Recorder {
 public:
  // Creates `path` exclusively (an existing file is a base::FileError and stays as it is), all datasets, then SWMR.
  Recorder(const std::string& path, const RunHeader& header);
  // Goes on with the file that an interrupted or killed run left: recovers it where that is needed (recover.hpp),
  // checks that it was made for the same header (base::FileError says what differs, with both values), then SWMR.
  struct Resume {};
  Recorder(const std::string& path, const RunHeader& header, Resume);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Appends one block (an episode) of agent `agent` (from 0): rows, flush, then committed counts, flush.
  // Throws base::FileError when the disk refused; the committed rows before it stay readable.
  void commit(int agent, const std::vector<StepRow>& steps, const std::vector<EpisodeRow>& episodes);
  // At the agent's end.
  void commit_ledger(int agent, const LedgerRow& row);
  // Of the whole run, J; NaN: cannot be read here.
  void commit_energy(double joules);
  // Whether a write has failed: nothing more is written.
  bool failed() const;
  // Waits until all that was committed is on the disk (fsync).
  void sync();
  // Flushes, fsyncs and closes; called by the destructor too (which swallows errors).
  void close();

  // Rows of an agent that are committed, or will be when what waits is written.
  struct Rows {
    std::int64_t steps = 0, episodes = 0;
    bool operator==(const Rows&) const = default;
  };
  Rows rows(int agent) const;
  // After Resume: an agent goes on from these counts, and it has not ended. What its tables hold beyond them is not
  // written again, but must come again with the same bits (base::FileError, from a later call, where it does not).
  // False, and nothing is changed, where they hold less.
  bool rewind(int agent, std::int64_t steps, std::int64_t episodes);
  // After Resume: whether its life had ended (its ledger is written).
  bool ended(int agent) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What `infans inspect` prints; opens finished, running and killed files alike.
struct RunSummary {
  std::string filetype, infans_version, git_hash, mujoco_version, isa, spec_name;
  int format_major = 0, format_minor = 0, agents = 0;
  struct Agent {
    std::uint64_t seed = 0;
    std::int64_t committed_steps = 0, committed_episodes = 0;
    std::vector<int> success;             // per committed episode
    std::vector<int> evaluation;          // per committed episode
    std::vector<std::int64_t> decisions;  // per committed episode
  };
  std::vector<Agent> per_agent;
};

// Throws base::FileError for a missing file, a file that is not HDF5, another filetype or a newer major version.
RunSummary inspect(const std::string& path);

}  // namespace infans::experiments
