// Parts of minds and worlds go on with the same bits from every step, in situations that short lives seldom meet: in
// the middle of a kick, and after a body has changed in the noise of bad senses. INFANS_FULL=1: every body at every
// step in a world of its own, to the end.
#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "core/base/state.hpp"
#include "core/inference/changing_hand.hpp"
#include "core/inference/schema_learner.hpp"
#include "core/inference/told_hand.hpp"
#include "core/inference/torus_learner.hpp"
#include "core/model/body_schema.hpp"
#include "envs/bodies/bodies.hpp"
#include "envs/mujoco/body.hpp"
#include "envs/worlds/crib.hpp"
#include "envs/worlds/worlds.hpp"
#include "experiments/protocols/protocol.hpp"
#include "tests/full_tier.hpp"
#include "tests/lives.hpp"

namespace {

using namespace infans;
using namespace infans::inference;
using Eigen::Vector3d;
using Eigen::VectorXd;
using tests::append;
using tests::Bits;

constexpr int joints = 3;

random::Stream stream(std::uint64_t seed) { return random::Stream({seed, 0, random::Purpose::test, 0}); }

struct Sample {
  VectorXd q;
  Vector3d x;
  bool told;
};

// A chain whose second sensor lies by 0.6 rad from sample 30 on, seen through three times the noise that is expected.
std::vector<Sample> body_that_changes() {
  random::Stream s = stream(5);
  const model::BodySchema body = model::BodySchema::random(joints, 0.12, s);
  std::vector<Sample> samples;
  for (int n = 0; n < 60; ++n) {
    VectorXd q(joints);
    for (double& angle : q) angle = s.uniform(-1.5, 1.5);
    const Vector3d noise(s.normal(), s.normal(), s.normal());
    const Vector3d x = body.hand(q) + 0.01 * noise;
    if (n >= 30) q(1) += 0.6;
    samples.push_back({q, x, n % 9 != 4});
  }
  return samples;
}

using Make = std::unique_ptr<HandModel> (*)();

std::unique_ptr<HandModel> schema() {
  SchemaOptions o;
  o.restarts = 2;
  o.restart_every = 3;
  o.noise = 0.01;
  o.learn_noise = false;
  return std::make_unique<SchemaLearner>(joints, o, stream(7));
}
std::unique_ptr<HandModel> torus() { return std::make_unique<TorusHand>(joints); }
template <Make make>
std::unique_ptr<HandModel> watching() {
  ChangeOptions o;
  o.mirrors = true;
  o.open = 6;
  return std::make_unique<ToldHand>(std::make_unique<ChangingHand>(make(), o));
}

void teach(HandModel& map, const Sample& s) {
  if (s.told)
    map.add(s.q, s.x);
  else
    map.miss(s.q);
}

Bits belief(const HandModel& map) {
  Bits bits;
  const HandBelief b = map.predict(VectorXd::LinSpaced(joints, -0.5, 0.7));
  append(bits, {b.mean.data(), 3});
  append(bits, {b.covariance.data(), 9});
  append(bits, {b.noise.data(), 3});
  append(bits, {b.jacobian.data(), static_cast<std::size_t>(b.jacobian.size())});
  append(bits, std::vector<double>{b.told, static_cast<double>(map.samples())});
  return bits;
}

}  // namespace

TEST_CASE("maps of a hand go on with the same bits, before, while and after causes of a change compete") {
  const std::vector<Sample> samples = body_that_changes();
  for (const Make make : {Make(schema), Make(torus), Make(watching<schema>), Make(watching<torus>)}) {
    const auto original = make();
    std::vector<std::vector<std::uint8_t>> states;
    std::vector<Bits> beliefs;
    for (const Sample& s : samples) {
      states.push_back(base::state_of(*original));
      teach(*original, s);
      beliefs.push_back(belief(*original));
    }
    states.push_back(base::state_of(*original));
    for (std::size_t k = 0; k < samples.size(); k += 4) {
      CAPTURE(k);
      const auto restored = make();
      base::restore_state(*restored, states[k]);
      CHECK(base::state_of(*restored) == states[k]);
      for (std::size_t j = k; j < samples.size(); ++j) {
        teach(*restored, samples[j]);
        REQUIRE(belief(*restored) == beliefs[j]);
      }
      CHECK(base::state_of(*restored) == states.back());
    }
  }
}

TEST_CASE("a change was noticed in these samples, or the test above says nothing") {
  ChangeOptions o;
  o.open = 6;
  ChangingHand map(torus(), o);
  for (const Sample& s : body_that_changes()) map.add(s.q, s.x);
  CHECK(map.alarms() > 0);
}

TEST_CASE("a kick is counted once, wherever in it the crib was saved") {
  envs::InfantOptions infant;
  infant.mobile = envs::Mobile::tied_right;
  infant.light_contacts = true;
  infant.held = {"trunk_*", "neck_*", "eye_*", "wrist_*", "fingers_*"};
  const auto laid = [&](std::uint64_t seed) {
    random::Stream start = stream(seed);
    return envs::Crib({infant, 0.1, 0.15}, start);
  };
  const auto kick = [](envs::Crib& crib, int step) {
    std::vector<double> command;
    for (const envs::LimbJoint& joint : crib.joints()) {
      const bool stretches = joint.name.starts_with("hip_flexion") || joint.name.starts_with("knee");
      const double way = step % 60 < 10 ? -1.0 : step % 60 < 30 ? 0.5 : 0.0;  // and back
      command.push_back(joint.limb == envs::leg_right && stretches ? way : 0.0);
    }
    crib.step(command);
  };
  const auto seen = [](const envs::Crib& crib) {
    Bits bits;
    append(bits, crib.position());
    append(bits, std::vector<double>{crib.mobile_speed(), static_cast<double>(crib.kicks()[1])});
    return bits;
  };
  constexpr int steps = 130;
  envs::Crib original = laid(1);
  std::vector<std::vector<std::uint8_t>> states;
  std::vector<Bits> all;
  for (int k = 0; k < steps; ++k) {
    states.push_back(base::state_of(original));
    kick(original, k);
    all.push_back(seen(original));
  }
  CHECK(original.kicks()[1] >= 2);
  for (int k = 0; k < steps; k += 4) {
    CAPTURE(k);
    envs::Crib restored = laid(2);
    base::restore_state(restored, states[static_cast<std::size_t>(k)]);
    for (int j = k; j < std::min(steps, k + 20); ++j) {
      kick(restored, j);
      REQUIRE(seen(restored) == all[static_cast<std::size_t>(j)]);
    }
  }
}

TEST_CASE("mobile: what a criterion asks for is kept over stages") {
  // Minutes of 120 samples; the criterion compares the last three of a stage with those of the first stage.
  const auto born = [](const config::Options& o) {
    auto p = experiments::mobile_protocol().make(o, {1, 7});
    p->begin_stage(o);
    p->set_age(90.0);
    return p;
  };
  const config::Options o(experiments::mobile_protocol().options);
  const auto original = born(o);
  for (int k = 0; k < 120; ++k) original->live({});
  original->begin_stage(o);
  for (int k = 0; k < 250; ++k) original->live({});
  const auto restored = born(o);
  base::restore_state(*restored, base::state_of(*original));
  const auto asked = [](const std::unique_ptr<experiments::Participant>& p) {
    Bits bits;
    for (int k = 0; k < 120; ++k) {
      append(bits, p->live({}).values);
      bits.push_back(p->reached("learned"));
    }
    append(bits, std::vector<double>{p->seconds()});
    return bits;
  };
  const Bits bits = asked(original);
  CHECK(bits == asked(restored));
  original->begin_stage(o);
  restored->begin_stage(o);
  CHECK(base::state_of(*original) == base::state_of(*restored));
}

TEST_CASE("every shipped body and every task without files of its own goes on with the same bits from every step") {
  const auto check = [](const auto& make) {
    constexpr int steps = 50;
    const auto original = make();
    random::Stream start({3, 0, random::Purpose::reset, 0}), commands({3, 0, random::Purpose::test, 0});
    original->reset(start);
    std::vector<double> command(static_cast<std::size_t>(original->spec().action_size));
    std::vector<std::vector<double>> all;
    std::vector<std::vector<std::uint8_t>> states;
    std::vector<Bits> life;
    for (int k = 0; k < steps; ++k) {
      base::StateWriter writer;
      writer("world", *original);
      states.push_back(writer.take());
      for (double& c : command) c = commands.uniform(-1.0, 1.0);
      all.push_back(command);
      append(life.emplace_back(), original->step(command));
    }
    const auto restored = make();
    for (int k = 0; k < steps; ++k) {
      CAPTURE(k);
      const auto fresh = tests::full_tier() ? make() : nullptr;
      envs::Environment& world = fresh ? *fresh : *restored;
      base::StateReader reader(states[static_cast<std::size_t>(k)]);
      reader("world", world);
      reader.finish();
      for (int j = k; j < (tests::full_tier() ? steps : std::min(steps, k + 2)); ++j) {
        Bits bits;
        append(bits, world.step(all[static_cast<std::size_t>(j)]));
        CHECK(bits == life[static_cast<std::size_t>(j)]);
      }
    }
  };
  for (const std::string& name : envs::body_names()) {
    CAPTURE(name);
    envs::BodyOptions options;
    options.world.control_period = 0.02;
    check([&] { return envs::make_body_world(name, envs::load_mjcf(name), name, options); });
  }
  const envs::TaskTable tasks = envs::all_tasks();
  for (const std::string& id : tasks.ids()) {
    if (!tasks.info(id).package.empty()) continue;
    CAPTURE(id);
    check([&] { return tasks.make(id, {}).world; });
  }
}
