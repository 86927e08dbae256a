// Joints that end: what is believed of them after decisions whose outcome is given.
#include <doctest/doctest.h>

#include <cmath>

#include "agents/drives/joint_stops.hpp"

using Eigen::Vector2d;
using infans::agents::JointStops;

namespace {

// A joint at q was expected at `next` and is seen at q1.
void decide(JointStops& stops, double q, double next, double q1) {
  const Vector2d from(q, 0.0), to(q1, 0.0);
  stops.see({from.data(), 2});
  stops.expect(Vector2d(next, 0.0));
  stops.see({to.data(), 2});
}

}  // namespace

TEST_SUITE("joint stops") {
  TEST_CASE("a joint that was held a few times, always the same way, has met a stop") {
    JointStops stops(1);
    for (int k = 0; k < JointStops::patience - 1; ++k) decide(stops, 2.0, 2.3, 2.01);
    decide(stops, 2.0, 1.7, 1.99);  // held the other way: counts anew
    for (int k = 0; k < JointStops::patience - 1; ++k) decide(stops, 2.0, 2.3, 2.01);
    CHECK_FALSE(stops.any());
    decide(stops, 2.0, 2.3, 2.01);
    CHECK(stops.any());
    CHECK(stops.high(0) == 2.01);
    CHECK(std::isinf(stops.low(0)));
    stops.begin_episode();
    CHECK_FALSE(stops.any());
  }

  TEST_CASE("motion, and rest where rest was expected, say nothing of stops") {
    JointStops stops(1);
    for (int k = 0; k < 20; ++k) decide(stops, 2.0, 2.3, 2.1);  // slower than expected, but not still
    for (int k = 0; k < 20; ++k) decide(stops, 2.0, 2.0 + 0.5 * JointStops::least_motion, 2.0);
    CHECK_FALSE(stops.any());
  }

  TEST_CASE("a joint that is seen behind its stop moves it") {
    JointStops stops(1);
    for (int k = 0; k < JointStops::patience; ++k) decide(stops, -2.0, -2.3, -2.0);
    CHECK(stops.low(0) == -2.0);
    decide(stops, -2.0, -2.3, -2.2);
    CHECK(stops.low(0) == -2.2);
    CHECK(stops.excess(Eigen::VectorXd::Constant(1, -2.3))(0) == doctest::Approx(-0.1 / JointStops::width));
    CHECK(stops.excess(Eigen::VectorXd::Constant(1, -2.1))(0) == 0.0);
    CHECK(stops.touched(Eigen::VectorXd::Constant(1, -2.19)));
  }
}
