// A hand whose body changes: the surprise against chi-square laws, the causes against bodies that changed by them.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <numbers>

#include "core/inference/changing_hand.hpp"
#include "core/inference/schema_learner.hpp"
#include "core/inference/torus_learner.hpp"
#include "tests/random_matrix.hpp"

using namespace infans;
using Eigen::Vector3d;
using Eigen::VectorXd;
using inference::ChangeOptions;
using inference::ChangingHand;
using inference::HandBelief;
using inference::HandModel;
using model::BodySchema;
using Kind = ChangingHand::Kind;

namespace {

constexpr int joints = 4;

random::Stream stream(std::uint64_t seed, std::uint64_t step = 0) {
  return random::Stream({seed, 0, random::Purpose::test, step});
}

VectorXd posture(random::Stream& s) {
  VectorXd q(joints);
  for (double& x : q) x = s.uniform(-1.5, 1.5);
  return q;
}

// A map that knows its body as far as its noise tells: errors are N(0, noise) exactly and nothing is learned.
class Calibrated final : public HandModel {
 public:
  explicit Calibrated(BodySchema body) : body_(std::move(body)) {}
  int joints() const override { return body_.joints(); }
  int samples() const override { return samples_; }
  void add(const VectorXd&, const Vector3d&, double) override { ++samples_; }
  void discount(double) override {}
  HandBelief predict(const VectorXd& q) const override {
    HandBelief b;
    b.mean = body_.differentiate(q, &b.jacobian, nullptr);
    b.covariance.setZero();
    b.noise.setConstant(1e-4);
    return b;
  }
  std::unique_ptr<HandModel> clone() const override { return std::make_unique<Calibrated>(*this); }
  void describe(infans::base::Archive&) override {}

 private:
  BodySchema body_;
  int samples_ = 0;
};

Vector3d seen(const BodySchema& body, const VectorXd& q, random::Stream& s, double sd) {
  return body.hand(q) + sd * Vector3d(s.normal(), s.normal(), s.normal());
}

void live(ChangingHand& hand, const BodySchema& body, int samples, random::Stream& s, double noise, int joint = 0,
          double lie = 0.0) {
  for (int n = 0; n < samples; ++n) {
    const VectorXd q = posture(s);
    VectorXd sensed = q;
    sensed(joint) += lie;
    hand.add(sensed, seen(body, q, s, noise));
  }
}

}  // namespace

// With the likelihood true, every sample's ratio has expectation 1, so the chance of a given sample to end a rise
// above the threshold is below e^-threshold (Page's bound on the CUSUM's rate): at most 6,000 e^-6 = 15 alarms in
// 6,000 samples, and capping a sample's gain lowers it. The scale s >= 1 lowers it too.
TEST_CASE("a body that does not change is rarely suspected, one whose errors double soon") {
  auto s = stream(1);
  const BodySchema body = BodySchema::random(joints, 0.15, s);
  ChangeOptions o;
  o.threshold = 6.0;
  o.open = 1;
  ChangingHand hand(std::make_unique<Calibrated>(body), o);
  live(hand, body, 6000, s, 0.01);
  MESSAGE("alarms in 6,000 samples: " << hand.alarms());
  CHECK(hand.alarms() <= 15);
  // Errors of twice the deviation: drift 3/2 (4 (1 - 1/4) - ln 4) = 2.4 nats a sample, threshold after 2.5 of them.
  double delay = 0.0;
  for (int k = 0; k < 50; ++k) {
    ChangingHand changed(std::make_unique<Calibrated>(body), o);
    live(changed, body, 60, s, 0.01);
    const int before = changed.alarms();
    int n = 0;
    while (changed.alarms() == before && n < 100) live(changed, body, 1, s, 0.02), ++n;
    delay += n / 50.0;
  }
  MESSAGE("samples to notice: " << delay);
  CHECK(delay < 10.0);
}

// One outlier of any size adds `most` of the threshold and no more.
TEST_CASE("a single surprising sample is no alarm, a second one is") {
  auto s = stream(2);
  const BodySchema body = BodySchema::random(joints, 0.15, s);
  ChangeOptions o;
  ChangingHand hand(std::make_unique<Calibrated>(body), o);
  for (int n = 0; n < 30; ++n) {
    const VectorXd q = posture(s);
    hand.add(q, body.hand(q));
  }
  CHECK(hand.suspicion() == 0.0);
  const VectorXd q = posture(s);
  hand.add(q, body.hand(q) + Vector3d(1.0, 0.0, 0.0));
  CHECK(hand.alarms() == 0);
  CHECK(hand.suspicion() == doctest::Approx(o.most * o.threshold));
  hand.add(q, body.hand(q) + Vector3d(1.0, 0.0, 0.0));
  CHECK(hand.alarms() == 1);
  CHECK(hand.open());
}

// Both maps, no noise in the senses: 5 of the 12 samples that causes compete for must tell which joint lies and by how
// much (15 values for 1 unknown); afterwards the hand is known as before although no sample was thrown away.
TEST_CASE("a sensor that begins to lie is found by joint and angle, and all old evidence keeps its worth") {
  for (const bool torus : {false, true}) {
    for (int joint = 0; joint < joints; ++joint) {
      auto s = stream(3, static_cast<std::uint64_t>(joint));
      const BodySchema body = BodySchema::random(joints, 0.12, s);
      std::unique_ptr<HandModel> map;
      if (torus)
        map = std::make_unique<inference::TorusHand>(joints);
      else
        map = std::make_unique<inference::SchemaLearner>(joints, inference::SchemaOptions{}, stream(4));
      ChangingHand hand(std::move(map));
      live(hand, body, torus ? 120 : 40, s, 0.0);
      const int before = hand.alarms();
      const double lie = joint % 2 == 0 ? 0.26 : -0.2;
      live(hand, body, 6, s, 0.0, joint, lie);
      CHECK(hand.alarms() == before + 1);
      CHECK(hand.cause().kind == Kind::offset);
      CHECK(hand.cause().which == joint);
      // The true angle is the sensed one minus the lie; 0.02 rad are 3 mm of a hand 15 cm away.
      CHECK(std::abs(hand.cause().offset + lie) < 0.02);
      live(hand, body, 14, s, 0.0, joint, lie);  // the competition has ended
      CHECK_FALSE(hand.open());
      CHECK(std::abs(hand.offset()(joint) + lie) < 0.02);
      double error = 0.0;
      for (int n = 0; n < 50; ++n) {
        const VectorXd q = posture(s);
        VectorXd sensed = q;
        sensed(joint) += lie;
        error += (hand.predict(sensed).mean - body.hand(q)).norm() / 50;
      }
      CHECK(error < 0.01);
    }
  }
}

// Sliding a joint along its axis changes nothing that is seen, so a link is known up to such slides only, but how it
// moves the hand is: the body is known to hundredths of a millimetre, hence so is the change.
TEST_CASE("a link that grows is found, and the hand is known at once") {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    for (const int link : {2, joints}) {
      auto s = stream(5, seed);
      BodySchema body = BodySchema::random(joints, 0.12, s);
      ChangingHand hand(
          std::make_unique<inference::SchemaLearner>(joints, inference::SchemaOptions{}, stream(6, seed)));
      live(hand, body, 40, s, 0.0);
      REQUIRE(hand.alarms() == 0);
      body.link.col(link) *= 1.2;
      live(hand, body, 5, s, 0.0);
      CHECK(hand.alarms() == 1);
      CHECK(hand.cause().kind == Kind::link);
      CHECK(hand.cause().which == link);
      for (int n = 0; n < 20; ++n) {
        const VectorXd q = posture(s);
        CHECK((hand.predict(q).mean - body.hand(q)).norm() < 0.002);
      }
      live(hand, body, 20, s, 0.0);
      CHECK(hand.alarms() == 1);
      CHECK((hand.predict(VectorXd::Zero(joints)).mean - body.hand(VectorXd::Zero(joints))).norm() < 0.002);
    }
  }
}

// Two axes turn at once: no single cause. The discount lets the map learn the new body, which it could not while the
// old evidence weighs as much.
TEST_CASE("a change that no cause explains is learned: old evidence is discounted once") {
  auto s = stream(7);
  BodySchema body = BodySchema::random(joints, 0.12, s);
  const auto map = [] {
    return std::make_unique<inference::SchemaLearner>(joints, inference::SchemaOptions{}, stream(8));
  };
  ChangingHand hand(map());
  ChangeOptions never;
  never.threshold = 1e9;
  ChangingHand keeps(map(), never);
  auto t = s;
  live(hand, body, 40, s, 0.0);
  live(keeps, body, 40, t, 0.0);
  VectorXd turn = VectorXd::Zero(body.parameters());
  turn.head(2 * joints).setConstant(0.2);
  body = body.move(turn);
  live(hand, body, 16, s, 0.0);
  live(keeps, body, 16, t, 0.0);
  CHECK(hand.alarms() >= 1);
  CHECK(keeps.alarms() == 0);
  double error = 0.0, kept = 0.0;
  for (int n = 0; n < 50; ++n) {
    const VectorXd q = posture(s);
    error += (hand.predict(q).mean - body.hand(q)).norm() / 50;
    kept += (keeps.predict(q).mean - body.hand(q)).norm() / 50;
  }
  MESSAGE("after 16 samples: " << 100 * error << " cm, without a discount " << 100 * kept << " cm");
  CHECK(error < 0.5 * kept);
}

TEST_CASE("a copy lives on its own, and options are checked") {
  auto s = stream(9);
  const BodySchema body = BodySchema::random(joints, 0.12, s);
  ChangingHand hand(std::make_unique<inference::TorusHand>(joints));
  live(hand, body, 30, s, 0.0);
  const auto copy = hand.clone();
  const VectorXd q = posture(s);
  CHECK(copy->predict(q).mean == hand.predict(q).mean);
  live(hand, body, 5, s, 0.0);
  CHECK(copy->samples() == 30);
  CHECK(hand.samples() == 35);
  CHECK_THROWS_AS(hand.shift_link(0, Vector3d::Zero()), std::logic_error);
  ChangeOptions o;
  o.ratio = 1.0;
  CHECK_THROWS_AS(ChangingHand(std::make_unique<inference::TorusHand>(joints), o), std::logic_error);
  CHECK_THROWS_AS(ChangingHand(nullptr), std::logic_error);
}

// Crossed nerves: bending is felt as stretching, about an angle that nobody tells.
TEST_CASE(
    "a joint that is turned over is found with the angle it is turned about, and all old evidence keeps its worth") {
  constexpr double about = 2.1;  // rad
  ChangeOptions o;
  o.mirrors = true;
  for (int joint = 0; joint < joints; ++joint) {
    auto s = stream(6, static_cast<std::uint64_t>(joint));
    const BodySchema body = BodySchema::random(joints, 0.12, s);
    ChangingHand hand(std::make_unique<inference::SchemaLearner>(joints, inference::SchemaOptions{}, stream(4)), o);
    live(hand, body, 40, s, 0.0);
    const auto sense = [&](VectorXd q) {
      q(joint) = about - q(joint);
      return q;
    };
    for (int n = 0; n < 25; ++n) {
      const VectorXd q = posture(s);
      hand.add(sense(q), body.hand(q));
    }
    REQUIRE(hand.alarms() >= 1);
    CHECK(hand.cause().kind == Kind::mirror);
    CHECK(hand.cause().which == joint);
    CHECK(hand.sign()(joint) == -1.0);
    CHECK(std::abs(std::remainder(hand.offset()(joint) - about, 2.0 * std::numbers::pi)) < 1e-3);
    for (int n = 0; n < 20; ++n) {
      const VectorXd q = posture(s);
      CHECK((hand.predict(sense(q)).mean - body.hand(q)).norm() < 1e-3);
    }
  }
}
