// Oracle: published equations of motion and numbers of the small bodies, against their MJCF in MuJoCo.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include "envs/bodies/bodies.hpp"
#include "envs/mujoco/inspection.hpp"
#include "envs/mujoco/world.hpp"

namespace {

using namespace infans;
using namespace infans::envs;

constexpr double pi = std::numbers::pi;
constexpr double g = 9.81;

Inspection look(const std::string& name) { return inspect_body(load_mjcf(name), name); }

// One control period of 10 ms from a state under a command; positions, then velocities.
std::vector<double> stepped(const std::string& name, std::vector<double> position, std::vector<double> velocity,
                            std::vector<double> command, double period) {
  const auto world = make_mujoco_world(name, load_mjcf(name), name, {period, 0.0});
  world->set_joints(position, velocity);
  const auto observation = world->step(command);
  return {observation.begin(), observation.end()};
}

// Classical Runge-Kutta in 1,000 steps: exact beside the body's own steps.
template <std::size_t N, typename Slope>
std::array<double, N> integrated(std::array<double, N> x, double time, Slope&& slope) {
  constexpr int steps = 1000;
  const double h = time / steps;
  const auto moved = [](std::array<double, N> a, const std::array<double, N>& d, double by) {
    for (std::size_t i = 0; i < N; ++i) a[i] += by * d[i];
    return a;
  };
  for (int k = 0; k < steps; ++k) {
    const auto k1 = slope(x), k2 = slope(moved(x, k1, h / 2)), k3 = slope(moved(x, k2, h / 2)),
               k4 = slope(moved(x, k3, h));
    for (std::size_t i = 0; i < N; ++i) x[i] += h / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
  }
  return x;
}

// RK4 at the body's own step leaves this over one step at these speeds.
constexpr double one_step = 1e-6;

}  // namespace

TEST_CASE("pendulum: a rod of 1 kg and 1 m on 2 N m") {
  for (const double command : {-1.0, 0.3}) {
    const auto expected = integrated<2>({2.2, -1.5}, 0.01, [&](const std::array<double, 2>& x) {
      return std::array<double, 2>{x[1], 3.0 * (2.0 * command - 0.5 * g * std::sin(x[0]))};
    });
    const auto found = stepped("pendulum", {2.2}, {-1.5}, {command}, 0.01);
    CHECK(found[0] == doctest::Approx(expected[0]).epsilon(one_step));
    CHECK(found[1] == doctest::Approx(expected[1]).epsilon(one_step));
  }
}

TEST_CASE("cartpole_pilco: the equations of PILCO's cart-pole (Deisenroth et al. 2013)") {
  constexpr double m = 0.5, M = 0.5, l = 0.5, b = 0.1;
  for (const double command : {-0.7, 1.0}) {
    const double u = 10.0 * command;
    // There the tip is at x + l sin(theta): theta is minus the hinge's angle.
    const auto expected = integrated<4>({0.2, -0.9, -0.8, 2.0}, 0.01, [&](const std::array<double, 4>& x) {
      const double v = x[1], angle = x[2], w = x[3];
      const double s = std::sin(angle), c = std::cos(angle);
      return std::array<double, 4>{
          v, (2 * m * l * w * w * s + 3 * m * g * s * c + 4 * u - 4 * b * v) / (4 * (M + m) - 3 * m * c * c), w,
          (-3 * m * l * w * w * s * c - 6 * (M + m) * g * s - 6 * (u - b * v) * c) /
              (4 * l * (M + m) - 3 * m * l * c * c)};
    });
    const auto found = stepped("cartpole_pilco", {0.2, 0.8}, {-0.9, -2.0}, {command}, 0.01);
    CHECK(found[0] == doctest::Approx(expected[0]).epsilon(one_step));
    CHECK(found[1] == doctest::Approx(-expected[2]).epsilon(one_step));
    CHECK(found[2] == doctest::Approx(expected[1]).epsilon(one_step));
    CHECK(found[3] == doctest::Approx(-expected[3]).epsilon(one_step));
  }
}

TEST_CASE("arm: the two-link equations of Li & Todorov 2004") {
  constexpr double m2 = 1.0, l1 = 0.30, s1 = 0.11, s2 = 0.16, I1 = 0.025, I2 = 0.045, m1 = 1.4, friction = 0.05;
  // I1, I2 are about the centres of mass here.
  constexpr double a1 = I1 + m1 * s1 * s1 + I2 + m2 * s2 * s2 + m2 * l1 * l1, a2 = m2 * l1 * s2, a3 = I2 + m2 * s2 * s2;
  const std::array<double, 2> torque = {4.0, -2.5};
  const auto expected = integrated<4>({0.4, 1.1, 1.5, -2.0}, 0.01, [&](const std::array<double, 4>& x) {
    const double c = std::cos(x[1]), s = std::sin(x[1]);
    const double h11 = a1 + 2 * a2 * c, h12 = a3 + a2 * c, h22 = a3;
    const double r1 = torque[0] - friction * x[2] + a2 * s * x[3] * (2 * x[2] + x[3]);
    const double r2 = torque[1] - friction * x[3] - a2 * s * x[2] * x[2];
    const double det = h11 * h22 - h12 * h12;
    return std::array<double, 4>{x[2], x[3], (h22 * r1 - h12 * r2) / det, (h11 * r2 - h12 * r1) / det};
  });
  const auto found = stepped("arm", {0.4, 1.1}, {1.5, -2.0}, {0.4, -0.25}, 0.01);
  for (std::size_t i = 0; i < 4; ++i) CHECK(found[i] == doctest::Approx(expected[i]).epsilon(one_step));
}

TEST_CASE("cart-poles in PETS' and dm_control's proportions") {
  const Inspection pets = look("cartpole_pets");
  const auto capsule = [](double r, double length) { return 1000.0 * pi * r * r * (length + 4.0 / 3.0 * r); };
  CHECK(pets.bodies[0].mass == doctest::Approx(capsule(0.1, 0.2)));
  CHECK(pets.bodies[1].mass == doctest::Approx(capsule(0.049, 0.6)));
  CHECK(pets.joints[0].range == std::array<double, 2>{-2.5, 2.5});
  CHECK(pets.motors[0].gear == 100.0);
  CHECK(pets.timestep == 0.02);
  const Inspection dmc = look("cartpole_dmc");
  CHECK(dmc.bodies[0].mass == 1.0);
  CHECK(dmc.bodies[1].mass == doctest::Approx(0.1));
  CHECK(dmc.joints[0].range == std::array<double, 2>{-1.8, 1.8});
  CHECK(dmc.places[0].place[2] == doctest::Approx(1.0));  // the tip stands at angle 0
}

TEST_CASE("finger: Buchholz' phalanges; bent, it touches the plate, raised it does not") {
  const Inspection body = look("finger");
  constexpr double hand = 0.19;
  CHECK(body.joints[1].place[0] == doctest::Approx(0.245 * hand));
  CHECK(body.joints[2].place[0] - body.joints[1].place[0] == doctest::Approx(0.143 * hand));
  CHECK(2.0 * body.shapes[3].size[1] == doctest::Approx(0.097 * hand));
  const std::string& text = load_mjcf("finger");
  const auto touching = roll_body(text, "finger", 3.0, 0.1, [](double, std::span<double> controls) {
    std::fill(controls.begin(), controls.end(), 0.4);
  });
  CHECK(touching.back().contacts > 0);
  const auto raised = roll_body(text, "finger", 3.0, 0.1, [](double, std::span<double> controls) {
    std::fill(controls.begin(), controls.end(), -0.5);
  });
  CHECK(raised.back().contacts == 0);
}
