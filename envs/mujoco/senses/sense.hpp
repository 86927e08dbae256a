// What a sense is to the world: parts of the observation that it fills from a MuJoCo state. Internal to envs/mujoco.
#pragma once

#include <mujoco/mujoco.h>

#include <span>
#include <string>
#include <vector>

#include "envs/mujoco/body.hpp"

namespace infans::envs::senses {

// One modality of a sense.
struct Part {
  std::string name;
  std::string unit;
  int size = 0;
};

// The moment of a sample. MuJoCo computes forces, frames and accelerations at the start of a timestep and then
// integrates: `velocity` is the velocity that belongs to them; d.qpos and d.qvel are one timestep later.
struct Instant {
  const mjModel& m;
  mjData& d;
  const mjtNum* velocity;
};

class Sense {
 public:
  virtual ~Sense() = default;

  // Writes all parts one after the other; allocates nothing. `out` has size() numbers.
  virtual void sample(const Instant& at, std::span<double> out) = 0;
  // The body's geometry is new (it has grown); the structure is the same.
  virtual void fit(const mjModel&) {}
  virtual void set_age(double /*days*/) {}

  const std::string& name() const { return name_; }
  const std::vector<Part>& parts() const { return parts_; }
  const ChannelOptions& channel() const { return channel_; }
  int size() const {
    int n = 0;
    for (const Part& part : parts_) n += part.size;
    return n;
  }

 protected:
  Sense(std::string name, const ChannelOptions& channel) : name_(std::move(name)), channel_(channel) {}
  std::vector<Part> parts_;

 private:
  std::string name_;
  ChannelOptions channel_;
};

}  // namespace infans::envs::senses
