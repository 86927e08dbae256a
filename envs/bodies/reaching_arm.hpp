// Arms that reach: an arm on a base that does not move, with torque motors and a sensor "hand" (m, world frame). They
// come with what their owner's muscles and joints are known by: ranges, strengths, rough inertias.
#pragma once

#include <string>
#include <vector>

#include "envs/bodies/infant.hpp"

namespace infans::envs {

struct ReachingArm {
  std::string name, mjcf;  // timestep 2 ms, no contacts
  // Per joint, in the order of joints and motors.
  std::vector<double> low, high;  // rad
  std::vector<double> torque;     // N m, of a full command
  std::vector<double> inertia;    // kg m2 about the joint, of the stretched arm as thin rods
};

// 1 to 9 equal links hanging in the plane of x and z: 0.3 m and 0.55 kg together; the last link `stretch` times as
// long. Ranges -1.5 .. 2.5 rad at the base, then +-1.8; torques fall from 3.2 N m to the tip.
// Throws base::OptionError for other numbers of links or a stretch outside 0.5 to 2.
ReachingArm planar_arm(int links, double stretch = 1.0);

// Seven joints as a human's (shoulder 3, elbow, forearm rotation, wrist 2), links of 12, 11 and 6 cm, strong motors (3,
// 3, 1.5, 2, 0.6, 0.6, 0.6 N m), no muscle tone; the forearm `stretch` times as long. Throws like planar_arm.
ReachingArm seven_joint_arm(double stretch = 1.0);

// The arm of an infant, all other joints held (the fingers too): its own lengths, masses, ranges, tone and motors,
// gravity as the scene has it. The hand is the palm; the origin is the chest's, 7 joints.
ReachingArm infant_arm(const InfantOptions& options, bool right = true);

// Radius of the ball that reaching_infant is shown, m.
inline constexpr double target_radius = 0.012;

// The whole infant in its seat, all joints held but the 7 of its right arm; arm, hand and fingers touch the rest of it
// and the seat. The hand is the knuckles' middle (body "fingers_right", no joint). Beside "hand" there are sensors
// "eye" (m), of the right eye, which looks at the arm's workspace for good: neck and eyes
// are held turned by `gaze_tilt` and `gaze_pan` (degrees; an assumption). A ball "target" (mocap, touches nothing)
// waits below the floor. Throws base::OptionError for options that are no infant's; the scene is always seated.
ReachingArm reaching_infant(InfantOptions options);
inline constexpr double gaze_tilt = -50.0, gaze_pan = -15.0;

// The parts of reaching_infant that its hand can touch: geoms by body, e.g. {"head", {"head"}}, from the hips to the
// feet.
struct TouchedPart {
  std::string body;
  std::vector<std::string> geoms;
};
const std::vector<TouchedPart>& touched_parts();
// What touches: geoms of hand and fingers.
const std::vector<std::string>& touching_geoms();

}  // namespace infans::envs
