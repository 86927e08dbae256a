#include "envs/api/joint_view.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <utility>

#include "core/base/error.hpp"

namespace infans::envs {
namespace {

constexpr double turn = 2.0 * std::numbers::pi;

using Angle = JointReading::Angle;

Spec spec_of(const Spec& world, const JointReading& reading, int hold) {
  const int n = static_cast<int>(reading.joints.size());
  std::string positions, velocities;
  for (const Joint joint : reading.joints) {
    const std::string comma = positions.empty() ? "" : ",";
    positions += comma + (joint == Joint::slide ? "m" : "rad");
    velocities += comma + (joint == Joint::slide ? "m/s" : "rad/s");
  }
  Spec spec = world;
  spec.joints = reading.joints;
  spec.reading = {};
  spec.modalities = {{"joint_position", positions, 0, n}, {"joint_velocity", velocities, n, n}};
  if (!reading.gap.empty()) spec.modalities.push_back({"gap", "m", 2 * n, static_cast<int>(reading.gap.size())});
  spec.control_period = hold * world.control_period;
  // Angles remember their turns and whether they have any, rewards their sum.
  spec.state_size = world.state_size + spec.observation_size() + 3;
  return spec;
}

}  // namespace

JointReading joint_reading(const Spec& spec) {
  if (!spec.reading.joints.empty()) return spec.reading;
  if (spec.joints.empty())
    throw base::OptionError("task", "task: the joints of '" + spec.name + "' cannot be read from what it observes");
  JointReading reading{spec.joints, {}};
  const int n = static_cast<int>(spec.joints.size());
  for (int i = 0; i < n; ++i) reading.angles.push_back({.position = i, .velocity = n + i});
  return reading;
}

JointView::JointView(std::unique_ptr<Environment> world, JointReading reading, int hold)
    : world_(std::move(world)),
      reading_(std::move(reading)),
      hold_(hold),
      spec_(spec_of(world_->spec(), reading_, hold)) {
  const int size = world_->spec().observation_size();
  const auto inside = [&](int index) { return index >= 0 && index < size; };
  bool fits = hold >= 1 && reading_.angles.size() == reading_.joints.size();
  for (const Angle& a : reading_.angles)
    fits = fits && inside(a.velocity) && (inside(a.position) || (inside(a.cosine) && inside(a.sine)));
  for (const int index : reading_.gap) fits = fits && inside(index);
  if (!fits) throw std::logic_error("JointView: the reading does not fit the world's observation");
  observation_.assign(static_cast<std::size_t>(spec_.observation_size()), 0.0);
}

void JointView::read(std::span<const double> seen) {
  const std::size_t n = reading_.joints.size();
  const auto at = [&](int index) { return seen[static_cast<std::size_t>(index)]; };
  for (std::size_t i = 0; i < n; ++i) {
    const Angle& a = reading_.angles[i];
    double angle = a.position >= 0 ? at(a.position) : std::atan2(at(a.sine), at(a.cosine));
    const double velocity = at(a.velocity);
    if ((a.wrapped || a.position < 0) && turning_) {
      const double expected = observation_[i] + world_->spec().control_period * 0.5 * (observation_[n + i] + velocity);
      angle += turn * std::nearbyint((expected - angle) / turn);
    }
    observation_[i] = angle;
    observation_[n + i] = velocity;
  }
  for (std::size_t i = 0; i < reading_.gap.size(); ++i) observation_[2 * n + i] = at(reading_.gap[i]);
  turning_ = true;
}

std::span<const double> JointView::reset(random::Stream& stream) {
  outcome_ = {};
  held_ = 0;
  turning_ = false;
  read(world_->reset(stream));
  return observation_;
}

std::span<const double> JointView::step(std::span<const double> action) {
  outcome_ = {};
  for (held_ = 0; held_ < hold_ && !outcome_.terminated; ++held_) {
    read(world_->step(action));
    outcome_.reward += world_->outcome().reward;
    outcome_.terminated = world_->outcome().terminated;
  }
  return observation_;
}

void JointView::save(std::span<double> state) const {
  const auto own = state.subspan(static_cast<std::size_t>(world_->spec().state_size));
  world_->save(state.first(static_cast<std::size_t>(world_->spec().state_size)));
  std::ranges::copy(observation_, own.begin());
  own[observation_.size()] = outcome_.reward;
  own[observation_.size() + 1] = outcome_.terminated ? 1.0 : 0.0;
  own[observation_.size() + 2] = turning_ ? 1.0 : 0.0;
}

void JointView::restore(std::span<const double> state) {
  const auto own = state.subspan(static_cast<std::size_t>(world_->spec().state_size));
  world_->restore(state.first(static_cast<std::size_t>(world_->spec().state_size)));
  std::copy_n(own.begin(), observation_.size(), observation_.begin());
  outcome_ = {own[observation_.size()], own[observation_.size() + 1] != 0.0};
  turning_ = own[observation_.size() + 2] != 0.0;
}

void JointView::set_joints(std::span<const double> position, std::span<const double> velocity) {
  world_->set_joints(position, velocity);
  turning_ = false;
}

}  // namespace infans::envs
