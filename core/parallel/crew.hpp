// Threads that stay: for callers who have many short rounds of independent tasks, one after the other.
#pragma once

#include <functional>
#include <memory>

namespace infans::parallel {

// A round ends when its tasks have ended, not when every thread has come by: on a busy machine a thread that gets no
// processor delays nobody. One caller at a time.
class Crew {
 public:
  // The caller and threads - 1 others, at least the caller.
  explicit Crew(int threads);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Runs task(0) .. task(count - 1); which thread runs a task must not matter to it. The first exception, by task
  // number, is rethrown after all have ended.
  void for_each(int count, const std::function<void(int)>& task);

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace infans::parallel
