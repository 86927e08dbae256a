// The chain bodies are the ones that their options describe, seen through what they do.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "core/base/error.hpp"
#include "envs/bodies/chain.hpp"
#include "experiments/benchmarks/small_data.hpp"

using namespace infans;
using experiments::make_small_world;
using experiments::sample_uniform;

namespace {

// Velocity after one control step from rest at angles q with command u.
Eigen::VectorXd pushed(const std::string& name, const Eigen::VectorXd& q, double u) {
  auto w = make_small_world(name);
  const auto n = static_cast<std::size_t>(w.joints());
  const Eigen::VectorXd rest = Eigen::VectorXd::Zero(q.size()), command = Eigen::VectorXd::Constant(q.size(), u);
  w.world->set_joints({q.data(), n}, {rest.data(), n});
  const auto next = w.world->step({command.data(), n});
  return Eigen::Map<const Eigen::VectorXd>(next.data() + q.size(), q.size());
}

}  // namespace

TEST_CASE("a single link accelerates as a rod on a hinge does") {
  // Capsule of length l between the ends plus radius r: its inertia about the hinge is near m (l^2/3 + r-terms); the
  // rod's value bounds it from below and 3 % covers the caps. Over a step of 0.05 s from rest, damping and gravity
  // change the velocity by less than 3 %.
  const double inertia = 0.25 / 3.0;
  const double v = pushed("chain1", Eigen::VectorXd::Zero(1), 1.0)(0);
  CHECK(v == doctest::Approx(5.0 / inertia * 0.05).epsilon(0.2));
  CHECK(v < 5.0 / inertia * 0.05);
}

TEST_CASE("variants do what they say") {
  const Eigen::VectorXd hanging = Eigen::VectorXd::Zero(2);
  SUBCASE("dry friction of 1 N m holds against torques of 0.5 and 0.25 N m") {
    // MuJoCo's friction is a soft constraint, so it creeps: a tenth of the free velocity is held, not moved.
    CHECK(pushed("chain2-friction", hanging, 0.05).norm() < 0.1 * pushed("chain2", hanging, 0.05).norm());
  }
  SUBCASE("a limit stops the second joint, and only beyond it") {
    Eigen::VectorXd q(2);
    q << 0.0, 2.2;  // beyond 120 degrees = 2.094 rad: it is pushed back
    CHECK(pushed("chain2-limits", q, 0.0)(1) < pushed("chain2", q, 0.0)(1) - 0.1);
    q(1) = 1.5;
    CHECK((pushed("chain2-limits", q, 0.0) - pushed("chain2", q, 0.0)).norm() == 0.0);
  }
  SUBCASE("the ground pushes a chain that hangs through it, not one that is above it") {
    Eigen::VectorXd q(2);
    q << 0.6, 0.0;  // tip at -cos(0.6) = -0.83 m: 3 cm below the floor
    CHECK((pushed("chain2-ground", q, 0.0) - pushed("chain2", q, 0.0)).norm() > 0.1);
    q << std::numbers::pi, 0.0;
    CHECK((pushed("chain2-ground", q, 0.0) - pushed("chain2", q, 0.0)).norm() == 0.0);
  }
}

TEST_CASE("samples lie in the box, repeat with their stream and refuse unknown worlds") {
  auto w = make_small_world("cartpole");
  random::Stream a = experiments::training_stream(3), b = experiments::training_stream(3);
  const auto x = sample_uniform(w, 50, a), y = sample_uniform(w, 50, b);
  CHECK(x.q1 == y.q1);
  CHECK(x.v1 == y.v1);
  for (int i = 0; i < 2; ++i) {
    CHECK(x.q0.col(i).cwiseAbs().maxCoeff() <= w.high(i));
    CHECK(x.v0.col(i).cwiseAbs().maxCoeff() <= w.high(2 + i));
  }
  CHECK_THROWS_AS(make_small_world("chain2-ground-limits"), base::OptionError);
  CHECK_THROWS_AS(make_small_world("chain0"), base::OptionError);
  CHECK_THROWS_AS(envs::chain_mjcf({2, -1.0, 0.0, 0.0}), base::OptionError);
}
