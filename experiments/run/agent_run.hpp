// The agents of a run without a protocol, each on one thread: from birth, from its checkpoint, or not at all.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "experiments/run/checkpoints.hpp"
#include "experiments/run/life.hpp"
#include "experiments/run/progress.hpp"

namespace infans::experiments {

// The record of a run as the log of its lives.
class RecorderLog final : public RowLog {
 public:
  explicit RecorderLog(Recorder& recorder) : recorder_(recorder) {}
  void commit(int agent, const std::vector<StepRow>& steps, const std::vector<EpisodeRow>& episodes) override {
    recorder_.commit(agent, steps, episodes);
  }
  void commit_ledger(int agent, const LedgerRow& row) override { recorder_.commit_ledger(agent, row); }

 private:
  Recorder& recorder_;
};

class AgentRun {
 public:
  struct Means {
    const config::Options& options;
    const ModelProbe& probe;
    std::function<std::unique_ptr<envs::Environment>(int agent)> make_world;
    Recorder& recorder;
    Progress& progress;
    const Checkpoints* checkpoints;  // null: the worlds have no state to save
    bool resumes = false;            // the recorder holds what an earlier session lived
  };
  // All of it must outlive this.
  explicit AgentRun(const Means& means) : m_(means), log_(means.recorder) {}

  // To the end, or until the run is asked to stop: then what was lived is on record, and goes on from a checkpoint.
  // Throws base::SimulationError where the world failed, and base::FileError where nothing can be written any more, or
  // a checkpoint is of another program, body or options.
  void live(int agent);

 private:
  std::unique_ptr<Life> make(int agent);
  bool restore(int agent, Life& life) const;
  bool live_on(Life& life) const;
  void save(Life& life) const;
  void end(Life& life) const;
  void fail(Life& life, const base::SimulationError& error) const;

  Means m_;
  RecorderLog log_;
};

// What an earlier session brought to its end, read from its record.
std::vector<LifeProgress> ended_lives(const std::string& run_h5, const config::Options& options);

}  // namespace infans::experiments
