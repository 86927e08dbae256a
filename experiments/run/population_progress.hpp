// Progress and summary of a developmental study: one rewritten line on a terminal, a line a participant when piped.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "experiments/run/lifetime.hpp"

namespace infans::experiments {

class PopulationProgress {
 public:
  PopulationProgress(const Design& design, const std::vector<int>& numbers, bool quiet);

  // While participant `index` (of the numbers) lives; any thread.
  void report(int index, const Lifetime& life);
  // failure: why its world ended it; "": it did not.
  void end(int index, const Lifetime& life, const std::string& failure);
  // Whoever failed before the first sample, or never began because of another's failure.
  void never_lived(int index, const std::string& why);
  // Whoever came to its end in an earlier session.
  void ended_before(int index, long samples, double wall_seconds, int excluded);
  // A sentence that the user should see, once.
  void remark(const std::string& sentence);
  // Takes the rewritten line away.
  void finish() const;

  // One row a cell: participants, excluded, samples, wall time; and the whole time.
  std::string table() const;
  std::string json(bool interrupted) const;

 private:
  struct Person {
    int number, cell;
    std::uint64_t seed;
    long samples = 0;
    double age_days = 0.0, seconds = 0.0, wall = 0.0;
    int excluded = 0;
    bool began = false, ended = false;
    bool before = false;  // in an earlier session
    std::string failure;
  };
  void update(Person& person, const Lifetime& life);
  void bar() const;

  const Design& design_;
  std::vector<Person> people_;
  std::set<std::string> remarks_;
  mutable std::mutex mutex_;
  bool quiet_, terminal_;
  double started_, drawn_ = 0.0;
};

}  // namespace infans::experiments
