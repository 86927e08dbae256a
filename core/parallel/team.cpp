#include <omp.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>

#include "core/parallel/parallel.hpp"

namespace infans::parallel {

class TeamRun {
 public:
  TeamRun(void (*call)(void*, Member&), void* function) : call_(call), function_(function) {}

  void run(int rank, int size) {
    Member member;
    member.rank_ = rank;
    member.size_ = size;
    member.run_ = this;
    opened_.load(std::memory_order_acquire);
    try {
      call_(function_, member);
    } catch (const Abandoned&) {
    } catch (...) {
      fail(rank);
    }
    ended_.fetch_add(1, std::memory_order_release);
  }

  void open() { opened_.store(true, std::memory_order_release); }
  void close() {
    ended_.load(std::memory_order_acquire);
    if (error_) std::rethrow_exception(error_);
  }

  void wait(int size) {
    const unsigned turn = turn_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size) {
      arrived_.store(0, std::memory_order_relaxed);
      turn_.store(turn + 1, std::memory_order_release);
    }
    for (int spin = 0; turn_.load(std::memory_order_acquire) == turn; ++spin) {
      if (abandoned_.load(std::memory_order_acquire)) throw Abandoned{};
      if (spin >= patience) std::this_thread::yield();
    }
  }

 private:
  struct Abandoned {};
  static constexpr int patience = 4096;  // polls before the processor is offered to others

  void fail(int rank) {
    while (lock_.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
    if (!error_ || rank < failed_) {
      error_ = std::current_exception();
      failed_ = rank;
    }
    lock_.clear(std::memory_order_release);
    abandoned_.store(true, std::memory_order_release);
  }

  void (*call_)(void*, Member&);
  void* function_;
  std::atomic<bool> opened_{false}, abandoned_{false};
  std::atomic<int> ended_{0}, arrived_{0};
  std::atomic<unsigned> turn_{0};
  std::atomic_flag lock_;
  int failed_ = 0;
  std::exception_ptr error_;
};

void Member::barrier() {
  if (size_ > 1) run_->wait(size_);
}

namespace detail {

// Thread sanitizers do not see how libgomp hands over the address of `run`; the rest is ordered by opened_ and ended_.
__attribute__((no_sanitize("thread"))) void run_team(int threads, void (*call)(void*, Member&), void* function) {
  TeamRun run(call, function);
  run.open();
  if (threads <= 1) {
    run.run(0, 1);
  } else {
#pragma omp parallel num_threads(threads)
    run.run(omp_get_thread_num(), omp_get_num_threads());
  }
  run.close();
}

}  // namespace detail
}  // namespace infans::parallel
