#include "experiments/run/parallel_lives.hpp"

#include <mutex>
#include <string>

#include "core/base/error.hpp"
#include "core/parallel/parallel.hpp"
#include "experiments/run/energy.hpp"

namespace infans::experiments {

void require_threads(int threads) {
  if (threads < 1 || threads > 4096)
    throw base::OptionError("threads", "--threads = " + std::to_string(threads) + " is out of range; legal: 1 .. 4096");
}

Outcome live_in_parallel(int count, int threads, const std::function<bool()>& writes,
                         const std::function<void(int)>& live) {
  Outcome outcome;
  EnergyMeter energy;
  std::mutex one;
  try {
    parallel::for_each(count, threads, [&](int k) {
      if (!writes()) return;
      try {
        live(k);
      } catch (const base::FileError&) {
        const std::scoped_lock lock(one);
        if (!outcome.failure) outcome.failure = std::current_exception();
      }
      const std::scoped_lock lock(one);
      energy.joules();  // often enough that no counter runs over unseen
    });
  } catch (...) {
    if (!outcome.failure) outcome.failure = std::current_exception();
  }
  outcome.joules = energy.joules();
  return outcome;
}

}  // namespace infans::experiments
