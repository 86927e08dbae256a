// Benchmarks of sample efficiency on bodies of our own with the numbers of their references: the reacher of TIP and
// BARL (Mehta et al. 2022, "Exploration via planning for information about the optimal trajectory") and the cart-pole
// of PETS (Chua et al. 2018, "Deep reinforcement learning in a handful of trials using probabilistic dynamics models").
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "envs/mujoco/tasks/numbers.hpp"
#include "envs/mujoco/tasks/rules.hpp"

namespace infans::envs {
namespace {

constexpr double pi = std::numbers::pi;

// To [-pi, pi), as (x + pi) % (2 pi) - pi does in the references.
double wrapped(double angle) {
  const double turned = std::fmod(angle + pi, 2.0 * pi);
  return (turned < 0.0 ? turned + 2.0 * pi : turned) - pi;
}

// The goal is a place, of no body: memory holds its x and y (m).
class TipReacher final : public Rules {
 public:
  TipReacher(const mjModel& m, const std::string& source) : tip_(required(m, mjOBJ_BODY, "fingertip", source)) {}

  std::vector<Modality> modalities() const override {
    return {{"joint_angle", "rad", 0, 2},
            {"target_position", "m", 0, 2},
            {"joint_velocity", "rad/s", 0, 2},
            {"to_fingertip", "m", 0, 2}};
  }
  JointReading reading() const override {
    return {{Joint::hinge, Joint::hinge},
            {{.position = 0, .velocity = 4, .wrapped = true}, {.position = 1, .velocity = 5, .wrapped = true}},
            {6, 7}};
  }
  int memory_size() const override { return 2; }
  int settable() const override { return 2; }

  void start(const mjModel&, mjData& d, std::span<double> memory, random::Stream& stream) const override {
    for (int i = 0; i < 2; ++i) d.qpos[i] = stream.uniform(-0.1, 0.1);
    do {
      for (double& place : memory) place = stream.uniform(-0.2, 0.2);
    } while (std::hypot(memory[0], memory[1]) >= 0.2);
    for (int i = 0; i < 2; ++i) d.qvel[i] = stream.uniform(-0.005, 0.005);
  }

  Outcome judge(const mjModel&, const mjData& d, std::span<const double> command,
                std::span<double> memory) const override {
    return {-length(from_goal(d, memory)) - sum_of_squares(command), false};
  }

  void observe(const mjModel&, const mjData& d, std::span<const double> memory, std::span<double> out) const override {
    const std::array<double, 2> gap = from_goal(d, memory);
    for (std::size_t i = 0; i < 2; ++i) {
      out[i] = wrapped(d.qpos[i]);
      out[2 + i] = memory[i];
      out[4 + i] = d.qvel[i];
      out[6 + i] = gap[i];
    }
  }

 private:
  std::array<double, 2> from_goal(const mjData& d, std::span<const double> goal) const {
    return {d.xpos[3 * tip_] - goal[0], d.xpos[3 * tip_ + 1] - goal[1]};
  }

  int tip_;
};

class PetsCartpole final : public Rules {
 public:
  PetsCartpole(const mjModel& m, const std::string&) : modalities_(joints_observed(m, 0)) {}

  std::vector<Modality> modalities() const override { return modalities_; }

  void start(const mjModel&, mjData& d, std::span<double>, random::Stream& stream) const override {
    for (int i = 0; i < 2; ++i) d.qpos[i] = 0.1 * stream.normal();
    for (int i = 0; i < 2; ++i) d.qvel[i] = 0.1 * stream.normal();
  }

  // Of the distance from the tip to the place of the upright tip over the track's middle; width 0.6 m.
  Outcome judge(const mjModel&, const mjData& d, std::span<const double> command, std::span<double>) const override {
    constexpr double pole = 0.6;
    const double across = d.qpos[0] - pole * std::sin(d.qpos[1]), below = -pole * std::cos(d.qpos[1]) - pole;
    const double near = std::exp(-(across * across + below * below) / (pole * pole));
    return {near - 0.01 * sum_of_squares(command), false};
  }

  void observe(const mjModel&, const mjData& d, std::span<const double>, std::span<double> out) const override {
    std::copy_n(d.qvel, 2, std::copy_n(d.qpos, 2, out.begin()));
  }

 private:
  std::vector<Modality> modalities_;
};

template <typename T>
std::unique_ptr<Rules> made(const mjModel& m, const std::string& source) {
  return std::make_unique<T>(m, source);
}

}  // namespace

std::vector<Definition> benchmark_definitions() {
  const auto plain = Stepping::plain;
  return {
      {"tip-reacher-v0", "reacher", 2, 50, -5.0, plain, made<TipReacher>, "mean return of 5 episodes above -5",
       "Mehta et al. 2022 (TIP)"},
      {"pets-cartpole-v0", "cartpole_pets", 2, 200, 180.0, plain, made<PetsCartpole>, "return of 180 or more",
       "Chua et al. 2018 (PETS)"},
  };
}

}  // namespace infans::envs
