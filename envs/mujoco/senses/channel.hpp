// The way between body and mind of one sense or one motor command: gain, noise, a queue of frames, on or off by age.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/random/stream.hpp"
#include "envs/mujoco/body.hpp"

namespace infans::envs::senses {

class Channel {
 public:
  Channel(const ChannelOptions& options, int size, random::Purpose purpose, std::uint32_t index);

  bool on(double age_days) const { return age_days >= options_.from_days && age_days < options_.until_days; }
  double gain() const { return options_.gain; }
  void set_gain(double gain) { options_.gain = gain; }

  // Every frame becomes `value`.
  void fill(double value);
  // Sample `k` since the start: the new frame is `sample(frame)` after gain and noise, zeros when off, or what is held.
  // The first one of a sense fills the queue, as if it had been there for long: `first` says so.
  // Noise is a function of {seed, index, purpose, k}.
  template <typename Sample>
  std::span<const double> pass(long k, std::uint64_t seed, double age_days, bool first, Sample&& sample) {
    const std::span<double> now = frame(k);
    if (k % options_.period != 0) {
      hold(k);
    } else if (on(age_days)) {
      sample(now);
      transform(now, k, seed);
    } else {
      std::fill(now.begin(), now.end(), 0.0);
    }
    if (first) repeat(k);
    return frame(k - options_.delay);
  }

  int state_size() const { return static_cast<int>(frames_.size()) + 1; }
  void save(std::span<double> state) const;
  void restore(std::span<const double> state);

 private:
  std::span<double> frame(long k);
  void hold(long k);
  void repeat(long k);
  void transform(std::span<double> values, long k, std::uint64_t seed) const;

  ChannelOptions options_;
  int size_;
  random::Purpose purpose_;
  std::uint32_t index_;
  std::vector<double> frames_;  // delay + 1 of them, sample k in frame k mod (delay + 1)
};

}  // namespace infans::envs::senses
