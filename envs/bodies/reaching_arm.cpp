#include "envs/bodies/reaching_arm.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>

#include "core/base/error.hpp"
#include "envs/bodies/infant_body.hpp"
#include "envs/bodies/infant_scene.hpp"
#include "envs/bodies/mjcf_text.hpp"
#include "envs/bodies/rod.hpp"

namespace infans::envs {
namespace {

constexpr const char* timestep = "0.002";
constexpr double degree = std::numbers::pi / 180.0;

void check_stretch(double stretch) {
  if (!(stretch >= 0.5 && stretch <= 2.0))
    throw base::OptionError("stretch", "stretch is " + number_text(stretch) + "; it must be from 0.5 to 2");
}

void begin_model(MjcfText& xml, const std::string& name, const char* angle) {
  xml.open("mujoco", {{"model", name}});
  xml.leaf("compiler", {{"angle", angle}, {"autolimits", "true"}});
}

void begin(MjcfText& xml, const std::string& name, const char* angle) {
  begin_model(xml, name, angle);
  xml.open("option", {{"timestep", timestep}, {"integrator", "implicitfast"}});
  xml.leaf("flag", {{"contact", "disable"}});
  xml.close();
}

void sense_hand(MjcfText& xml, const std::string& site) {
  xml.open("sensor");
  xml.leaf("framepos", {{"name", "hand"}, {"objtype", "site"}, {"objname", site}});
  xml.close();
}

void end_strong(MjcfText& xml, ReachingArm& arm) {
  xml.close();  // worldbody
  xml.open("actuator");
  for (std::size_t i = 0; i < arm.torque.size(); ++i)
    xml.leaf("motor",
             {{"joint", "j" + std::to_string(i)}, {"gear", number_text(arm.torque[i])}, {"ctrlrange", "-1 1"}});
  xml.close();
  sense_hand(xml, "hand");
  xml.close();
  arm.mjcf = xml.text();
}

struct Hinge {
  const char* axis;
  double low, high, torque, damping, armature;
};

// A hinge on the open body, and its numbers.
void hinge(MjcfText& xml, ReachingArm& arm, const Hinge& h, double inertia) {
  xml.leaf("joint", {{"name", "j" + std::to_string(arm.low.size())},
                     {"axis", h.axis},
                     {"range", numbers_text({h.low, h.high})},
                     {"damping", number_text(h.damping)},
                     {"armature", number_text(h.armature)}});
  arm.low.push_back(h.low);
  arm.high.push_back(h.high);
  arm.torque.push_back(h.torque);
  arm.inertia.push_back(inertia + h.armature);
}

void rod(MjcfText& xml, const Rod& r, double radius) {
  xml.leaf("geom", {{"type", "capsule"},
                    {"fromto", numbers_text({0, 0, 0, 0, 0, -r.length})},
                    {"size", number_text(radius)},
                    {"mass", number_text(r.mass)}});
}

void open_at(MjcfText& xml, double z) { xml.open("body", {{"pos", numbers_text({0, 0, z})}}); }

void hand_at(MjcfText& xml, double z) { xml.leaf("site", {{"name", "hand"}, {"pos", numbers_text({0, 0, z})}}); }

bool of_right_arm(const std::string& joint) {
  for (const auto joints : {shoulder_joints(), elbow_joints(), wrist_joints()})
    for (const InfantJoint& of : joints)
      if (joint == of.name + std::string("_right")) return true;
  return false;
}

// The motors of an infant's arm, and the arm's numbers.
void write_motors(MjcfText& xml, ReachingArm& arm, const InfantBody& body, const InfantOptions& options, bool right) {
  const char* side = right ? "_right" : "_left";
  const std::array<Segment, 3> segments = body.arm_segments(right);
  std::array<Rod, 3> rods;
  for (std::size_t i = 0; i < rods.size(); ++i) rods[i] = {segments[i].length, segments[i].mass};
  const std::span all(rods);
  const double whole = inertia_of(all), fore = inertia_of(all.subspan(1)), hand = inertia_of(all.subspan(2));
  const double inertia[] = {whole, whole, fore, fore, hand, hand, hand};
  const std::vector<JointStrength> strengths = infant_strengths(options);
  xml.open("actuator");
  for (const auto joints : {shoulder_joints(), elbow_joints(), wrist_joints()})
    for (const InfantJoint& joint : joints) {
      const std::string name = joint.name + std::string(side);
      const auto of = std::find_if(strengths.begin(), strengths.end(), [&](const auto& s) { return s.joint == name; });
      xml.leaf("motor", {{"name", name}, {"joint", name}, {"gear", number_text(of->torque)}});
      arm.low.push_back(joint.low * degree);
      arm.high.push_back(joint.high * degree);
      arm.torque.push_back(of->torque);
      arm.inertia.push_back(inertia[arm.inertia.size()]);
    }
  xml.close();
}

}  // namespace

ReachingArm planar_arm(int links, double stretch) {
  if (links < 1 || links > 9)
    throw base::OptionError("links", "links is " + std::to_string(links) + "; it must be within 1 to 9");
  check_stretch(stretch);
  ReachingArm arm;
  arm.name = "planar" + std::to_string(links);
  std::vector<Rod> rods(static_cast<std::size_t>(links), Rod{0.3 / links, 0.55 / links});
  rods.back().length *= stretch;
  MjcfText xml;
  begin(xml, arm.name, "radian");
  xml.open("worldbody");
  for (int i = 0; i < links; ++i) {
    const double low = i == 0 ? -1.5 : -1.8, high = i == 0 ? 2.5 : 1.8;
    const double torque = 3.0 * std::pow(1.0 - static_cast<double>(i) / links, 1.3) + 0.2;
    open_at(xml, i == 0 ? 0.0 : -0.3 / links);
    hinge(xml, arm, {"0 1 0", low, high, torque, 0.03, 0.001},
          inertia_of(std::span(rods).subspan(static_cast<std::size_t>(i))));
    rod(xml, rods[static_cast<std::size_t>(i)], 0.012);
  }
  hand_at(xml, -rods.back().length);
  for (int i = 0; i < links; ++i) xml.close();
  end_strong(xml, arm);
  return arm;
}

ReachingArm seven_joint_arm(double stretch) {
  check_stretch(stretch);
  ReachingArm arm;
  arm.name = "seven";
  const Rod rods[] = {{0.12, 0.25}, {0.11 * stretch, 0.2}, {0.06, 0.1}};
  const std::span all(rods);
  const double whole = inertia_of(all), fore = inertia_of(all.subspan(1)), hand = inertia_of(all.subspan(2));
  MjcfText xml;
  begin(xml, arm.name, "radian");
  xml.open("worldbody");
  open_at(xml, 0.0);
  hinge(xml, arm, {"0 1 0", -2.5, 1.0, 3.0, 0.05, 0.002}, whole);
  hinge(xml, arm, {"1 0 0", -0.3, 1.8, 3.0, 0.05, 0.002}, whole);
  hinge(xml, arm, {"0 0 1", -1.2, 1.2, 1.5, 0.03, 0.001}, fore);  // the elbow's bend is what it swings
  rod(xml, rods[0], 0.02);
  open_at(xml, -rods[0].length);
  hinge(xml, arm, {"0 1 0", -2.3, 0.0, 2.0, 0.03, 0.001}, fore);
  hinge(xml, arm, {"0 0 1", -1.4, 1.4, 0.6, 0.01, 0.0003}, hand);
  rod(xml, rods[1], 0.017);
  open_at(xml, -rods[1].length);
  hinge(xml, arm, {"0 1 0", -1.0, 1.0, 0.6, 0.01, 0.0003}, hand);
  hinge(xml, arm, {"1 0 0", -0.4, 0.4, 0.6, 0.01, 0.0003}, hand);
  rod(xml, rods[2], 0.015);
  hand_at(xml, -rods[2].length);
  for (int i = 0; i < 3; ++i) xml.close();
  end_strong(xml, arm);
  return arm;
}

ReachingArm infant_arm(const InfantOptions& options, bool right) {
  infant_mjcf(options);  // checks the options
  const InfantBody body(options);
  const char* side = right ? "_right" : "_left";
  ReachingArm arm;
  arm.name = "infant";
  MjcfText xml;
  begin(xml, arm.name, "degree");
  write_defaults(xml);
  xml.open("worldbody");
  body.write_arm(xml, right, root_pitch(options));
  xml.close();
  write_motors(xml, arm, body, options, right);
  sense_hand(xml, std::string("palm") + side);
  xml.close();
  arm.mjcf = xml.text();
  return arm;
}

ReachingArm reaching_infant(InfantOptions options) {
  options.scene = InfantScene::seated;
  for (const JointStrength& joint : infant_strengths(options))
    if (!of_right_arm(joint.joint)) options.held.push_back(joint.joint);
  infant_mjcf(options);  // checks the options
  const InfantBody body(options, HeldGaze{gaze_pan, gaze_tilt});
  ReachingArm arm;
  arm.name = "reaching_infant";
  MjcfText xml;
  begin_model(xml, arm.name, "degree");
  xml.leaf("option",
           {{"timestep", timestep}, {"integrator", "implicitfast"}, {"cone", "elliptic"}, {"impratio", "10"}});
  xml.leaf("size", {{"memory", "1M"}});
  write_defaults(xml);
  xml.open("worldbody");
  write_room(xml, options, body);
  body.write(xml, root_position(options, body), root_pitch(options));
  xml.open("body", {{"name", "target"}, {"mocap", "true"}, {"pos", "0 0 -1"}});
  xml.leaf("geom", {{"name", "target"},
                    {"type", "sphere"},
                    {"size", number_text(target_radius)},
                    {"contype", "0"},
                    {"conaffinity", "0"},
                    {"rgba", "0.9 0.2 0.2 1"}});
  xml.close();
  xml.close();
  // What holds the upper arm belongs to the world here, from which nothing is excluded by itself.
  xml.open("contact");
  xml.leaf("exclude", {{"body1", "chest"}, {"body2", "upper_arm_right"}});
  xml.close();
  write_motors(xml, arm, body, options, true);
  xml.open("sensor");
  xml.leaf("framepos", {{"name", "hand"}, {"objtype", "xbody"}, {"objname", "fingers_right"}});
  xml.leaf("framepos", {{"name", "eye"}, {"objtype", "site"}, {"objname", "eye_right"}});
  xml.close();
  xml.close();
  arm.mjcf = xml.text();
  return arm;
}

const std::vector<TouchedPart>& touched_parts() {
  static const std::vector<TouchedPart> parts = {
      {"hips", {"hips", "abdomen"}},
      {"chest", {"belly", "chest", "shoulders", "neck"}},
      {"head", {"head"}},
      {"arm_left", {"upper_arm_left", "forearm_left", "hand_left", "thumb_left", "fingers_left"}},
      {"leg_left", {"thigh_left", "shank_left", "foot_left"}},
      {"leg_right", {"thigh_right", "shank_right", "foot_right"}}};
  return parts;
}

const std::vector<std::string>& touching_geoms() {
  static const std::vector<std::string> geoms = {"hand_right", "thumb_right", "fingers_right"};
  return geoms;
}

}  // namespace infans::envs
