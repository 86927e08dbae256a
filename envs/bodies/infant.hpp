// An infant of 0 to 24 months as MJCF: torso, head with two eyes, arms with hands, legs, muscle tone and motors, in a
// scene. Sizes: growth.hpp. Names of joints, geoms and sites, frames and assumptions: envs/bodies/README.md.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "envs/bodies/growth.hpp"

namespace infans::envs {

enum class InfantScene {
  supine,  // on its back on a mattress
  seated   // hips and chest belted into a seat that leans back by 30 degrees
};

enum class Mobile {
  none,
  free,       // hangs over the legs
  tied_left,  // a ribbon from the left ankle pulls it
  tied_right
};

enum Limb { arm_left, arm_right, leg_left, leg_right, forearm_left, forearm_right };
inline constexpr int limbs = 6;

// A load fixed in the middle of a body: "hips", "chest", "head", "upper_arm_left", "hand_right", "shank_left", ...
struct AddedMass {
  std::string body;
  double mass = 0.0;  // kg, 0 or more
};

// Torque of one actuator, or of all whose name begins so ("elbow_*"), times a factor of -3 to 3: < 1 weakened, < 0
// reversed.
struct StrengthFactor {
  std::string actuator;
  double factor = 1.0;
};

// A rod along the hand, rigidly held.
struct Tool {
  bool right = true;
  double length = 0.0;  // m beyond the fingertips
  double mass = 0.0;    // kg
};

struct InfantOptions {
  double age_months = 3.0;  // 0 to 24
  Sex sex = Sex::average;
  InfantScene scene = InfantScene::supine;
  Mobile mobile = Mobile::none;
  bool table = false;  // with a cube, a ball and a rattle; seated only
  std::array<double, limbs> limb_scale = {
      1, 1, 1, 1, 1, 1};  // lengths and masses, 0.5 to 2; as growth of that limb alone; a forearm's times its arm's
  std::vector<AddedMass> added;
  std::vector<StrengthFactor> strength;
  std::vector<Tool> tools;  // at most one per hand
  // Joints that are rigid at the scene's posture and have no motor, by name or by its beginning ("neck_*").
  std::vector<std::string> held;
  // Contacts resist only sliding, with a friction pyramid: about a fifth of the time of a step. Else they also resist
  // turning, with an elliptic cone.
  bool light_contacts = false;
};

// "infant?age=6&scene=seated&mobile=left": the options after the question mark, in any order.
//   age     months, 0 to 24             scene   supine | seated            sex    average | girl | boy
//   mobile  none | free | left | right  table   0 | 1
//   scale   forearm_left:1.1            mass    hand_left:0.05 (kg)        strength  elbow_left:-1
//   tool    right:0.15:0.02 (m, kg)     held    neck_*                     these five may be repeated
//   contact full | light
// Throws base::OptionError, whose message lists the legal keys or values.
InfantOptions infant_options(std::string_view query);

// The MJCF text. The joints, actuators, bodies and the order of both depend on scene, mobile, table, tools and held
// only: an older, loaded or weakened infant fits the state of a younger one. Throws base::OptionError for an option
// outside its range or a name that the infant does not have.
std::string infant_mjcf(const InfantOptions& options);

// Bodies that AddedMass can load.
std::vector<std::string> infant_segments();

// Largest torque of each motor at strength 1, N m, in the order of the actuators; names are those of the joints.
struct JointStrength {
  std::string joint;
  double torque = 0.0;
};
std::vector<JointStrength> infant_strengths(const InfantOptions& options);

// Changes while it lives: each gives the options of the changed body.
InfantOptions grown_to(InfantOptions infant, double age_months);
InfantOptions limb_scaled(InfantOptions infant, Limb limb, double factor);  // times what it already is
InfantOptions mass_added(InfantOptions infant, const std::string& body, double mass);
InfantOptions weakened(InfantOptions infant, const std::string& actuator, double factor);
InfantOptions reversed(InfantOptions infant, const std::string& actuator);
InfantOptions tool_in_hand(InfantOptions infant, const Tool& tool);  // replaces what that hand held; length 0: nothing
InfantOptions mobile_tied(InfantOptions infant, Mobile mobile);

}  // namespace infans::envs
