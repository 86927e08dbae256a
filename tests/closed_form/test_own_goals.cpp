// Goals that a mind sets itself: the goal space, and each source against what it must prefer.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "agents/drives/own_goals.hpp"

using namespace infans;
using namespace infans::agents;
using Eigen::Vector3d;
using Eigen::VectorXd;

namespace {

random::Stream stream(std::uint64_t seed) { return random::Stream({seed, 0, random::Purpose::test, 0}); }

const GoalSpace ball{{0.2, 0.0, 0.0}, 0.1, Vector3d::UnitX(), 0.4, 0.05};

// A hand at (q0, q1, q2) whose variance is (q0 - 0.2)^2 in every direction, noise 1e-4.
class Ruler final : public inference::HandModel {
 public:
  int joints() const override { return 3; }
  int samples() const override { return 1; }
  void add(const VectorXd&, const Vector3d&, double) override {}
  void discount(double) override {}
  inference::HandBelief predict(const VectorXd& q) const override {
    const double variance = (q(0) - 0.2) * (q(0) - 0.2);
    return {q, variance * Eigen::Matrix3d::Identity(), Vector3d::Constant(1e-4), Eigen::Matrix3Xd::Identity(3, 3)};
  }
  std::unique_ptr<inference::HandModel> clone() const override { return std::make_unique<Ruler>(*this); }
  void describe(infans::base::Archive&) override {}
};

OwnGoals::Knowledge knowledge(const inference::HandModel& map, const Vector3d& hand) {
  const auto posture = [](random::Stream& s) -> VectorXd {
    return Vector3d(s.uniform(0.0, 0.5), s.uniform(-0.2, 0.2), s.uniform(-0.2, 0.2));
  };
  return {map, posture, hand};
}

OwnGoals goals(GoalSource source, std::vector<Vector3d> given = {}) {
  OwnGoalsOptions o;
  o.source = source;
  o.given = std::move(given);
  return {o, ball};
}

}  // namespace

TEST_CASE("random goals are uniform in the part of the ball that is seen") {
  auto s = stream(1);
  OwnGoals own = goals(GoalSource::random);
  const Ruler map;
  constexpr int n = 4000;
  Vector3d mean = Vector3d::Zero();
  for (int k = 0; k < n; ++k) {
    const Vector3d goal = own.next(knowledge(map, Vector3d::Zero()), s);
    REQUIRE(ball.holds(goal));
    mean += goal / n;
  }
  // About the axis of sight the space is symmetric: sd of a coordinate below 0.1 m, five standard errors (false alarm
  // 1e-6 each).
  CHECK(std::abs(mean.y()) < 5.0 * 0.1 / std::sqrt(1.0 * n));
  CHECK(std::abs(mean.z()) < 5.0 * 0.1 / std::sqrt(1.0 * n));
  CHECK_FALSE(ball.holds({0.2, 0.1, 0.0}));   // 0.46 rad off the gaze
  CHECK_FALSE(ball.holds({0.31, 0.0, 0.0}));  // beyond the ball
  CHECK(ball.holds({0.25, 0.05, 0.0}));
}

TEST_CASE("expected information is 1/2 ln det(I + N^-1 V), and information goals have the most of what was looked at") {
  const Ruler map;
  CHECK(expected_information(map.predict(Vector3d(0.3, 0.0, 0.0))) == doctest::Approx(1.5 * std::log(101.0)));
  CHECK(expected_information(map.predict(Vector3d(0.2, 0.0, 0.0))) == doctest::Approx(0.0));
  OwnGoals own = goals(GoalSource::information);
  for (std::uint64_t k = 0; k < 20; ++k) {
    auto s = stream(k), same = stream(k);
    const auto known = knowledge(map, Vector3d::Zero());
    const Vector3d goal = own.next(known, s);
    REQUIRE(ball.holds(goal));
    ball.draw(same);
    double most = 0.0;
    for (int c = 0; c < OwnGoalsOptions{}.candidates; ++c) {
      const VectorXd q = known.posture(same);
      if (ball.holds(q)) most = std::max(most, expected_information(map.predict(q)));
    }
    if (most > 0.0) CHECK(expected_information(map.predict(goal)) == most);
  }
}

TEST_CASE("progress chooses regions in proportion to how errors change there, and new ones as much as the best") {
  OwnGoalsOptions o;
  o.source = GoalSource::progress;
  o.cells = 2;
  o.window = 4;
  o.curious = 1.0;
  const GoalSpace all{Vector3d(1.0, 0.0, 0.0), 0.3, Vector3d::UnitX(), 1.5, 0.0};
  OwnGoals own(o, all);
  const auto place = [](int r) {
    return Vector3d(1.0 + (r / 4 == 0 ? -0.1 : 0.1), r / 2 % 2 == 0 ? -0.1 : 0.1, r % 2 == 0 ? -0.1 : 0.1);
  };
  for (int r = 0; r < own.regions(); ++r) REQUIRE(own.region(place(r)) == r);
  for (const double e : {0.9, 0.5, 0.4, 0.2, 0.1}) own.outcome(place(0), e);  // the last four count
  for (const double e : {0.3, 0.3, 0.3, 0.3}) own.outcome(place(1), e);
  for (const double e : {0.1, 0.1, 0.2, 0.4}) own.outcome(place(2), e);
  CHECK(own.interest(0) == doctest::Approx((0.9 - 0.3) / 4.0));
  CHECK(own.interest(1) == doctest::Approx(0.0));
  CHECK(own.interest(2) == doctest::Approx((0.6 - 0.2) / 4.0));
  CHECK(own.interest(5) == doctest::Approx(own.interest(0)));
  for (int r = 3; r < 8; ++r)
    for (int k = 0; k < 4; ++k) own.outcome(place(r), 0.1);
  const Ruler map;
  auto s = stream(2);
  int first = 0;
  constexpr int n = 2000;
  for (int k = 0; k < n; ++k) {
    const int r = own.region(own.next(knowledge(map, Vector3d::Zero()), s));
    REQUIRE((r == 0 || r == 2));
    first += r == 0 ? 1 : 0;
  }
  // Binomial with p = 0.6: five standard deviations (false alarm 1e-6).
  CHECK(std::abs(first - 0.6 * n) < 5.0 * std::sqrt(0.24 * n));
}

TEST_CASE("others' goals: a task goes through its places, a caregiver stays near the hand") {
  const std::vector<Vector3d> places = {{0.2, 0.0, 0.0}, {0.25, 0.02, 0.0}, {0.22, -0.03, 0.01}};
  const Ruler map;
  auto s = stream(3);
  OwnGoals task = goals(GoalSource::task, places);
  for (std::size_t k = 0; k < 7; ++k) CHECK(task.next(knowledge(map, Vector3d::Zero()), s) == places[k % 3]);
  OwnGoals caregiver = goals(GoalSource::caregiver, places);
  CHECK(caregiver.next(knowledge(map, {0.9, 0.0, 0.0}), s) == places[1]);  // none is near: the nearest
  for (int k = 0; k < 20; ++k) CHECK((caregiver.next(knowledge(map, places[0]), s) - places[0]).norm() <= 0.06);
  CHECK_THROWS_AS(goals(GoalSource::task), std::logic_error);
}
