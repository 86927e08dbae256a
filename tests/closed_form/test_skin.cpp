// Skin: a force that is known is read back, in size, direction and place; taxels stand where equal areas put them.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <memory>
#include <numbers>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "envs/mujoco/body.hpp"

namespace {

using namespace infans;
using namespace infans::envs;
using Vector = std::array<double, 3>;
constexpr double degrees = 180.0 / std::numbers::pi;

std::span<const double> slice(const BodyWorld& world, std::span<const double> observation, const std::string& name) {
  for (const Modality& m : world.spec().modalities) {
    if (m.name == name) return observation.subspan(std::size_t(m.offset), std::size_t(m.size));
  }
  FAIL("no modality " << name);
  return {};
}

struct Felt {
  Vector force{};
  Vector place{};  // mean of the taxels' places, weighted with the size of the force
};

Felt felt(const BodyWorld& world, std::span<const double> observation, const std::string& skin) {
  const auto taxels = world.taxels(skin);
  const auto values = slice(world, observation, skin);
  REQUIRE(values.size() == 3 * taxels.size());
  Felt sum;
  double weight = 0.0;
  for (std::size_t i = 0; i < taxels.size(); ++i) {
    const double size = std::hypot(values[3 * i], values[3 * i + 1], values[3 * i + 2]);
    weight += size;
    for (std::size_t k = 0; k < 3; ++k) {
      sum.force[k] += values[3 * i + k];
      sum.place[k] += size * taxels[i].place[k];
    }
  }
  for (double& x : sum.place) x /= weight;
  return sum;
}

SkinOptions skin_on(const std::string& name, const std::string& geom, double density, Touch touch) {
  SkinOptions skin;
  skin.name = name;
  skin.geoms = {geom};
  skin.density = density;
  skin.touch = touch;
  return skin;
}

// Runs until the contact has settled: 2 s, hundreds of its time constants of 0.02 s.
std::vector<double> settled(BodyWorld& world, const std::vector<double>& command) {
  world.set_joints(std::vector<double>(std::size_t(world.position_size())),
                   std::vector<double>(std::size_t(world.velocity_size())));
  std::span<const double> seen;
  for (int k = 0; k < 200; ++k) seen = world.step(command);
  return {seen.begin(), seen.end()};
}

BodyOptions with_skin(std::vector<SkinOptions> skin) {
  BodyOptions options;
  options.world.control_period = 0.01;
  options.skin = std::move(skin);
  return options;
}

// A plate of 20 x 12 cm, tilted in the world, and a ball that two motors push into it and along it.
std::string probe_on(const std::string& geom, const Vector& at) {
  const auto text = [](double x) { return std::to_string(x); };
  return "<mujoco><option gravity='0 0 0' timestep='0.002' cone='elliptic' impratio='100'/><worldbody><body "
         "name='base' euler='30 50 10'>" +
         geom + "<body name='probe' pos='" + text(at[0]) + " " + text(at[1]) + " " + text(at[2]) +
         "'><joint name='along' type='slide' axis='1 0 0' damping='1'/><joint name='into' type='slide' axis='0 0 -1'/>"
         "<geom name='ball' type='sphere' size='0.01' mass='0.05' friction='1'/></body></body></worldbody><actuator>"
         "<motor name='along' joint='along' ctrlrange='-10 10' ctrllimited='true'/>"
         "<motor name='into' joint='into' ctrlrange='-10 10' ctrllimited='true'/></actuator></mujoco>";
}

double length(const Vector& v) { return std::hypot(v[0], v[1], v[2]); }

}  // namespace

TEST_CASE("a known force at a known place is read back from the skin within 1 %") {
  // Ball of 1 cm on the plate's upper side at z = 0.01: its centre at z = 0.02.
  const std::string mjcf =
      probe_on("<geom name='plate' type='box' size='0.1 0.06 0.01' friction='1'/>", {0.031, -0.017, 0.02});
  const auto world = make_body_world(
      "plate", mjcf, "plate",
      with_skin({skin_on("force", "plate", 5e3, Touch::force), skin_on("pressure", "plate", 5e3, Touch::pressure),
                 skin_on("split", "plate", 5e3, Touch::split)}));
  for (const double push : {0.5, 2.0, 8.0}) {
    for (const double along : {0.0, 0.3}) {
      const auto seen = settled(*world, {along * push / 10.0, push / 10.0});
      const Felt whole = felt(*world, seen, "force");
      // Newton's third law: what pushes the ball pushes the plate. Friction (0.3 of 1.0) holds it.
      CHECK(whole.force[2] == doctest::Approx(-push).epsilon(0.01));
      const double damped = 1.0 * slice(*world, seen, "joint_velocity")[0];  // what the joint's damper takes
      CHECK(std::abs(whole.force[0] - along * push + damped) < 0.01 * push);
      CHECK(std::abs(whole.force[1]) < 0.01 * push);
      // The ball creeps along under the tangential push; where it is, its joint says. 1 % of the plate's length.
      const double crept = slice(*world, seen, "joint_position")[0];
      CHECK(std::abs(whole.place[0] - 0.031 - crept) < 0.002);
      CHECK(std::abs(whole.place[1] + 0.017) < 0.002);
      CHECK(std::abs(whole.place[2] - 0.01) < 0.001);
      // In the world: euler='30 50 10' turns about x, then the new y, then the new z; places by hand from the angles.
      const double x = 30 / degrees, y = 50 / degrees, z = 10 / degrees;
      const std::array<Vector, 3> base = {
          {{std::cos(y) * std::cos(z), -std::cos(y) * std::sin(z), std::sin(y)},
           {std::sin(x) * std::sin(y) * std::cos(z) + std::cos(x) * std::sin(z),
            -std::sin(x) * std::sin(y) * std::sin(z) + std::cos(x) * std::cos(z), -std::sin(x) * std::cos(y)},
           {-std::cos(x) * std::sin(y) * std::cos(z) + std::sin(x) * std::sin(z),
            std::cos(x) * std::sin(y) * std::sin(z) + std::sin(x) * std::cos(z), std::cos(x) * std::cos(y)}}};
      for (const Taxel& t : world->taxels("force")) {
        for (std::size_t k = 0; k < 3; ++k) {
          const double there = base[k][0] * t.place[0] + base[k][1] * t.place[1] + base[k][2] * t.place[2];
          CHECK(std::abs(t.world[k] - there) < 1e-9);
        }
      }
      double pressure = 0.0;
      for (const double p : slice(*world, seen, "pressure")) pressure += p;
      CHECK(pressure == doctest::Approx(push).epsilon(0.01));
      // Normal and tangential parts are perpendicular and add up to the whole at every taxel.
      const auto split = slice(*world, seen, "split"), force = slice(*world, seen, "force");
      for (std::size_t i = 0; i < force.size() / 3; ++i) {
        double dot = 0.0;
        for (std::size_t k = 0; k < 3; ++k) {
          dot += split[6 * i + k] * split[6 * i + 3 + k];
          CHECK(std::abs(split[6 * i + k] + split[6 * i + 3 + k] - force[3 * i + k]) < 1e-12 * push);
        }
        CHECK(std::abs(dot) < 1e-12 * push * push);
      }
    }
  }
}

TEST_CASE("on every shape the sum is the force and the place is under the probe") {
  struct Shape {
    const char* geom;
    double top;  // height of the surface over the middle
  };
  for (const Shape& shape :
       {Shape{"type='sphere' size='0.05'", 0.05}, Shape{"type='ellipsoid' size='0.06 0.04 0.03'", 0.03},
        Shape{"type='cylinder' size='0.05 0.03'", 0.03},
        Shape{"type='capsule' size='0.03 0.05' euler='0 90 0'", 0.03}}) {
    CAPTURE(shape.geom);
    const std::string mjcf =
        probe_on("<geom name='shape' friction='1' " + std::string(shape.geom) + "/>", {0.0, 0.0, shape.top + 0.01});
    const auto world =
        make_body_world("shape", mjcf, "shape", with_skin({skin_on("skin", "shape", 2e4, Touch::force)}));
    const auto seen = settled(*world, {0.0, 0.3});
    const Felt whole = felt(*world, seen, "skin");
    CHECK(whole.force[2] == doctest::Approx(-3.0).epsilon(0.01));
    // Taxels are 7 mm apart; 1 % of the shape's length of 10 cm or so.
    CHECK(std::abs(whole.place[0]) < 0.001);
    CHECK(std::abs(whole.place[1]) < 0.001);
    CHECK(std::abs(whole.place[2] - shape.top) < 0.003);  // neighbours of the touched place lie lower
  }
}

TEST_CASE("two hands that touch each other feel equal and opposite forces") {
  // The right hand's frame is turned by 180 degrees about z: its x points to the left hand's x as minus.
  const std::string mjcf =
      "<mujoco><option gravity='0 0 0' timestep='0.002'/><worldbody>"
      "<body name='left' pos='-0.03 0 0'><joint name='l' type='slide' axis='1 0 0' damping='2'/>"
      "<geom name='left' type='capsule' size='0.03 0.04' mass='0.1'/></body>"
      "<body name='right' pos='0.035 0 0.01' euler='0 0 180'><joint name='r' type='slide' axis='1 0 0' damping='2'/>"
      "<geom name='right' type='box' size='0.035 0.03 0.04' mass='0.2'/></body></worldbody><actuator>"
      "<motor joint='l' ctrlrange='-10 10' ctrllimited='true'/><motor joint='r' ctrlrange='-10 10' ctrllimited='true'/>"
      "</actuator></mujoco>";
  const auto world = make_body_world(
      "hands", mjcf, "hands",
      with_skin({skin_on("left", "left", 1e4, Touch::force), skin_on("right", "right", 1e4, Touch::force)}));
  for (const double push : {1.0, 4.0}) {
    const auto seen = settled(*world, {push / 10.0, push / 10.0});  // each along its own x, towards the other
    const Felt left = felt(*world, seen, "left"), right = felt(*world, seen, "right");
    CHECK(left.force[0] == doctest::Approx(-push).epsilon(0.01));
    CHECK(right.force[0] == doctest::Approx(-push).epsilon(0.01));
    // In the world: rotation by 180 degrees about z. The shares add up exactly, so only rounding is left.
    CHECK(std::abs(left.force[0] - right.force[0]) < 1e-9 * push);
    CHECK(std::abs(left.force[1] - right.force[1]) < 1e-9 * push);
    CHECK(std::abs(left.force[2] + right.force[2]) < 1e-9 * push);
  }
  // Apart, they feel nothing at all.
  const auto apart = settled(*world, {-0.1, -0.1});
  CHECK(length(felt(*world, apart, "left").force) == 0.0);
  CHECK(length(felt(*world, apart, "right").force) == 0.0);
}

TEST_CASE("the far side of a thin hand does not feel what touches the palm") {
  const std::string mjcf = probe_on("<geom name='palm' type='box' size='0.04 0.04 0.004'/>", {0.0, 0.0, 0.014});
  const auto world = make_body_world("palm", mjcf, "palm", with_skin({skin_on("palm", "palm", 1e4, Touch::pressure)}));
  const auto seen = settled(*world, {0.0, 0.2});
  const auto taxels = world->taxels("palm");
  const auto values = slice(*world, seen, "palm");
  double back = 0.0, front = 0.0;
  for (std::size_t i = 0; i < taxels.size(); ++i) {
    if (taxels[i].normal[2] < -0.5) back += values[i];
    if (taxels[i].normal[2] > 0.5) front += values[i];
  }
  CHECK(back == 0.0);
  CHECK(front == doctest::Approx(2.0).epsilon(0.01));
}

TEST_CASE("taxels: as many as the density says, on the surface, evenly, and their normals point outwards") {
  const auto taxels_of = [](const std::string& geom, double density) {
    const std::string mjcf = "<mujoco><worldbody><body><joint name='j'/><geom name='g' " + geom +
                             "/></body></worldbody><actuator><motor joint='j'/></actuator></mujoco>";
    BodyOptions options = with_skin({skin_on("skin", "g", density, Touch::pressure)});
    return make_body_world("geom", mjcf, "geom", options)->taxels("skin");
  };
  using std::numbers::pi;
  // Areas by geometry; rounding is to a whole taxel.
  const auto sphere = taxels_of("type='sphere' size='0.1'", 1e4);
  CHECK(sphere.size() == std::size_t(std::lround(1e4 * 4 * pi * 0.01)));
  CHECK(taxels_of("type='box' size='0.1 0.2 0.05'", 1e3).size() ==
        std::size_t(std::lround(1e3 * 8 * (0.02 + 0.01 + 0.005))));
  CHECK(taxels_of("type='capsule' size='0.05 0.1'", 1e4).size() ==
        std::size_t(std::lround(1e4 * 4 * pi * 0.05 * 0.15)));
  CHECK(taxels_of("type='cylinder' size='0.05 0.1'", 1e4).size() ==
        std::size_t(std::lround(1e4 * 2 * pi * 0.05 * 0.25)));
  CHECK(taxels_of("type='sphere' size='0.001'", 1.0).size() == 1);
  Vector mean{};
  for (const Taxel& t : sphere) {
    CHECK(length(t.place) == doctest::Approx(0.1).epsilon(1e-12));
    for (std::size_t k = 0; k < 3; ++k) {
      CHECK(std::abs(t.normal[k] - t.place[k] / 0.1) < 1e-12);
      mean[k] += t.place[k] / (0.1 * double(sphere.size()));
    }
  }
  CHECK(length(mean) < 0.003);  // of 1,257 even points; random ones would be at 0.028
  // Every octant-like half has its share of the area: |x| < a / 2 holds half of a sphere's area, in each direction.
  for (std::size_t k = 0; k < 3; ++k) {
    int inside = 0;
    for (const Taxel& t : sphere) inside += std::abs(t.place[k]) < 0.05;
    CHECK(std::abs(inside / double(sphere.size()) - 0.5) < 0.01);
  }
  for (const Taxel& t : taxels_of("type='ellipsoid' size='0.1 0.05 0.03'", 1e4)) {
    const double level =
        std::pow(t.place[0] / 0.1, 2) + std::pow(t.place[1] / 0.05, 2) + std::pow(t.place[2] / 0.03, 2);
    CHECK(level == doctest::Approx(1.0).epsilon(1e-9));
    CHECK(length(t.normal) == doctest::Approx(1.0).epsilon(1e-12));
  }
  for (const Taxel& t : taxels_of("type='capsule' size='0.05 0.1'", 1e4)) {
    const double z = std::max(0.0, std::abs(t.place[2]) - 0.1);
    CHECK(std::hypot(t.place[0], t.place[1], z) == doctest::Approx(0.05).epsilon(1e-9));
  }
}
