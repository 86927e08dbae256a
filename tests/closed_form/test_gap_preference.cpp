// A learned effector against the geometry of a two-link arm.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "agents/drives/gap_preference.hpp"

using namespace infans;
using Eigen::Vector2d;
using Eigen::VectorXd;

namespace {

// A two-link arm; size 1: links of 0.1 and 0.12 m.
Vector2d hand(const Vector2d& q, double size = 1.0) {
  return size * Vector2d(0.1 * std::cos(q(0)) + 0.12 * std::cos(q(0) + q(1)),
                         0.1 * std::sin(q(0)) + 0.12 * std::sin(q(0) + q(1)));
}

VectorXd observation(const Vector2d& q, const Vector2d& goal, double size = 1.0) {
  VectorXd o(6);
  o << q, 0.0, 0.0, goal - hand(q, size);
  return o;
}

std::span<const double> view(const VectorXd& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }

constexpr double temperature = 0.02, softness = 0.01;

// Two episodes with a goal each: more equations than the eight features have weights.
agents::GapPreference taught(double size = 1.0) {
  agents::GapPreference p(2, 2, {temperature, softness}, kernels::best());
  random::Stream stream({3, 0, random::Purpose::probe, 0});
  for (int episode = 0; episode < 2; ++episode) {
    const Vector2d goal(stream.uniform(-0.2, 0.2), stream.uniform(-0.2, 0.2));
    p.begin_episode();
    for (int k = 0; k < 20; ++k) {
      const VectorXd o = observation({stream.uniform(-3, 3), stream.uniform(-3, 3)}, size * goal, size);
      p.see(view(o));
      p.learn(view(o));
    }
  }
  p.begin_episode();
  return p;
}

float log_density(agents::Preference& p, const VectorXd& s) {
  inference::Batch batch;
  batch.resize(4, 1);
  for (int i = 0; i < 4; ++i) std::fill_n(batch.row(i), batch.stride, static_cast<float>(s(i)));
  float density = 0.0F;
  p.add_log_density(batch, 1, &density);
  return density;
}

// The density is -|r|^2 / 2, and the slope of r is what differences say.
void check_residual(agents::Preference& p, const VectorXd& s) {
  VectorXd r, up, low;
  Eigen::MatrixXd slope, unused;
  p.residual(s, r, slope);
  CHECK(log_density(p, s) == doctest::Approx(-0.5 * r.squaredNorm()).epsilon(1e-4));  // floats
  for (int i = 0; i < 4; ++i) {
    VectorXd d = VectorXd::Zero(4);
    d(i) = 1e-6;
    p.residual(s + d, up, unused);
    p.residual(s - d, low, unused);
    CHECK(((up - low) / 2e-6 - slope.col(i)).norm() < 1e-6 * (1.0 + slope.norm()));  // h^2 and rounding / h
  }
}

}  // namespace

TEST_SUITE("gap preference") {
  TEST_CASE("gaps of every posture follow from one that is seen, for a goal that is new and arms of any size") {
    for (const double size : {0.1, 1.0, 10.0}) {
      agents::GapPreference p = taught(size);
      const Vector2d goal = size * Vector2d(0.05, -0.1);
      p.see(view(observation({0.3, -0.4}, goal, size)));
      for (const Vector2d& q : {Vector2d(0.3, -0.4), Vector2d(2.0, 1.0), Vector2d(-1.0, 2.5)})
        // The prior is felt: its precision is a millionth of a single observation's.
        CHECK((p.gap(q) - (goal - hand(q, size))).norm() < 1e-3 * size);
    }
  }

  TEST_CASE("the density is that of the distance, its residual has that slope, and a clone keeps what was learned") {
    agents::GapPreference p = taught();
    p.see(view(observation({0.3, -0.4}, {0.05, -0.1})));
    const auto copy = p.clone();
    VectorXd s(4);
    s << 0.7, 1.1, 0.2, -0.3;
    const double distance = p.gap(s.head(2)).norm();
    const double wanted = -(std::hypot(distance, softness) - softness) / temperature;
    CHECK(log_density(*copy, s) == doctest::Approx(wanted).epsilon(1e-4));
    check_residual(p, s);
  }

  TEST_CASE("behind a stop that was met no posture is expected, and the next episode knows of none") {
    agents::GapPreference p = taught();
    const Vector2d goal(0.05, -0.1);
    const VectorXd o = observation({0.3, 1.5}, goal);
    for (int k = 0; k <= agents::JointStops::patience; ++k) {
      p.see(view(o));
      p.expect(Eigen::Vector4d(0.3, 1.7, 0.0, 0.0));
    }
    REQUIRE(p.stops().high(1) == 1.5);
    CHECK(p.held(Eigen::Vector4d(0.0, 1.49, 0.0, 0.0)));
    CHECK_FALSE(p.held(Eigen::Vector4d(0.0, 1.4, 0.0, 0.0)));
    VectorXd before(4), behind(4);
    before << 0.7, 1.45, 0.0, 0.0;
    behind << 0.7, 1.55, 0.0, 0.0;
    check_residual(p, before);
    check_residual(p, behind);
    const float with = log_density(p, behind);
    p.begin_episode();
    const double excess = 0.05 / agents::JointStops::width;
    CHECK(with == doctest::Approx(log_density(p, behind) - 0.5 * excess * excess).epsilon(1e-4));
  }

  TEST_CASE("before anything is learned no posture is better than another") {
    agents::GapPreference p(2, 2, {}, kernels::best());
    p.see(view(observation({0.3, -0.4}, {0.05, -0.1})));
    CHECK(p.gap(Vector2d(1.0, 2.0)).isApprox(p.gap(Vector2d(-2.0, 0.5))));
    CHECK_THROWS_AS(agents::GapPreference(7, 2, {}, kernels::best()), std::logic_error);
    CHECK_THROWS_AS(agents::GapPreference(2, 2, {.temperature = 0.0}, kernels::best()), std::logic_error);
  }
}
