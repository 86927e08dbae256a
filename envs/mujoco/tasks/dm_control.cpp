// Tasks of the DeepMind Control Suite (Tassa et al. 2018, "DeepMind Control Suite", arXiv:1801.00690; starts,
// observations and rewards as dm_control.suite of release 1.0 defines them). Every reward is in [0, 1].
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "envs/mujoco/tasks/numbers.hpp"
#include "envs/mujoco/tasks/rules.hpp"

namespace infans::envs {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();
constexpr double pi = std::numbers::pi;

// 1 at 0, 0.1 at +- margin, a bell between.
double bell(double x, double margin) {
  const double scale = std::sqrt(-2.0 * std::log(0.1));
  const double z = std::abs(x) / margin * scale;
  return std::exp(-0.5 * (z * z));
}

double inside(double x, double low, double high) { return low <= x && x <= high ? 1.0 : 0.0; }

// The pole's frame: z of its z axis (cosine) and x of its z axis (sine).
double upright(const mjData& d, int body) { return d.xmat[9 * body + 8]; }
double aside(const mjData& d, int body) { return d.xmat[9 * body + 2]; }

template <bool sparse>
class CartpoleSwingup final : public Rules {
 public:
  CartpoleSwingup(const mjModel& m, const std::string& source) : pole_(required(m, mjOBJ_BODY, "pole_1", source)) {}

  std::vector<Modality> modalities() const override {
    return {{"cart_position", "m", 0, 1}, {"pole_orientation", "1", 0, 2}, {"joint_velocity", "m/s,rad/s", 0, 2}};
  }
  JointReading reading() const override {
    return {{Joint::slide, Joint::hinge}, {{.position = 0, .velocity = 3}, {.cosine = 1, .sine = 2, .velocity = 4}}};
  }

  void start(const mjModel&, mjData& d, std::span<double>, random::Stream& stream) const override {
    d.qpos[0] = 0.01 * stream.normal();
    d.qpos[1] = pi + 0.01 * stream.normal();
    for (int i = 0; i < 2; ++i) d.qvel[i] = 0.01 * stream.normal();
  }

  Outcome judge(const mjModel&, const mjData& d, std::span<const double>, std::span<double>) const override {
    const double cosine = upright(d, pole_);
    if (sparse) return {inside(d.qpos[0], -0.25, 0.25) * inside(cosine, 0.995, 1.0), false};
    const double up = (cosine + 1.0) / 2.0;
    const double centred = (1.0 + bell(d.qpos[0], 2.0)) / 2.0;
    const double push = d.ctrl[0];
    const double gentle = (4.0 + (std::abs(push) < 1.0 ? 1.0 - push * push : 0.0)) / 5.0;
    const double calm = (1.0 + bell(d.qvel[1], 5.0)) / 2.0;
    return {up * gentle * calm * centred, false};
  }

  void observe(const mjModel&, const mjData& d, std::span<const double>, std::span<double> out) const override {
    out[0] = d.qpos[0];
    out[1] = upright(d, pole_);
    out[2] = aside(d, pole_);
    std::copy_n(d.qvel, 2, out.begin() + 3);
  }

 private:
  int pole_;
};

class PendulumSwingup final : public Rules {
 public:
  PendulumSwingup(const mjModel& m, const std::string& source) : pole_(required(m, mjOBJ_BODY, "pole", source)) {}

  std::vector<Modality> modalities() const override {
    return {{"pole_orientation", "1", 0, 2}, {"joint_velocity", "rad/s", 0, 1}};
  }
  JointReading reading() const override { return {{Joint::hinge}, {{.cosine = 0, .sine = 1, .velocity = 2}}}; }

  void start(const mjModel&, mjData& d, std::span<double>, random::Stream& stream) const override {
    d.qpos[0] = stream.uniform(-pi, pi);
  }

  Outcome judge(const mjModel&, const mjData& d, std::span<const double>, std::span<double>) const override {
    return {inside(upright(d, pole_), std::cos(8.0 * (pi / 180.0)), 1.0), false};
  }

  void observe(const mjModel&, const mjData& d, std::span<const double>, std::span<double> out) const override {
    out[0] = upright(d, pole_);
    out[1] = aside(d, pole_);
    out[2] = d.qvel[0];
  }

 private:
  int pole_;
};

// The target is a place on the table, of no body: memory holds its x and y (m).
class ReacherOf : public Rules {
 public:
  ReacherOf(const mjModel& m, const std::string& source, double target_radius)
      : finger_(required(m, mjOBJ_GEOM, "finger", source)), reach_(target_radius + m.geom_size[3 * finger_]) {}

  std::vector<Modality> modalities() const override {
    return {{"joint_position", "rad", 0, 2}, {"to_target", "m", 0, 2}, {"joint_velocity", "rad/s", 0, 2}};
  }
  JointReading reading() const override {
    return {{Joint::hinge, Joint::hinge}, {{.position = 0, .velocity = 4}, {.position = 1, .velocity = 5}}, {2, 3}};
  }
  int memory_size() const override { return 2; }
  int settable() const override { return 2; }

  void start(const mjModel& m, mjData& d, std::span<double> memory, random::Stream& stream) const override {
    for (int j = 0; j < m.njnt; ++j) {
      const bool limited = m.jnt_limited[j] != 0;
      d.qpos[j] = limited ? stream.uniform(m.jnt_range[2 * j], m.jnt_range[2 * j + 1]) : stream.uniform(-pi, pi);
    }
    const double angle = stream.uniform(0.0, 2.0 * pi), radius = stream.uniform(0.05, 0.2);
    memory[0] = radius * std::sin(angle);
    memory[1] = radius * std::cos(angle);
  }

  Outcome judge(const mjModel&, const mjData& d, std::span<const double>, std::span<double> memory) const override {
    return {inside(length(to_target(d, memory)), 0.0, reach_), false};
  }

  void observe(const mjModel&, const mjData& d, std::span<const double> memory, std::span<double> out) const override {
    const std::array<double, 2> gap = to_target(d, memory);
    for (std::size_t i = 0; i < 2; ++i) {
      out[i] = d.qpos[i];
      out[2 + i] = gap[i];
      out[4 + i] = d.qvel[i];
    }
  }

 private:
  std::array<double, 2> to_target(const mjData& d, std::span<const double> target) const {
    return {target[0] - d.geom_xpos[3 * finger_], target[1] - d.geom_xpos[3 * finger_ + 1]};
  }

  int finger_;
  double reach_;
};

template <typename T>
std::unique_ptr<Rules> made(const mjModel& m, const std::string& source) {
  return std::make_unique<T>(m, source);
}
std::unique_ptr<Rules> easy_reacher(const mjModel& m, const std::string& source) {
  return std::make_unique<ReacherOf>(m, source, 0.05);
}
std::unique_ptr<Rules> hard_reacher(const mjModel& m, const std::string& source) {
  return std::make_unique<ReacherOf>(m, source, 0.015);
}

}  // namespace

std::vector<Definition> dm_control_definitions() {
  const auto fresh = Stepping::up_to_date;
  return {
      {"dmc-cartpole-swingup-v0", "cartpole.xml", 1, 1000, none, fresh, made<CartpoleSwingup<false>>},
      {"dmc-cartpole-swingup_sparse-v0", "cartpole.xml", 1, 1000, none, fresh, made<CartpoleSwingup<true>>},
      {"dmc-pendulum-swingup-v0", "pendulum.xml", 1, 1000, none, fresh, made<PendulumSwingup>},
      {"dmc-reacher-easy-v0", "reacher.xml", 1, 1000, none, fresh, easy_reacher},
      {"dmc-reacher-hard-v0", "reacher.xml", 1, 1000, none, fresh, hard_reacher},
  };
}

}  // namespace infans::envs
