// The mobile protocol: kicks and the mobile come from the body, a yoked infant sees its partner's mobile, a laboratory
// leaves no trace.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "envs/bodies/infant_limbs.hpp"
#include "envs/mujoco/body.hpp"
#include "envs/mujoco/inspection.hpp"
#include "envs/worlds/crib.hpp"
#include "experiments/protocols/protocol.hpp"

namespace {

using namespace infans;
using namespace infans::envs;
using namespace infans::experiments;

const Protocol& protocol() {
  static const Protocol p = mobile_protocol();
  return p;
}

std::size_t column(const std::string& name) {
  const auto& v = protocol().variables;
  return static_cast<std::size_t>(std::find_if(v.begin(), v.end(), [&](const Variable& x) { return x.name == name; }) -
                                  v.begin());
}

config::Options tied(const std::string& leg) {
  config::Options o(protocol().options);
  o.set("mobile.tied", leg, "test");
  return o;
}

std::unique_ptr<Participant> infant(std::uint64_t seed, const config::Options& options) {
  auto participant = protocol().make(options, {1, seed});
  participant->begin_stage(options);
  participant->set_age(90.0);
  return participant;
}

std::vector<Sample> live(Participant& participant, int samples) {
  std::vector<Sample> all;
  for (int i = 0; i < samples; ++i) all.push_back(participant.live({}));
  return all;
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) {
    return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
  });
}

bool same_bits(const std::vector<Sample>& a, const std::vector<Sample>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Sample& x, const Sample& y) {
    return same_bits(x.values, y.values) && same_bits(x.tape, y.tape);
  });
}

double sum(const std::vector<Sample>& life, const std::string& name) {
  double s = 0.0;
  for (const Sample& x : life) s += x.values[column(name)];
  return s;
}

InfantOptions under(Mobile mobile) {
  InfantOptions o;
  o.mobile = mobile;
  o.light_contacts = true;
  o.held = {"trunk_*", "neck_*", "eye_*", "wrist_*", "fingers_*"};
  return o;
}

// One leg stretched with all its strength for 0.2 s, then half a second of rest.
double kicked(Crib& crib, Limb leg) {
  double way = 0.0;
  for (int k = 0; k < 35; ++k) {
    std::vector<double> command;
    for (const LimbJoint& joint : crib.joints()) {
      const bool stretches = joint.name.starts_with("hip_flexion") || joint.name.starts_with("knee");
      command.push_back(k < 10 && joint.limb == leg && stretches ? -1.0 : 0.0);
    }
    crib.step(command);
    way += crib.mobile_speed() * Crib::period;
  }
  return way;
}

}  // namespace

TEST_CASE("a kick is counted at its leg, and moves the mobile that is tied to it") {
  for (const Mobile mobile : {Mobile::free, Mobile::tied_left, Mobile::tied_right}) {
    random::Stream start({1, 0, random::Purpose::test, 0});
    Crib crib({under(mobile), 0.0, 0.15}, start);
    for (int k = 0; k < 100; ++k) crib.step(std::vector<double>(crib.joints().size(), 0.0));
    const auto before = crib.kicks();
    const double left = kicked(crib, leg_left);
    CHECK(crib.kicks()[0] == before[0] + 1);
    CHECK(crib.kicks()[1] == before[1]);
    const double right = kicked(crib, leg_right);
    CHECK(crib.kicks()[0] == before[0] + 1);
    CHECK(crib.kicks()[1] == before[1] + 1);
    // The mobile hangs by 0.12 m: a pull moves it by centimetres, a shaken mattress does not.
    if (mobile == Mobile::tied_left) CHECK(left > 0.02);
    if (mobile == Mobile::tied_right) CHECK(right > 0.02);
    if (mobile != Mobile::tied_left) CHECK(left < 0.005);
    if (mobile == Mobile::free) CHECK(right < 0.005);
  }
}

TEST_CASE("a crib refuses an infant that is not under a mobile") {
  random::Stream start({1, 0, random::Purpose::test, 0});
  CHECK_THROWS_AS(Crib({under(Mobile::none), 0.0, 0.15}, start), base::OptionError);
}

TEST_CASE("held joints are rigid, the others keep their motors, and limbs are rods about their joints") {
  const InfantOptions o = under(Mobile::free);
  const Inspection body = inspect_body(infant_mjcf(o), "infant");
  std::vector<std::string> moving;
  for (const JointPart& joint : body.joints)
    if (joint.kind == "hinge" && !joint.name.starts_with("mobile")) moving.push_back(joint.name);
  CHECK(moving.size() == 38 - 3 - 3 - 4 - 4 - 2);
  CHECK(body.motors.size() == moving.size());
  std::vector<std::string> limb_joints;
  for (const LimbJoint& joint : infant_limb_joints(o)) limb_joints.push_back(joint.name);
  CHECK(limb_joints == moving);
  const InfantSizes sizes = infant_sizes(o.age_months);
  const auto all = infant_limb_joints(o);
  const auto ankle =
      std::find_if(all.begin(), all.end(), [](const LimbJoint& j) { return j.name == "ankle_flexion_right"; });
  // A rod about its end, and the armature of 0.001 s2 times the torque.
  CHECK(ankle->inertia ==
        doctest::Approx(sizes.foot_mass * sizes.foot_length * sizes.foot_length / 3.0 + 1e-3 * ankle->torque));
  CHECK_THROWS_AS(infant_mjcf([] {
                    InfantOptions wrong;
                    wrong.held = {"tail"};
                    return wrong;
                  }()),
                  base::OptionError);
}

TEST_CASE("a placed joint goes on from there; only slides and hinges can be placed") {
  BodyOptions senses;
  senses.world.control_period = 0.005;
  ProprioceptionOptions toys;
  toys.joints = {"mobile_swing_x"};
  senses.proprioception = {toys};
  const auto world = make_body_world("infant", infant_mjcf(under(Mobile::free)), "infant", senses);
  random::Stream start({1, 0, random::Purpose::test, 0});
  world->reset(start);
  const std::vector<double> rest(static_cast<std::size_t>(world->spec().action_size), 0.0);
  world->place_joint("mobile_swing_x", 0.3, 2.0);
  // One timestep on: 2 rad/s for 5 ms, while gravity and damping take less than 0.02 rad from it.
  CHECK(world->step(rest)[0] == doctest::Approx(0.3 + 2.0 * 0.005).epsilon(0.01));
  CHECK_THROWS_AS(world->place_joint("root", 0.0, 0.0), base::UserError);
  CHECK_THROWS_AS(world->place_joint("nobody", 0.0, 0.0), base::UserError);
}

TEST_CASE("one seed is one life; another is another") {
  const config::Options o = tied("right");
  const auto a = infant(3, o), b = infant(3, o), c = infant(4, o);
  const std::vector<Sample> life = live(*a, 30);
  CHECK(same_bits(life, live(*b, 30)));
  CHECK(!same_bits(life, live(*c, 30)));
  CHECK(a->seconds() == 15.0);
}

TEST_CASE("a laboratory leaves no trace, and a copy goes on as the original") {
  const config::Options o = tied("right");
  const auto plain = infant(5, o), tested = infant(5, o);
  live(*plain, 20);
  live(*tested, 20);
  config::Options short_trials = o;
  short_trials.set("laboratory.play", 3.0, "test");
  short_trials.set("laboratory.violation", 3.0, "test");
  short_trials.set("laboratory.choice", 3.0, "test");
  for (const ProbeKind& kind : protocol().probes) {
    const auto copy = tested->clone();
    for (int i = 0; i < 2; ++i) {
      const std::vector<double> measures = copy->test({kind.name, short_trials, 90.0, 0, i, 2});
      CHECK(measures.size() == kind.measures.size());
    }
  }
  const auto twin = tested->clone();
  const std::vector<Sample> life = live(*plain, 30);
  CHECK(same_bits(life, live(*tested, 30)));
  CHECK(same_bits(life, live(*twin, 30)));
}

TEST_CASE("a yoked infant sees its partner's mobile, whatever it does and however its own would be tied") {
  const config::Options o = tied("right");
  const auto partner = infant(6, o), yoked = infant(7, o);
  double moved = 0.0;
  for (int i = 0; i < 60; ++i) {
    const Sample theirs = partner->live({}), own = yoked->live(theirs.tape);
    CHECK(same_bits(own.tape, theirs.tape));
    CHECK(own.values[column("effect")] == theirs.values[column("effect")]);
    moved += theirs.values[column("effect")];
  }
  CHECK(moved > 0.0);
  CHECK_THROWS_AS(yoked->live(std::vector<double>(3)), base::UserError);
}

TEST_CASE("the tied leg comes to kick more than the other, unless the movement is unknown to the mind") {
  config::Options o = tied("left");
  for (const std::uint64_t seed : {1, 2}) {
    const auto knows = infant(seed, o);
    live(*knows, 120);
    const std::vector<Sample> life = live(*knows, 240);
    // Three times the other leg's 16 kicks or so are expected: fewer than it once in 1e4 lives.
    CHECK(sum(life, "kicks_left") > sum(life, "kicks_right"));
    CHECK(life.back().values[column("contingency_leg_left")] > life.back().values[column("contingency_leg_right")]);
  }
  o.set("mind.efference_copy", false, "test");
  const auto blind = infant(1, o);
  CHECK(live(*blind, 20).back().values[column("contingency_leg_left")] == 0.0);
}

TEST_CASE("nothing is learned against a baseline in the baseline itself, and criteria have names") {
  const auto a = infant(9, tied("right"));
  live(*a, 10);
  CHECK_FALSE(a->reached("learned"));
  CHECK_THROWS_AS(static_cast<void>(a->reached("leraned")), base::UserError);
}

TEST_CASE("an infant that grows keeps its state and is another body") {
  const config::Options o = tied("right");
  const auto a = infant(8, o), b = infant(8, o);
  live(*a, 5);
  live(*b, 5);
  b->set_age(120.0);
  CHECK(!same_bits(live(*a, 5), live(*b, 5)));
}
