// Live progress on stderr: one rewritten line on a terminal, plain lines when piped.
#pragma once

#include <mutex>
#include <vector>

#include "experiments/run/life.hpp"

namespace infans::experiments {

class Progress {
 public:
  Progress(int agents, bool quiet);
  // Takes the rewritten line away, so that what is printed next stands alone.
  void finish();
  // A finished episode (or the end of a life) of one agent; any thread.
  void report(const LifeProgress& life, bool ended);
  // Of one that ended in an earlier session.
  void ended_before(const LifeProgress& life);
  // The lives that began: after Ctrl-C some never do.
  std::vector<LifeProgress> started_lives() const;

 private:
  void line(const LifeProgress& life, bool ended) const;
  void bar() const;

  std::mutex mutex_;
  std::vector<LifeProgress> lives_;
  std::vector<bool> ended_;
  bool quiet_, terminal_;
  double started_;
};

// The table of a results section: one row an agent, medians below.
std::string summary_table(const std::vector<LifeProgress>& lives);
// {"study", "interrupted", "agents": [{"seed", "decisions", "decisions_to_first_success", ...}]}
std::string summary_json(const std::string& study, const std::vector<LifeProgress>& lives, bool interrupted);

}  // namespace infans::experiments
