#include "envs/analytic/tasks.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "core/base/error.hpp"

namespace infans::envs {
namespace {

constexpr double kPi = std::numbers::pi;

// To [-pi, pi].
double wrapped(double angle) { return std::remainder(angle, 2.0 * kPi); }

class TipPendulum final : public TaskWorld {
 public:
  TipPendulum() {
    spec_.name = "tip-pendulum";
    spec_.joints = {Joint::hinge};
    spec_.modalities = {{"joint_position", "rad", 0, 1}, {"joint_velocity", "rad/s", 1, 1}};
    spec_.action_size = 1;
    spec_.control_period = 0.05;
    prepare(0);
  }

 private:
  void start(random::Stream& stream) override {
    state_[0] = stream.uniform(-kPi, kPi);
    state_[1] = stream.uniform(-1.0, 1.0);
  }

  Outcome advance(std::span<const double> command) override {
    const double dt = spec_.control_period;
    const double torque = 2.0 * command[0];
    double& th = state_[0];
    double& w = state_[1];
    // -3 g / (2 l) sin(th + pi) + 3 u / (m l^2) with g = 10, m = l = 1. The angle moves before the speed is clipped.
    w += (-15.0 * std::sin(th + kPi) + 3.0 * torque) * dt;
    th += w * dt;
    w = std::clamp(w, -8.0, 8.0);
    const double angle = wrapped(th);
    return {-(angle * angle + 0.1 * w * w + 0.001 * torque * torque), false};
  }
};

class PilcoCartpole final : public TaskWorld {
 public:
  PilcoCartpole() {
    spec_.name = "pilco-cartpole";
    spec_.joints = {Joint::slide, Joint::hinge};
    spec_.modalities = {{"joint_position", "m,rad", 0, 2}, {"joint_velocity", "m/s,rad/s", 2, 2}};
    spec_.action_size = 1;
    spec_.control_period = 0.1;
    prepare(0);
  }

 private:
  static constexpr double kLength = 0.6, kPole = 0.5, kTotal = 1.0, kGravity = 9.82, kFriction = 0.1;

  void start(random::Stream& stream) override {
    for (double& value : state_) value = 0.02 * stream.normal();
    state_[1] += kPi;
  }

  Outcome advance(std::span<const double> command) override {
    const double x = state_[0], theta = state_[1], v = state_[2], w = state_[3];
    const double s = std::sin(theta), c = std::cos(theta);
    const double force = 10.0 * command[0] - kFriction * v;
    const double swing = kPole * kLength * w * w * s;
    const double mass = 4.0 * kTotal - 3.0 * kPole * c * c;
    const double dv = (-2.0 * swing + 3.0 * kPole * kGravity * s * c + 4.0 * force) / mass;
    const double dw = (-3.0 * swing * c + 6.0 * kTotal * kGravity * s + 6.0 * force * c) / (kLength * mass);
    const double dt = spec_.control_period;
    state_ = {x + dt * v, theta + dt * w, v + dt * dv, w + dt * dw};
    return {reward(), false};
  }

  // Of the distance from the tip to the place of the upright tip over the track's middle; width 0.25 m.
  double reward() const {
    const double across = state_[0] + kLength * std::sin(state_[1]);
    const double below = kLength * (std::cos(state_[1]) - 1.0);
    return std::expm1(-(across * across + below * below) / (2.0 * 0.25 * 0.25));
  }
};

class MountainCar final : public TaskWorld {
 public:
  explicit MountainCar(const MountainCarOptions& options) : options_(options) {
    if (!(std::isfinite(options.power) && options.power > 0.0)) {
      throw base::OptionError("power", "power is " + std::to_string(options.power) + "; it must be above 0");
    }
    spec_.name = options.feef ? "mountain-car-feef" : "mountain-car";
    spec_.joints = {Joint::slide};
    spec_.modalities = {{"joint_position", "m", 0, 1}, {"joint_velocity", "m/s", 1, 1}};
    spec_.action_size = 1;
    spec_.control_period = options.feef ? 3.0 : 1.0;  // the task counts raw steps, taken as 1 s
    prepare(0);
  }

 private:
  void start(random::Stream& stream) override { state_[0] = stream.uniform(-0.6, -0.4); }

  Outcome advance(std::span<const double> command) override {
    const double a = command[0];
    if (!options_.feef) {
      const bool goal = raw_step(a);
      return {(goal ? 100.0 : 0.0) - 0.1 * a * a, goal};
    }
    for (int i = 0; i < 3; ++i) {
      if (raw_step(a)) return {1.0, true};
    }
    return {};
  }

  // True at the goal.
  bool raw_step(double a) {
    double& x = state_[0];
    double& v = state_[1];
    v = std::clamp(v + a * options_.power - 0.0025 * std::cos(3.0 * x), -0.07, 0.07);
    x = std::clamp(x + v, -1.2, 0.6);
    if (x == -1.2 && v < 0.0) v = 0.0;
    return x >= 0.45 && v >= 0.0;
  }

  MountainCarOptions options_;
};

}  // namespace

std::unique_ptr<TaskWorld> make_tip_pendulum() { return std::make_unique<TipPendulum>(); }

std::unique_ptr<TaskWorld> make_pilco_cartpole() { return std::make_unique<PilcoCartpole>(); }

std::unique_ptr<TaskWorld> make_mountain_car(const MountainCarOptions& options) {
  return std::make_unique<MountainCar>(options);
}

}  // namespace infans::envs
