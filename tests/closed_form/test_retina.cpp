// Retina: a sphere covers the receptors that geometry says, an eye's turn shifts it, acuity follows its table.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <memory>
#include <numbers>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "envs/mujoco/body.hpp"

namespace {

using namespace infans;
using namespace infans::envs;
using Vector = std::array<double, 3>;
constexpr double degrees = 180.0 / std::numbers::pi;

double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

// An eye at the origin that looks along +x, right is -y, up is z, and turns about z by its joint; and a red ball.
std::string eye_and_ball(const Vector& ball, double radius) {
  return "<mujoco><option gravity='0 0 0'/><worldbody><body name='eye'><joint name='yaw' axis='0 0 1'/>"
         "<geom size='0.012' mass='0.01'/><camera name='left' xyaxes='0 -1 0 0 0 1'/></body>"
         "<body name='ball' pos='" +
         std::to_string(ball[0]) + " " + std::to_string(ball[1]) + " " + std::to_string(ball[2]) + "'><geom size='" +
         std::to_string(radius) +
         "' rgba='0.75 0.25 0.125 1'/></body></worldbody><actuator><motor joint='yaw'/></actuator></mujoco>";
}

// A receptor's direction in the world when the eye has turned by `yaw`: -z of the eye is x, its x is -y, its y is z.
Vector in_world(const Receptor& r, double yaw) {
  const double ahead = -r.direction[2], left = -r.direction[0];
  return {ahead * std::cos(yaw) - left * std::sin(yaw), ahead * std::sin(yaw) + left * std::cos(yaw), r.direction[1]};
}

std::span<const double> slice(const BodyWorld& world, std::span<const double> observation, const std::string& name) {
  for (const Modality& m : world.spec().modalities) {
    if (m.name == name) return observation.subspan(std::size_t(m.offset), std::size_t(m.size));
  }
  FAIL("no modality " << name);
  return {};
}

BodyOptions with_eye(const RetinaOptions& retina) {
  BodyOptions options;
  options.world.control_period = 0.002;
  options.retina = {retina};
  options.age_days = 40 * days_per_month;  // beyond the table: no blur
  return options;
}

RetinaOptions eye(Layout layout, double field, int rays) {
  RetinaOptions retina;
  retina.eye = "left";
  retina.layout = layout;
  retina.field = field;
  retina.rays = rays;
  retina.identity = retina.colour = true;
  retina.background = {0.0, 0.0, 1.0};
  return retina;
}

std::span<const double> look(BodyWorld& world, double yaw) {
  world.set_joints(std::array{yaw}, std::array{0.0});
  return world.step(std::array{0.0});
}

}  // namespace

TEST_CASE("a sphere covers exactly the receptors that geometry says, before and after a saccade") {
  struct Ball {
    Vector place;
    double radius;
  };
  for (const Ball& ball : {Ball{{1.0, 0.2, -0.1}, 0.15}, Ball{{0.5, 0.0, 0.0}, 0.02}, Ball{{2.0, -0.6, 0.5}, 0.5}}) {
    for (const Layout layout : {Layout::foveated, Layout::square}) {
      const auto world =
          make_body_world("eye", eye_and_ball(ball.place, ball.radius), "eye", with_eye(eye(layout, 80.0, 2000)));
      const auto receptors = world->receptors("retina");
      REQUIRE(receptors.size() > 1000);
      const double distance = std::sqrt(dot(ball.place, ball.place));
      const double half_angle = std::asin(ball.radius / distance);
      int covered = 0;
      for (const double yaw : {0.0, 0.1, -0.25, 0.6}) {
        const auto seen = look(*world, yaw);
        const auto depth = slice(*world, seen, "retina.depth"), who = slice(*world, seen, "retina.identity"),
                   colour = slice(*world, seen, "retina.colour");
        for (std::size_t i = 0; i < receptors.size(); ++i) {
          const Vector ray = in_world(receptors[i], yaw);
          const double along = dot(ray, ball.place);
          const double angle = std::acos(std::clamp(along / distance, -1.0, 1.0));
          if (std::abs(angle - half_angle) < 1e-7) continue;  // on the rim: rounding decides
          const bool hit = angle < half_angle;
          covered += hit;
          CHECK(who[i] == (hit ? 2.0 : -1.0));
          CHECK(colour[3 * i] == (hit ? 0.75 : 0.0));
          CHECK(colour[3 * i + 2] == (hit ? 0.125 : 1.0));
          const double root = ball.radius * ball.radius - (distance * distance - along * along);
          CHECK(std::abs(depth[i] - (hit ? along - std::sqrt(root) : 10.0)) < 1e-6);
        }
      }
      CHECK(covered > 10);
    }
  }
}

TEST_CASE("a saccade onto the ball brings it to the fovea") {
  const double azimuth = 0.3;
  const auto world = make_body_world("eye", eye_and_ball({std::cos(azimuth), std::sin(azimuth), 0.0}, 0.005), "eye",
                                     with_eye(eye(Layout::foveated, 60.0, 400)));
  const auto receptors = world->receptors("retina");
  CHECK(receptors[0].direction[2] == -1.0);
  CHECK(slice(*world, look(*world, 0.0), "retina.identity")[0] == -1.0);
  CHECK(slice(*world, look(*world, azimuth), "retina.identity")[0] == 2.0);
}

TEST_CASE("acuity is the table's at its ages, log-linear between, constant outside") {
  const std::array<std::array<double, 2>, 10> mayer = {{{1, 0.85},
                                                        {2.2, 1.9},
                                                        {3.5, 3.1},
                                                        {4.8, 4.4},
                                                        {6.5, 6.1},
                                                        {8.9, 8.2},
                                                        {12.1, 9.4},
                                                        {19.3, 10.1},
                                                        {26.4, 12.5},
                                                        {36, 17.4}}};
  for (std::size_t i = 0; i < mayer.size(); ++i) {
    const auto [months, cycles] = mayer[i];
    CHECK(acuity_at(months * days_per_month) == doctest::Approx(cycles).epsilon(1e-12));
    if (i == 0) continue;
    const double half_way = 0.5 * (months + mayer[i - 1][0]);
    CHECK(acuity_at(half_way * days_per_month) == doctest::Approx(std::sqrt(cycles * mayer[i - 1][1])).epsilon(1e-12));
    // The fovea's receptors are 1 / (2 acuity) degrees apart: Nyquist.
    RetinaOptions fine = eye(Layout::foveated, 3.0, 100000);
    fine.acuity = cycles;
    const auto world = make_body_world("eye", eye_and_ball({1, 0, 0}, 0.1), "eye", with_eye(fine));
    double nearest = 1e9;
    const auto receptors = world->receptors("retina");
    for (const Receptor& r : receptors) {
      if (&r != &receptors[0]) nearest = std::min(nearest, std::acos(std::min(1.0, -r.direction[2])) * degrees);
    }
    // The first ring of the complex logarithm: 2 (exp(h) - 1) with 2 h the spacing.
    CHECK(nearest == doctest::Approx(2.0 * std::expm1(0.25 / cycles)).epsilon(1e-6));
    CHECK(receptors[0].spacing == doctest::Approx(0.5 / cycles).epsilon(1e-12));
    // A square retina is never denser than that either.
    fine.layout = Layout::square;
    const auto square = make_body_world("eye", eye_and_ball({1, 0, 0}, 0.1), "eye", with_eye(fine));
    const auto n = square->receptors("retina").size();
    CHECK(n == std::size_t(std::pow(std::floor(3.0 * 2.0 * cycles + 1e-9), 2)));
  }
  CHECK(acuity_at(0.0) == 0.85);
  CHECK(acuity_at(60 * days_per_month) == 17.4);
}

TEST_CASE("fewer rays make a coarser retina that keeps its field") {
  for (const int rays : {64, 256, 1024}) {
    const auto world =
        make_body_world("eye", eye_and_ball({1, 0, 0}, 0.1), "eye", with_eye(eye(Layout::foveated, 60.0, rays)));
    const auto receptors = world->receptors("retina");
    CHECK(receptors.size() <= std::size_t(rays));
    CHECK(receptors.size() > std::size_t(0.7 * rays));
    double widest = 0.0;
    for (const Receptor& r : receptors) widest = std::max(widest, std::acos(-r.direction[2]) * degrees);
    CHECK(widest == doctest::Approx(30.0).epsilon(1e-9));
  }
}

TEST_CASE("a grating at the acuity of an age keeps a tenth of its contrast, a coarse one nearly all") {
  // 4 degrees in 96 receptors a side (acuity 12: at most 2 * 12 a degree). Bars of whole receptors, edges between them.
  RetinaOptions square = eye(Layout::square, 4.0, 96 * 96);
  square.acuity = 12.0;
  square.identity = square.depth = false;
  const double cycles = 3.0;  // the age at which the table's second pair of rows gives this
  const double months = 2.2 + 1.3 * std::log(cycles / 1.9) / std::log(3.1 / 1.9);
  CHECK(acuity_at(months * days_per_month) == doctest::Approx(cycles).epsilon(1e-12));
  for (const int period : {8, 24}) {   // receptors: 3 and 1 cycles a degree
    const double bar = period / 48.0;  // degrees
    std::string bars;
    for (int k = -2 - int(2.5 / (2 * bar)); k * 2 * bar < 2.5; ++k) {
      const double a = (k * 2 + 0.5) * bar / degrees;
      bars += "<geom type='box' rgba='1 1 1 1' size='0.001 " + std::to_string(std::tan(0.5 * bar / degrees)) +
              " 1' pos='" + std::to_string(1.001 * std::cos(a)) + " " + std::to_string(1.001 * std::sin(a)) +
              " 0' euler='0 0 " + std::to_string(a * degrees) + "'/>";
    }
    const std::string mjcf = "<mujoco><option gravity='0 0 0'/><worldbody>" + bars +
                             "<body name='eye'><joint name='yaw' axis='0 0 1'/><geom size='0.012' mass='0.01'/>"
                             "<camera name='left' xyaxes='0 -1 0 0 0 1'/></body></worldbody><actuator><motor "
                             "joint='yaw'/></actuator></mujoco>";
    const auto world = make_body_world("bars", mjcf, "bars", with_eye(square));
    REQUIRE(world->receptors("retina").size() == 96 * 96);
    // Amplitude of the fundamental over 48 receptors of the middle row: whole cycles, so harmonics are orthogonal.
    const auto amplitude = [&] {
      const auto red = slice(*world, look(*world, 0.0), "retina.colour");
      std::complex<double> sum = 0.0;
      for (int i = 24; i < 72; ++i) {
        sum += red[std::size_t(3 * (48 * 96 + i))] * std::polar(1.0, 2.0 * std::numbers::pi * i / period);
      }
      return std::abs(sum);
    };
    const double sharp = amplitude();
    CHECK(sharp > 5.0);
    world->set_age(months * days_per_month);
    // exp(-2 pi^2 s^2 f^2) is 1/10 at the acuity, and (1/10)^(1/9) at a third of it. The receptive field is cut at 3.5
    // standard deviations, where exp(-3.5^2 / 2) = 0.2 % of a Gaussian's volume is outside.
    CHECK(std::abs(amplitude() / sharp - (period == 8 ? 0.1 : std::pow(0.1, 1.0 / 9.0))) < 0.004);
  }
}
