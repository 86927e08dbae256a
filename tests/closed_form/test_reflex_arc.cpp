// Reflex arcs against their equations and against bodies whose answer is known: a joint under a constant load.
#include <doctest/doctest.h>

#include <cmath>

#include "agents/reflex/reflex_arc.hpp"
#include "tests/random_matrix.hpp"

using namespace infans;
using agents::minimum_jerk;
using agents::ReflexArc;
using agents::ReflexOptions;
using Eigen::VectorXd;

namespace {

constexpr double dt = 0.002;

VectorXd one(double x) { return VectorXd::Constant(1, x); }

// A joint of inertia J under a constant torque, semi-implicit Euler.
struct LoadedJoint {
  double inertia, load, q = 0.0, v = 0.0;
  void step(double torque) {
    v += dt * (torque + load) / inertia;
    q += dt * v;
  }
};

void live(ReflexArc& arc, LoadedJoint& joint, double seconds) {
  for (int k = 0; k < std::lround(seconds / dt); ++k) joint.step(arc.torque(one(joint.q), one(joint.v), dt)(0));
}

}  // namespace

// The polynomial of least integrated squared jerk has zero velocity and acceleration at both ends, peak velocity 15/8
// in the middle and is symmetric (Flash & Hogan 1985).
TEST_CASE("the minimum-jerk path starts and ends at rest and its slope is its derivative") {
  CHECK(minimum_jerk(0.0).part == 0.0);
  CHECK(minimum_jerk(1.0).part == 1.0);
  CHECK(minimum_jerk(-1.0).part == 0.0);
  CHECK(minimum_jerk(2.0).part == 1.0);
  for (const double end : {0.0, 1.0}) {
    CHECK(minimum_jerk(end).slope == 0.0);
    // Slope near the end is 30 h^2: no acceleration there.
    CHECK(minimum_jerk(std::abs(end - 1e-4)).slope == doctest::Approx(30e-8).epsilon(1e-3));
  }
  CHECK(minimum_jerk(0.5).slope == doctest::Approx(15.0 / 8.0));
  for (double s = 0.05; s < 1.0; s += 0.05) {
    CHECK(minimum_jerk(s).part + minimum_jerk(1.0 - s).part == doctest::Approx(1.0));
    const double h = 1e-6, slope = (minimum_jerk(s + h).part - minimum_jerk(s - h).part) / (2 * h);
    CHECK(minimum_jerk(s).slope == doctest::Approx(slope).epsilon(1e-7));
  }
}

TEST_CASE("torque is the precision-weighted prediction error of position and velocity, clipped") {
  random::Stream s({1, 0, random::Purpose::test, 0});
  const VectorXd largest = (VectorXd(3) << 3.0, 1.0, 0.5).finished();
  const VectorXd inertia = (VectorXd(3) << 0.02, 0.005, 0.001).finished();
  const ReflexOptions o;
  ReflexArc arc(largest, inertia, o);
  const VectorXd from = tests::normal(3, 1, s), to = tests::normal(3, 1, s);
  arc.start(from);
  arc.predict(to);
  bool clipped = false, free = false;
  for (double t = 0.0; t < o.ramp - dt; t += dt) {
    const auto path = minimum_jerk(t / o.ramp);
    const VectorXd qhat = from + path.part * (to - from), vhat = path.slope / o.ramp * (to - from);
    const VectorXd q = qhat + 0.1 * tests::normal(3, 1, s), v = vhat + tests::normal(3, 1, s);
    const VectorXd tau = arc.torque(q, v, dt);
    for (int i = 0; i < 3; ++i) {
      const double kp = o.stiffness * largest(i), kd = o.damping * std::sqrt(kp * inertia(i));
      const double wanted = kp * (qhat(i) - q(i)) + kd * (vhat(i) - v(i));
      const double expected = std::min(std::max(wanted, -largest(i)), largest(i));
      CHECK(tau(i) == doctest::Approx(expected).epsilon(1e-9));
      (std::abs(wanted) > largest(i) ? clipped : free) = true;
    }
    CHECK(arc.bias().isZero(0.0));  // expected to be wrong while the path moves
  }
  CHECK(clipped);
  CHECK(free);
}

TEST_CASE("a new decision starts where the prediction is, not where the joint is") {
  ReflexArc arc(one(2.0), one(0.01));
  arc.start(one(0.3));
  arc.predict(one(1.0));
  for (int k = 0; k < 50; ++k) arc.torque(one(0.0), one(0.0), dt);  // 0.1 of 0.24 s
  const double there = arc.predicted_position()(0);
  CHECK(there == doctest::Approx(0.3 + 0.7 * minimum_jerk(0.1 / 0.24).part));
  arc.predict(one(-1.0));
  CHECK(arc.predicted_position()(0) == there);
  CHECK(arc.predicted_velocity()(0) == 0.0);
}

// At rest Kp (qhat - q) + b + load = 0: without a bias the joint sags by load / Kp, with it the error integrates to
// nothing (after 3 s = 20 time constants, e^-20 of the sag and less).
TEST_CASE("the bias takes the load and nothing sags; without it the joint sags by load over stiffness") {
  for (const double load : {-0.8, 0.5}) {
    for (const bool bias : {true, false}) {
      ReflexOptions o;
      o.bias_limit = bias ? 1.0 : 0.0;
      ReflexArc arc(one(2.0), one(0.02), o);
      LoadedJoint joint{0.02, load};
      arc.start(one(0.0));
      arc.predict(one(0.7));
      live(arc, joint, 3.0);
      const double sag = bias ? 0.0 : load / (o.stiffness * 2.0);
      CHECK(joint.q == doctest::Approx(0.7 + sag).epsilon(1e-6));
      CHECK(arc.bias()(0) == doctest::Approx(bias ? -load : 0.0).epsilon(1e-5));
    }
  }
}

TEST_CASE("a load above the strength: torque and bias stay within their limits, and the bias lets go afterwards") {
  ReflexOptions o;
  o.bias_limit = 0.6;
  ReflexArc arc(one(2.0), one(0.02), o);
  arc.start(one(0.0));
  for (int k = 0; k < 2000; ++k) {
    const double tau = arc.torque(one(-1.0), one(0.0), dt)(0);  // held away from the prediction
    REQUIRE(std::abs(tau) <= 2.0);
    REQUIRE(std::abs(arc.bias()(0)) <= 1.2);
  }
  CHECK(arc.bias()(0) == 1.2);
  LoadedJoint joint{0.02, 0.0, -1.0};
  live(arc, joint, 3.0);
  CHECK(joint.q == doctest::Approx(0.0).epsilon(1e-6));
}

// A predicted velocity is what lets the joint follow: Kd then pulls along instead of braking.
TEST_CASE("with a velocity prediction a free joint ends its ramp nearer to the posture") {
  double error[2];
  for (const bool velocity : {false, true}) {
    ReflexOptions o;
    o.velocity_prediction = velocity;
    ReflexArc arc(one(20.0), one(0.02), o);  // strong: no clipping in either case
    LoadedJoint joint{0.02, 0.0};
    arc.start(one(0.0));
    arc.predict(one(1.0));
    live(arc, joint, o.ramp);
    error[velocity] = std::abs(1.0 - joint.q);
  }
  CHECK(error[1] < 0.5 * error[0]);
}

TEST_CASE("a reflex arc needs strengths, inertias and postures of its joints") {
  CHECK_THROWS_AS(ReflexArc(one(0.0), one(1.0)), std::logic_error);
  CHECK_THROWS_AS(ReflexArc(one(1.0), VectorXd::Ones(2)), std::logic_error);
  ReflexOptions o;
  o.ramp = 0.0;
  CHECK_THROWS_AS(ReflexArc(one(1.0), one(1.0), o), std::logic_error);
  ReflexArc arc(one(1.0), one(1.0));
  CHECK_THROWS_AS(arc.start(VectorXd::Zero(2)), std::logic_error);
  CHECK_THROWS_AS(arc.predict(VectorXd::Zero(2)), std::logic_error);
}
