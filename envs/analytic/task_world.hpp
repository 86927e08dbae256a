// What every world written as formulas shares: span checks, clipping, the step counter and the saved state.
#pragma once

#include <span>
#include <vector>

#include "envs/api/environment.hpp"

namespace infans::envs {

// A subclass fills spec_ but for state_size in its constructor, calls prepare(), then keeps everything that changes in
// state_ (the observation comes first). Every call throws base::UserError for a span of a wrong size; step throws
// base::SimulationError when a command or the state is not finite (then again at every step until reset, restore or
// set_joints).
class TaskWorld : public Environment {
 public:
  const Spec& spec() const final { return spec_; }
  std::span<const double> reset(random::Stream& stream) final;
  std::span<const double> step(std::span<const double> action) final;
  Outcome outcome() const final { return outcome_; }
  void save(std::span<double> state) const final;
  void restore(std::span<const double> state) final;
  void set_joints(std::span<const double> position, std::span<const double> velocity) final;

  // From now on commands come in the task's own units and are clipped to [-limit, limit].
  void take_native_commands(double limit) { limit_ = limit; }

 protected:
  // `hidden`: numbers that state_ keeps behind the observation.
  void prepare(int hidden);
  virtual void start(random::Stream& stream) = 0;
  // Moves state_ by one control period; the commands are finite and within [-1, 1].
  virtual Outcome advance(std::span<const double> command) = 0;

  // Of the step that advance() takes: 1 after a start.
  long step_number() const { return step_; }
  std::span<const double> observation() const { return std::span(state_).first(observed_); }

  Spec spec_;
  std::vector<double> state_;

 private:
  void expect_size(const char* what, std::size_t size, std::size_t wanted) const;

  double limit_ = 1.0;
  std::vector<double> command_;
  std::size_t observed_ = 0;
  Outcome outcome_;
  long step_ = 0;
};

}  // namespace infans::envs
