// Oracle: the equations of motion of the benchmark bodies in MuJoCo's Runge-Kutta steps, and the rewards and starts of
// their literature, written again.
#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/random/stream.hpp"
#include "envs/mujoco/tasks/tasks.hpp"

namespace {

using namespace infans;
using namespace infans::envs;

const double kPi = std::acos(-1.0);
// Some roundings of one control step; positions, speeds and rewards are up to some units.
constexpr double kTight = 1e-12;

using State = std::array<double, 4>;  // two positions, two velocities
using Command = std::vector<double>;

random::Stream stream(std::uint64_t seed, random::Purpose purpose = random::Purpose::reset) {
  return random::Stream({seed, 0, purpose, 0});
}

State moved(const State& s, const State& d, double h) {
  return {s[0] + h * d[0], s[1] + h * d[1], s[2] + h * d[2], s[3] + h * d[3]};
}

struct Advanced {
  State end, last_stage;  // the state at which the integrator looked last: places that a step leaves are of this one
};

// Two classical Runge-Kutta steps of h, the command held.
template <typename Slope>
Advanced advanced(State s, double h, Slope&& slope) {
  State last{};
  for (int substep = 0; substep < 2; ++substep) {
    const State k1 = slope(s), k2 = slope(moved(s, k1, 0.5 * h)), k3 = slope(moved(s, k2, 0.5 * h));
    last = moved(s, k3, h);
    const State k4 = slope(last);
    for (std::size_t i = 0; i < 4; ++i) s[i] += h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
  }
  return {s, last};
}

// x'' and y'' of a [m11 m12; m12 m22] (x'', y'') = (f1, f2).
State accelerated(const State& s, double m11, double m12, double m22, double f1, double f2) {
  const double determinant = m11 * m22 - m12 * m12;
  return {s[2], s[3], (m22 * f1 - m12 * f2) / determinant, (m11 * f2 - m12 * f1) / determinant};
}

// A solid capsule of density 1000: its mass, and its inertia about a line through its middle, across it.
struct Capsule {
  Capsule(double radius, double straight)
      : middle(1000.0 * kPi * radius * radius * straight), caps(1000.0 * 4.0 / 3.0 * kPi * std::pow(radius, 3)) {
    mass = middle + caps;
    inertia = middle * (3.0 * radius * radius + straight * straight) / 12.0 +
              caps * (0.4 * radius * radius + straight * straight / 4.0 + 3.0 * straight * radius / 8.0);
  }
  double middle, caps, mass, inertia;
};

// Two links of 0.1 m; the second carries a ball at 0.11 m. Armature 1, damping 1, 200 N m at command 1.
State reacher_slope(const State& s, const Command& u) {
  const Capsule link(0.01, 0.1);
  const double ball = 1000.0 * 4.0 / 3.0 * kPi * 1e-6;
  const double mass = link.mass + ball, lever = link.mass * 0.05 + ball * 0.11;  // of the second link with its ball
  const double about_shoulder = link.inertia + link.mass * 0.05 * 0.05;
  const double about_elbow = about_shoulder + 0.4 * ball * 1e-4 + ball * 0.11 * 0.11;
  const double swing = 0.1 * lever * std::sin(s[1]), along = 0.1 * lever * std::cos(s[1]);
  const double m11 = about_shoulder + about_elbow + mass * 0.01 + 2.0 * along + 1.0;
  return accelerated(s, m11, about_elbow + along, about_elbow + 1.0,
                     200.0 * u[0] - s[2] + swing * (2.0 * s[2] * s[3] + s[3] * s[3]),
                     200.0 * u[1] - s[3] - swing * s[2] * s[2]);
}

std::array<double, 2> reacher_tip(const State& s) {
  return {0.1 * std::cos(s[0]) + 0.11 * std::cos(s[0] + s[1]), 0.1 * std::sin(s[0]) + 0.11 * std::sin(s[0] + s[1])};
}

// The pole's middle is at (0.0005, -0.3) of its frame when it hangs: at x - d sin(t - tilt), -d cos(t - tilt).
State cartpole_slope(const State& s, const Command& u) {
  const Capsule cart(0.1, 0.2), pole(0.049, std::hypot(0.001, 0.6));
  const double d = std::hypot(0.0005, 0.3), t = s[1] - std::atan2(0.0005, 0.3);
  return accelerated(s, cart.mass + pole.mass, -pole.mass * d * std::cos(t), pole.inertia + pole.mass * d * d,
                     100.0 * u[0] - s[2] - pole.mass * d * std::sin(t) * s[3] * s[3],
                     -pole.mass * 9.81 * d * std::sin(t) - s[3]);
}

bool close(double a, double b) { return std::abs(a - b) <= kTight * std::fmax(1.0, std::abs(b)); }

std::vector<double> kept(std::span<const double> values) { return {values.begin(), values.end()}; }

Task native(const std::string& id) {
  TaskOptions options;
  options.commands = Commands::native;
  return make_task(id, options);
}

// The observation of a state and a goal.
std::vector<double> reacher_seen(const State& now, const State& look, double goal_x, double goal_y) {
  const auto wrapped = [](double a) { return std::atan2(std::sin(a), std::cos(a)); };
  const auto tip = reacher_tip(look);
  return {wrapped(now[0]), wrapped(now[1]), goal_x, goal_y, now[2], now[3], tip[0] - goal_x, tip[1] - goal_y};
}

}  // namespace

TEST_CASE("tip-reacher is the arm of its equations, and pays for distance and effort") {
  const Task task = native("tip-reacher-v0");
  CHECK(task.info.time_limit == 50);
  CHECK(task.info.reward_threshold == -5.0);
  CHECK(task.info.package.empty());
  CHECK(task.command_low == std::vector<double>{-1.0, -1.0});
  CHECK(task.world->spec().control_period == doctest::Approx(0.02));
  auto starts = stream(1), draws = stream(1, random::Purpose::test);
  int wrong = 0, limited = 0;
  for (int episode = 0; episode < 20; ++episode) {
    auto seen = kept(task.world->reset(starts));
    for (int t = 0; t < 50; ++t) {
      const Command u = {draws.uniform(-0.3, 0.3), draws.uniform(-0.3, 0.3)};
      const State before = {seen[0], seen[1], seen[4], seen[5]};
      const Advanced after = advanced(before, 0.01, [&](const State& s) { return reacher_slope(s, u); });
      const double gx = seen[2], gy = seen[3];
      seen = kept(task.world->step(u));
      if (std::abs(before[1]) > 2.5) {  // at the elbow's stop
        ++limited;
        continue;
      }
      const auto wanted = reacher_seen(after.end, after.last_stage, gx, gy);
      for (std::size_t i = 0; i < 8; ++i) wrong += !close(seen[i], wanted[i]);
      wrong += !close(task.world->outcome().reward, -std::hypot(wanted[6], wanted[7]) - u[0] * u[0] - u[1] * u[1]);
      wrong += task.world->outcome().terminated;
    }
  }
  CHECK(wrong == 0);
  CHECK(limited < 500);
}

TEST_CASE("tip-reacher wraps its angles and can be put anywhere with any goal") {
  const Task task = native("tip-reacher-v0");
  CHECK(task.positions == 2);
  const std::array<double, 4> position = {4.0, 0.5, 0.03, -0.04};
  const std::array<double, 2> velocity = {3.0, -2.0};
  task.world->set_joints(position, velocity);
  const Command none = {0.0, 0.0};
  const auto seen = kept(task.world->step(none));
  const Advanced after = advanced({4.0, 0.5, 3.0, -2.0}, 0.01, [&](const State& s) { return reacher_slope(s, none); });
  const auto wanted = reacher_seen(after.end, after.last_stage, 0.03, -0.04);
  for (std::size_t i = 0; i < 8; ++i) CHECK(close(seen[i], wanted[i]));
  CHECK(seen[0] == doctest::Approx(after.end[0] - 2.0 * kPi).epsilon(kTight));
}

TEST_CASE("pets-cartpole is the cart and pole of its equations, and pays for the tip's place and effort") {
  const Task task = native("pets-cartpole-v0");
  CHECK(task.info.time_limit == 200);
  CHECK(task.info.reward_threshold == 180.0);
  CHECK(task.command_high == std::vector<double>{3.0});
  CHECK(task.world->spec().control_period == doctest::Approx(0.04));
  CHECK(task.world->spec().joints == std::vector<Joint>{Joint::slide, Joint::hinge});
  auto starts = stream(2), draws = stream(2, random::Purpose::test);
  int wrong = 0, limited = 0;
  for (int episode = 0; episode < 20; ++episode) {
    auto seen = kept(task.world->reset(starts));
    for (int t = 0; t < 100; ++t) {
      const Command u = {draws.uniform(-3.0, 3.0)};
      const State before = {seen[0], seen[1], seen[2], seen[3]};
      const State after = advanced(before, 0.02, [&](const State& s) { return cartpole_slope(s, u); }).end;
      seen = kept(task.world->step(u));
      if (std::abs(before[0]) > 2.2) {  // at the rail's end
        ++limited;
        continue;
      }
      for (std::size_t i = 0; i < 4; ++i) wrong += !close(seen[i], after[i]);
      const double x = after[0] - 0.6 * std::sin(after[1]), y = -0.6 * std::cos(after[1]);
      wrong +=
          !close(task.world->outcome().reward, std::exp(-(x * x + (y - 0.6) * (y - 0.6)) / 0.36) - 0.01 * u[0] * u[0]);
      wrong += task.world->outcome().terminated;
    }
  }
  CHECK(wrong == 0);
  CHECK(limited < 1000);
  // Upright in the middle: all that a step can pay, less the effort.
  const std::array<double, 2> up = {0.0, kPi}, still = {0.0, 0.0};
  task.world->set_joints(up, still);
  task.world->step(std::array<double, 1>{0.0});
  CHECK(task.world->outcome().reward == doctest::Approx(1.0).epsilon(1e-4));
}

// 4,000 starts; |z| <= 4.5 for each of 18 checks: a false alarm in 1 of 8,000 runs.
TEST_CASE("benchmark starts are distributed as defined") {
  constexpr int n = 4000;
  struct Wanted {
    const char* id;
    std::size_t element;
    double sd, kurtosis;  // of a uniform 1.8, of a normal 3, of one coordinate of a uniform disc 2
  };
  for (const Wanted& w :
       {Wanted{"tip-reacher-v0", 0, 0.1 / std::sqrt(3.0), 1.8}, Wanted{"tip-reacher-v0", 1, 0.1 / std::sqrt(3.0), 1.8},
        Wanted{"tip-reacher-v0", 2, 0.1, 2.0}, Wanted{"tip-reacher-v0", 3, 0.1, 2.0},
        Wanted{"tip-reacher-v0", 5, 0.005 / std::sqrt(3.0), 1.8}, Wanted{"pets-cartpole-v0", 0, 0.1, 3.0},
        Wanted{"pets-cartpole-v0", 1, 0.1, 3.0}, Wanted{"pets-cartpole-v0", 2, 0.1, 3.0},
        Wanted{"pets-cartpole-v0", 3, 0.1, 3.0}}) {
    CAPTURE(w.id);
    CAPTURE(w.element);
    const Task task = make_task(w.id, {});
    auto starts = stream(11);
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < n; ++i) {
      const auto seen = task.world->reset(starts);
      if (w.element == 2 && task.world->spec().observation_size() == 8) CHECK(std::hypot(seen[2], seen[3]) < 0.2);
      sum += seen[w.element] / w.sd;
      squares += std::pow(seen[w.element] / w.sd, 2);
    }
    CHECK(std::abs(sum / std::sqrt(n)) < 4.5);
    CHECK(std::abs(squares / n - 1.0) * std::sqrt(n / (w.kurtosis - 1.0)) < 4.5);
  }
}

TEST_CASE("benchmark tasks are saved and restored with their goal, to the bit") {
  for (const std::string id : {"tip-reacher-v0", "pets-cartpole-v0"}) {
    CAPTURE(id);
    const Task one = make_task(id, {}), other = make_task(id, {});
    const auto run = [](Environment& world) {
      auto draws = stream(9, random::Purpose::test);
      std::vector<std::uint64_t> bits;
      Command u(static_cast<std::size_t>(world.spec().action_size));
      for (int t = 0; t < 200; ++t) {
        for (double& c : u) c = draws.uniform(-1.0, 1.0);
        for (const double v : world.step(u)) bits.push_back(std::bit_cast<std::uint64_t>(v));
        bits.push_back(std::bit_cast<std::uint64_t>(world.outcome().reward));
      }
      return bits;
    };
    auto starts = stream(3), others = stream(4);
    one.world->reset(starts);
    run(*one.world);
    std::vector<double> state(static_cast<std::size_t>(one.world->spec().state_size));
    one.world->save(state);
    const auto wanted = run(*one.world);
    one.world->restore(state);
    CHECK(run(*one.world) == wanted);
    other.world->reset(others);
    other.world->restore(state);
    CHECK(run(*other.world) == wanted);
  }
}
