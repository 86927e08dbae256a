// Where to look: directions, likelihoods and policies of a looking mind by hand.
#include <doctest/doctest.h>

#include <cmath>

#include "agents/sampling/looker.hpp"

using namespace infans;
using agents::Angles;
using agents::Looker;
using agents::LookerOptions;
using inference::SequenceModel;

namespace {

const agents::Display square = {{0.5, 0.1}, {0.3, 0.1}, {0.5, -0.1}, {0.3, -0.1}};

// Unit vector in the frame of an eye that is not turned.
Eigen::Vector3d ahead(double pan, double tilt) {
  return {-std::cos(tilt) * std::sin(pan), std::sin(tilt), -std::cos(tilt) * std::cos(pan)};
}

random::Stream draws() { return random::Stream({7, 0, random::Purpose::test, 0}); }

}  // namespace

TEST_CASE("a direction in the eye and the eye's turn make a direction") {
  const Angles plain = agents::direction_of(ahead(0.3, -0.2), Angles::Zero());
  CHECK((plain - Angles(0.3, -0.2)).norm() < 1e-14);
  // What is in the middle of the eye is where the eye points.
  CHECK((agents::direction_of({0, 0, -1}, Angles(0.4, 0.15)) - Angles(0.4, 0.15)).norm() < 1e-14);
  CHECK((agents::direction_of(ahead(0.1, 0.0), Angles(0.3, 0.0)) - Angles(0.4, 0.0)).norm() < 1e-14);
}

TEST_CASE("places are confused as precision and efference copy have it") {
  LookerOptions o;
  o.spread = 0.1;
  o.sensory_precision = 0.5;  // variance 0.02
  const Looker looker(o, {square});
  const double beside = std::exp(-0.04 / 0.04), across = std::exp(-0.08 / 0.04), all = 1 + 2 * beside + across;
  CHECK(looker.A(0)(0, 0) == doctest::Approx(1 / all).epsilon(1e-12));
  CHECK(looker.A(0)(1, 0) == doctest::Approx(beside / all).epsilon(1e-12));
  CHECK(looker.A(0)(3, 0) == doctest::Approx(across / all).epsilon(1e-12));
  o.efference_copy = false;  // and 0.1 x 0.1 along each axis for where the eyes may be
  const Looker blind(o, {square});
  CHECK(blind.A(0)(1, 0) / blind.A(0)(0, 0) == doctest::Approx(std::exp(-0.04 / 0.06)).epsilon(1e-12));
  // The eyes are on place 3, which is the one that is seen.
  CHECK(looker.perceive(0, {0, 0, -1}, square[3]) == 3);
  // Seen 0.2 to the left of the gaze at place 1: place 0; without the copy, left of the middle.
  CHECK(looker.perceive(0, ahead(0.2, 0.0), square[1]) == 0);
  CHECK(blind.perceive(0, ahead(0.1, -0.1), square[1]) == 2);
}

TEST_CASE("G is expected information against the price of time") {
  LookerOptions o;
  o.price = 0.2;
  o.gamma = 3.0;
  o.epistemic_weight = 2.0;
  const Looker looker(o, {square, square});
  const SequenceModel fresh{inference::SequenceOptions{}};
  SequenceModel known{inference::SequenceOptions{}};
  for (int k = 0; k < 20; ++k) known.observe(looker.A(1).row(0).transpose());
  const SequenceModel* const models[] = {&fresh, &known};
  const int displays[] = {0, 1};
  random::Stream stream = draws();
  const agents::LookChoice c = looker.choose(models, displays, 1.5, stream);
  CHECK(c.expected[0] == fresh.expected_information(looker.A(0)));
  CHECK(c.expected[0] > c.expected[1]);
  CHECK(c.G[0] == -2.0 * c.expected[0]);
  CHECK(c.G[2] == doctest::Approx(-0.3).epsilon(1e-15));
  const double e0 = std::exp(-3.0 * c.G[0]), e1 = std::exp(-3.0 * c.G[1]), e2 = std::exp(0.9);
  CHECK(c.p_away() == doctest::Approx(e2 / (e0 + e1 + e2)).epsilon(1e-12));
  CHECK(c.q_pi.sum() == doctest::Approx(1.0).epsilon(1e-15));
}

TEST_CASE("a mind that does not learn believes what it believed; a price that follows is a running mean") {
  LookerOptions o;
  o.price = 0.1;
  o.price_rate = 0.25;
  Looker looker(o, {square});
  SequenceModel m{inference::SequenceOptions{}};
  const double progress = looker.learn(m, 0, 2, 2.0).progress();
  CHECK(looker.price() == doctest::Approx(0.75 * 0.1 + 0.25 * progress / 2.0).epsilon(1e-14));
  const double before = looker.price();
  looker.stay_away();
  CHECK(looker.price() == doctest::Approx(0.75 * before).epsilon(1e-14));
  o.learn = false;
  looker.set_options(o);
  const Eigen::Vector3d D = m.D();
  const inference::EventAccount account = looker.learn(m, 0, 1, 1.0);
  CHECK(account.surprise > 0.0);
  CHECK(account.progress() == 0.0);
  CHECK(m.D() == D);
}

TEST_CASE("the eyes go where the next event is expected, and stay where nothing says otherwise") {
  const Looker looker({}, {square});
  SequenceModel m{inference::SequenceOptions{}};
  CHECK(looker.anticipate(m, 2) == 2);
  for (int k = 0; k < 12; ++k) m.observe(looker.A(0).row(k % 2 == 0 ? 1 : 3).transpose());
  CHECK(looker.anticipate(m, 3) == 1);
}
