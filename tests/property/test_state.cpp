// A life that was saved goes on with the same bits: every shipped protocol at every sample, over stages, growth,
// lesions and yoked partners. Whoever is restored is made as the engine makes it: with the options of its first stage,
// told its present stage and age, then restored.
//
// By default a life goes on for a sample or two after each of its 50 checkpoints (some lives: after every third to
// tenth), and to its end after two of them. INFANS_FULL=1: to its end after every one.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/state.hpp"
#include "experiments/protocols/protocol.hpp"
#include "tests/full_tier.hpp"
#include "tests/lives.hpp"

namespace {

using namespace infans;
using namespace infans::experiments;
using tests::append;
using tests::Bits;
struct Setting {
  std::string key, text;
  config::Texts list = {};
};
using Settings = std::vector<Setting>;
using Bytes = std::vector<std::uint8_t>;

void set(config::Options& o, const Settings& settings) {
  for (const Setting& s : settings) {
    if (s.list.empty())
      o.set_text(s.key, s.text, "test");
    else
      o.set(s.key, s.list, "test");
  }
}

constexpr int samples = 50;

struct Stage {
  int from;  // samples lived
  Settings settings;
};

struct Plan {
  std::string name;
  Protocol protocol;
  Settings settings = {};  // of all stages
  std::vector<Stage> stages = {{0, {}}};
  double age_days = 90.0, days = 1.0;  // at birth; of a sample
  bool yoked = false;
  int every = 1;      // samples between two checkpoints
  int further = 1;    // samples after each
  Settings lab = {};  // of the probe that is tried at some checkpoints
};

class Engine {
 public:
  Engine(const Plan& plan, std::uint64_t seed) : plan_(plan), who_{1, seed} {
    for (const Stage& stage : plan.stages) {
      config::Options o(plan.protocol.options);
      set(o, plan.settings);
      set(o, stage.settings);
      options_.push_back(o);
    }
  }

  std::unique_ptr<Participant> born() const { return grown(0, 0); }
  // Somebody to be restored to what was after `lived` samples; which age it is told last makes no difference.
  std::unique_ptr<Participant> stranger(int lived) const {
    return grown(stage_at(lived), lived % 2 == 0 ? lived : lived - 1);
  }
  Sample live(Participant& p, int lived, std::span<const double> partner) const {
    p.set_age(age(lived));
    Sample sample = p.live(partner);
    if (stage_at(lived + 1) != stage_at(lived)) p.begin_stage(options_[stage_at(lived + 1)]);
    return sample;
  }
  // A trial of each kind, on copies.
  Bits probe(const Participant& p, int lived) const {
    config::Options o = options_[stage_at(lived)];
    set(o, plan_.lab);
    Bits bits;
    for (const ProbeKind& kind : plan_.protocol.probes)
      append(bits, p.clone()->test({kind.name, o, age(lived), 1, 0, 1}));
    return bits;
  }

 private:
  double age(int lived) const { return plan_.age_days + plan_.days * lived; }
  std::size_t stage_at(int lived) const {
    std::size_t s = 0;
    while (s + 1 < plan_.stages.size() && plan_.stages[s + 1].from <= lived) ++s;
    return s;
  }
  std::unique_ptr<Participant> grown(std::size_t stage, int lived) const {
    auto p = plan_.protocol.make(options_.front(), who_);
    p->begin_stage(options_[stage]);
    p->set_age(age(lived));
    return p;
  }

  const Plan& plan_;
  Identity who_;
  std::vector<config::Options> options_;
};

// All that can be known of a participant after a sample, but for its signals.
Bits known(const Participant& p, const Plan& plan) {
  Bits bits;
  append(bits, p.physics());
  append(bits, std::vector<double>{p.seconds(), p.work().belief_updates, p.work().operations, p.event() ? 1.0 : 0.0});
  for (const Variable& criterion : plan.protocol.criteria) bits.push_back(p.reached(criterion.name));
  bits.push_back(std::hash<std::string>{}(p.body()));
  return bits;
}

struct Lived {
  Bits sample, signals, known;
  std::vector<double> tape;
};

Lived live(const Engine& engine, const Plan& plan, Participant& p, int lived, std::span<const double> partner) {
  const Sample s = engine.live(p, lived, partner);
  Lived l;
  append(l.sample, s.values);
  append(l.sample, s.tape);
  append(l.signals, p.signals());
  l.known = known(p, plan);
  l.tape = s.tape;
  return l;
}

void check_same(const Lived& a, const Lived& b) {
  CHECK(a.sample == b.sample);
  CHECK(a.signals == b.signals);
  CHECK(a.known == b.known);
}

void check_every_checkpoint(const Plan& plan) {
  CAPTURE(plan.name);
  std::vector<std::vector<double>> partner(samples);
  if (plan.yoked) {
    const Engine other(plan, 8);
    const auto p = other.born();
    for (int k = 0; k < samples; ++k) partner[static_cast<std::size_t>(k)] = other.live(*p, k, {}).tape;
  }
  const auto taped = [&](int k) { return std::span<const double>(partner[static_cast<std::size_t>(k)]); };
  const Engine engine(plan, 7);
  const auto original = engine.born();
  std::vector<Bytes> states;
  std::vector<Bits> probes;
  std::vector<Lived> life;
  const auto probed = [](int k) { return k % 17 == 0; };
  for (int k = 0; k < samples; ++k) {
    states.push_back(base::state_of(*original));
    probes.push_back(probed(k) ? engine.probe(*original, k) : Bits{});
    CHECK(base::state_of(*original) == states.back());  // a laboratory leaves no trace
    life.push_back(live(engine, plan, *original, k, taped(k)));
  }
  states.push_back(base::state_of(*original));
  for (int k = 0; k < samples; k += tests::full_tier() ? 1 : plan.every) {
    CAPTURE(k);
    const auto at = static_cast<std::size_t>(k);
    const auto restored = engine.stranger(k);
    base::restore_state(*restored, states[at]);
    CHECK(base::state_of(*restored) == states[at]);
    if (probed(k)) CHECK(engine.probe(*restored, k) == probes[at]);
    const auto long_one = [&](int from) { return k >= from && k < from + plan.every; };  // one after each of these
    const int end = tests::full_tier() || long_one(20) || long_one(34) ? samples : std::min(samples, k + plan.further);
    for (int j = k; j < end; ++j)
      check_same(live(engine, plan, *restored, j, taped(j)), life[static_cast<std::size_t>(j)]);
    CHECK(base::state_of(*restored) == states[static_cast<std::size_t>(end)]);
  }
}

// Short laboratories.
const Settings mobile_lab = {{"laboratory.play", "1"}, {"laboratory.violation", "1"}, {"laboratory.choice", "1"}};
const Settings reaching_lab = {{"reach.decisions", "1"}, {"play.decisions", "1"}, {"choice.kind", "knowledge"}};
const Settings looking_lab = {{"habituation.trials", "4"},
                              {"violation_of_expectation.familiar", "2"},
                              {"preferential_looking.events", "2"},
                              {"forced_choice.familiar", "2"},
                              {"sequence.longest", "3"}};
// Senses as coarse as they can be.
Settings coarse(Settings more = {}) {
  more.insert(more.begin(), {{"senses.rays", "64"}, {"mind.candidates", "12"}});
  return more;
}

}  // namespace

TEST_CASE("habit: a life goes on with the same bits from every sample") {
  const std::vector<Stage> stages = {{0, {}}, {30, {{"mind.learn", "false"}}}, {40, {}}};
  check_every_checkpoint({.name = "alone", .protocol = habit_protocol(), .stages = stages, .days = 10.0, .further = 2});
  check_every_checkpoint({.name = "yoked, supine, blind",
                          .protocol = habit_protocol(),
                          .settings = {{"body.scene", "supine"}, {"body.senses", "", {"skin", "vestibular"}}},
                          .yoked = true,
                          .every = 7});
}

TEST_CASE("mobile: a life goes on with the same bits from every sample") {
  const std::vector<Stage> stages = {{0, {}}, {12, {{"mobile.tied", "right"}}}, {30, {{"mobile.tied", "left"}}}};
  check_every_checkpoint({.name = "growing by a day or two a sample",
                          .protocol = mobile_protocol(),
                          .stages = stages,
                          .days = 1.7,
                          .lab = mobile_lab});
  check_every_checkpoint({.name = "yoked, without efference copy, not learning at the end",
                          .protocol = mobile_protocol(),
                          .settings = {{"mind.efference_copy", "false"}},
                          .stages = {{0, {}}, {35, {{"mind.learn", "false"}}}},
                          .days = 0.1,
                          .yoked = true,
                          .every = 7,
                          .lab = mobile_lab});
}

TEST_CASE("looking: a life goes on with the same bits from every sample") {
  check_every_checkpoint({.name = "alone, over months",
                          .protocol = looking_protocol(),
                          .settings = {{"mind.price", "0.3"}},
                          .stages = {{0, {}}, {30, {{"sequence.kinds", "", {"uniform", "constant"}}}}},
                          .days = 6.0,
                          .lab = looking_lab});
  check_every_checkpoint({.name = "yoked, laws that change, memories that fade, a price that is learned, no copy",
                          .protocol = looking_protocol(),
                          .settings = {{"mind.change", "0.1"},
                                       {"mind.forgetting", "0.05"},
                                       {"mind.price_rate", "0.1"},
                                       {"mind.price", "0.2"},
                                       {"mind.efference_copy", "false"}},
                          .stages = {{0, {}}, {40, {{"mind.learn", "false"}}}},
                          .yoked = true,
                          .every = 7,
                          .lab = looking_lab});
}

TEST_CASE("body_map: a life goes on with the same bits from every sample") {
  check_every_checkpoint(
      {.name = "growing, joints freed, then other goals",
       .protocol = body_map_protocol(),
       .settings = coarse(),
       .stages = {{0, {{"mind.frozen", "", {"elbow"}}}}, {20, {}}, {35, {{"mind.goals", "caregiver"}}}},
       .age_days = 28.0,
       .days = 2.0,
       .lab = reaching_lab});
  check_every_checkpoint(
      {.name = "a chain, goals of most information, fading memory, no touch",
       .protocol = body_map_protocol(),
       .settings = coarse(
           {{"mind.map", "chain"}, {"mind.goals", "information"}, {"mind.memory", "30"}, {"senses.touch", "false"}}),
       .every = 7,
       .lab = reaching_lab});
  check_every_checkpoint({.name = "yoked, blind, without efference copy",
                          .protocol = body_map_protocol(),
                          .settings = coarse({{"senses.vision", "false"}, {"mind.efference_copy", "false"}}),
                          .yoked = true,
                          .every = 10,
                          .lab = reaching_lab});
}

TEST_CASE("growth: a life goes on with the same bits from every sample") {
  const auto changed = [](const std::string& kind, Settings more, int every) {
    more.insert(more.begin(), {"body.kind", kind});
    return Plan{.name = kind,
                .protocol = growth_protocol(),
                .settings = coarse(more),
                .stages = {{0, {}}, {20, {{"body.change", "true"}}}},
                .every = every,
                .lab = reaching_lab};
  };
  check_every_checkpoint(changed("longer_forearm", {{"body.longer", "1.6"}}, 3));
  check_every_checkpoint(changed("reversed_actuator", {{"mind.map", "chain"}}, 7));
  check_every_checkpoint(changed("added_mass", {{"body.grow", "true"}, {"body.added_mass", "0.2"}}, 10));
  check_every_checkpoint(changed("growing_forearm", {{"body.growing", "25"}}, 7));
}

TEST_CASE("a state of another protocol, body or mind is refused with a sentence") {
  const auto one = [](const Protocol& protocol, const Settings& settings) {
    config::Options o(protocol.options);
    set(o, settings);
    auto p = protocol.make(o, {1, 7});
    p->begin_stage(o);
    p->set_age(90.0);
    return p;
  };
  const auto refused = [](const Bytes& state, Participant& p) {
    return tests::caught<base::StateError>([&] { base::restore_state(p, state); });
  };
  const Bytes mobile = base::state_of(*one(mobile_protocol(), {}));
  const auto looking = one(looking_protocol(), {});
  const std::string other = refused(mobile, *looking).what();
  CHECK(tests::contains(other, "crib"));
  CHECK(tests::contains(other, "view"));
  const auto forgetful = one(mobile_protocol(), {{"mind.efference_copy", "false"}});
  CHECK(tests::contains(refused(mobile, *forgetful).what(), "6 features and 1 outputs were saved, this program has 2"));
  const auto simple = one(habit_protocol(), {{"mind.causes", "3"}});
  CHECK(tests::contains(refused(base::state_of(*one(habit_protocol(), {})), *simple).what(), "24 causes"));
  const auto chain = one(body_map_protocol(), coarse({{"mind.map", "chain"}}));
  const auto torus = one(body_map_protocol(), coarse());
  CHECK(tests::contains(refused(base::state_of(*torus), *chain).what(), "angles"));
  const auto rich = one(body_map_protocol(), {{"senses.rays", "128"}, {"mind.candidates", "12"}});
  CHECK(tests::contains(refused(base::state_of(*torus), *rich).what(), "numbers were saved, this body has"));
}
