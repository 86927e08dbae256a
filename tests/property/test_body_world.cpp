// A body with every sense: its state is saved whole, a start forgets what it should, the ways in and out are what they
// say, and hostile bodies are typed errors.
#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.hpp"
#include "envs/bodies/bodies.hpp"
#include "envs/mujoco/body.hpp"
#include "tests/lives.hpp"

namespace {

using namespace infans;
using namespace infans::envs;
using namespace infans::tests;

std::span<const double> slice(const BodyWorld& world, std::span<const double> observation, const std::string& name) {
  for (const Modality& m : world.spec().modalities) {
    if (m.name == name) return observation.subspan(std::size_t(m.offset), std::size_t(m.size));
  }
  FAIL("no modality " << name);
  return {};
}

// A torso that falls on the floor with a free joint, a ball joint, limits, a muscle, a motor and sensors of its own.
std::string creature(const std::string& extra_torso = "", double arm = 0.1) {
  return "<mujoco model='creature'><option timestep='0.002'/><worldbody><geom name='floor' type='plane' size='2 2 .1'/>"
         "<body name='torso' pos='0 0 0.12'><freejoint name='root'/><geom name='torso' type='box' size='.1 .06 .04'/>" +
         extra_torso +
         "<site name='head' pos='.1 .02 .05' euler='10 20 30'/><camera name='eye' pos='.13 0 .06' xyaxes='0 -1 0 0 0 "
         "1'/>"
         "<body name='arm' pos='0 .08 0'><joint name='shoulder' type='ball' damping='.05'/>"
         "<geom name='upper' type='capsule' size='.02' fromto='0 0 0 0 " +
         std::to_string(arm) + " 0'/><body name='hand' pos='0 " + std::to_string(arm) +
         " 0'><joint name='elbow' axis='1 0 0' range='-60 60' limited='true' damping='.02'/>"
         "<geom name='hand' type='ellipsoid' size='.03 .05 .02' pos='0 .05 0'/></body></body>"
         "<body name='leg' pos='0 -.08 0'><joint name='hip' axis='1 0 0' range='-60 60' limited='true' damping='.02'/>"
         "<geom name='leg' type='cylinder' size='.02 .06' pos='0 -.07 0' euler='90 0 0'/></body></body>"
         "<body name='toy' pos='.4 0 .05'><freejoint/><geom name='toy' size='.05' rgba='1 0 0 1' mass='.1'/></body>"
         "</worldbody><actuator><motor name='elbow' joint='elbow' gear='2' ctrllimited='true' ctrlrange='-1 1'/>"
         "<muscle name='flexor' joint='hip' ctrllimited='true' ctrlrange='0 1'/></actuator><sensor>"
         "<accelerometer name='acc' site='head'/><gyro name='gyr' site='head'/><jointpos joint='hip'/></sensor>"
         "<keyframe><key name='high' qpos='0 0 .3 1 0 0 0  1 0 0 0  .2  -.2  .4 0 .05 1 0 0 0'/></keyframe></mujoco>";
}

BodyOptions everything() {
  BodyOptions o;
  o.world.control_period = 0.02;
  o.keyframe = "high";
  o.age_days = 120.0;
  o.proprioception[0].force = o.proprioception[0].limits = true;
  o.proprioception[0].channel.noise = 0.01;
  o.proprioception[0].channel.delay = 2;
  o.skin = {SkinOptions{}};
  o.skin[0].channel.delay = 1;
  o.skin[0].channel.signal_noise = 0.1;
  o.vestibular = {{"vestibular", "head", {}}};
  RetinaOptions eye;
  eye.eye = "eye";
  eye.rays = 64;
  eye.identity = eye.colour = true;
  eye.channel.period = 3;
  eye.channel.delay = 2;
  o.retina = {eye};
  o.effects = {{"toy", "toy", true, {}}};
  o.words = {{"word", 5, true, {}}};
  MotorOptions motor;
  motor.channel.delay = 3;
  motor.channel.noise = 0.05;
  motor.channel.signal_noise = 0.1;
  o.motors = {motor};
  return o;
}

std::unique_ptr<BodyWorld> living() { return make_body_world("creature", creature(), "creature", everything()); }

// One slide without forces: x(k) = v k T at observation k.
std::string slider() {
  return "<mujoco><option gravity='0 0 0' timestep='0.01'/><worldbody><body><joint name='j' type='slide'/>"
         "<geom size='.1' mass='2'/></body></worldbody><actuator><motor name='m' joint='j' ctrllimited='true' "
         "ctrlrange='-4 4'/></actuator></mujoco>";
}

BodyOptions position_only(const ChannelOptions& channel) {
  BodyOptions o;
  o.world = {0.01, 0.0};
  o.proprioception[0].velocity = false;
  o.proprioception[0].channel = channel;
  return o;
}

}  // namespace

TEST_CASE("save, 500 steps, restore, 500 steps: the same bits of every sense, with contacts, noise and delays") {
  const auto world = living();
  episode(*world, 1, 40);
  world->set_word("word", 3);
  world->set_gain("skin", 1.5);
  world->set_gain("flexor", 0.5);
  std::vector<double> state(std::size_t(world->spec().state_size));
  world->save(state);
  const Bits straight = steps(*world, 2, 500);
  world->restore(state);
  CHECK(steps(*world, 2, 500) == straight);
  double touched = 0.0;
  for (const double p : slice(*world, world->step(std::array{0.0, 0.0}), "skin")) touched += p;
  CHECK(touched > 1.0);  // newtons: it lies on the floor
  // In another world that is older, louder, and has failed.
  const auto other = living();
  episode(*other, 9, 7);
  other->set_age(700.0);
  other->set_age(120.3);  // nearly the same sight
  other->set_gain("retina", 3.0);
  caught<base::SimulationError>([&] {
    for (int k = 0; k < 4; ++k) other->step(std::array{std::nan(""), 0.0});  // it arrives after a delay of 3
  });
  other->restore(state);
  CHECK(other->age_days() == 120.0);
  CHECK(steps(*other, 2, 500) == straight);
}

TEST_CASE("every shipped body is saved and restored bitwise") {
  for (const std::string& name : body_names()) {
    CAPTURE(name);
    BodyOptions options;
    const auto world = make_body_world(name, load_mjcf(name), name, options);
    episode(*world, 1, 20);
    std::vector<double> state(std::size_t(world->spec().state_size));
    world->save(state);
    const Bits straight = steps(*world, 2, 100);
    world->restore(state);
    CHECK(steps(*world, 2, 100) == straight);
  }
}

TEST_CASE("with default options the cart-pole gives the bits of make_mujoco_world") {
  const auto plain = make_mujoco_world("c", load_mjcf("cartpole"), "cartpole", {});
  const auto body = make_body_world("c", load_mjcf("cartpole"), "cartpole", {});
  CHECK(body->spec().joints == plain->spec().joints);
  CHECK(episode(*body, 4, 50) == episode(*plain, 4, 50));
}

TEST_CASE("a start is a function of its key: delays and words are forgotten, age and gains are kept") {
  const auto world = living(), fresh = living();
  episode(*world, 1, 30);
  world->set_word("word", 2);
  CHECK(episode(*world, 2, 30) == episode(*fresh, 2, 30));
  world->set_age(300.0);
  world->set_gain("skin", 2.0);
  random::Stream start({3, 0, random::Purpose::reset, 0});
  world->reset(start);
  CHECK(world->age_days() == 300.0);
  fresh->set_age(300.0);
  fresh->set_gain("skin", 2.0);
  CHECK(episode(*world, 5, 30) == episode(*fresh, 5, 30));
}

TEST_CASE("bodies of one model in several threads give the bits of one thread") {
  std::vector<Bits> alone, together(3);
  for (std::uint64_t seed = 0; seed < 3; ++seed) alone.push_back(episode(*living(), seed, 60));
  std::vector<std::thread> threads;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    threads.emplace_back([&, seed] { together[seed] = episode(*living(), seed, 60); });
  }
  for (auto& thread : threads) thread.join();
  CHECK(together == alone);
}

TEST_CASE("the inner ear is MuJoCo's accelerometer and gyro") {
  BodyOptions options;
  options.world = {0.01, 0.3};
  options.vestibular = {{"ear", "head", {}}};
  const auto world = make_body_world("creature", creature(), "creature", options);
  random::Stream start({1, 0, random::Purpose::reset, 0}), commands({1, 0, random::Purpose::test, 0});
  auto seen = world->reset(start);
  for (int k = 0; k < 100; ++k) {
    const auto acceleration = slice(*world, seen, "acc"), rotation = slice(*world, seen, "gyr");
    const auto felt = slice(*world, seen, "ear.acceleration"), turned = slice(*world, seen, "ear.rotation");
    double size = 1.0;
    for (const double a : acceleration) size += std::abs(a);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(std::abs(felt[i] - acceleration[i]) < 1e-10 * size);  // rounding: sums in another order
      CHECK(std::abs(turned[i] - rotation[i]) < 1e-10 * size);
    }
    seen = world->step(std::array{commands.uniform(-1.0, 1.0), commands.uniform(-1.0, 1.0)});
  }
}

TEST_CASE("all kinds of joints, limits and effects are where the spec says") {
  const auto world = make_body_world("creature", creature(), "creature", [] {
    BodyOptions o = everything();
    o.proprioception[0].channel = {};
    o.motors[0].channel.noise = o.motors[0].channel.signal_noise = 0.0;
    o.world.reset_std = 0.0;
    return o;
  }());
  CHECK(world->position_size() == 7 + 4 + 2 + 7);
  CHECK(world->velocity_size() == 6 + 3 + 2 + 6);
  CHECK(world->motors() == std::vector<std::string>{"elbow", "flexor"});
  CHECK(world->spec().joints.empty());
  random::Stream start({1, 0, random::Purpose::reset, 0});
  const auto seen = world->reset(start);
  CHECK(seen.size() == std::size_t(world->spec().observation_size()));
  const auto position = slice(*world, seen, "joint_position");
  CHECK(position.size() == 20);
  CHECK(position[2] == 0.3);
  CHECK(position[11] == 0.2);
  CHECK(slice(*world, seen, "actuator_force").size() == 2);
  CHECK(slice(*world, world->step(std::array{0.5, -1.0}), "actuator_force")[0] == 0.0);  // its delay is 3
  for (int k = 0; k < 3; ++k) world->step(std::array{0.5, -1.0});
  CHECK(slice(*world, world->step(std::array{0.5, -1.0}), "actuator_force")[0] == 1.0);  // gear 2
  random::Stream again({1, 0, random::Purpose::reset, 0});
  world->reset(again);
  // Range -60 .. 60 degrees, zone a tenth of it, from 48 degrees on: 0.2 rad is far from both limits.
  CHECK(slice(*world, seen, "joint_limit")[0] == 0.0);
  std::vector<double> bent(position.begin(), position.end());
  bent[11] = 54.0 / 57.29577951308232;
  world->set_joints(bent, std::vector<double>(17));
  // One control step of 20 ms later it has hardly moved: half-way into the zone.
  CHECK(slice(*world, world->step(std::array{0.0, -1.0}), "joint_limit")[0] == doctest::Approx(0.5).epsilon(0.1));
  CHECK(slice(*world, seen, "toy.position")[0] == doctest::Approx(0.4).epsilon(1e-12));
  CHECK(slice(*world, seen, "toy.velocity").size() == 3);
  CHECK(slice(*world, seen, "toy.orientation").size() == 4);
}

TEST_CASE("a delayed sense shows what was; before it, the first sample") {
  for (const int delay : {0, 1, 3}) {
    ChannelOptions channel;
    channel.delay = delay;
    channel.gain = 2.0;
    const auto world = make_body_world("slider", slider(), "slider", position_only(channel));
    for (int episode_number = 0; episode_number < 2; ++episode_number) {
      world->set_joints(std::array{1.0}, std::array{0.5});
      for (int k = 1; k <= 8; ++k) {
        const double then = 1.0 + 0.5 * 0.01 * std::max(1, k - delay);  // the first sample is after the first step
        CHECK(world->step(std::array{0.0})[0] == doctest::Approx(2.0 * then).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("a sense with a period is held between its samples") {
  ChannelOptions channel;
  channel.period = 3;
  const auto world = make_body_world("slider", slider(), "slider", position_only(channel));
  world->set_joints(std::array{0.0}, std::array{1.0});
  for (int k = 0; k < 9; ++k) {
    CHECK(world->step(std::array{0.0})[0] == doctest::Approx(0.01 * (1 + k - k % 3)).epsilon(1e-12));
  }
}

TEST_CASE("a delayed, weakened or reversed motor acts as told") {
  for (const double gain : {1.0, 0.25, -1.0}) {
    for (const int delay : {0, 2}) {
      BodyOptions o = position_only({});
      o.proprioception[0].velocity = true;
      MotorOptions motor;
      motor.actuators = {"m"};
      motor.channel.delay = delay;
      motor.channel.gain = gain;
      o.motors = {motor};
      const auto world = make_body_world("slider", slider(), "slider", o);
      world->set_joints(std::array{0.0}, std::array{0.0});
      for (int k = 1; k <= 6; ++k) {
        // Command 0.5 is 2 N on 2 kg: 1 m/s2 from the step on in which it arrives.
        const double speed = gain * 0.01 * std::max(0, k - delay);
        CHECK(world->step(std::array{0.5})[1] == doctest::Approx(speed).epsilon(1e-9));
      }
    }
  }
}

TEST_CASE("noise has the variance that is asked for, constant and with the signal") {
  for (const double place : {0.0, 3.0}) {
    ChannelOptions channel;
    channel.gain = 2.0;
    channel.noise = 0.3;
    channel.signal_noise = 0.1;
    const auto world = make_body_world("slider", slider(), "slider", position_only(channel));
    random::Stream start({1, 0, random::Purpose::reset, 0});
    world->reset(start);
    world->set_joints(std::array{place}, std::array{0.0});
    const int n = 4000;
    double sum = 0.0, squares = 0.0;
    for (int k = 0; k < n; ++k) {
      const double e = world->step(std::array{0.0})[0] - 2.0 * place;
      sum += e;
      squares += e * e;
    }
    const double variance = 0.3 * 0.3 + std::pow(0.1 * 2.0 * place, 2);
    // 4.9 standard errors: a false alarm in 1e6.
    CHECK(std::abs(sum / n) < 4.9 * std::sqrt(variance / n));
    CHECK(std::abs(squares / n / variance - 1.0) < 4.9 * std::sqrt(2.0 / n));
  }
  // Motor noise is in half ranges: 0.25 of 4 N on 2 kg for 0.01 s is a kick of 0.005 m/s a step.
  BodyOptions o = position_only({});
  o.proprioception[0].velocity = true;
  MotorOptions motor;
  motor.channel.noise = 0.25;
  o.motors = {motor};
  const auto world = make_body_world("slider", slider(), "slider", o);
  world->set_joints(std::array{0.0}, std::array{0.0});
  double before = 0.0, squares = 0.0;
  for (int k = 0; k < 4000; ++k) {
    const double speed = world->step(std::array{0.0})[1];
    squares += std::pow((speed - before) / 0.005, 2) / 4000;
    before = speed;
  }
  // Beyond 4 standard deviations the range clips: 1e-4 of the variance.
  CHECK(std::abs(squares - 1.0) < 4.9 * std::sqrt(2.0 / 4000) + 1e-3);
}

TEST_CASE("senses and motors open and close with age; words are heard from the next observation on") {
  BodyOptions o = position_only({});
  o.proprioception[0].channel.from_days = 10.0;
  o.proprioception[0].channel.until_days = 20.0;
  MotorOptions motor;
  motor.channel.from_days = 15.0;
  o.motors = {motor};
  o.words = {{"heard", 3, true, {}}, {"number", 3, false, {}}};
  const auto world = make_body_world("slider", slider(), "slider", o);
  for (const double age : {0.0, 10.0, 15.0, 20.0}) {
    world->set_age(age);
    world->set_joints(std::array{1.0}, std::array{0.0});
    world->set_word("heard", 1);
    world->set_word("number", 2);
    const auto seen = world->step(std::array{1.0});
    const double moved = age >= 15.0 ? 2.0 * 0.01 * 0.01 : 0.0;  // 4 N on 2 kg, semi-implicit Euler
    CHECK(seen[0] == doctest::Approx(age >= 10.0 && age < 20.0 ? 1.0 + moved : 0.0).epsilon(1e-12));
    CHECK(slice(*world, seen, "heard")[0] == 0.0);
    CHECK(slice(*world, seen, "heard")[1] == 1.0);
    CHECK(slice(*world, seen, "number")[0] == 2.0);
  }
  world->set_joints(std::array{1.0}, std::array{0.0});
  CHECK(slice(*world, world->step(std::array{0.0}), "number")[0] == -1.0);
  CHECK_THROWS_AS(world->set_word("heard", 3), base::UserError);
  CHECK_THROWS_AS(world->set_word("hard", 0), base::UserError);
  CHECK_THROWS_AS(world->set_age(-1.0), base::UserError);
  CHECK_THROWS_AS(world->set_gain("nothing", 1.0), base::UserError);
}

TEST_CASE("a body that grows keeps its joints, its taxels and its state") {
  const auto world = living();
  episode(*world, 1, 20);
  const auto taxels = world->taxels("skin");
  std::vector<double> before(std::size_t(world->spec().state_size)), after(before.size());
  world->save(before);
  world->replace_body(creature("", 0.15));
  world->save(after);
  CHECK(after == before);
  const auto grown = world->taxels("skin");
  REQUIRE(grown.size() == taxels.size());
  double reach_before = 0.0, reach_after = 0.0;
  for (std::size_t i = 0; i < grown.size(); ++i) {
    if (grown[i].geom != "upper") continue;
    reach_before = std::max(reach_before, taxels[i].place[1]);
    reach_after = std::max(reach_after, grown[i].place[1]);
  }
  CHECK(reach_after == doctest::Approx(reach_before + 0.05).epsilon(0.02));
  steps(*world, 2, 20);
  // The same text again changes nothing at all.
  const auto same = living(), replaced = living();
  episode(*same, 1, 20);
  episode(*replaced, 1, 20);
  replaced->replace_body(creature());
  CHECK(steps(*replaced, 2, 50) == steps(*same, 2, 50));
  const auto error =
      caught<base::BodyError>([&] { world->replace_body(creature("<geom name='third' size='.01' pos='0 0 .1'/>")); });
  CHECK(contains(error.what(), "geom"));
  steps(*world, 3, 5);
}

TEST_CASE("an exploding contact and a bad state are SimulationErrors with the step, and the world lives on") {
  // Two balls one inside the other with a spring of 1e13 N/m: no timestep is short enough.
  const std::string bomb =
      "<mujoco><option timestep='0.01'/><default><geom solref='-1e13 -1' solimp='.99 .999 .001'/></default><worldbody>"
      "<body><joint name='a' type='slide' axis='1 0 0'/><geom size='.1'/></body>"
      "<body pos='.01 0 0'><joint name='b' type='slide' axis='1 0 0'/><geom size='.1'/></body></worldbody>"
      "<actuator><motor joint='a'/></actuator></mujoco>";
  BodyOptions o;
  o.world = {0.01, 0.0};
  o.skin = {SkinOptions{}};
  const auto world = make_body_world("bomb", bomb, "bomb", o);
  const auto neighbour = living();
  const Bits expected = episode(*living(), 3, 20);
  for (int k = 0; k < 2; ++k) {
    world->set_joints(std::array{0.0, 0.0}, std::array{0.0, 0.0});
    const auto error = caught<base::SimulationError>([&] {
      for (int s = 0; s < 1000; ++s) world->step(std::array{0.0});
    });
    CHECK(error.world == "bomb");
    CHECK(error.step >= 1);
    CHECK(contains(error.what(), "step " + std::to_string(error.step)));
    CHECK_THROWS_AS(world->step(std::array{0.0}), base::SimulationError);
    world->set_joints(std::array{0.0, 5.0}, std::array{0.0, 0.0});  // apart
    world->step(std::array{0.0});
  }
  CHECK(episode(*neighbour, 3, 20) == expected);
  const auto victim = living();
  episode(*victim, 2, 10);
  std::vector<double> state(std::size_t(victim->spec().state_size));
  victim->save(state);
  state[1 + 2] = std::nan("");  // after the time: the height of the root
  victim->restore(state);
  CHECK(caught<base::SimulationError>([&] { victim->step(std::array{0.0, 0.0}); }).step == 11);
  CHECK(episode(*victim, 3, 20) == expected);
}

TEST_CASE("hostile and unfit bodies are BodyErrors that name the element") {
  const auto reason = [](const std::string& mjcf, const BodyOptions& options = {}) {
    const auto error = caught<base::BodyError>([&] { make_body_world("w", mjcf, "my/body.xml", options); });
    CHECK(error.source == "my/body.xml");
    return std::string(error.what());
  };
  const std::string joint = "<body><joint name='j'/><geom size='.1'/></body>";
  CHECK(contains(reason("<mujoco>\n<worldbody>\n<bdy/></worldbody></mujoco>"), "line 3"));
  CHECK(contains(reason("<mujoco>\n<asset>\n<mesh name='hull' file='nope.stl'/></asset><worldbody>" + joint +
                        "<geom type='mesh' mesh='hull'/></worldbody></mujoco>"),
                 "line 3: <mesh name='hull' file='nope.stl'/>"));
  CHECK(
      contains(reason("<mujoco>\n<worldbody>\n<geom name='g' type='mesh' mesh='hull'/></worldbody></mujoco>"), "hull"));
  CHECK(contains(reason("<mujoco>\n<include file='my/body.xml'/></mujoco>"), "my/body.xml' already included"));
  CHECK(contains(reason("<mujoco><worldbody><geom size='1'/></worldbody></mujoco>"), "no joint"));
  CHECK(contains(reason("<mujoco><worldbody>" + joint +
                        "</worldbody>\n<actuator>\n<motor name='m' joint='k'/></actuator></mujoco>"),
                 "'k'"));
  std::string huge = "<mujoco><worldbody>\n";
  for (int i = 0; i < 1000000; ++i) huge += "<geom size='.1'/>\n";
  const std::string many = reason(huge + joint + "</worldbody></mujoco>");
  CHECK(contains(many, "<geom>"));
  CHECK(contains(many, "line 20002"));  // the first line, and 20,000 that are allowed
  CHECK(contains(reason("<mujoco><worldbody>" + joint +
                        "<replicate count='1000'>\n<replicate count='1000'><body><geom size='.1'/></body></replicate>"
                        "</replicate></worldbody></mujoco>"),
                 "line 2"));
  // Options that name what is not there.
  const auto without = [&](auto change) {
    BodyOptions o;
    o.world.control_period = 0.02;
    change(o);
    return reason(creature(), o);
  };
  CHECK(contains(without([](BodyOptions& o) { o.skin = {{.name = "skin", .geoms = {"hant"}}}; }), "nearest: \"hand\""));
  CHECK(contains(without([](BodyOptions& o) { o.skin = {{.name = "skin", .geoms = {"floor"}}}; }), "geom floor"));
  CHECK(contains(without([](BodyOptions& o) { o.retina = {{.name = "r", .eye = "eie"}}; }),
                 "r names the camera, site or body \"eie\", which the body has not; nearest: \"eye\""));
  CHECK(contains(without([](BodyOptions& o) { o.vestibular = {{.name = "v", .head = "hed"}}; }), "hed"));
  CHECK(contains(without([](BodyOptions& o) { o.effects = {{.name = "e", .body = "toi"}}; }), "nearest: \"toy\""));
  CHECK(contains(without([](BodyOptions& o) { o.proprioception[0].joints = {"elbo"}; }), "nearest: \"elbow\""));
  CHECK(contains(without([](BodyOptions& o) { o.sensors = {{.name = "s", .sensors = {"akk"}}}; }), "nearest: \"acc\""));
  CHECK(contains(without([](BodyOptions& o) { o.motors = {{.actuators = {"elbw"}}}; }), "nearest: \"elbow\""));
  CHECK(contains(without([](BodyOptions& o) { o.keyframe = "hi"; }), "nearest: \"high\""));
  const auto option = [&](auto change) {
    BodyOptions o;
    o.world.control_period = 0.02;
    change(o);
    return caught<base::OptionError>([&] { make_body_world("w", creature(), "c", o); }).key;
  };
  CHECK(option([](BodyOptions& o) { o.proprioception[0].channel.delay = -1; }) == "proprioception.delay");
  CHECK(option([](BodyOptions& o) { o.skin = {{.density = -1.0}}; }) == "skin.density");
  CHECK(option([](BodyOptions& o) { o.retina = {{.eye = "eye", .rays = 0}}; }) == "retina.rays");
  CHECK(option([](BodyOptions& o) { o.words = {{.name = "acc"}}; }) == "acc");
  CHECK(option([](BodyOptions& o) { o.words = {{.count = 0}}; }) == "word.count");
}
