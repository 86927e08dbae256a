// A task's world seen the way an agent of joints needs it: positions and velocities first, angles that never jump, and
// commands that are held for a while.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "envs/api/task.hpp"

namespace infans::envs {

// How a world's observation is read: as its spec says, or as it is where it begins with its joints. Throws
// base::OptionError for a world that cannot be read.
JointReading joint_reading(const Spec& spec);

// The same world with the observation [joint_position n, joint_velocity n, gap], whose command is held for `hold`
// control steps: one of its control periods is `hold` of the task's. Its reward is the sum over the held steps; it
// stops holding where the task terminates. A hinge that is read by its direction goes on turning past pi within an
// episode: of the angles that look the same it takes the one nearest to what its velocity made of the last one.
class JointView final : public Environment {
 public:
  // Throws std::logic_error for indices outside the observation or hold < 1.
  JointView(std::unique_ptr<Environment> world, JointReading reading, int hold);

  const Spec& spec() const override { return spec_; }
  std::span<const double> reset(random::Stream& stream) override;
  std::span<const double> step(std::span<const double> action) override;
  Outcome outcome() const override { return outcome_; }
  void save(std::span<double> state) const override;
  void restore(std::span<const double> state) override;
  // As the task takes them.
  void set_joints(std::span<const double> position, std::span<const double> velocity) override;

  int held() const { return held_; }  // control steps under the last command

 private:
  void read(std::span<const double> seen);

  std::unique_ptr<Environment> world_;
  JointReading reading_;
  int hold_, held_ = 0;
  Spec spec_;
  std::vector<double> observation_;
  Outcome outcome_;
  bool turning_ = false;  // observation_ holds the angles of the step before
};

}  // namespace infans::envs
