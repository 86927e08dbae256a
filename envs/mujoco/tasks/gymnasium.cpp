// The v5 tasks of Gymnasium (Towers et al. 2024, "Gymnasium: a standard interface for reinforcement learning
// environments"; observations, rewards and ends as gymnasium.envs.mujoco.*_v5 of release 1.x defines them).
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>

#include "envs/mujoco/tasks/locomotion.hpp"
#include "envs/mujoco/tasks/numbers.hpp"
#include "envs/mujoco/tasks/rules.hpp"

namespace infans::envs {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

std::array<double, 3> between(const mjData& d, int from, int to) {
  std::array<double, 3> v{};
  for (int k = 0; k < 3; ++k) v[static_cast<std::size_t>(k)] = d.xpos[3 * to + k] - d.xpos[3 * from + k];
  return v;
}

double* append(double* out, const mjtNum* values, int n) { return std::copy_n(values, n, out); }

class InvertedPendulum final : public Rules {
 public:
  explicit InvertedPendulum(const mjModel& m) : modalities_(joints_observed(m, 0)) {}

  std::vector<Modality> modalities() const override { return modalities_; }

  void start(const mjModel& m, mjData& d, std::span<double>, random::Stream& stream) const override {
    for (int i = 0; i < m.nq; ++i) d.qpos[i] += stream.uniform(-0.01, 0.01);
    for (int i = 0; i < m.nv; ++i) d.qvel[i] += stream.uniform(-0.01, 0.01);
  }

  Outcome judge(const mjModel&, const mjData& d, std::span<const double>, std::span<double>) const override {
    const bool fallen = std::abs(d.qpos[1]) > 0.2;
    return {fallen ? 0.0 : 1.0, fallen};
  }

  void observe(const mjModel& m, const mjData& d, std::span<const double>, std::span<double> out) const override {
    append(append(out.data(), d.qpos, static_cast<int>(m.nq)), d.qvel, static_cast<int>(m.nv));
  }

 private:
  std::vector<Modality> modalities_;
};

class InvertedDoublePendulum final : public Rules {
 public:
  std::vector<Modality> modalities() const override {
    return {{"cart_position", "m", 0, 1},
            {"joint_sine", "1", 0, 2},
            {"joint_cosine", "1", 0, 2},
            {"joint_velocity", "m/s,rad/s,rad/s", 0, 3},
            {"constraint_force", "N", 0, 1}};
  }

  void start(const mjModel& m, mjData& d, std::span<double>, random::Stream& stream) const override {
    for (int i = 0; i < m.nq; ++i) d.qpos[i] += stream.uniform(-0.1, 0.1);
    for (int i = 0; i < m.nv; ++i) d.qvel[i] += 0.1 * stream.normal();
  }

  Outcome judge(const mjModel&, const mjData& d, std::span<const double>, std::span<double>) const override {
    const double x = d.site_xpos[0], y = d.site_xpos[2];  // the tip
    const bool fallen = y <= 1.0;
    const double away = 0.01 * squared(x) + squared(y - 2.0);
    const double restless = 1e-3 * squared(d.qvel[1]) + 5e-3 * squared(d.qvel[2]);
    return {(fallen ? 0.0 : 10.0) - away - restless, fallen};
  }

  void observe(const mjModel&, const mjData& d, std::span<const double>, std::span<double> out) const override {
    out[0] = d.qpos[0];
    for (std::size_t i = 0; i < 2; ++i) {
      out[1 + i] = std::sin(d.qpos[1 + i]);
      out[3 + i] = std::cos(d.qpos[1 + i]);
    }
    for (std::size_t i = 0; i < 3; ++i) out[5 + i] = std::clamp(d.qvel[i], -10.0, 10.0);
    out[8] = std::clamp(d.qfrc_constraint[0], -10.0, 10.0);
  }
};

class Reacher final : public Rules {
 public:
  Reacher(const mjModel& m, const std::string& source)
      : fingertip_(required(m, mjOBJ_BODY, "fingertip", source)), target_(required(m, mjOBJ_BODY, "target", source)) {}

  std::vector<Modality> modalities() const override {
    return {{"joint_cosine", "1", 0, 2},
            {"joint_sine", "1", 0, 2},
            {"target_position", "m", 0, 2},
            {"joint_velocity", "rad/s", 0, 2},
            {"to_fingertip", "m", 0, 2}};
  }

  void start(const mjModel& m, mjData& d, std::span<double>, random::Stream& stream) const override {
    for (int i = 0; i < 2; ++i) d.qpos[i] += stream.uniform(-0.1, 0.1);
    do {
      for (int i = 2; i < 4; ++i) d.qpos[i] = stream.uniform(-0.2, 0.2);
    } while (std::hypot(d.qpos[2], d.qpos[3]) >= 0.2);
    for (int i = 0; i < m.nv; ++i) d.qvel[i] = i < 2 ? stream.uniform(-0.005, 0.005) : 0.0;
  }

  Outcome judge(const mjModel&, const mjData& d, std::span<const double> command, std::span<double>) const override {
    const double far = -length(between(d, target_, fingertip_));
    return {far + -effort(1.0, command), false};
  }

  void observe(const mjModel&, const mjData& d, std::span<const double>, std::span<double> out) const override {
    const std::array<double, 3> gap = between(d, target_, fingertip_);
    for (std::size_t i = 0; i < 2; ++i) {
      out[i] = std::cos(d.qpos[i]);
      out[2 + i] = std::sin(d.qpos[i]);
      out[4 + i] = d.qpos[2 + i];
      out[6 + i] = d.qvel[i];
      out[8 + i] = gap[i];
    }
  }

 private:
  int fingertip_, target_;
};

class Pusher final : public Rules {
 public:
  Pusher(const mjModel& m, const std::string& source)
      : tips_(required(m, mjOBJ_BODY, "tips_arm", source)),
        object_(required(m, mjOBJ_BODY, "object", source)),
        goal_(required(m, mjOBJ_BODY, "goal", source)) {}

  std::vector<Modality> modalities() const override {
    return {{"joint_position", "rad", 0, 7},
            {"joint_velocity", "rad/s", 0, 7},
            {"fingertip_position", "m", 0, 3},
            {"object_position", "m", 0, 3},
            {"goal_position", "m", 0, 3}};
  }

  void start(const mjModel& m, mjData& d, std::span<double>, random::Stream& stream) const override {
    mjtNum* const object = d.qpos + m.nq - 4;
    do {
      object[0] = stream.uniform(-0.3, 0.0);
      object[1] = stream.uniform(-0.2, 0.2);
    } while (std::hypot(object[0], object[1]) <= 0.17);
    object[2] = object[3] = 0.0;
    for (int i = 0; i < m.nv; ++i) d.qvel[i] = i < m.nv - 4 ? stream.uniform(-0.005, 0.005) : 0.0;
  }

  Outcome judge(const mjModel&, const mjData& d, std::span<const double> command, std::span<double>) const override {
    const double near = -length(between(d, tips_, object_)) * 0.5;
    const double far = -length(between(d, goal_, object_));
    return {far + -effort(0.1, command) + near, false};
  }

  void observe(const mjModel&, const mjData& d, std::span<const double>, std::span<double> out) const override {
    double* at = append(append(out.data(), d.qpos, 7), d.qvel, 7);
    for (const int body : {tips_, object_, goal_}) at = append(at, d.xpos + 3 * body, 3);
  }

 private:
  int tips_, object_, goal_;
};

template <typename T>
std::unique_ptr<Rules> made(const mjModel& m, const std::string& source) {
  if constexpr (std::is_constructible_v<T, const mjModel&, const std::string&>) return std::make_unique<T>(m, source);
  if constexpr (std::is_constructible_v<T, const mjModel&>) return std::make_unique<T>(m);
  if constexpr (std::is_default_constructible_v<T>) return std::make_unique<T>();
}

}  // namespace

std::vector<Definition> gymnasium_definitions() {
  const auto plain = Stepping::plain;
  return {
      {"InvertedPendulum-v5", "inverted_pendulum.xml", 2, 1000, 950.0, plain, made<InvertedPendulum>},
      {"InvertedDoublePendulum-v5", "inverted_double_pendulum.xml", 5, 1000, 9100.0, plain,
       made<InvertedDoublePendulum>},
      {"Reacher-v5", "reacher.xml", 2, 50, -3.75, plain, made<Reacher>},
      {"Pusher-v5", "pusher_v5.xml", 5, 100, 0.0, plain, made<Pusher>},
      {"Swimmer-v5", "swimmer.xml", 4, 1000, 360.0, plain, make_swimmer},
      {"Hopper-v5", "hopper.xml", 4, 1000, 3800.0, plain, make_hopper},
      {"HalfCheetah-v5", "half_cheetah.xml", 5, 1000, 4800.0, plain, make_half_cheetah},
      {"Walker2d-v5", "walker2d_v5.xml", 4, 1000, none, plain, make_walker},
      {"Humanoid-v5", "humanoid.xml", 5, 1000, none, Stepping::with_forces, make_humanoid},
  };
}

}  // namespace infans::envs
