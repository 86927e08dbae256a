// Arms that reach: the bodies against plane geometry and the whole infant, and lives of reaches that depend on their
// seed only.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "core/base/error.hpp"
#include "core/parallel/parallel.hpp"
#include "envs/bodies/bodies.hpp"
#include "experiments/benchmarks/reach.hpp"

using namespace infans;
using namespace infans::experiments;
using Eigen::Vector3d;
using Eigen::VectorXd;

namespace {

random::Stream stream(std::uint64_t seed) { return random::Stream({seed, 0, random::Purpose::test, 0}); }

VectorXd uniform(const VectorXd& low, const VectorXd& high, random::Stream& s) {
  VectorXd q(low.size());
  for (int i = 0; i < q.size(); ++i) q(i) = s.uniform(low(i), high(i));
  return q;
}

// Links hang along -z and turn about +y: x = -sum l sin, z = -sum l cos of the summed angles.
Vector3d planar_hand(const VectorXd& q, double stretch) {
  Vector3d x = Vector3d::Zero();
  double angle = 0.0;
  const double link = 0.3 / static_cast<double>(q.size());
  for (int i = 0; i < q.size(); ++i) {
    angle += q(i);
    const double l = i + 1 == q.size() ? stretch * link : link;
    x += Vector3d(-l * std::sin(angle), 0.0, -l * std::cos(angle));
  }
  return x;
}

}  // namespace

TEST_CASE("a planar arm's moments are of one instant, and a grown arm is longer") {
  auto s = stream(1);
  for (const int links : {2, 3, 4}) {
    ReachingBody body(envs::planar_arm(links));
    for (const double stretch : {1.0, 1.2}) {
      if (stretch > 1.0) body.grow(envs::planar_arm(links, stretch));
      const auto moments = body.fulfil(uniform(body.low(), body.high(), s), 0.4, 4);
      REQUIRE(moments.size() == 4);
      for (const auto& m : moments) CHECK((m.hand - planar_hand(m.q, stretch)).norm() < 1e-12);
      for (int k = 0; k < 20; ++k) CHECK(body.target(s).norm() < 0.3 * (1.0 + (stretch - 1.0) / links) + 1e-12);
    }
  }
}

TEST_CASE("a sensor that lies is sensed by its offset, and the arm obeys what is sensed") {
  ReachingBody body(envs::planar_arm(2));
  body.shift_sensor(1, 0.25);
  const VectorXd wanted = (VectorXd(2) << 0.5, 0.7).finished();
  for (int k = 0; k < 4; ++k) body.fulfil(wanted, 0.4);
  const auto m = body.fulfil(wanted, 0.4).back();
  CHECK((m.q - wanted).norm() < 0.01);
  CHECK((m.hand - planar_hand(m.q - (VectorXd(2) << 0.0, 0.25).finished(), 1.0)).norm() < 1e-12);
}

// Joints of the arm alone and of the whole infant at the same angles: the palm is at the same place of the chest.
TEST_CASE("the infant's arm is the arm of the whole infant") {
  for (const char* query : {"age=6", "age=14&scene=seated&scale=arm_right:1.1&scale=forearm_right:1.2"}) {
    const envs::InfantOptions options = envs::infant_options(query);
    std::string text = envs::infant_mjcf(options);
    text.insert(text.rfind("</mujoco>"),
                "<sensor><framepos name=\"hand\" objtype=\"site\" objname=\"palm_right\" reftype=\"xbody\" "
                "refname=\"chest\"/></sensor>");
    envs::BodyOptions o;
    o.world.control_period = 0.005;
    o.proprioception.clear();
    const auto whole = envs::make_body_world("infant", text, "infant", o);
    const envs::ReachingArm arm = envs::infant_arm(options);
    REQUIRE(arm.low.size() == 7);
    ReachingBody body(arm);
    std::vector<double> q(static_cast<std::size_t>(whole->position_size()), 0.0);
    const std::vector<double> v(static_cast<std::size_t>(whole->velocity_size()), 0.0), none(38, 0.0);
    q[2] = 1.0;
    q[3] = 1.0;
    // The free joint's 7, trunk 3, neck 3, eyes 4, left arm 8, then the right arm.
    constexpr std::size_t first = 25;
    auto s = stream(2);
    for (int k = 0; k < 5; ++k) {
      const VectorXd angles = uniform(body.low(), body.high(), s);
      for (std::size_t i = 0; i < 7; ++i) q[first + i] = angles(static_cast<Eigen::Index>(i));
      whole->set_joints(q, v);
      const auto seen = whole->step(none);
      const double pitch = (options.scene == envs::InfantScene::supine ? -90.0 : -30.0) * EIGEN_PI / 180.0;
      const Vector3d expected = Eigen::AngleAxisd(pitch, Vector3d::UnitY()) * Vector3d::Map(seen.data());
      CHECK((body.hand_at(angles) - expected).norm() < 1e-9);
    }
  }
}

TEST_CASE("arms refuse what they cannot be") {
  CHECK_THROWS_AS(envs::planar_arm(0), base::OptionError);
  CHECK_THROWS_AS(envs::planar_arm(2, 3.0), base::OptionError);
  CHECK_THROWS_AS(envs::seven_joint_arm(0.1), base::OptionError);
  CHECK_THROWS_AS(reaching_arm("octopus"), base::UserError);
  CHECK_THROWS_AS(reaching_arm("infant?age=99"), base::OptionError);
}

TEST_CASE("a life of reaches depends on its seed only, whatever the number of threads") {
  const envs::ReachingArm arm = envs::planar_arm(3);
  const ReachOptions options = tuned(ReachModel::torus);
  std::vector<ReachResult> alone(4), together(4);
  for (int k = 0; k < 4; ++k)
    alone[static_cast<std::size_t>(k)] = run_reach(arm, options, 50 + static_cast<std::uint64_t>(k));
  parallel::for_each(4, 4, [&](int k) {
    together[static_cast<std::size_t>(k)] = run_reach(arm, options, 50 + static_cast<std::uint64_t>(k));
  });
  bool differ = false;
  for (std::size_t k = 0; k < 4; ++k) {
    CHECK(alone[k].decisions == together[k].decisions);
    CHECK(alone[k].hands == together[k].hands);
    CHECK(alone[k].reached);
    differ = differ || alone[k].hands != alone[0].hands;
  }
  CHECK(differ);
}

// The criterion takes ten reaches of at least one decision each; babbling comes on top.
TEST_CASE("decisions are counted all in") {
  const envs::ReachingArm arm = envs::planar_arm(2);
  ReachOptions options = tuned(ReachModel::chain);
  const ReachResult plain = run_reach(arm, options, 7);
  CHECK(plain.reached);
  CHECK(plain.decisions >= 10);
  CHECK(plain.babbled == 0);
  CHECK(static_cast<int>(plain.hands.size()) == plain.decisions);
  options.reacher.babble = true;
  const ReachResult babbled = run_reach(arm, options, 7);
  CHECK(babbled.babbled >= 6);
  CHECK(babbled.decisions >= babbled.babbled + 10);
  options.most_decisions = 12;
  CHECK_FALSE(run_reach(arm, options, 7).reached);
}
