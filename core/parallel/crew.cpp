#include "core/parallel/crew.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <thread>
#include <vector>

namespace infans::parallel {
namespace {

// Waits until the value is another one. Rounds follow within microseconds when nothing else is to be done, so it looks
// a while, then lets others run between two looks, and only then sleeps: to wake costs as much as a body's step.
template <typename T>
void wait_for_change(const std::atomic<T>& value, T old) {
  constexpr int looks = 20000, yields = 1000;
  for (int i = 0; i < looks; ++i)
    if (value.load(std::memory_order_acquire) != old) return;
  for (int i = 0; i < yields; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    std::this_thread::yield();
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

// `ticket` holds the number of the round (high half) and of its tasks that nobody has taken yet (low half). A thread
// takes one by compare-and-swap, so one that slept through the end of its round takes nothing of the next by mistake;
// the caller stays until `open` tasks are 0, so what it lent is valid for whoever has taken a task.
struct Crew::Shared {
  std::atomic<std::uint64_t> ticket{0};
  std::atomic<int> open{0};
  std::atomic<bool> closing{false};
  int count = 0;
  const std::function<void(int)>* task = nullptr;
  std::vector<std::exception_ptr> errors;
  std::vector<std::thread> threads;

  static std::uint64_t round_of(std::uint64_t t) { return t >> 32; }
  static std::uint64_t untaken(std::uint64_t t) { return t & 0xffffffffU; }

  void work(std::uint64_t round) {
    std::uint64_t t = ticket.load(std::memory_order_acquire);
    while (round_of(t) == round && untaken(t) > 0) {
      if (!ticket.compare_exchange_weak(t, t - 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      run(count - static_cast<int>(untaken(t)));
      t = ticket.load(std::memory_order_acquire);
    }
  }

  void run(int i) {
    try {
      (*task)(i);
    } catch (...) {
      errors[static_cast<std::size_t>(i)] = std::current_exception();
    }
    if (open.fetch_sub(1, std::memory_order_acq_rel) == 1) open.notify_all();
  }

  void live() {
    std::uint64_t seen = 0;
    while (!closing.load(std::memory_order_acquire)) {
      const std::uint64_t t = ticket.load(std::memory_order_acquire);
      if (round_of(t) == seen || untaken(t) == 0) {
        wait_for_change(ticket, t);
        continue;
      }
      seen = round_of(t);
      work(seen);
    }
  }
};

Crew::Crew(int threads) : shared_(std::make_unique<Shared>()) {
  for (int i = 1; i < threads; ++i) shared_->threads.emplace_back([s = shared_.get()] { s->live(); });
}

Crew::~Crew() {
  shared_->closing.store(true, std::memory_order_release);
  shared_->ticket.fetch_add(std::uint64_t{1} << 32, std::memory_order_acq_rel);
  shared_->ticket.notify_all();
  for (std::thread& thread : shared_->threads) thread.join();
}

void Crew::for_each(int count, const std::function<void(int)>& task) {
  if (count <= 0) return;
  Shared& s = *shared_;
  s.count = count;
  s.task = &task;
  s.errors.assign(static_cast<std::size_t>(count), nullptr);
  s.open.store(count, std::memory_order_relaxed);
  const std::uint64_t round = Shared::round_of(s.ticket.load(std::memory_order_relaxed)) + 1;
  s.ticket.store(round << 32 | static_cast<std::uint64_t>(count), std::memory_order_release);
  s.ticket.notify_all();
  s.work(round);
  for (int open = s.open.load(std::memory_order_acquire); open != 0; open = s.open.load(std::memory_order_acquire))
    wait_for_change(s.open, open);
  const auto failed = std::find_if(s.errors.begin(), s.errors.end(), [](const auto& e) { return e != nullptr; });
  if (failed != s.errors.end()) std::rethrow_exception(*failed);
}

}  // namespace infans::parallel
