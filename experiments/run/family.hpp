// Participants who are lived one after another on one thread: whoever is yoked to somebody lives right after its
// partner, from its tape. From here a run checkpoints and goes on.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "experiments/run/checkpoints.hpp"
#include "experiments/run/lifetime.hpp"
#include "experiments/run/population_progress.hpp"

namespace infans::experiments {

struct Member {
  int number = 0;
  bool counts = true;  // false: it is lived only for its tape
  bool yoked = false;  // to the first
};

using Family = std::vector<Member>;

// numbers: those in the run, ascending.
std::vector<Family> families_of(const std::vector<int>& numbers, const Design& design);

// Called after every sample, from the thread that lives it.
using SampleWatcher = std::function<void(int number, long sample, const Participant& participant)>;

class FamilyRun {
 public:
  struct Means {
    const Design& design;
    const std::vector<int>& numbers;
    const std::vector<std::size_t>& signals;  // of each cell: values that its participants declare
    StudyRecorder& recorder;
    PopulationProgress& progress;
    const Checkpoints& checkpoints;
    bool resumes = false;  // the recorder holds what an earlier session lived
    const SampleWatcher& watcher;
  };
  // All of it must outlive this.
  explicit FamilyRun(const Means& means) : m_(means) {}

  // Before anybody lives: whether somebody has not ended. Throws base::FileError where a checkpoint does not fit this
  // program, study or body.
  bool check(const std::vector<Family>& families) const;
  // From birth, from its checkpoint, or nothing where it has ended. Throws base::SimulationError for a participant that
  // failed, and base::FileError where nothing can be written any more.
  void live(const Family& family) const;

 private:
  struct Session;
  int index_of(int number) const;
  bool ended(const Member& member) const;
  bool tape_wanted(const Family& family) const;
  // Restores what was under way, and cuts the record to it; the place of the member that is next.
  std::size_t go_on(const Family& family, Session& session) const;
  std::size_t restore(const Family& family, Session& session) const;
  std::size_t read(const Family& family, const std::vector<std::uint8_t>& saved, Session& session) const;
  void live_in_turn(const Family& family, Member member, Session& session) const;
  void live(const Family& family, const Member& member, Session& session) const;
  void save(const Family& family, const Member& member, Lifetime& life, Session& session) const;
  Lifetime::Output output(const Family& family, const Member& member, Session& session) const;
  void never_lived(int number, const std::string& why) const;

  Means m_;
};

}  // namespace infans::experiments
