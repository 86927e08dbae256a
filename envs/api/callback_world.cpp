#include "envs/api/callback_world.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/base/error.hpp"

namespace infans::envs {
namespace {

class CallbackWorld final : public Environment {
 public:
  CallbackWorld(Spec spec, Callbacks callbacks) : spec_(std::move(spec)), callbacks_(std::move(callbacks)) {
    if (spec_.state_size != 0) throw std::logic_error("a callback world saves no state");
    if (!callbacks_.reset || !callbacks_.step) throw std::logic_error("a callback world needs reset and step");
    command_.resize(static_cast<std::size_t>(spec_.action_size));
  }

  const Spec& spec() const override { return spec_; }

  std::span<const double> reset(random::Stream& stream) override {
    const std::uint64_t high = stream.bits() >> 1;  // 63 bits: a seed that also fits a signed integer
    const std::uint64_t seed = high << 32 | stream.bits();
    step_ = 0;
    outcome_ = {};
    return keep(callbacks_.reset(seed));
  }

  std::span<const double> step(std::span<const double> action) override {
    expect_size("action", action.size(), command_.size());
    std::ranges::transform(action, command_.begin(), [](double c) { return std::clamp(c, -1.0, 1.0); });
    ++step_;
    Callbacks::Reply reply = callbacks_.step(command_);
    outcome_ = reply.outcome;
    return keep(std::move(reply.observation));
  }

  Outcome outcome() const override { return outcome_; }

  void save(std::span<double> state) const override { expect_size("state", state.size(), 0); }
  void restore(std::span<const double>) override {
    throw base::UserError(spec_.name + " keeps its state to itself; it cannot be restored");
  }

  void set_joints(std::span<const double> position, std::span<const double> velocity) override {
    if (!callbacks_.set_joints) throw base::UserError(spec_.name + " cannot be put at joint positions");
    callbacks_.set_joints(position, velocity);
    step_ = 0;
    outcome_ = {};
  }

 private:
  void expect_size(const char* what, std::size_t size, std::size_t wanted) const {
    if (size == wanted) return;
    throw base::UserError(spec_.name + ": " + what + " has " + std::to_string(size) + " numbers; it must have " +
                          std::to_string(wanted));
  }

  std::span<const double> keep(std::vector<double> observation) {
    const auto wanted = static_cast<std::size_t>(spec_.observation_size());
    if (observation.size() != wanted)
      throw base::SimulationError(spec_.name, step_,
                                  "the observation has " + std::to_string(observation.size()) +
                                      " numbers; the spec says " + std::to_string(wanted));
    if (!std::ranges::all_of(observation, [](double v) { return std::isfinite(v); }))
      throw base::SimulationError(spec_.name, step_, "an observation is not finite");
    observation_ = std::move(observation);
    return observation_;
  }

  Spec spec_;
  Callbacks callbacks_;
  std::vector<double> command_, observation_;
  Outcome outcome_;
  long step_ = 0;
};

}  // namespace

std::unique_ptr<Environment> make_callback_world(Spec spec, Callbacks callbacks) {
  return std::make_unique<CallbackWorld>(std::move(spec), std::move(callbacks));
}

}  // namespace infans::envs
