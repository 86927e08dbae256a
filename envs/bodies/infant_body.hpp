// Writes the infant's body: the tree under its free joint and its motors. Internal to envs/bodies.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>

#include "envs/bodies/infant.hpp"
#include "envs/bodies/infant_joints.hpp"
#include "envs/bodies/mjcf_text.hpp"

namespace infans::envs {

// Whether the infant's options keep that joint rigid.
bool is_held(const InfantOptions& options, const std::string& joint);

// Where held eyes look, degrees.
struct HeldGaze {
  double pan = 0.0, tilt = 0.0;  // to the left, up
};

class InfantBody {
 public:
  // rooted: its hips belong to the world, and its eyes look there.
  explicit InfantBody(const InfantOptions& options, const std::optional<HeldGaze>& rooted = std::nullopt);

  // The root body "hips" at a place of the world, turned about the world's y axis (degrees; 0 is upright).
  void write(MjcfText& xml, const std::array<double, 3>& position, double pitch) const;
  // One arm alone on a chest that does not move, the chest's origin at the world's.
  void write_arm(MjcfText& xml, bool right, double pitch) const;
  // The head alone with both eyes on a neck that does not move, upright, the chest's origin at the world's.
  void write_head(MjcfText& xml) const;
  void write_actuators(MjcfText& xml) const;

  const InfantSizes& sizes() const { return sizes_; }
  double seated_or_supine(const InfantJoint& joint) const;
  // The ankle in the frame of the hips at the starting posture, m.
  std::array<double, 3> ankle(bool right) const;
  double thigh_length(bool right) const;
  double torque(const InfantJoint& joint) const;  // largest at full strength, N m
  // Upper arm, forearm and hand as this infant has them (scales, no loads).
  std::array<Segment, 3> arm_segments(bool right) const;
  // Thigh, shank and foot, the foot hanging from the ankle.
  std::array<Segment, 3> leg_segments(bool right) const;
  double armature(const InfantJoint& joint) const;  // kg m2
  double pelvis_x() const { return sizes_.pelvis_radius - sizes_.thigh.radius; }
  std::array<double, 3> eyes() const;  // the middle between them, in the frame of the chest, m
  double eye_turn() const;             // rad: how far full command turns an eye
  double chest_height() const { return sizes_.shoulder_height - 0.9 * sizes_.chest_radius; }
  double chest_x() const { return sizes_.chest_radius - sizes_.thigh.radius; }

 private:
  struct Side {
    const char* suffix;  // "_left", "_right", "" in the middle
    double y;            // +1 left and middle, -1 right
    bool mirrored;
  };

  void chest(MjcfText& xml) const;
  std::array<double, 3> shoulder(const Side& side) const;  // in the frame of the chest, m
  void head(MjcfText& xml, bool neck_held = false) const;
  std::array<double, 3> neck() const;                 // the head's pivot in the frame of the chest, m
  std::array<double, 3> eye(const Side& side) const;  // in the frame of the head, m
  void eye(MjcfText& xml, const Side& side) const;
  void arm(MjcfText& xml, const Side& side, bool fingers_held = false) const;
  void hand(MjcfText& xml, const Side& side, double scale, double wrist,
            bool fingers_held) const;  // wrist: m from the elbow
  void leg(MjcfText& xml, const Side& side) const;
  void foot(MjcfText& xml, const Side& side, double scale) const;

  // Opens a body at `position` of its parent, in the starting posture of its first joint; held: without the joints.
  void open_body(MjcfText& xml, const char* name, const Side& side, const std::array<double, 3>& position,
                 std::span<const InfantJoint> joints, bool held = false) const;
  // The load that AddedMass puts in the middle of a body.
  void load(MjcfText& xml, const std::string& body, const std::array<double, 3>& middle) const;
  double scale(Limb left, const Side& side) const;

  static constexpr Side left_{"_left", 1.0, false};
  static constexpr Side right_{"_right", -1.0, true};
  static constexpr Side middle_{"", 1.0, false};

  InfantOptions options_;
  std::optional<HeldGaze> rooted_;
  InfantSizes sizes_;
  double unit_torque_;  // strength of the age x body weight x thigh length, N m
  double tone_;         // stiffness of the resting posture as a part of the torque, 1/rad
};

}  // namespace infans::envs
