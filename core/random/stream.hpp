// Keyed counter-based random streams: a stream is a function of who asks and why, never of thread, clock or address.
// Generator: Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
#pragma once

#include <array>
#include <cstdint>

#include "core/base/archive.hpp"

namespace infans::random {

// Why a stream is drawn from. The values are part of the determinism promise: append, never renumber.
enum class Purpose : std::uint32_t {
  reset = 1,
  features = 2,
  babbling = 3,
  candidates = 4,
  posterior_draws = 5,
  hierarchy_init = 6,
  hierarchy_batches = 7,
  probe = 8,
  sense_noise = 9,
  motor_noise = 10,
  process_noise = 11,
  test = 1000,
};

struct Key {
  std::uint64_t seed = 0;
  std::uint32_t agent = 0;
  Purpose purpose = Purpose::test;
  std::uint64_t step = 0;
};

// One block of the generator: 128 bits of counter and 64 bits of key to 128 bits. Pure.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) noexcept;

// A sequence of numbers of one key. Copyable; a copy continues on its own with the same numbers.
class Stream {
 public:
  explicit Stream(const Key& key) noexcept;

  std::uint32_t bits() noexcept;
  // Uniform on (0, 1), 53 bits, never 0 or 1.
  double uniform() noexcept;
  double uniform(double low, double high) noexcept { return low + (high - low) * uniform(); }
  // Standard normal by Box-Muller (two uniforms for two values, no rejection: the count of draws is known).
  double normal() noexcept;
  // The next `blocks` blocks of the generator for a caller that computes them itself, philox(counter + b, key) with b
  // added to counter[0]; what is left of the present block is skipped.
  struct Blocks {
    std::array<std::uint32_t, 4> counter;
    std::array<std::uint32_t, 2> key;
  };
  Blocks take(std::uint32_t blocks) noexcept;
  // Uniform on {0, .., n-1}; n >= 1. Bias below n / 2^32.
  std::uint32_t index(std::uint32_t n) noexcept;

  void describe(base::Archive& archive) {
    archive("counter", counter_)("key", key_)("block", block_)("used", used_)("spare", spare_)("has_spare", has_spare_);
  }

 private:
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> block_{};
  unsigned used_ = 4;
  double spare_ = 0.0;
  bool has_spare_ = false;
};

}  // namespace infans::random
