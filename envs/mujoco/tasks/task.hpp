// A body with rules as an Environment. Internal to envs/mujoco/tasks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "envs/api/task.hpp"
#include "envs/mujoco/simulation.hpp"
#include "envs/mujoco/tasks/rules.hpp"

namespace infans::envs {

// With `beside` it shares that body's mjData (simulation.hpp).
class MujocoTask final : public Environment {
 public:
  MujocoTask(const TaskInfo& info, const Definition& definition, std::shared_ptr<const mjModel> model,
             const std::string& source, Commands commands, MujocoTask* beside);

  const Spec& spec() const override { return spec_; }
  std::span<const double> reset(random::Stream& stream) override;
  std::span<const double> step(std::span<const double> action) override;
  Outcome outcome() const override { return outcome_; }
  void save(std::span<double> state) const override;
  void restore(std::span<const double> state) override;
  void set_joints(std::span<const double> position, std::span<const double> velocity) override;

 private:
  void clear();
  void enter();
  void command(std::span<const double> action);
  void advance();
  std::span<const double> observe();

  Simulation simulation_;
  std::unique_ptr<Rules> rules_;
  Spec spec_;
  int substeps_;
  Stepping stepping_;
  Commands commands_;
  bool single_;
  std::vector<double> command_, memory_, observation_;
  Outcome outcome_;
};

}  // namespace infans::envs
