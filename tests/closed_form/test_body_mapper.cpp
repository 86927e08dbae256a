// A mind that maps its arm: angles from efference copy and proprioception, offsets and beliefs against Gaussian
// formulas.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "agents/reflex/body_mapper.hpp"
#include "core/inference/schema_learner.hpp"
#include "core/inference/torus_learner.hpp"

using namespace infans;
using namespace infans::agents;
using Eigen::Vector3d;
using Eigen::VectorXd;

namespace {

constexpr double v = 4e-4, n = 1e-4;  // m^2

// A hand at (q, 0, 0), as uncertain as v everywhere; counts what it is taught.
class Rail final : public inference::HandModel {
 public:
  int joints() const override { return 1; }
  int samples() const override { return 1; }
  void add(const VectorXd& q, const Vector3d& x, double weight) override {
    taught_q = q(0);
    taught_x = x;
    taught_weight = weight;
  }
  void discount(double by) override { share *= by; }
  inference::HandBelief predict(const VectorXd& q) const override {
    return {{q(0), 0.0, 0.0}, v * Eigen::Matrix3d::Identity(), Vector3d::Constant(n), Vector3d::UnitX()};
  }
  std::unique_ptr<inference::HandModel> clone() const override { return std::make_unique<Rail>(*this); }
  void describe(infans::base::Archive&) override {}
  double taught_q = 0.0, taught_weight = 0.0, share = 1.0;
  Vector3d taught_x = Vector3d::Zero();
};

VectorXd one(double q) { return VectorXd::Constant(1, q); }

BodyMapperOptions options() {
  BodyMapperOptions o;
  o.blocked = 0.0;
  o.proprioceptive_sd = 0.04;
  o.command_sd = 0.03;
  return o;
}

BodyMapper mind(const BodyMapperOptions& o) { return {std::make_unique<Rail>(), one(-2.0), one(2.0), o}; }
const Rail& rail(const BodyMapper& m) { return dynamic_cast<const Rail&>(m.map()); }

}  // namespace

TEST_CASE("believed angles are the efference copy and the felt angle, each by its precision") {
  const double gain = 0.0009 / (0.0009 + 0.0016);
  BodyMapper m = mind(options());
  const Percept p = m.perceive(one(1.0), {one(1.1), {}, {}}, true);
  CHECK(p.q(0) == doctest::Approx(1.0 + gain * 0.1));
  CHECK(p.vfe == doctest::Approx(0.5 * 0.01 / 0.0025 + 0.5 * std::log(2.0 * std::numbers::pi * 0.0025)));
  // What the command missed is expected of the next one, and taken off it.
  CHECK(m.command_offset()(0) == doctest::Approx(gain * 0.1));
  CHECK(m.command(one(1.0))(0) == doctest::Approx(1.0 - gain * 0.1));
  m.begin_reach();
  CHECK(m.command(one(1.0))(0) == doctest::Approx(1.0));

  BodyMapperOptions precise = options();
  precise.sensory_precision = 10.0;
  CHECK(mind(precise).perceive(one(1.0), {one(1.1), {}, {}}, true).q(0) ==
        doctest::Approx(1.0 + 0.0009 / (0.0009 + 0.00016) * 0.1));
  BodyMapperOptions cut = options();
  cut.efference_copy = false;
  BodyMapper without = mind(cut);
  CHECK(without.perceive(one(1.0), {one(1.1), {}, {}}, true).q(0) == doctest::Approx(1.1));
  CHECK(without.command_offset()(0) == 0.0);
}

TEST_CASE("a joint that is far from its command is believed to be blocked: only felt, and not compensated") {
  BodyMapperOptions o = options();
  o.blocked = 0.1;
  BodyMapper m = mind(o);
  const Percept p = m.perceive(one(1.0), {one(0.0), {}, {}}, true);
  CHECK(p.q(0) == doctest::Approx(1.0 - 0.25 / (0.25 + 0.0016)));
  CHECK(std::abs(m.command_offset()(0)) < 1e-6);
}

TEST_CASE("surprise, information and KL of the hand are those of Gaussians; what is seen moves the offset by V/(V+N)") {
  BodyMapper m = mind(options());
  const Vector3d seen(0.53, -0.01, 0.02);
  const Percept p = m.perceive(one(0.5), {one(0.5), seen, {}}, false);
  const double e2 = 0.03 * 0.03 + 0.01 * 0.01 + 0.02 * 0.02, k = v / (v + n);
  CHECK(p.surprise == doctest::Approx(0.5 * e2 / (v + n) + 1.5 * std::log(2.0 * std::numbers::pi * (v + n))));
  CHECK(p.information == doctest::Approx(1.5 * std::log(1.0 + v / n)));
  CHECK(p.kl == doctest::Approx(0.5 * (3.0 * (1.0 - k) + k * k * e2 / v - 3.0 - 3.0 * std::log(1.0 - k))));
  CHECK((m.hand_offset() - k * Vector3d(0.03, -0.01, 0.02)).norm() < 1e-15);
  CHECK(rail(m).taught_weight == 0.0);
  m.begin_reach();
  CHECK(m.hand_offset().norm() == 0.0);
}

TEST_CASE("eyes and skin are fused by their precisions, and what is only touched is a weaker sample") {
  BodyMapperOptions o = options();
  o.vision_sd = 0.01;
  o.touch_sd = 0.02;
  o.memory = 50.0;
  BodyMapper m = mind(o);
  const Vector3d seen(0.5, 0.0, 0.0), felt(0.5, 0.05, 0.0);
  m.perceive(one(0.5), {one(0.5), seen, felt}, true);
  CHECK((rail(m).taught_x - Vector3d(0.5, 0.01, 0.0)).norm() < 1e-15);
  CHECK(rail(m).taught_weight == 1.0);
  CHECK(rail(m).share == doctest::Approx(std::exp(-0.02)));
  const Percept p = m.perceive(one(0.5), {one(0.5), {}, felt}, true);
  CHECK(rail(m).taught_weight == doctest::Approx(0.25));
  CHECK(p.information == doctest::Approx(1.5 * std::log(1.0 + 0.25 * v / n)));
  CHECK_FALSE(m.perceive(one(0.5), {one(0.5), {}, {}}, true).hand.has_value());
}

TEST_CASE("two samples of half the weight are one sample") {
  random::Stream s({4, 0, random::Purpose::test, 0});
  inference::TorusHand whole(3), halves(3);
  for (int k = 0; k < 2; ++k) {  // before the first ascent of the evidence, which counts samples
    const Vector3d q(s.normal(), s.normal(), s.normal()), x(s.normal(), s.normal(), s.normal());
    whole.add(q, x);
    halves.add(q, x, 0.5);
    halves.add(q, x, 0.5);
  }
  const Vector3d q(0.3, -0.2, 0.8);
  CHECK((whole.predict(q).mean - halves.predict(q).mean).norm() < 1e-9);
  CHECK((whole.predict(q).jacobian - halves.predict(q).jacobian).norm() < 1e-9);
  CHECK_THROWS_AS(whole.add(q, q, 0.0), std::logic_error);
  inference::SchemaLearner chain(3, {}, s);
  CHECK_THROWS_AS(chain.add(q, q, 1.5), std::logic_error);
}
