#include "envs/bodies/infant_body.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace infans::envs {
namespace {

constexpr double degree = std::numbers::pi / 180.0;
constexpr double gravity = 9.81;

// Assumptions of the muscles; see README.
constexpr double eye_torque = 1e-3;        // N m
constexpr double eye_stiffness = 1.25e-3;  // N m/rad: full command turns an eye by 0.8 rad
constexpr double eye_damping = 7e-5;       // critical with the armature
constexpr double eye_armature = 1e-6;
constexpr double damping_time = 0.15;    // s: damping / torque, so 6.7 rad/s at full torque without load
constexpr double armature_time2 = 1e-3;  // s2: armature / torque

// Part of the adult's strength per body weight and limb length.
double strength_of_age(double months) { return 0.25 + 0.45 * months / oldest_infant; }
// Newborn flexor tone fades over the first months.
double tone_of_age(double months) { return 0.15 + 0.25 * std::exp2(-months / 4.0); }

std::string vec(const std::array<double, 3>& v) { return numbers_text({v[0], v[1], v[2]}); }

std::string turned(const std::array<double, 3>& axis, double degrees) {
  const double s = std::sin(0.5 * degrees * degree);
  return numbers_text({std::cos(0.5 * degrees * degree), s * axis[0], s * axis[1], s * axis[2]});
}

bool is_eye(const InfantJoint& joint) { return joint.strength == 0.0; }

MjcfText::Attributes capsule(const std::string& name, const std::string& fromto, double radius, double mass) {
  return {{"name", name},
          {"type", "capsule"},
          {"fromto", fromto},
          {"size", number_text(radius)},
          {"mass", number_text(mass)}};
}

MjcfText::Attributes solid(const std::string& name, const char* type, const std::string& position,
                           const std::string& size, double mass) {
  return {{"name", name}, {"type", type}, {"pos", position}, {"size", size}, {"mass", number_text(mass)}};
}

}  // namespace

bool is_held(const InfantOptions& options, const std::string& joint) {
  return std::any_of(options.held.begin(), options.held.end(),
                     [&](const std::string& pattern) { return matches(pattern, joint); });
}

InfantBody::InfantBody(const InfantOptions& options, const std::optional<HeldGaze>& rooted)
    : options_(options), rooted_(rooted), sizes_(infant_sizes(options.age_months, options.sex)) {
  unit_torque_ = strength_of_age(options.age_months) * sizes_.whole.mass * gravity * sizes_.thigh.length;
  tone_ = tone_of_age(options.age_months);
}

double InfantBody::torque(const InfantJoint& joint) const {
  return is_eye(joint) ? eye_torque : joint.strength * unit_torque_;
}

double InfantBody::armature(const InfantJoint& joint) const {
  return is_eye(joint) ? eye_armature : armature_time2 * torque(joint);
}

double InfantBody::seated_or_supine(const InfantJoint& joint) const {
  return options_.scene == InfantScene::seated ? joint.rest_seated : joint.rest_supine;
}

double InfantBody::scale(Limb left, const Side& side) const {
  return options_.limb_scale[static_cast<std::size_t>(left) + (side.mirrored ? 1 : 0)];
}

double InfantBody::thigh_length(bool right) const {
  return sizes_.thigh.length * options_.limb_scale[right ? leg_right : leg_left];
}

std::array<double, 3> InfantBody::ankle(bool right) const {
  const double hip = seated_or_supine(hip_joints()[0]) * degree;
  const double shin = hip - seated_or_supine(knee_joints()[0]) * degree;
  const double thigh = thigh_length(right);
  const double shank = sizes_.shank.length * options_.limb_scale[right ? leg_right : leg_left];
  return {thigh * std::sin(hip) + shank * std::sin(shin), (right ? -1.0 : 1.0) * sizes_.hip_side,
          -thigh * std::cos(hip) - shank * std::cos(shin)};
}

void InfantBody::open_body(MjcfText& xml, const char* name, const Side& side, const std::array<double, 3>& position,
                           std::span<const InfantJoint> joints, bool held) const {
  // A mirrored rotation turns the other way about x and z.
  const auto mirrored = [&](const std::array<double, 3>& a) {
    return side.mirrored ? std::array<double, 3>{-a[0], a[1], -a[2]} : a;
  };
  const double start = seated_or_supine(joints[0]);
  MjcfText::Attributes attributes = {{"name", name + std::string(side.suffix)}, {"pos", vec(position)}};
  if (start != 0.0) attributes.emplace_back("quat", turned(mirrored(joints[0].axis), start));
  xml.open("body", attributes);
  if (held) return;
  for (const InfantJoint& joint : joints) {
    if (is_held(options_, joint.name + std::string(side.suffix))) continue;
    const double full = torque(joint);
    const bool eye = is_eye(joint);
    MjcfText::Attributes of = {
        {"name", joint.name + std::string(side.suffix)},
        {"axis", vec(eye ? joint.axis : mirrored(joint.axis))},
        {"range", numbers_text({joint.low, joint.high})},
        {"stiffness", number_text(eye ? eye_stiffness : tone_ * full)},
        {"damping", number_text(eye ? eye_damping : damping_time * full)},
        {"armature", number_text(armature(joint))},
        {"springref", number_text(seated_or_supine(joint))},
    };
    if (&joint == &joints[0]) of.emplace_back("ref", number_text(start));
    xml.leaf("joint", of);
  }
}

void InfantBody::load(MjcfText& xml, const std::string& body, const std::array<double, 3>& middle) const {
  double mass = 0.0;
  for (const AddedMass& added : options_.added) {
    if (added.body == body) mass += added.mass;
  }
  if (mass == 0.0) return;
  xml.leaf("geom", {{"name", "load_" + body},
                    {"class", "inside"},
                    {"type", "sphere"},
                    {"pos", vec(middle)},
                    {"size", "0.01"},
                    {"mass", number_text(mass)}});
}

void InfantBody::write(MjcfText& xml, const std::array<double, 3>& position, double pitch) const {
  const InfantSizes& s = sizes_;
  xml.open("body",
           {{"name", "hips"}, {"pos", vec(position)}, {"quat", turned({0, 1, 0}, pitch)}, {"childclass", "infant"}});
  if (!rooted_) xml.leaf("freejoint", {{"name", "root"}});
  const double z = 0.35 * s.pelvis_radius;
  xml.leaf("geom", capsule("hips", numbers_text({pelvis_x(), -s.pelvis_half, z, pelvis_x(), s.pelvis_half, z}),
                           s.pelvis_radius, 0.22 * s.trunk_mass));
  const double up = z + (chest_height() - z) / 3.0;
  xml.leaf("geom", capsule("abdomen", numbers_text({chest_x(), -s.chest_half, up, chest_x(), s.chest_half, up}),
                           0.95 * s.chest_radius, 0.13 * s.trunk_mass));
  load(xml, "hips", {pelvis_x(), 0.0, z});
  chest(xml);
  leg(xml, left_);
  leg(xml, right_);
  xml.close();
}

void InfantBody::chest(MjcfText& xml) const {
  const InfantSizes& s = sizes_;
  const double waist = 0.3 * s.shoulder_height;
  const double x = chest_x();
  const double r = s.chest_radius;
  const double chest_z = chest_height() - waist;
  const double belly_z = (2.0 * chest_height() + 0.35 * s.pelvis_radius) / 3.0 - waist;
  const double top = s.shoulder_height - waist;
  const auto across = [&](double height, double half) { return numbers_text({x, -half, height, x, half, height}); };
  open_body(xml, "chest", middle_, {0.0, 0.0, waist}, trunk_joints());
  xml.leaf("geom", capsule("belly", across(belly_z, s.chest_half), 0.97 * r, 0.25 * s.trunk_mass));
  xml.leaf("geom", capsule("chest", across(chest_z, s.chest_half), r, 0.3 * s.trunk_mass));
  xml.leaf("geom",
           capsule("shoulders", across(top - 0.45 * r, s.shoulder_side - 0.5 * r), 0.5 * r, 0.08 * s.trunk_mass));
  const double neck = 0.55 * s.head[1];
  xml.leaf("geom", capsule("neck", numbers_text({x, 0.0, top - neck, x, 0.0, top + 0.3 * s.head[2]}), neck,
                           0.02 * s.trunk_mass));
  load(xml, "chest", {x, 0.0, chest_z});
  head(xml);
  arm(xml, left_);
  arm(xml, right_);
  xml.close();
}

// The neck's pivot lies 0.3 half heights above the chin; the back of the head is in the plane of the back.
std::array<double, 3> InfantBody::neck() const {
  const InfantSizes& s = sizes_;
  return {chest_x(), 0.0, s.whole.length - s.hip_height - 1.7 * s.head[2] - 0.3 * s.shoulder_height};
}

void InfantBody::head(MjcfText& xml, bool neck_held) const {
  const InfantSizes& s = sizes_;
  const double x = s.head[0] - s.chest_radius;
  const double z = 0.7 * s.head[2];
  const double eye_mass = 4.0 / 3.0 * std::numbers::pi * std::pow(s.eye_radius, 3) * 1000.0;
  open_body(xml, "head", middle_, neck(), neck_joints(), neck_held);
  xml.leaf("geom", solid("head", "ellipsoid", numbers_text({x, 0.0, z}), vec(s.head), s.head_mass - 2.0 * eye_mass));
  xml.leaf("geom", {{"name", "nose"},
                    {"class", "inside"},
                    {"type", "ellipsoid"},
                    {"group", "0"},
                    {"pos", numbers_text({x + 0.96 * s.head[0], 0.0, z - 0.3 * s.head[2]})},
                    {"size", numbers_text({0.1 * s.head[0], 0.09 * s.head[0], 0.11 * s.head[0]})},
                    {"mass", "0"}});
  xml.leaf("site", {{"name", "vestibular"}, {"pos", numbers_text({x, 0.0, z - 0.2 * s.head[2]})}});
  xml.leaf("site", {{"name", "mouth"}, {"pos", numbers_text({x + 0.8 * s.head[0], 0.0, z - 0.6 * s.head[2]})}});
  load(xml, "head", {x, 0.0, z});
  eye(xml, left_);
  eye(xml, right_);
  xml.close();
}

std::array<double, 3> InfantBody::eye(const Side& side) const {
  const InfantSizes& s = sizes_;
  const double y = 0.5 * s.eye_distance;
  const double z = -0.1 * s.head[2];
  // Just outside the head's surface: a ray from the eye's centre does not meet the head it sits in.
  const double depth = std::sqrt(1.0 - std::pow(y / s.head[1], 2) - std::pow(z / s.head[2], 2));
  const double x = s.head[0] * depth + 0.05 * s.eye_radius + s.head[0] - s.chest_radius;
  return {x, side.y * y, z + 0.7 * s.head[2]};
}

std::array<double, 3> InfantBody::eyes() const {
  const std::array<double, 3> pivot = neck(), one = eye(left_);
  return {pivot[0] + one[0], 0.0, pivot[2] + one[2]};
}

double InfantBody::eye_turn() const { return eye_torque / eye_stiffness; }

void InfantBody::eye(MjcfText& xml, const Side& side) const {
  const double r = sizes_.eye_radius;
  open_body(xml, "eye", side, eye(side), eye_joints());
  xml.leaf("geom", {{"name", "eyeball" + std::string(side.suffix)},
                    {"class", "eye"},
                    {"type", "sphere"},
                    {"size", number_text(r)},
                    {"mass", number_text(4.0 / 3.0 * std::numbers::pi * std::pow(r, 3) * 1000.0)}});
  xml.leaf("geom", {{"name", "iris" + std::string(side.suffix)},
                    {"class", "eye"},
                    {"type", "sphere"},
                    {"pos", numbers_text({0.55 * r, 0.0, 0.0})},
                    {"size", number_text(0.55 * r)},
                    {"mass", "0"},
                    {"rgba", "0.2 0.3 0.45 1"}});
  // Looks along its -z, x to its right, y up.
  const HeldGaze gaze = rooted_.value_or(HeldGaze{});
  const double pan = gaze.pan * degree, tilt = gaze.tilt * degree;
  xml.leaf("site", {{"name", "eye" + std::string(side.suffix)},
                    {"xyaxes", numbers_text({std::sin(pan), -std::cos(pan), 0.0, 0.0 - std::sin(tilt) * std::cos(pan),
                                             0.0 - std::sin(tilt) * std::sin(pan), std::cos(tilt)})}});
  xml.close();
}

std::array<Segment, 3> InfantBody::arm_segments(bool right) const {
  const Side& side = right ? right_ : left_;
  const double grow = scale(arm_left, side), fore = grow * scale(forearm_left, side);
  const auto scaled = [](Segment s, double by) { return Segment{by * s.length, s.radius, by * s.mass}; };
  return {scaled(sizes_.upper_arm, grow), scaled(sizes_.forearm, fore),
          Segment{grow * sizes_.hand_length, 0.5 * sizes_.hand_thickness, grow * sizes_.hand_mass}};
}

std::array<Segment, 3> InfantBody::leg_segments(bool right) const {
  const double grow = scale(leg_left, right ? right_ : left_);
  const auto scaled = [grow](const Segment& s) { return Segment{grow * s.length, s.radius, grow * s.mass}; };
  return {scaled(sizes_.thigh), scaled(sizes_.shank),
          Segment{grow * sizes_.foot_length, 0.5 * sizes_.foot_breadth, grow * sizes_.foot_mass}};
}

std::array<double, 3> InfantBody::shoulder(const Side& side) const {
  return {chest_x() - 0.1 * sizes_.chest_radius, side.y * sizes_.shoulder_side, 0.7 * sizes_.shoulder_height};
}

void InfantBody::write_arm(MjcfText& xml, bool right, double pitch) const {
  xml.open("body", {{"name", "chest"}, {"quat", turned({0, 1, 0}, pitch)}, {"childclass", "infant"}});
  arm(xml, right ? right_ : left_, true);
  xml.close();
}

void InfantBody::write_head(MjcfText& xml) const {
  xml.open("body", {{"name", "chest"}, {"childclass", "infant"}});
  head(xml, true);
  xml.close();
}

void InfantBody::arm(MjcfText& xml, const Side& side, bool fingers_held) const {
  const InfantSizes& s = sizes_;
  const std::string suffix = side.suffix;
  const double grow = scale(arm_left, side);
  const double upper = grow * s.upper_arm.length;
  const double fore = grow * scale(forearm_left, side);
  const double lower = fore * s.forearm.length;
  open_body(xml, "upper_arm", side, shoulder(side), shoulder_joints());
  xml.leaf("geom", capsule("upper_arm" + suffix, numbers_text({0, 0, 0, 0, 0, -upper}), s.upper_arm.radius,
                           grow * s.upper_arm.mass));
  load(xml, "upper_arm" + suffix, {0.0, 0.0, -0.5 * upper});
  open_body(xml, "forearm", side, {0.0, 0.0, -upper}, elbow_joints());
  xml.leaf("geom",
           capsule("forearm" + suffix, numbers_text({0, 0, 0, 0, 0, -lower}), s.forearm.radius, fore * s.forearm.mass));
  load(xml, "forearm" + suffix, {0.0, 0.0, -0.5 * lower});
  hand(xml, side, grow, lower, fingers_held);
  xml.close();
  xml.close();
}

// The arm hangs, the palm faces the body, the thumb points forward.
void InfantBody::hand(MjcfText& xml, const Side& side, double grow, double wrist, bool fingers_held) const {
  const InfantSizes& s = sizes_;
  const std::string suffix = side.suffix;
  const double length = grow * s.hand_length;
  const double thick = 0.5 * s.hand_thickness;
  const double mass = grow * s.hand_mass;
  open_body(xml, "hand", side, {0.0, 0.0, -wrist}, wrist_joints());
  xml.leaf("geom", solid("hand" + suffix, "ellipsoid", numbers_text({0.0, 0.0, -0.27 * length}),
                         numbers_text({0.5 * s.hand_breadth, thick, 0.3 * length}), 0.6 * mass));
  xml.leaf("geom", capsule("thumb" + suffix,
                           numbers_text({0.35 * s.hand_breadth, 0.0, -0.2 * length, 0.75 * s.hand_breadth,
                                         -side.y * thick, -0.5 * length}),
                           0.4 * thick, 0.1 * mass));
  xml.leaf("site", {{"name", "palm" + suffix}, {"pos", numbers_text({0.0, -side.y * thick, -0.35 * length})}});
  load(xml, "hand" + suffix, {0.0, 0.0, -0.27 * length});
  for (const Tool& tool : options_.tools) {
    if (tool.right != side.mirrored) continue;
    const double tip = length + tool.length;
    const double grip = -0.9 * side.y * thick;
    xml.leaf("geom",
             capsule("tool" + suffix, numbers_text({0.0, grip, -0.3 * length, 0.0, grip, -tip}), 0.004, tool.mass));
    xml.leaf("site", {{"name", "tool_tip" + suffix}, {"pos", numbers_text({0.0, grip, -tip})}});
  }
  open_body(xml, "fingers", side, {0.0, 0.0, -0.5 * length}, finger_joints(), fingers_held);
  xml.leaf("geom", solid("fingers" + suffix, "ellipsoid", numbers_text({0.0, 0.0, -0.24 * length}),
                         numbers_text({0.45 * s.hand_breadth, 0.6 * thick, 0.26 * length}), 0.3 * mass));
  xml.close();
  xml.close();
}

void InfantBody::leg(MjcfText& xml, const Side& side) const {
  const InfantSizes& s = sizes_;
  const std::string suffix = side.suffix;
  const double grow = scale(leg_left, side);
  const double upper = grow * s.thigh.length;
  const double lower = grow * s.shank.length;
  open_body(xml, "thigh", side, {0.0, side.y * s.hip_side, 0.0}, hip_joints());
  xml.leaf("geom",
           capsule("thigh" + suffix, numbers_text({0, 0, 0, 0, 0, -upper}), s.thigh.radius, grow * s.thigh.mass));
  load(xml, "thigh" + suffix, {0.0, 0.0, -0.5 * upper});
  open_body(xml, "shank", side, {0.0, 0.0, -upper}, knee_joints());
  xml.leaf("geom",
           capsule("shank" + suffix, numbers_text({0, 0, 0, 0, 0, -lower}), s.shank.radius, grow * s.shank.mass));
  xml.leaf("site", {{"name", "ankle" + suffix}, {"pos", numbers_text({0, 0, -lower})}});
  load(xml, "shank" + suffix, {0.0, 0.0, -0.5 * lower});
  foot(xml, side, grow);
  xml.close();
  xml.close();
}

void InfantBody::foot(MjcfText& xml, const Side& side, double grow) const {
  const InfantSizes& s = sizes_;
  const std::string suffix = side.suffix;
  const double length = grow * s.foot_length;
  const double height = 0.7 * s.ankle_height;
  const std::array<double, 3> middle = {0.23 * length, 0.0, -s.ankle_height + 0.5 * height};
  open_body(xml, "foot", side, {0.0, 0.0, -grow * s.shank.length}, ankle_joints());
  xml.leaf("geom", solid("foot" + suffix, "box", vec(middle),
                         numbers_text({0.5 * length, 0.5 * s.foot_breadth, 0.5 * height}), grow * s.foot_mass));
  xml.leaf("site", {{"name", "sole" + suffix}, {"pos", numbers_text({middle[0], 0.0, -s.ankle_height})}});
  load(xml, "foot" + suffix, middle);
  xml.close();
}

void InfantBody::write_actuators(MjcfText& xml) const {
  for (const JointStrength& motor : infant_strengths(options_)) {
    xml.leaf("motor", {{"name", motor.joint}, {"joint", motor.joint}, {"gear", number_text(motor.torque)}});
  }
}

}  // namespace infans::envs
