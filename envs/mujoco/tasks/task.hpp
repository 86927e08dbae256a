// A body with rules as an Environment. Internal to envs/mujoco/tasks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "envs/api/task.hpp"
#include "envs/mujoco/engine.hpp"
#include "envs/mujoco/tasks/rules.hpp"

namespace infans::envs {

// With `beside` it works in that body's mjData: between its own steps a body is then a row of numbers, and the memory
// that a step needs stays in the processor's cache. The bits are those of a body with its own.
class MujocoTask final : public Environment {
 public:
  MujocoTask(const TaskInfo& info, const Definition& definition, std::shared_ptr<const mjModel> model,
             const std::string& source, Commands commands, MujocoTask* beside);
  ~MujocoTask() override;
  MujocoTask(const MujocoTask&) = delete;
  MujocoTask& operator=(const MujocoTask&) = delete;

  const Spec& spec() const override { return spec_; }
  std::span<const double> reset(random::Stream& stream) override;
  std::span<const double> step(std::span<const double> action) override;
  Outcome outcome() const override { return outcome_; }
  void save(std::span<double> state) const override;
  void restore(std::span<const double> state) override;
  void set_joints(std::span<const double> position, std::span<const double> velocity) override;

 private:
  void expect_size(const char* what, std::size_t size, int wanted) const;
  void clear();
  void enter();
  void command(std::span<const double> action);
  void advance();
  void check(const char* warning);
  [[noreturn]] void fail(const std::string& text);
  template <typename Work>
  void run(Work&& work);
  std::span<const double> observe();

  // The data of whoever worked last; its state is the owner's.
  struct Desk {
    DataPtr data;
    MujocoTask* owner = nullptr;
  };
  void leave();
  void take();

  std::shared_ptr<const mjModel> model_;
  std::shared_ptr<Desk> desk_;
  mjData* data_ = nullptr;   // the desk's
  std::vector<double> row_;  // the engine's state while somebody else owns the desk
  std::unique_ptr<Rules> rules_;
  Spec spec_;
  int substeps_;
  Stepping stepping_;
  Commands commands_;
  bool single_;
  std::vector<double> command_, memory_, observation_;
  Outcome outcome_;
  long step_ = 0;
  bool failed_ = false;
};

}  // namespace infans::envs
