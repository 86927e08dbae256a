// What the tests of worlds share: lives under random commands as bits, and errors caught.
#pragma once

#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "core/random/stream.hpp"
#include "envs/api/environment.hpp"

namespace infans::tests {

using Bits = std::vector<std::uint64_t>;

inline void append(Bits& bits, std::span<const double> values) {
  for (const double v : values) bits.push_back(std::bit_cast<std::uint64_t>(v));
}

// Observations, rewards and ends under `count` uniform commands.
inline Bits steps(envs::Environment& world, std::uint64_t seed, int count) {
  random::Stream commands({seed, 0, random::Purpose::test, 0});
  std::vector<double> command(static_cast<std::size_t>(world.spec().action_size));
  Bits bits;
  for (int k = 0; k < count; ++k) {
    for (double& c : command) c = commands.uniform(-1.0, 1.0);
    append(bits, world.step(command));
    bits.push_back(std::bit_cast<std::uint64_t>(world.outcome().reward));
    bits.push_back(world.outcome().terminated);
  }
  return bits;
}

// The same from a reset on, its observation first.
inline Bits episode(envs::Environment& world, std::uint64_t seed, int count) {
  random::Stream start({seed, 0, random::Purpose::reset, 0});
  Bits bits;
  append(bits, world.reset(start));
  const Bits rest = steps(world, seed, count);
  bits.insert(bits.end(), rest.begin(), rest.end());
  return bits;
}

// The error that `work` throws; fails the test when it throws none; another type passes through.
template <typename Error, typename Work>
Error caught(Work&& work) {
  try {
    work();
  } catch (const Error& e) {
    return e;
  }
  FAIL("no error");
  std::abort();
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace infans::tests
