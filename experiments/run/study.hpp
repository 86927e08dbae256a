// A study: a population of lives, its files and its progress.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/protocols/protocol.hpp"
#include "experiments/run/extra_probes.hpp"

namespace infans::envs {
class Environment;
}

namespace infans::experiments {

struct LifeProgress;

struct RunRequest {
  std::string spec;  // name of a shipped study, a TOML file, or TOML of more than one line
  std::string out;   // directory for run.h5, summary.json and report.html; "": runs/<study>-n
  std::vector<std::pair<std::string, std::string>> settings;  // --set key=value
  std::optional<int> agents;
  std::optional<std::uint64_t> seed;
  std::optional<int> threads;  // default: every processor this process may use
  bool quiet = false;          // no progress on stderr
  // A world for each agent (from 0) in place of the body that the study names: joints that are a slide, then a hinge,
  // and nothing else to feel. [body] and [world] but for episode_steps then mean nothing, and no model error is probed.
  std::function<std::unique_ptr<envs::Environment>(int agent)> world = {};
  // Of a developmental study: the numbers that live; empty: all. Each lives as it does among the others.
  std::vector<int> participants = {};
  // And a protocol beside the shipped ones, for a study that names it.
  std::optional<Protocol> protocol = {};
  std::vector<ExtraProbe> probes = {};  // and probes beside the protocol's own
  // Goes on with what `out` holds of the same run; from the beginning where it holds nothing.
  bool resume = false;
  // Of a developmental study: called after every sample, from the thread that lives it.
  std::function<void(int number, long sample, const Participant& participant)> on_sample = {};
};

// A life's file, or a developmental study where it names a protocol (population.hpp).
// Runs to the end, or until Ctrl-C (then what was lived is complete and readable). Returns the path of run.h5.
// Throws base::OptionError, base::FileError, base::BodyError (nothing was written or overwritten), and
// base::SimulationError (what was committed stays).
std::string run_study(const RunRequest& request);

// Goes on with a life's file (run.h5 of filetype infans-run), to the same bits as without a break: agents that have
// ended, or failed, stay as they are. Of `given` only threads, quiet and world count. Throws as run_study, and
// base::FileError where program, processor, body or options are others than those that made it.
std::string resume_run(const std::string& run_h5, const RunRequest& given);

// One life in the caller's hands: init (construct), next_step() until false, finalize(). Writes run.h5 and
// summary.json. request.agents and request.threads do not count. Throws as run_study.
class SteppedLife {
 public:
  explicit SteppedLife(RunRequest request);
  ~SteppedLife();
  SteppedLife(const SteppedLife&) = delete;
  SteppedLife& operator=(const SteppedLife&) = delete;

  bool next_step();        // one decision; false when the life has ended
  std::string finalize();  // commits what is open; may be called again; returns the path of run.h5
  const LifeProgress& progress() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What this program is: version, git, compiler, isa, mujoco, ...
std::vector<std::pair<std::string, std::string>> build_info();

}  // namespace infans::experiments
