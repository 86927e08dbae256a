// Infants that map their arm: bodies and lives that depend on their seed only, laboratories that leave no trace.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/base/error.hpp"
#include "experiments/protocols/reaching_participant.hpp"

using namespace infans;
using namespace infans::experiments;
using Eigen::Vector3d;
using Eigen::VectorXd;

namespace {

config::Options options(const std::vector<std::pair<std::string, std::string>>& set = {}) {
  config::Options o(reaching_options());
  o.set_text("senses.rays", "256", "test");
  o.set_text("mind.candidates", "24", "test");
  for (const auto& [key, value] : set) o.set_text(key, value, "test");
  return o;
}

using Bits = std::vector<std::uint64_t>;

void append(Bits& bits, const std::vector<double>& values) {
  for (const double x : values) bits.push_back(std::bit_cast<std::uint64_t>(x));
}

std::unique_ptr<Participant> born(const config::Options& o, std::uint64_t seed) {
  auto p = body_map_protocol().make(o, {1, seed});
  p->begin_stage(o);
  p->set_age(60.0);
  return p;
}

struct Lived {
  Bits values;
  std::vector<std::vector<double>> tape;
};

Lived live(Participant& p, int samples, double from = 60.0) {
  Lived l;
  for (int k = 0; k < samples; ++k) {
    p.set_age(from + 2.0 * k);
    const Sample s = p.live({});
    append(l.values, s.values);
    l.tape.push_back(s.tape);
  }
  return l;
}

Bits laboratory(const Participant& p, const config::Options& o) {
  Bits bits;
  for (const std::string kind : {"reach", "forced_choice", "free_play"}) {
    const auto copy = p.clone();
    for (int k = 0; k < 2; ++k) append(bits, copy->test({kind, o, 70.0, 3, k, 2}));
  }
  return bits;
}

}  // namespace

TEST_CASE("a life is a function of its seed, and what a laboratory does leaves no trace") {
  const auto o = options();
  const auto a = born(o, 7), b = born(o, 7), c = born(o, 8);
  Bits tested = live(*a, 4).values;
  const Bits first = laboratory(*a, o);
  CHECK(first == laboratory(*a, o));
  const Bits later = live(*a, 4, 68.0).values;
  tested.insert(tested.end(), later.begin(), later.end());
  CHECK(tested == live(*b, 8).values);
  CHECK(tested != live(*c, 8).values);
  CHECK(a->seconds() == doctest::Approx(3.2));
}

TEST_CASE("every measure and variable is there") {
  const auto o = options();
  const auto p = born(o, 5);
  CHECK(p->live({}).values.size() == reaching_variables().size());
  for (const ProbeKind& kind : reaching_probes())
    CHECK(p->clone()->test({kind.name, o, 70.0, 0, 0, 1}).size() == kind.measures.size());
}

TEST_CASE("a yoked infant lives its partner's postures with a body and a map of its own") {
  const auto o = options();
  const auto partner = born(o, 7), yoked = born(o, 9);
  const Lived l = live(*partner, 6);
  for (std::size_t k = 0; k < l.tape.size(); ++k) {
    yoked->set_age(60.0 + 2.0 * static_cast<double>(k));
    const Sample s = yoked->live(l.tape[k]);
    CHECK(s.tape == l.tape[k]);
  }
}

TEST_CASE("stages change what they say and keep what was learned") {
  const auto learning = options(), frozen = options({{"mind.learn", "false"}});
  const auto a = born(learning, 11);
  live(*a, 40);
  a->begin_stage(frozen);
  live(*a, 5, 140.0);
  const auto error = [&](Participant& p) {
    double sum = 0.0;
    for (int k = 0; k < 4; ++k) sum += p.clone()->test({"reach", learning, 90.0, 1, k, 4})[5];
    return sum / 4.0;
  };
  const auto fresh = born(learning, 11);
  // Where the hand is was learned within 2 or 3 cm; who knows nothing misses by more than 10 cm.
  CHECK(error(*a) < 0.5 * error(*fresh));
}

TEST_CASE("a frozen joint keeps the posture of rest until a stage frees it") {
  auto frozen = options();
  frozen.set("mind.frozen", config::Texts{"shoulder_abduction", "elbow"}, "test");
  const auto p = born(frozen, 13);
  const auto range = [&](const Lived& l, std::size_t joint) {
    double low = l.tape[0][joint], high = low;
    for (const auto& posture : l.tape) {
      low = std::min(low, posture[joint]);
      high = std::max(high, posture[joint]);
    }
    return high - low;
  };
  const Lived before = live(*p, 12);
  p->begin_stage(options());
  const Lived after = live(*p, 12, 84.0);
  for (const std::size_t joint : {0, 3}) {
    CHECK(range(before, joint) <= 2e-3 + 1e-12);  // the play of a frozen joint
    CHECK(range(after, joint) > 0.05);
  }
  CHECK(range(before, 1) > 0.05);
  CHECK_THROWS_AS(frozen.set("mind.frozen", config::Texts{"knee"}, "test"), base::OptionError);
}

TEST_CASE("a stage can bring other goals: things that are shown lie where the hand can be seen and is free") {
  const auto o = options(), task = options({{"mind.goals", "task"}});
  const auto p = born(o, 3);
  live(*p, 12);
  p->begin_stage(task);
  live(*p, 6, 90.0);  // the goal of before is given up after five decisions at most
  const std::vector<double> v = p->live({}).values;
  const Vector3d goal(v[13], v[14], v[15]);
  CHECK(goal.norm() > 0.02);
  CHECK(goal.norm() < 0.3);  // an infant of three months: eye to shoulder and an arm
}

TEST_CASE("crossed nerves turn the elbow's range over, twice is nothing; a longer forearm is longer") {
  const VectorXd low = VectorXd::Constant(7, -1.0), high = VectorXd::LinSpaced(7, 1.0, 2.0);
  VectorXd q = VectorXd::LinSpaced(7, -0.9, 0.9);
  CHECK((crossed(crossed(q, low, high), low, high) - q).norm() < 1e-15);
  CHECK(crossed(q, low, high)(3) == doctest::Approx(high(3) - 1.0 - q(3)));
  BodySettings s;
  s.kind = ArmChange::longer_forearm;
  const SeatedSenses senses{64, 100.0, 200.0, 100.0, 0.1};
  const BodyDraw draw = draw_body(s, 3);
  const SeatedReacher before(body_at(draw, s, 100.0, 0.0), senses), after(body_at(draw, s, 100.0, 1.0), senses);
  const double forearm = 5.0 * (after.arm_length() - before.arm_length());  // a fifth longer
  CHECK(forearm > 0.3 * before.arm_length());
  CHECK(forearm < 0.5 * before.arm_length());
}

TEST_CASE("the seated infant: looking at a posture changes nothing, a copy goes on alike, growth keeps the posture") {
  const BodySettings s;
  const SeatedSenses senses{256, 100.0, 500.0, 100.0, 0.4};
  const BodyDraw draw = draw_body(s, 4);
  SeatedReacher a(body_at(draw, s, 100.0, 0.0), senses);
  const VectorXd one = 0.5 * (a.low() + a.high()), two = 0.6 * a.low() + 0.4 * a.high();
  a.fulfil(one);
  SeatedReacher b(a);
  b.at(two);
  const ReachOutcome x = a.fulfil(two), y = b.fulfil(two);
  const auto born = a.world().taxels("head");
  CHECK(x.q == y.q);
  CHECK(x.hand == y.hand);
  CHECK(x.touch.force == y.touch.force);
  CHECK(x.hand.norm() < a.shoulder().norm() + a.arm_length());
  // Without gravity's pull for longer than a decision the arm is where it was told to be, and the ruler agrees: the
  // hand at these angles is the hand that was moved there (they are of one instant).
  CHECK((a.at(x.q).hand - x.hand).norm() < 1e-9);
  const VectorXd q = a.joints_now();
  a.grow(body_at(draw, s, 300.0, 0.0));
  // From three months to ten an infant grows by 11 cm or so: no place of its head moves by more.
  const auto grown = a.world().taxels("head");
  REQUIRE(grown.size() == born.size());
  for (std::size_t i = 0; i < grown.size(); ++i)
    for (std::size_t axis = 0; axis < 3; ++axis) CHECK(std::abs(grown[i].world[axis] - born[i].world[axis]) < 0.12);
  CHECK(a.joints_now() == q);
  CHECK((a.at(x.q).hand - x.hand).norm() > 0.005);
  SeatedReacher c(a);
  CHECK(a.fulfil(one).hand == c.fulfil(one).hand);
}

TEST_CASE("options that do not fit together are refused before anything is lived") {
  CHECK_THROWS_AS(body_map_protocol().make(options({{"senses.vision", "false"}, {"senses.touch", "false"}}), {1, 1}),
                  base::OptionError);
}
