// Times of calls, for benchmarks.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>

namespace infans::experiments {

// Seconds of one call: the fastest of the runs that fit `seconds`, after a first call that warms up.
inline double fastest(const std::function<void()>& call, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto time = [&](int n) {
    const auto start = Clock::now();
    for (int i = 0; i < n; ++i) call();
    return std::chrono::duration<double>(Clock::now() - start).count() / n;
  };
  call();
  const double once = time(1);
  const int inner = std::max(1, static_cast<int>(2e-4 / once));  // the clock's own cost stays below a thousandth
  double best = once, spent = 0.0;
  for (int k = 0; k < 3 || spent < seconds; ++k) {
    const double t = time(inner);
    best = std::min(best, t);
    spent += t * inner;
  }
  return best;
}

}  // namespace infans::experiments
