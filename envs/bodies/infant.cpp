#include "envs/bodies/infant.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/error.hpp"
#include "envs/bodies/infant_body.hpp"
#include "envs/bodies/infant_scene.hpp"

namespace infans::envs {
namespace {

struct NamedJoint {
  std::string name;
  const InfantJoint* joint;
};

// All hinges in the order of the model.
std::vector<NamedJoint> all_joints() {
  std::vector<NamedJoint> all;
  const auto add = [&](std::span<const InfantJoint> joints, const char* suffix) {
    for (const InfantJoint& joint : joints) all.push_back({joint.name + std::string(suffix), &joint});
  };
  add(trunk_joints(), "");
  add(neck_joints(), "");
  for (const char* side : {"_left", "_right"}) add(eye_joints(), side);
  for (const char* side : {"_left", "_right"}) {
    for (const auto part : {shoulder_joints(), elbow_joints(), wrist_joints(), finger_joints()}) add(part, side);
  }
  for (const char* side : {"_left", "_right"}) {
    for (const auto part : {hip_joints(), knee_joints(), ankle_joints()}) add(part, side);
  }
  return all;
}

void check(bool fine, const std::string& key, const std::string& message) {
  if (!fine) throw base::OptionError(key, key + " " + message);
}

template <typename Names>
std::string list(const Names& names) {
  std::string text;
  for (const auto& name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

void check_names(const InfantOptions& options) {
  const std::vector<std::string> segments = infant_segments();
  for (const AddedMass& added : options.added) {
    check(std::count(segments.begin(), segments.end(), added.body) == 1, "mass",
          "names " + added.body + "; it must be one of " + list(segments));
    check(std::isfinite(added.mass) && added.mass >= 0.0 && added.mass <= 5.0, "mass",
          "of " + added.body + " is " + number_text(added.mass) + " kg; it must be from 0 to 5");
  }
  std::vector<std::string> joints;
  for (const NamedJoint& joint : all_joints()) joints.push_back(joint.name);
  const auto check_joint = [&](const std::string& key, const std::string& pattern) {
    check(std::any_of(joints.begin(), joints.end(), [&](const std::string& name) { return matches(pattern, name); }),
          key, "names " + pattern + "; it must be (a beginning and * for) one of " + list(joints));
  };
  for (const std::string& pattern : options.held) check_joint("held", pattern);
  for (const StrengthFactor& strength : options.strength) {
    check_joint("strength", strength.actuator);
    check(std::isfinite(strength.factor) && std::abs(strength.factor) <= 3.0, "strength",
          "of " + strength.actuator + " is " + number_text(strength.factor) + "; it must be from -3 to 3");
  }
}

void check_options(const InfantOptions& options) {
  for (const double scale : options.limb_scale) {
    check(scale >= 0.5 && scale <= 2.0, "scale", "is " + number_text(scale) + "; it must be from 0.5 to 2");
  }
  for (std::size_t i = 0; i < options.tools.size(); ++i) {
    const Tool& tool = options.tools[i];
    check(tool.length > 0.0 && tool.length <= 1.0, "tool",
          "has a length of " + number_text(tool.length) + " m; it must be above 0 and at most 1");
    check(tool.mass > 0.0 && tool.mass <= 1.0, "tool",
          "has a mass of " + number_text(tool.mass) + " kg; it must be above 0 and at most 1");
    for (std::size_t j = 0; j < i; ++j) {
      check(options.tools[j].right != tool.right, "tool", "is there twice in one hand; give one per hand");
    }
  }
  check(!options.table || options.scene == InfantScene::seated, "table", "needs scene=seated");
  check(options.mobile == Mobile::none || options.scene == InfantScene::supine, "mobile", "needs scene=supine");
  check_names(options);
}

}  // namespace

std::vector<std::string> infant_segments() {
  std::vector<std::string> names = {"hips", "chest", "head"};
  for (const char* part : {"upper_arm", "forearm", "hand", "thigh", "shank", "foot"}) {
    for (const char* side : {"_left", "_right"}) names.push_back(part + std::string(side));
  }
  return names;
}

std::vector<JointStrength> infant_strengths(const InfantOptions& options) {
  const InfantBody body(options);
  std::vector<JointStrength> strengths;
  for (const NamedJoint& joint : all_joints()) {
    if (is_held(options, joint.name)) continue;
    double torque = body.torque(*joint.joint);
    for (const StrengthFactor& factor : options.strength) {
      if (matches(factor.actuator, joint.name)) torque *= factor.factor;
    }
    strengths.push_back({joint.name, torque});
  }
  return strengths;
}

std::string infant_mjcf(const InfantOptions& options) {
  check_options(options);
  const InfantBody body(options);
  MjcfText xml;
  xml.open("mujoco", {{"model", "infant"}});
  xml.comment("An infant of " + number_text(options.age_months) +
              " months; sources in envs/bodies/README.md. SI units.");
  xml.leaf("compiler", {{"angle", "degree"}, {"autolimits", "true"}});
  xml.leaf("option", {{"timestep", "0.005"},
                      {"integrator", "implicitfast"},
                      {"cone", options.light_contacts ? "pyramidal" : "elliptic"},
                      {"impratio", options.light_contacts ? "1" : "10"}});
  write_defaults(xml, options.light_contacts ? "3" : "4");
  xml.open("worldbody");
  write_room(xml, options, body);
  body.write(xml, root_position(options, body), root_pitch(options));
  write_things(xml, options, body);
  xml.close();
  write_constraints(xml, options, body);
  xml.open("actuator");
  body.write_actuators(xml);
  xml.close();
  xml.close();
  return xml.text();
}

InfantOptions grown_to(InfantOptions infant, double age_months) {
  infant.age_months = age_months;
  return infant;
}

InfantOptions limb_scaled(InfantOptions infant, Limb limb, double factor) {
  infant.limb_scale[static_cast<std::size_t>(limb)] *= factor;
  return infant;
}

InfantOptions mass_added(InfantOptions infant, const std::string& body, double mass) {
  infant.added.push_back({body, mass});
  return infant;
}

InfantOptions weakened(InfantOptions infant, const std::string& actuator, double factor) {
  infant.strength.push_back({actuator, factor});
  return infant;
}

InfantOptions reversed(InfantOptions infant, const std::string& actuator) {
  return weakened(std::move(infant), actuator, -1.0);
}

InfantOptions tool_in_hand(InfantOptions infant, const Tool& tool) {
  std::erase_if(infant.tools, [&](const Tool& held) { return held.right == tool.right; });
  if (tool.length != 0.0) infant.tools.push_back(tool);
  return infant;
}

InfantOptions mobile_tied(InfantOptions infant, Mobile mobile) {
  infant.mobile = mobile;
  return infant;
}

}  // namespace infans::envs
