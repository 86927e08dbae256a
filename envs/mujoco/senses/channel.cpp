#include "envs/mujoco/senses/channel.hpp"

#include <algorithm>
#include <cmath>

namespace infans::envs::senses {

Channel::Channel(const ChannelOptions& options, int size, random::Purpose purpose, std::uint32_t index)
    : options_(options),
      size_(size),
      purpose_(purpose),
      index_(index),
      frames_(static_cast<std::size_t>(options.delay + 1) * static_cast<std::size_t>(size)) {}

void Channel::fill(double value) { std::fill(frames_.begin(), frames_.end(), value); }

void Channel::save(std::span<double> state) const {
  state[0] = options_.gain;
  std::copy(frames_.begin(), frames_.end(), state.begin() + 1);
}

void Channel::restore(std::span<const double> state) {
  options_.gain = state[0];
  std::copy(state.begin() + 1, state.end(), frames_.begin());
}

std::span<double> Channel::frame(long k) {
  const long count = options_.delay + 1;
  const long slot = ((k % count) + count) % count;
  return {frames_.data() + slot * size_, static_cast<std::size_t>(size_)};
}

void Channel::hold(long k) {
  const std::span<double> before = frame(k - 1);
  if (options_.delay > 0) std::copy(before.begin(), before.end(), frame(k).begin());
}

void Channel::repeat(long k) {
  const std::span<double> now = frame(k);
  for (long j = 1; j <= options_.delay; ++j) std::copy(now.begin(), now.end(), frame(k + j).begin());
}

void Channel::transform(std::span<double> values, long k, std::uint64_t seed) const {
  for (double& v : values) v *= options_.gain;
  if (options_.noise == 0.0 && options_.signal_noise == 0.0) return;
  random::Stream stream({seed, index_, purpose_, static_cast<std::uint64_t>(k)});
  for (double& v : values) v += std::hypot(options_.noise, options_.signal_noise * v) * stream.normal();
}

}  // namespace infans::envs::senses
