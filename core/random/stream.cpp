#include "core/random/stream.hpp"

#include <cmath>
#include <numbers>

namespace infans::random {
namespace {

// Mixes the parts of a key that do not fit the generator's 64-bit key (SplitMix64 finaliser; Steele, Lea & Flood 2014).
std::uint64_t mix(std::uint64_t x) noexcept {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> k) noexcept {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53U} * c[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57U} * c[2];
    c = {static_cast<std::uint32_t>(b >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(b),
         static_cast<std::uint32_t>(a >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(a)};
    k = {k[0] + 0x9E3779B9U, k[1] + 0xBB67AE85U};
  }
  return c;
}

// The step stands in the counter whole; seed, agent and purpose make the generator's key.
Stream::Stream(const Key& key) noexcept
    : counter_{0, 0, static_cast<std::uint32_t>(key.step), static_cast<std::uint32_t>(key.step >> 32)} {
  const std::uint64_t who = (std::uint64_t{key.agent} << 32) | static_cast<std::uint32_t>(key.purpose);
  const std::uint64_t k = mix(mix(key.seed) ^ who);
  key_ = {static_cast<std::uint32_t>(k), static_cast<std::uint32_t>(k >> 32)};
}

std::uint32_t Stream::bits() noexcept {
  if (used_ == 4) {
    block_ = philox(counter_, key_);
    used_ = 0;
    if (++counter_[0] == 0) ++counter_[1];
  }
  return block_[used_++];
}

Stream::Blocks Stream::take(std::uint32_t blocks) noexcept {
  if (counter_[0] + blocks < counter_[0]) {  // no run of blocks crosses the carry
    counter_[0] = 0;
    ++counter_[1];
  }
  const Blocks taken{counter_, key_};
  counter_[0] += blocks;
  used_ = 4;
  return taken;
}

double Stream::uniform() noexcept {
  const std::uint64_t high = bits() >> 5;  // 27 bits
  const std::uint64_t low = bits() >> 6;   // 26 bits
  return (static_cast<double>((high << 26) | low) + 0.5) * 0x1.0p-53;
}

double Stream::normal() noexcept {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2.0 * std::log(uniform()));
  const double angle = 2.0 * std::numbers::pi * uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

std::uint32_t Stream::index(std::uint32_t n) noexcept {
  return static_cast<std::uint32_t>((std::uint64_t{bits()} * n) >> 32);
}

}  // namespace infans::random
