#include "experiments/run/stop_signal.hpp"

#include <atomic>

namespace infans::experiments {
namespace {

// A signal handler can reach nothing but a static; every run resets it. Atomic: the signal may come to any thread, and
// all of them look.
std::atomic<int> stop_requested{0};
static_assert(std::atomic<int>::is_always_lock_free, "else a signal handler may not touch it");

void request_stop(int) { stop_requested = 1; }

}  // namespace

StopOnSignal::StopOnSignal() {
  stop_requested = 0;
  struct sigaction action {};
  action.sa_handler = request_stop;
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, &interrupt_before_);
  sigaction(SIGTERM, &action, &terminate_before_);
}

StopOnSignal::~StopOnSignal() {
  sigaction(SIGINT, &interrupt_before_, nullptr);
  sigaction(SIGTERM, &terminate_before_, nullptr);
}

bool interrupted() { return stop_requested != 0; }

}  // namespace infans::experiments
