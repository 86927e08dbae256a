// Many bodies of one task, stepped together by several threads; batches are arrays, a body a row.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/parallel/crew.hpp"
#include "envs/api/environment.hpp"
#include "envs/api/task.hpp"

namespace infans::envs {

// What happens to a body whose episode has ended (terminated, or cut off at the time limit), with the names and the
// meaning of Gymnasium's vector environments.
enum class Autoreset {
  next_step,  // the next step ignores its command and starts an episode: first observation, reward 0, not ended
  same_step,  // the step that ends it returns the first observation of the next; the last one is in `final`
  disabled    // the caller calls reset before the next step
};

struct PoolOptions {
  int threads = 1;
  int time_limit = 0;  // control steps after which an episode is truncated; 0: never
  Autoreset autoreset = Autoreset::next_step;
};

// n bodies, observations of m numbers. Views into the pool, valid until its next call.
struct Batch {
  std::span<const double> observations;                 // n x m
  std::span<const double> rewards;                      // n
  std::span<const std::uint8_t> terminated, truncated;  // n, 0 or 1
  std::span<const double> final;  // n x m: rows of bodies that ended in this step (same_step only)
};

// Bodies of one task for a pool of that many threads: those that one thread steps in a row share working memory.
std::vector<std::unique_ptr<Environment>> make_bodies(const TaskTable& table, const std::string& id,
                                                      const TaskOptions& options, int bodies, int threads);

// Bodies that share working memory must come from make_bodies with the same number of threads. The bits do not depend
// on the number of threads: body i draws the start of its k-th episode after a seeding from the stream {seed of i, 0,
// reset, k} and from nothing else.
class Pool {
 public:
  // Bodies of one task: the same spec, else std::logic_error. Throws base::OptionError for options out of range.
  Pool(std::vector<std::unique_ptr<Environment>> bodies, const PoolOptions& options);

  int size() const { return static_cast<int>(bodies_.size()); }
  const Spec& spec() const { return bodies_.front()->spec(); }
  Environment& body(int i) { return *bodies_.at(static_cast<std::size_t>(i)); }

  // Starts an episode of every body; with seeds (n) its count of episodes begins again, with none it goes on.
  Batch reset(std::span<const std::uint64_t> seeds = {});
  // Of the bodies with mask[i] != 0 only (n); the rows of the others stay.
  Batch reset(std::span<const std::uint64_t> seeds, std::span<const std::uint8_t> mask);

  // One control step of every body, actions n x action_size. When bodies fail, all others have made their step; then
  // the error of the first one is thrown, and the failed ones throw again until they are reset.
  Batch step(std::span<const double> actions);

 private:
  struct Life {
    std::uint64_t seed = 0;
    std::uint64_t episode = 0;
    int elapsed = 0;
    bool started = false;
    bool over = false;
  };

  void start(std::size_t i, std::span<double> row);
  void step_one(std::size_t i, std::span<const double> action);
  template <typename Task>
  void for_each_body(Task&& task);
  Batch batch() const;
  std::span<double> row(std::vector<double>& rows, std::size_t i) const;

  PoolOptions options_;
  std::vector<std::unique_ptr<Environment>> bodies_;
  std::unique_ptr<parallel::Crew> crew_;
  std::vector<Life> lives_;
  std::size_t width_ = 0;
  std::vector<double> observations_, rewards_, final_;
  std::vector<std::uint8_t> terminated_, truncated_;
};

}  // namespace infans::envs
