#include "envs/bodies/infant_joints.hpp"

namespace infans::envs {
namespace {

// Axes so that a positive angle is what the name says. Ranges: rounded paediatric ranges of motion; a newborn's are
// wider at the ankle and narrower at hip and knee, which the resting posture stands for.
// Strengths: rounded maxima of adults, the same at every age before infant_strengths scales them.
constexpr InfantJoint neck[] = {
    {"neck_flexion", {0, 1, 0}, -45, 50, 0.10, 0, 0},
    {"neck_lean", {-1, 0, 0}, -35, 35, 0.08, 0, 0},
    {"neck_rotation", {0, 0, 1}, -75, 75, 0.05, 0, 0},
};
constexpr InfantJoint trunk[] = {
    {"trunk_flexion", {0, 1, 0}, -20, 50, 0.50, 0, 0},
    {"trunk_lean", {-1, 0, 0}, -30, 30, 0.40, 0, 0},
    {"trunk_rotation", {0, 0, 1}, -35, 35, 0.25, 0, 0},
};
constexpr InfantJoint eye[] = {
    {"eye_pan", {0, 0, 1}, -45, 45, 0, 0, 0},
    {"eye_tilt", {0, -1, 0}, -35, 35, 0, 0, 0},
};
constexpr InfantJoint shoulder[] = {
    {"shoulder_abduction", {1, 0, 0}, -20, 150, 0.20, 50, 25},
    {"shoulder_flexion", {0, -1, 0}, -50, 170, 0.20, 10, 20},
    {"shoulder_rotation", {0, 0, -1}, -80, 80, 0.12, 0, 20},
};
constexpr InfantJoint elbow[] = {
    {"elbow", {0, -1, 0}, 0, 145, 0.20, 60, 60},
    {"forearm_rotation", {0, 0, -1}, -80, 80, 0.03, 0, 30},
};
constexpr InfantJoint wrist[] = {
    {"wrist_flexion", {-1, 0, 0}, -70, 80, 0.04, 0, 0},
    {"wrist_deviation", {0, -1, 0}, -30, 20, 0.03, 0, 0},
};
constexpr InfantJoint finger[] = {
    {"fingers", {-1, 0, 0}, -10, 100, 0.03, 35, 35},
};
constexpr InfantJoint hip[] = {
    {"hip_flexion", {0, -1, 0}, -10, 130, 0.50, 50, 62},
    {"hip_abduction", {1, 0, 0}, -15, 80, 0.35, 25, 15},
    {"hip_rotation", {0, 0, 1}, -45, 80, 0.20, 15, 5},
};
constexpr InfantJoint knee[] = {
    {"knee", {0, 1, 0}, 0, 145, 0.45, 75, 25},
};
constexpr InfantJoint ankle[] = {
    {"ankle_flexion", {0, -1, 0}, -50, 50, 0.30, 0, 0},
    {"ankle_inversion", {-1, 0, 0}, -30, 30, 0.08, 0, 0},
};

}  // namespace

std::span<const InfantJoint> neck_joints() { return neck; }
std::span<const InfantJoint> trunk_joints() { return trunk; }
std::span<const InfantJoint> eye_joints() { return eye; }
std::span<const InfantJoint> shoulder_joints() { return shoulder; }
std::span<const InfantJoint> elbow_joints() { return elbow; }
std::span<const InfantJoint> wrist_joints() { return wrist; }
std::span<const InfantJoint> finger_joints() { return finger; }
std::span<const InfantJoint> hip_joints() { return hip; }
std::span<const InfantJoint> knee_joints() { return knee; }
std::span<const InfantJoint> ankle_joints() { return ankle; }

bool matches(const std::string& pattern, const std::string& name) {
  if (!pattern.empty() && pattern.back() == '*') return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == name;
}

}  // namespace infans::envs
