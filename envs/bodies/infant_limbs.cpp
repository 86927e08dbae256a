#include "envs/bodies/infant_limbs.hpp"

#include <algorithm>
#include <array>
#include <numbers>
#include <span>

#include "envs/bodies/infant_body.hpp"
#include "envs/bodies/rod.hpp"

namespace infans::envs {
namespace {

constexpr double degree = std::numbers::pi / 180.0;

// The joints between two rods of a limb and the rods beyond them.
struct Part {
  std::span<const InfantJoint> joints;
  std::span<const Rod> beyond;
};

void add_limb(const InfantBody& body, Limb limb, const char* suffix, const std::array<Part, 3>& parts,
              const std::vector<JointStrength>& moving, std::vector<LimbJoint>& all) {
  for (const Part& part : parts) {
    for (const InfantJoint& joint : part.joints) {
      const std::string name = joint.name + std::string(suffix);
      const auto motor =
          std::find_if(moving.begin(), moving.end(), [&](const JointStrength& m) { return m.joint == name; });
      if (motor == moving.end()) continue;
      all.push_back({name, limb, degree * joint.low, degree * joint.high, degree * body.seated_or_supine(joint),
                     motor->torque, inertia_of(part.beyond) + body.armature(joint)});
    }
  }
}

template <std::size_t N>
std::array<Rod, N> rods_of(const std::array<Segment, N>& segments) {
  std::array<Rod, N> rods;
  for (std::size_t i = 0; i < N; ++i) rods[i] = {segments[i].length, segments[i].mass};
  return rods;
}

}  // namespace

double inertia_of(std::span<const Rod> rods) {
  double at = 0.0, sum = 0.0;
  for (const Rod& r : rods) {
    const double end = at + r.length;
    sum += r.mass * (at * at + at * end + end * end) / 3.0;
    at = end;
  }
  return sum;
}

std::vector<LimbJoint> infant_limb_joints(const InfantOptions& options) {
  infant_mjcf(options);  // checks the options
  const InfantBody body(options);
  const std::vector<JointStrength> moving = infant_strengths(options);
  std::vector<LimbJoint> all;
  for (const bool right : {false, true}) {
    const std::array<Rod, 3> rods = rods_of(body.arm_segments(right));
    const std::span<const Rod> arm(rods);
    add_limb(body, right ? arm_right : arm_left, right ? "_right" : "_left",
             {{{shoulder_joints(), arm}, {elbow_joints(), arm.subspan(1)}, {wrist_joints(), arm.subspan(2)}}}, moving,
             all);
  }
  for (const bool right : {false, true}) {
    const std::array<Rod, 3> rods = rods_of(body.leg_segments(right));
    const std::span<const Rod> leg(rods);
    add_limb(body, right ? leg_right : leg_left, right ? "_right" : "_left",
             {{{hip_joints(), leg}, {knee_joints(), leg.subspan(1)}, {ankle_joints(), leg.subspan(2)}}}, moving, all);
  }
  return all;
}

}  // namespace infans::envs
