// What every world keeps: saved states are bitwise, starts are functions of their key, failures are typed and
// survivable.
#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.hpp"
#include "envs/analytic/cartpole.hpp"
#include "envs/bodies/bodies.hpp"
#include "envs/mujoco/world.hpp"
#include "tests/lives.hpp"

namespace {

using namespace infans;
using namespace infans::envs;
using namespace infans::tests;

std::unique_ptr<Environment> world_of(const std::string& mjcf, const std::string& source, MujocoOptions options = {}) {
  return make_mujoco_world("world", mjcf, source, options);
}

std::unique_ptr<Environment> cartpole() { return world_of(load_mjcf("cartpole"), "cartpole"); }

std::vector<std::unique_ptr<Environment>> all_worlds() {
  std::vector<std::unique_ptr<Environment>> worlds;
  worlds.push_back(cartpole());
  worlds.push_back(make_analytic_cartpole({}));
  return worlds;
}

random::Stream stream(std::uint64_t seed, std::uint64_t step = 0) {
  return random::Stream({seed, 3, random::Purpose::reset, step});
}

std::string body_with(const std::string& joint, const std::string& extra = "") {
  return "<mujoco>" + extra + "<worldbody><body><geom size='0.1'/>" + joint +
         "</body></worldbody><actuator><motor joint='j' ctrllimited='true' ctrlrange='0 4'/></actuator></mujoco>";
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("the spec covers the observation without gaps") {
  for (const auto& world : all_worlds()) {
    const Spec& spec = world->spec();
    int next = 0;
    for (const Modality& m : spec.modalities) {
      CHECK(m.offset == next);
      next += m.size;
    }
    CHECK(spec.observation_size() == 4);
    CHECK(spec.joints == std::vector<Joint>{Joint::slide, Joint::hinge});
    CHECK(spec.modalities[0].unit == "m,rad");
    CHECK(spec.modalities[1].unit == "m/s,rad/s");
    CHECK(spec.control_period == 0.1);
    auto start = stream(1);
    CHECK(world->reset(start).size() == 4);
  }
}

TEST_CASE("save, restore and the same commands give the same bits") {
  for (const auto& world : all_worlds()) {
    episode(*world, 1, 30);
    std::vector<double> state(static_cast<std::size_t>(world->spec().state_size));
    world->save(state);
    const Bits straight = steps(*world, 2, 20);
    world->restore(state);
    CHECK(steps(*world, 2, 20) == straight);
    // In another world, whatever it did before.
    for (const auto& other : all_worlds()) {
      if (other->spec().name != world->spec().name) continue;
      episode(*other, 7, 30);
      other->restore(state);
      CHECK(steps(*other, 2, 20) == straight);
    }
  }
}

TEST_CASE("an episode is a function of its key") {
  for (const auto& world : all_worlds()) {
    const Bits one = episode(*world, 1, 30);
    CHECK(episode(*world, 2, 30) != one);
    CHECK(episode(*world, 1, 30) == one);
    auto later = stream(1, 1);
    Bits start;
    append(start, world->reset(later));
    CHECK(Bits(one.begin(), one.begin() + 4) != start);
  }
}

TEST_CASE("worlds of one model in several threads give the bits of one thread") {
  std::vector<Bits> alone, together(4);
  for (std::uint64_t seed = 0; seed < 4; ++seed) alone.push_back(episode(*cartpole(), seed, 30));
  std::vector<std::thread> threads;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] { together[seed] = episode(*cartpole(), seed, 30); });
  }
  for (auto& thread : threads) thread.join();
  CHECK(together == alone);
}

TEST_CASE("commands are clipped to [-1, 1] and mapped to the actuator's range") {
  for (const auto& world : all_worlds()) {
    std::vector<Bits> seen;
    for (const double command : {1.0, 25.0, std::numeric_limits<double>::infinity()}) {
      auto start = stream(5);
      world->reset(start);
      append(seen.emplace_back(), world->step({&command, 1}));
    }
    CHECK(seen[1] == seen[0]);
    CHECK(seen[2] == seen[0]);
  }
  // ctrlrange 0..4 on a sphere of 4/3 pi r^3 * 1000 = 4.18879 kg: command 0 is the middle, 2 N.
  auto slider = world_of(body_with("<joint name='j' type='slide'/>", "<option gravity='0 0 0' timestep='0.01'/>"), "s");
  for (const double command : {-1.0, 0.0, 1.0}) {
    slider->set_joints(std::array{0.0}, std::array{0.0});
    CHECK(slider->step({&command, 1})[1] == doctest::Approx(0.1 * 2.0 * (command + 1.0) / 4.18879).epsilon(1e-5));
  }
}

TEST_CASE("a state that leaves the numbers is a SimulationError and the world lives on") {
  const double zero = 0.0;
  for (const auto& world : all_worlds()) {
    const Bits before = episode(*world, 4, 30);
    for (const double bad : {1e200, not_a_number, std::numeric_limits<double>::infinity()}) {
      auto start = stream(4);
      world->reset(start);
      world->step({&zero, 1});
      world->set_joints(std::array{0.0, 0.0}, std::array{0.0, bad});
      const auto error = caught<base::SimulationError>([&] { world->step({&zero, 1}); });
      CHECK(error.world == world->spec().name);
      CHECK(error.step == 1);
      CHECK_FALSE(contains(error.what(), "failed before"));
      CHECK_THROWS_AS(world->step({&zero, 1}), base::SimulationError);
      CHECK(episode(*world, 4, 30) == before);
    }
    CHECK_THROWS_AS(world->step({&not_a_number, 1}), base::SimulationError);
    CHECK(episode(*world, 4, 30) == before);
  }
  CHECK_FALSE(std::filesystem::exists("MUJOCO_LOG.TXT"));
}

TEST_CASE("MuJoCo's own fatal error inside a step is a SimulationError, time after time") {
  // 448 bytes are enough at rest, not for the constraint of a joint beyond its limit: MuJoCo calls mju_error.
  auto world =
      world_of(body_with("<joint name='j' type='slide' limited='true' range='-1 1'/>", "<size memory='448'/>"), "tiny");
  const double zero = 0.0;
  world->set_joints(std::array{0.0}, std::array{0.0});
  Bits before;
  append(before, world->step({&zero, 1}));
  for (int k = 0; k < 3; ++k) {
    world->set_joints(std::array{2.0}, std::array{0.0});
    const auto error = caught<base::SimulationError>([&] { world->step({&zero, 1}); });
    CHECK(contains(error.what(), "stack overflow"));
    world->set_joints(std::array{0.0}, std::array{0.0});
    Bits after;
    append(after, world->step({&zero, 1}));
    CHECK(after == before);
  }
}

TEST_CASE("a wrong size is a UserError") {
  for (const auto& world : all_worlds()) {
    std::vector<double> two(2), one(1);
    CHECK_THROWS_AS(world->step(two), base::UserError);
    CHECK_THROWS_AS(world->save(two), base::UserError);
    CHECK_THROWS_AS(world->restore(two), base::UserError);
    CHECK_THROWS_AS(world->set_joints(one, two), base::UserError);
  }
}

TEST_CASE("a body that does not load or fit names its source and the reason") {
  const auto reason = [](const std::string& mjcf, MujocoOptions options = {}) {
    const auto error = caught<base::BodyError>([&] { world_of(mjcf, "my/body.xml", options); });
    CHECK(error.source == "my/body.xml");
    CHECK(contains(error.what(), "my/body.xml: "));
    return std::string(error.what());
  };
  CHECK(contains(reason("<mujoco>\n<worldbody>\n<bdy/></worldbody></mujoco>"), "line 3"));
  CHECK(contains(reason("<mujoco>\n<worldbody>\n<body></worldbody></mujoco>"), "number=3"));
  CHECK(contains(reason("<mujoco><worldbody><body><joint/></body></worldbody></mujoco>"), "mass"));
  reason("");
  reason("not XML");
  CHECK(contains(reason("<mujoco><worldbody><body><geom size='1'/></body></worldbody></mujoco>"), "no joint"));
  CHECK(
      contains(reason("<mujoco><worldbody><body><geom size='1'/><joint/></body></worldbody></mujoco>"), "no actuator"));
  CHECK(contains(reason(body_with("<joint name='j' type='ball'/>")), "joint j is a ball joint"));
  CHECK(contains(reason(body_with("<joint name='j' type='free'/>")), "joint j is a free joint"));
  CHECK(contains(reason(load_mjcf("cartpole"), {0.025, 0.05}), "whole multiple"));
  CHECK_THROWS_AS(world_of(load_mjcf("cartpole"), "c", {0.0, 0.05}), base::OptionError);
  CHECK_THROWS_AS(world_of(load_mjcf("cartpole"), "c", {0.1, not_a_number}), base::OptionError);
  AnalyticOptions odd;
  odd.substep = 0.03;
  CHECK(caught<base::OptionError>([&] { make_analytic_cartpole(odd); }).key == "substep");
}

TEST_CASE("a body comes by shipped name or by file") {
  CHECK(body_names() == std::vector<std::string>{"arm", "cartpole", "cartpole_dmc", "cartpole_pets", "cartpole_pilco",
                                                 "finger", "infant", "pendulum", "reacher"});
  const auto missing = caught<base::FileError>([] { load_mjcf("no/such/cartpol.xml"); });
  CHECK(missing.path == "no/such/cartpol.xml");
  CHECK(contains(missing.what(), "no/such/cartpol.xml: no such file"));
  CHECK(contains(missing.what(), "nearest: cartpole"));
  CHECK_THROWS_AS(load_mjcf(""), base::FileError);
  const auto folder = std::filesystem::temp_directory_path();
  CHECK(contains(caught<base::FileError>([&] { load_mjcf(folder.string()); }).what(), "folder"));
  const auto path = folder / ("infans_test_body_" + std::to_string(std::random_device{}()) + ".xml");
  std::ofstream(path) << "<mujoco/>\n";
  CHECK(load_mjcf(path.string()) == "<mujoco/>\n");
  std::filesystem::remove(path);
}
