// The infant lives in its scenes, its body changes as told, and every shipped body is a world.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/random/stream.hpp"
#include "envs/bodies/bodies.hpp"
#include "envs/bodies/changes.hpp"
#include "envs/bodies/infant.hpp"
#include "envs/mujoco/inspection.hpp"
#include "envs/mujoco/world.hpp"
#include "tests/lives.hpp"

namespace {

using namespace infans;
using namespace infans::envs;
using namespace infans::tests;

Inspection look(const InfantOptions& options) { return inspect_body(infant_mjcf(options), "infant"); }

InfantOptions aged(double months, InfantScene scene = InfantScene::supine) {
  InfantOptions options;
  options.age_months = months;
  options.scene = scene;
  return options;
}

template <typename Part>
std::vector<std::string> names(const std::vector<Part>& parts) {
  std::vector<std::string> all;
  for (const Part& part : parts) all.push_back(part.name);
  return all;
}

template <typename Part>
const Part& named(const std::vector<Part>& parts, const std::string& name) {
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const Part& p) { return p.name == name; });
  REQUIRE_MESSAGE(found != parts.end(), name);
  return *found;
}

std::size_t index_of(const Inspection& body, const std::string& name) {
  for (std::size_t b = 0; b < body.bodies.size(); ++b) {
    if (body.bodies[b].name == name) return b;
  }
  FAIL("no body " << name);
  return 0;
}

double distance(const std::array<double, 3>& a, const std::array<double, 3>& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

// Random commands, held for 0.1 s each.
auto babbling(std::uint64_t seed) {
  return [stream = random::Stream({seed, 0, random::Purpose::test, 0}), held = std::vector<double>(), next = 0.0](
             double time, std::span<double> controls) mutable {
    if (time >= next - 1e-9) {
      held.resize(controls.size());
      for (double& command : held) command = stream.uniform(-1.0, 1.0);
      next += 0.1;
    }
    std::copy(held.begin(), held.end(), controls.begin());
  };
}

std::string option_error(const std::string& name) {
  try {
    load_mjcf(name);
  } catch (const base::OptionError& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a supine infant rests for a minute without drift") {
  for (const double months : {0.0, 3.0, 6.0, 12.0, 24.0}) {
    CAPTURE(months);
    // An error of MuJoCo or a warning throws.
    const auto moments = roll_body(infant_mjcf(aged(months)), "infant", 60.0, 0.1, {});
    const auto& settled = moments.at(10);
    double early = 0.0, late = 0.0, drift = 0.0, deepest = 0.0;
    for (std::size_t k = 10; k < moments.size(); ++k) {
      for (const std::size_t body : {0u, 1u}) {  // hips, chest
        drift = std::max(drift, distance(moments[k].places[body], settled.places[body]));
      }
      deepest = std::max(deepest, moments[k].deepest);
      double& fastest = k < 110 ? early : late;
      if (k >= 110 && k < moments.size() - 100) continue;
      for (const double v : moments[k].velocities) fastest = std::max(fastest, std::abs(v));
    }
    CHECK(drift < 0.01);
    CHECK(deepest < 0.005);
    CHECK(late <= early);  // nothing grows
    CHECK(late < 0.02);
  }
}

TEST_CASE("random commands in every scene leave the infant in one piece") {
  for (const char* name : {"infant?age=0", "infant?age=0&scene=seated", "infant?age=3&mobile=free",
                           "infant?age=3&mobile=left", "infant?age=6&mobile=right", "infant?age=12&scene=seated",
                           "infant?age=24", "infant?age=24&scene=seated&table=1&tool=left:0.1:0.02"}) {
    CAPTURE(std::string(name));
    const std::string text = load_mjcf(name);
    const Inspection body = inspect_body(text, "infant");
    const std::size_t hips = index_of(body, "hips");
    std::vector<std::array<std::size_t, 2>> joined;  // part and parent
    for (std::size_t b = 0; b < body.bodies.size(); ++b) {
      if (body.bodies[b].parent != "world") joined.push_back({b, index_of(body, body.bodies[b].parent)});
    }
    double stretched = 0.0, lowest = 1.0, deepest = 0.0;
    for (const Moment& moment : roll_body(text, "infant", 10.0, 0.1, babbling(1))) {
      for (const auto& [part, parent] : joined) {
        stretched = std::max(stretched, std::abs(distance(moment.places[part], moment.places[parent]) -
                                                 distance(body.bodies[part].place, body.bodies[parent].place)));
      }
      lowest = std::min(lowest, moment.places[hips][2]);
      deepest = std::max(deepest, moment.deepest);
    }
    CHECK(stretched < 1e-6);  // limbs stay on; 1e-6 m is far over rounding
    CHECK(lowest > 0.0);
    CHECK(deepest < 0.03);  // a foot of 5 m/s moves 25 mm in one step of physics
  }
}

TEST_CASE("the arms have seven joints to the wrist, the legs six, and every joint a motor") {
  const Inspection body = look(aged(3.0));
  for (const char* side : {"_left", "_right"}) {
    const auto count = [&](std::vector<std::string> parts) {
      return std::count_if(body.joints.begin(), body.joints.end(), [&](const JointPart& joint) {
        return std::any_of(parts.begin(), parts.end(), [&](const std::string& p) { return joint.body == p + side; });
      });
    };
    CHECK(count({"upper_arm", "forearm", "hand"}) == 7);
    CHECK(count({"thigh", "shank", "foot"}) == 6);
    CHECK(count({"eye"}) == 2);
  }
  std::vector<std::string> hinges = names(body.joints);
  REQUIRE(hinges.front() == "root");
  hinges.erase(hinges.begin());
  CHECK(names(body.motors) == hinges);
  std::vector<std::string> strengths;
  for (const JointStrength& strength : infant_strengths(aged(3.0))) strengths.push_back(strength.joint);
  CHECK(strengths == hinges);
}

TEST_CASE("eyes sit outside the skull and look ahead") {
  for (const double months : {0.0, 12.0, 24.0}) {
    const Inspection body = look(aged(months));
    const ShapePart& head = named(body.shapes, "head");
    const PlacePart& inner_ear = named(body.places, "vestibular");
    CHECK(inner_ear.body == "head");
    for (const char* name : {"eye_left", "eye_right"}) {
      const PlacePart& eye = named(body.places, name);
      // Supine: the face looks up, the head points to -x, the left is at +y.
      CHECK(-eye.axes[8] == doctest::Approx(1.0));  // gaze is -z of the site
      CHECK(eye.axes[3] == doctest::Approx(-1.0));  // x to the right
      CHECK(eye.axes[1] == doctest::Approx(-1.0));  // y to the crown
      const double forward = (eye.place[2] - head.place[2]) / head.size[0];
      const double left = (eye.place[1] - head.place[1]) / head.size[1];
      const double up = -(eye.place[0] - head.place[0]) / head.size[2];
      const double outside = std::hypot(forward, left, up);
      CHECK(outside > 1.0);
      CHECK(outside < 1.05);
      CHECK((left > 0.0) == (std::string(name) == "eye_left"));
    }
  }
}

TEST_CASE("a grown, loaded, weakened or scaled infant fits the state of the one before") {
  const InfantOptions young = aged(4.0, InfantScene::seated);
  const Inspection before = look(young);
  const InfantOptions changed =
      weakened(mass_added(limb_scaled(grown_to(young, 9.0), arm_left, 1.2), "hand_left", 0.1), "knee_left", 0.5);
  const Inspection after = look(changed);
  CHECK(names(after.joints) == names(before.joints));
  CHECK(names(after.motors) == names(before.motors));
  CHECK(names(after.bodies) == names(before.bodies));
  CHECK(after.position_size == before.position_size);
  for (const Mobile tied : {Mobile::tied_left, Mobile::tied_right}) {
    const Inspection loose = look(mobile_tied(aged(4.0), Mobile::free)), bound = look(mobile_tied(aged(4.0), tied));
    CHECK(names(bound.joints) == names(loose.joints));
    CHECK(names(bound.bodies) == names(loose.bodies));
    CHECK(names(bound.motors) == names(loose.motors));
  }
}

TEST_CASE("each change does what it says and nothing else") {
  const InfantOptions plain = aged(6.0);
  const Inspection before = look(plain);
  const auto mass = [](const Inspection& body, const std::string& name) { return named(body.bodies, name).mass; };
  const auto gear = [](const Inspection& body, const std::string& name) { return named(body.motors, name).gear; };
  const auto arm = [](const Inspection& body, const char* side) {
    return distance(named(body.joints, std::string("shoulder_flexion") + side).place,
                    named(body.joints, std::string("elbow") + side).place);
  };

  const Inspection heavy = look(mass_added(plain, "hand_right", 0.05));
  CHECK(heavy.mass - before.mass == doctest::Approx(0.05));
  CHECK(mass(heavy, "hand_right") - mass(before, "hand_right") == doctest::Approx(0.05));
  CHECK(mass(heavy, "hand_left") == mass(before, "hand_left"));

  const Inspection turned = look(reversed(plain, "elbow_left"));
  CHECK(gear(turned, "elbow_left") == -gear(before, "elbow_left"));
  CHECK(gear(turned, "elbow_right") == gear(before, "elbow_right"));
  const Inspection weak = look(weakened(plain, "knee_*", 0.25));
  CHECK(gear(weak, "knee_left") == doctest::Approx(0.25 * gear(before, "knee_left")));
  CHECK(gear(weak, "knee_right") == doctest::Approx(0.25 * gear(before, "knee_right")));
  CHECK(gear(weak, "hip_flexion_left") == gear(before, "hip_flexion_left"));

  const Inspection longer = look(limb_scaled(plain, arm_left, 1.25));
  CHECK(arm(longer, "_left") == doctest::Approx(1.25 * arm(before, "_left")));
  CHECK(arm(longer, "_right") == doctest::Approx(arm(before, "_right")));
  CHECK(mass(longer, "upper_arm_left") == doctest::Approx(1.25 * mass(before, "upper_arm_left")));

  const Inspection armed = look(tool_in_hand(plain, {true, 0.12, 0.03}));
  CHECK(infant_mjcf(tool_in_hand(tool_in_hand(plain, {true, 0.12, 0.03}), {true})) == infant_mjcf(plain));
  CHECK(armed.mass - before.mass == doctest::Approx(0.03));
  const PlacePart& tip = named(armed.places, "tool_tip_right");
  CHECK(tip.body == "hand_right");
  const double reach = distance(tip.place, named(armed.joints, "wrist_flexion_right").place);
  CHECK(reach > 0.12 + measure_at(Measure::hand_length, 6.0));
  CHECK(reach < 0.125 + measure_at(Measure::hand_length, 6.0));
}

TEST_CASE("a kick moves the mobile when it is tied to that foot, and only then") {
  const auto swing = [](Mobile mobile) {
    const std::string text = infant_mjcf(mobile_tied(aged(3.0), mobile));
    const Inspection body = inspect_body(text, "infant");
    const auto motor = [&](const std::string& name) {
      return static_cast<std::size_t>(&named(body.motors, name) - body.motors.data());
    };
    const std::size_t hip = motor("hip_flexion_left"), knee = motor("knee_left");
    const auto swinging = static_cast<std::size_t>(named(body.joints, "mobile_swing_y").velocity);
    const auto kick = [&](double time, std::span<double> controls) {
      const double phase = time < 2.0 ? 0.0 : std::fmod(time, 1.0) < 0.5 ? -1.0 : 1.0;
      controls[hip] = phase;
      controls[knee] = phase;
    };
    double fastest = 0.0;
    for (const Moment& moment : roll_body(text, "infant", 6.0, 0.01, kick)) {
      fastest = std::max(fastest, std::abs(moment.velocities[swinging]));
    }
    return fastest;
  };
  CHECK(swing(Mobile::tied_left) > 0.5);
  CHECK(swing(Mobile::free) < 0.02);
  CHECK(swing(Mobile::tied_right) < 0.1 * swing(Mobile::tied_left));
}

TEST_CASE("the query names the options and refuses others by name") {
  CHECK(load_mjcf("infant") == infant_mjcf({}));
  CHECK(load_mjcf("infant?") == infant_mjcf({}));
  InfantOptions options = aged(6.0, InfantScene::seated);
  options.table = true;
  options.sex = Sex::girl;
  options = reversed(tool_in_hand(mass_added(limb_scaled(options, leg_right, 1.1), "head", 0.2), {false, 0.1, 0.02}),
                     "wrist_flexion_left");
  CHECK(load_mjcf("infant?age=6&scene=seated&table=1&sex=girl&scale=leg_right:1.1&mass=head:0.2&tool=left:0.1:0.02&"
                  "strength=wrist_flexion_left:-1") == infant_mjcf(options));
  CHECK(contains(option_error("infant?weight=3"), "it has age, sex, scene"));
  CHECK(contains(option_error("infant?age=x"), "must be a number"));
  CHECK(contains(option_error("infant?age=25"), "0 to 24"));
  CHECK(contains(option_error("infant?age"), "key=value"));
  CHECK(contains(option_error("infant?scene=standing"), "seated, supine"));
  CHECK(contains(option_error("infant?mass=tail:1"), "upper_arm_left"));
  CHECK(contains(option_error("infant?mass=head:-1"), "0 to 5"));
  CHECK(contains(option_error("infant?strength=tail:1"), "elbow_left"));
  CHECK(contains(option_error("infant?strength=elbow_left:4"), "-3 to 3"));
  CHECK(contains(option_error("infant?scale=arm_left:9"), "0.5 to 2"));
  CHECK(contains(option_error("infant?scale=arm_left"), "limb:factor"));
  CHECK(contains(option_error("infant?tool=left:0.1:0"), "above 0"));
  CHECK(contains(option_error("infant?table=1"), "scene=seated"));
  CHECK(contains(option_error("infant?mobile=left&scene=seated"), "scene=supine"));
  CHECK_THROWS_AS(load_mjcf("infants"), base::FileError);
}

TEST_CASE("force fields and turned cursors") {
  const ForceField curl = curl_field(13.0, {0.0, 0.0, 1.0});
  const std::array<double, 3> velocity = {0.3, -0.2, 0.1};
  const std::array<double, 3> force = curl.force(velocity);
  CHECK(force[0] * velocity[0] + force[1] * velocity[1] + force[2] * velocity[2] == doctest::Approx(0.0));
  CHECK(force[0] == doctest::Approx(13.0 * 0.2));  // a quarter turn counter-clockwise of 13 v
  CHECK(force[1] == doctest::Approx(13.0 * 0.3));
  CHECK(viscous_field(5.0).force(velocity)[1] == doctest::Approx(1.0));

  const RotatedCursor cursor{std::acos(-1.0) / 6.0, {0.1, 0.2}, 1.5};
  const std::array<double, 2> shown = cursor.shown({0.2, 0.2});
  CHECK(shown[0] == doctest::Approx(0.1 + 0.15 * std::sqrt(3.0) / 2.0));
  CHECK(shown[1] == doctest::Approx(0.2 + 0.075));
  const std::array<double, 2> hand = cursor.hand(shown);
  CHECK(hand[0] == doctest::Approx(0.2));
  CHECK(hand[1] == doctest::Approx(0.2));
}

TEST_CASE("every shipped body without a free joint is a world whose saved state is bitwise") {
  for (const std::string& name : body_names()) {
    if (name == "infant") continue;
    CAPTURE(name);
    const auto world = make_mujoco_world(name, load_mjcf(name), name, {0.1, 0.05});
    random::Stream start({7, 0, random::Purpose::reset, 0});
    world->reset(start);
    const auto run = [&] {
      random::Stream commands({7, 0, random::Purpose::test, 0});
      std::vector<double> seen;
      std::vector<double> command(static_cast<std::size_t>(world->spec().action_size));
      for (int k = 0; k < 50; ++k) {
        for (double& c : command) c = commands.uniform(-1.0, 1.0);
        const auto observation = world->step(command);
        seen.insert(seen.end(), observation.begin(), observation.end());
      }
      return seen;
    };
    run();
    std::vector<double> state(static_cast<std::size_t>(world->spec().state_size));
    world->save(state);
    const std::vector<double> first = run();
    world->restore(state);
    CHECK(run() == first);
  }
}
