// The joints of an infant's arms and legs, as reflexes need them.
#pragma once

#include <string>
#include <vector>

#include "envs/bodies/infant.hpp"

namespace infans::envs {

struct LimbJoint {
  std::string name;  // of the joint and of its motor
  Limb limb;         // arm_left, arm_right, leg_left or leg_right
  double low, high;  // rad
  double rest;       // rad, of the scene's posture
  double torque;     // largest, N m
  double inertia;    // kg m2, of the stretched limb beyond the joint as thin rods, with the joint's armature
};

// In the order of the model: of each arm shoulder, elbow and wrist, of each leg hip, knee and ankle; held joints and
// fingers are left out. Throws base::OptionError as infant_mjcf.
std::vector<LimbJoint> infant_limb_joints(const InfantOptions& options);

}  // namespace infans::envs
