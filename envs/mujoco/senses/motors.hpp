// From commands to controls: ranges, gain, noise, delay and age of every motor. Internal to envs/mujoco.
#pragma once

#include <mujoco/mujoco.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "envs/mujoco/body.hpp"
#include "envs/mujoco/senses/channel.hpp"

namespace infans::envs::senses {

class Motors {
 public:
  Motors(const mjModel& m, const std::vector<MotorOptions>& options, const std::string& source);

  // Ranges anew: the body has grown.
  void fit(const mjModel& m);
  // Nothing has been commanded yet: the queues hold the control nearest to 0.
  void start();
  // Command `k` since the start, each in [-1, 1] (clipped; NaN stays NaN), to controls in the actuators' ranges.
  void drive(std::span<const double> command, long k, std::uint64_t seed, double age_days, mjtNum* control);
  // The channels of the actuator of this name; empty when there is none.
  std::span<Channel> of(const std::string& actuator);
  // The actuator of every control.
  std::vector<std::string> names() const;
  std::vector<Channel>& channels() { return channels_; }
  const std::vector<Channel>& channels() const { return channels_; }

 private:
  struct Range {
    double low = -1.0, high = 1.0;
    bool limited = false;
    bool plain = true;  // a command is the control as it is
  };
  struct Actuator {
    std::string name;
    std::size_t first, count;  // channels: an actuator may have several controls
  };

  std::vector<Range> ranges_;      // per control
  std::vector<Channel> channels_;  // per control
  std::vector<Actuator> actuators_;
};

}  // namespace infans::envs::senses
