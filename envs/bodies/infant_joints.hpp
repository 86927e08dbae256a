// The infant's joints: axes, ranges, relative strengths, resting posture. Internal to envs/bodies.
#pragma once

#include <array>
#include <span>
#include <string>

namespace infans::envs {

// One hinge of a left (or middle) body part, in the upright pose: x forward, y left, z up. On the right the axis is
// mirrored at the x-z plane, so that equal angles are mirrored postures.
struct InfantJoint {
  const char* name;  // without "_left" / "_right"
  std::array<double, 3> axis;
  double low, high;    // degrees
  double strength;     // largest torque of an adult as a part of body weight x thigh length (see README)
  double rest_supine;  // degrees: where muscle tone pulls to, and the first joint of a body starts
  double rest_seated;
};

std::span<const InfantJoint> neck_joints();   // of the head
std::span<const InfantJoint> trunk_joints();  // of the chest
std::span<const InfantJoint> eye_joints();
std::span<const InfantJoint> shoulder_joints();  // of the upper arm
std::span<const InfantJoint> elbow_joints();     // of the forearm
std::span<const InfantJoint> wrist_joints();     // of the hand
std::span<const InfantJoint> finger_joints();
std::span<const InfantJoint> hip_joints();    // of the thigh
std::span<const InfantJoint> knee_joints();   // of the shank
std::span<const InfantJoint> ankle_joints();  // of the foot

// A joint's name, or its beginning and "*".
bool matches(const std::string& pattern, const std::string& name);

}  // namespace infans::envs
