// The protocol of looking as a whole: what the infant can see, and that lives repeat and copies leave no trace.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <memory>

#include "core/base/error.hpp"
#include "envs/worlds/pop_up.hpp"
#include "envs/worlds/sequence.hpp"
#include "experiments/protocols/protocol.hpp"

using namespace infans;
using experiments::Participant;

namespace {

using Rows = std::vector<std::vector<std::uint64_t>>;

std::vector<std::uint64_t> bits(const std::vector<double>& values) {
  std::vector<std::uint64_t> b;
  for (const double v : values) b.push_back(std::bit_cast<std::uint64_t>(v));
  return b;
}

std::unique_ptr<Participant> born(const config::Options& o, std::uint64_t seed) {
  auto p = experiments::looking_protocol().make(o, {1, seed});
  p->begin_stage(o);
  p->set_age(200.0);
  return p;
}

Rows lived(Participant& p, int events) {
  Rows rows;
  for (int k = 0; k < events; ++k) {
    p.set_age(200.0 + 2.0 * k);
    rows.push_back(bits(p.live({}).values));
  }
  return rows;
}

config::Options standard() { return config::Options(experiments::looking_protocol().options); }

std::size_t variable(const std::string& name) {
  const auto variables = experiments::looking_protocol().variables;
  for (std::size_t i = 0; i < variables.size(); ++i)
    if (variables[i].name == name) return i;
  throw std::logic_error(name);
}

}  // namespace

TEST_CASE("every toy that rises is seen from every place of its display, and from nowhere else") {
  for (const double days : {0.0, 365.0, 720.0}) {
    envs::PopUpWorld world({}, days, 3);
    for (int d = 0; d < envs::looking_displays; ++d)
      for (int from = 0; from < envs::display_places; ++from)
        for (int to = 0; to < envs::display_places; ++to) {
          std::array<int, envs::looking_displays> shown = {-1, -1}, other = {-1, -1};
          shown[static_cast<std::size_t>(d)] = to;
          other[static_cast<std::size_t>(1 - d)] = to;
          // A toy that has risen stands 0.1 rad above its disc.
          const envs::Gaze disc = envs::display_disc(d, from), gaze = {disc.pan, disc.tilt + 0.1};
          CHECK(world.rise(shown, gaze).has_value());
          world.stay(gaze);
          world.sink(gaze);
          CHECK_FALSE(world.rise(other, gaze).has_value());
          // The eyes are where the command predicts them, within four standard deviations of motor noise (0.02 x 0.8).
          CHECK(std::abs(world.gaze().pan - gaze.pan) < 4 * 0.016 + 0.01);
          world.stay(gaze);
          world.sink(gaze);
        }
    const envs::Gaze middle = envs::display_middle(0);
    CHECK_FALSE(world.rise({-1, -1}, middle).has_value());
  }
}

TEST_CASE("sequences have the law of their kind") {
  random::Stream stream({5, 0, random::Purpose::test, 0});
  for (int k = 0; k < static_cast<int>(envs::sequence_kinds().size()); ++k) {
    const envs::Sequence s(static_cast<envs::SequenceKind>(k), 4, {0.7, 0.5}, stream);
    for (int before = 0; before < 4; ++before) CHECK(s.law().col(before).sum() == doctest::Approx(1.0));
    CHECK(s.start().sum() == doctest::Approx(1.0));
  }
  envs::Sequence cycle(envs::SequenceKind::cycle, 4, {}, stream);
  int seen = 0;
  for (int k = 0; k < 4; ++k) seen |= 1 << cycle.next(stream);
  CHECK(seen == 15);
  envs::Sequence markov(envs::SequenceKind::markov, 4, {0.7, 0.5}, stream);
  int followed = 0, before = markov.next(stream);
  for (int k = 0; k < 2000; ++k) {
    const int now = markov.next(stream);
    followed += markov.law()(now, before) == 0.7;
    before = now;
  }
  CHECK(std::abs(followed - 1400) < 82);  // four standard deviations: false alarm in 6e-5 of seeds
}

TEST_CASE("the same seed lives the same life, another one another") {
  const auto o = standard();
  CHECK(lived(*born(o, 4), 40) == lived(*born(o, 4), 40));
  CHECK(lived(*born(o, 4), 40) != lived(*born(o, 5), 40));
}

TEST_CASE("a test of a copy leaves no trace, wherever in a sequence it comes") {
  const auto o = standard();
  const Rows alone = lived(*born(o, 6), 20);
  const auto tested = born(o, 6);
  Rows rows;
  std::uint64_t occasion = 0;
  for (int k = 0; k < 20; ++k) {
    tested->set_age(200.0 + 2.0 * k);
    if (k % 10 == 5)
      for (const auto& kind : experiments::looking_protocol().probes) {
        const auto copy = tested->clone(), twin = tested->clone();
        for (int i = 0; i < 2; ++i) {
          const experiments::Trial trial{kind.name, o, 200.0, occasion, i, 2};
          const auto measured = copy->test(trial);
          CHECK(measured.size() == kind.measures.size());
          CHECK(bits(measured) == bits(twin->test(trial)));
        }
        ++occasion;
      }
    if (k == 7) CHECK(bits(tested->clone()->live({}).values) == alone[7]);
    rows.push_back(bits(tested->live({}).values));
  }
  CHECK(rows == alone);
}

TEST_CASE("what is perceived is where the toy was, and a yoked partner lives through the same") {
  const auto o = standard();
  const auto partner = born(o, 8), yoked = born(o, 9);
  const std::size_t place = variable("place"), perceived = variable("perceived"), surprise = variable("surprise");
  for (int k = 0; k < 60; ++k) {
    const experiments::Sample own = partner->live({}), same = yoked->live(own.tape);
    CHECK(own.values[perceived] == own.values[place]);
    for (const char* name : {"kind", "display", "event", "place", "away"})
      CHECK(own.values[variable(name)] == same.values[variable(name)]);
    CHECK(own.values[surprise] >= 0.0);
    CHECK(own.values[variable("progress")] >= -1e-12);
  }
}

TEST_CASE("without epistemic value nothing but the price decides; without learning nothing changes") {
  auto o = standard();
  o.set("mind.epistemic_weight", 0.0, "test");
  const auto indifferent = born(o, 2);
  for (int k = 0; k < 10; ++k)
    CHECK(indifferent->live({}).values[variable("p_away")] == doctest::Approx(1 / (1 + std::exp(-40 * 0.05))));
  auto still = standard();
  still.set("mind.learn", false, "test");
  const auto stubborn = born(still, 2);
  const double first = stubborn->live({}).values[variable("expected_information")];
  for (int k = 0; k < 10; ++k) CHECK(stubborn->live({}).values[variable("expected_information")] == first);
}

TEST_CASE("options that do not fit are refused before anything is lived") {
  auto o = standard();
  o.set("sequence.kinds", config::Texts{"constant", "circle"}, "study.toml:7");
  try {
    experiments::looking_protocol().make(o, {1, 1});
    FAIL("no error");
  } catch (const base::OptionError& e) {
    CHECK(e.key == "sequence.kinds");
    CHECK(std::string(e.what()).find("study.toml:7") != std::string::npos);
    CHECK(std::string(e.what()).find("\"cycle\"") != std::string::npos);
  }
  auto event = standard();
  event.set("sequence.event", 1.05, "study.toml:8");
  CHECK_THROWS_AS(experiments::looking_protocol().make(event, {1, 1}), base::OptionError);
}
