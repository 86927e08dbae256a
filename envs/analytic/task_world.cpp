#include "envs/analytic/task_world.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/error.hpp"

namespace infans::envs {
namespace {

constexpr std::size_t kBookkeeping = 3;  // reward, terminated, step

bool finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

}  // namespace

void TaskWorld::prepare(int hidden) {
  observed_ = static_cast<std::size_t>(spec_.observation_size());
  state_.assign(observed_ + static_cast<std::size_t>(hidden), 0.0);
  command_.assign(static_cast<std::size_t>(spec_.action_size), 0.0);
  spec_.state_size = static_cast<int>(state_.size() + kBookkeeping);
}

std::span<const double> TaskWorld::reset(random::Stream& stream) {
  step_ = 0;
  outcome_ = {};
  std::fill(state_.begin(), state_.end(), 0.0);
  start(stream);
  return observation();
}

std::span<const double> TaskWorld::step(std::span<const double> action) {
  expect_size("action", action.size(), command_.size());
  ++step_;
  // Before any formula may clip a NaN away; the state keeps it, so that later steps fail too.
  if (!std::all_of(action.begin(), action.end(), [](double a) { return !std::isnan(a); })) state_[0] = std::nan("");
  if (finite(state_)) {
    std::transform(action.begin(), action.end(), command_.begin(),
                   [this](double a) { return std::clamp(a / limit_, -1.0, 1.0); });
    outcome_ = advance(command_);
  }
  if (!finite(state_)) throw base::SimulationError(spec_.name, step_, "the state or the command is not finite");
  return observation();
}

void TaskWorld::save(std::span<double> state) const {
  expect_size("state", state.size(), state_.size() + kBookkeeping);
  const auto rest = std::copy(state_.begin(), state_.end(), state.begin());
  rest[0] = outcome_.reward;
  rest[1] = outcome_.terminated ? 1.0 : 0.0;
  rest[2] = static_cast<double>(step_);
}

void TaskWorld::restore(std::span<const double> state) {
  expect_size("state", state.size(), state_.size() + kBookkeeping);
  std::copy_n(state.begin(), state_.size(), state_.begin());
  const auto rest = state.last(kBookkeeping);
  outcome_ = {rest[0], rest[1] != 0.0};
  step_ = static_cast<long>(rest[2]);
}

void TaskWorld::set_joints(std::span<const double> position, std::span<const double> velocity) {
  expect_size("position", position.size(), spec_.joints.size());
  expect_size("velocity", velocity.size(), spec_.joints.size());
  const auto after = std::copy(position.begin(), position.end(), state_.begin());
  std::copy(velocity.begin(), velocity.end(), after);
  outcome_ = {};
  step_ = 0;
}

void TaskWorld::expect_size(const char* what, std::size_t size, std::size_t wanted) const {
  if (size == wanted) return;
  throw base::UserError(spec_.name + ": " + what + " has " + std::to_string(size) + " numbers; it must have " +
                        std::to_string(wanted));
}

}  // namespace infans::envs
