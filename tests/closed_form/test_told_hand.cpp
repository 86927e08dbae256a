// A hand that is not told everywhere: the Beta belief by hand, and what it does to expected free energy.
#include <doctest/doctest.h>

#include <cmath>

#include "agents/planning/posture_planner.hpp"
#include "core/inference/told_hand.hpp"
#include "core/inference/torus_learner.hpp"

using namespace infans;
using Eigen::Vector3d;
using Eigen::VectorXd;
using inference::ToldHand;

namespace {

ToldHand hand(int joints) { return ToldHand(std::make_unique<inference::TorusHand>(joints)); }

}  // namespace

TEST_CASE("being told is a Beta belief whose counts fade with the distance of the angles") {
  ToldHand h = hand(2);
  const Eigen::Vector2d here(0.3, -1.0), there(0.3, 1.0);
  CHECK(h.told(here) == doctest::Approx(1.0 / 1.25));
  h.add(here, Vector3d(0.1, 0.0, 0.0));
  h.miss(there);
  const double k = std::exp(1.5 * (std::cos(2.0) - 1.0));
  CHECK(h.told(here) == doctest::Approx((1.0 + 1.0) / (1.25 + 1.0 + k)));
  CHECK(h.told(there) == doctest::Approx((1.0 + k) / (1.25 + 1.0 + k)));
  CHECK(h.told(here + Eigen::Vector2d(2.0, -4.0) * std::acos(-1.0)) == doctest::Approx(h.told(here)));
  CHECK(h.samples() == 1);  // a miss teaches nothing about places
  h.discount(0.5);
  CHECK(h.told(there) == doctest::Approx((1.0 + 0.5 * k) / (1.25 + 0.5 + 0.5 * k)));
  CHECK(h.clone()->predict(here).told == h.told(here));
}

TEST_CASE("where the senses may not tell, information counts less and the goal is missed by as much as elsewhere is") {
  ToldHand h = hand(2);
  const Eigen::Vector2d q(0.3, -1.0);
  h.add(q, Vector3d(0.1, 0.0, 0.0));
  for (int n = 0; n < 4; ++n) h.miss(q);
  const double t = 2.0 / 6.25;
  REQUIRE(h.told(q) == doctest::Approx(t));
  agents::PosturePlannerOptions o;
  const agents::PosturePlanner planner(Eigen::Vector2d(-2.0, -2.0), Eigen::Vector2d(2.0, 2.0), o);
  const Vector3d goal(0.15, 0.02, 0.0);
  const agents::PostureCost sure = planner.cost(h.map(), q, goal, q), unsure = planner.cost(h, q, goal, q);
  const double elsewhere = o.elsewhere * o.elsewhere / (2.0 * o.goal_width * o.goal_width);
  CHECK(unsure.risk == doctest::Approx(t * sure.risk + (1.0 - t) * elsewhere));
  CHECK(unsure.information == doctest::Approx(t * sure.information));
}
