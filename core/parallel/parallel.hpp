// The only door to OpenMP: independent tasks, with the first exception (by task number) rethrown after all have ended,
// and teams whose members may wait for each other.
#pragma once

#include <functional>
#include <memory>

namespace infans::parallel {

// Runs task(0) .. task(count - 1) on at most `threads` threads; which thread runs a task must not matter to it.
void for_each(int count, int threads, const std::function<void(int)>& task);

// One thread of a team.
class Member {
 public:
  int rank() const { return rank_; }
  int size() const { return size_; }
  // Returns when every member has called it as often; throws out of the member's function when another member has
  // thrown.
  void barrier();
  // This member's share of [0, count): ranges in the order of ranks, sizes differing by at most one.
  int begin(int count) const { return static_cast<int>(static_cast<long>(count) * rank_ / size_); }
  int end(int count) const { return static_cast<int>(static_cast<long>(count) * (rank_ + 1) / size_); }

 private:
  friend class TeamRun;
  int rank_ = 0;
  int size_ = 1;
  class TeamRun* run_ = nullptr;
};

namespace detail {
void run_team(int threads, void (*call)(void*, Member&), void* function);
}

// Runs function(Member&) on `threads` threads together (fewer if the system gives fewer, one inside another team or
// task); the exception of the lowest rank is rethrown after all have ended. Allocates nothing once the threads exist.
template <class Function>
void team(int threads, Function&& function) {
  using Type = std::remove_reference_t<Function>;
  detail::run_team(
      threads, [](void* f, Member& m) { (*static_cast<Type*>(f))(m); },
      const_cast<void*>(static_cast<const void*>(std::addressof(function))));
}

// Processors this process may use.
int available_threads();

}  // namespace infans::parallel
