// The seated infant whose right arm is free, under reflex arcs: a posture is descended, a decision later its eye, its
// skin and its joints tell where the hand is. All places are in m from the right eye, with the axes of the room (x
// forward, y left, z up): the eye is held, so its own frame differs by a fixed turn only.
#pragma once

#include <Eigen/Dense>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agents/reflex/reflex_arc.hpp"
#include "envs/bodies/reaching_arm.hpp"
#include "envs/mujoco/body.hpp"

namespace infans::experiments {

struct SeatedSenses {
  int rays = 900;          // of the eye
  double field = 100.0;    // degrees: eye and head would turn; both are held, so the field stands for theirs
  double taxels = 1500.0;  // 1/m2
  double age_days = 0.0;   // blurs the eye
  double decision = 0.4;   // s between two samples of eye and skin
};

// What the hand touches of its owner.
struct SelfTouch {
  int part = -1;  // of envs::touched_parts(); -1: nothing
  Eigen::Vector3d place = Eigen::Vector3d::Zero();
  double force = 0.0;    // N
  bool by_hand = false;  // the hand feels the same force: nothing else of the arm touches
};

struct ReachOutcome {
  Eigen::VectorXd q;     // true angles, rad
  Eigen::Vector3d hand;  // true place
  // Middle of hand and target, each if two rays of the eye or more meet it: what is seen of a known thing is completed
  // (an assumption: the middle of the visible surface alone lies up to 2 cm beside it).
  std::optional<Eigen::Vector3d> seen, target;
  SelfTouch touch;
  bool blocked = false;  // hand or fingers touch anything, also the seat
};

class SeatedReacher {
 public:
  SeatedReacher(const envs::ReachingArm& arm, const SeatedSenses& senses, const agents::ReflexOptions& reflex = {});
  SeatedReacher(const SeatedReacher& other);
  SeatedReacher& operator=(const SeatedReacher&) = delete;

  static constexpr double period = 0.002;  // s of the reflexes, and between two places of a path

  // One decision; `path`, if any, gets where the hand was after every period.
  ReachOutcome fulfil(const Eigen::VectorXd& posture, std::vector<Eigen::Vector3d>* path = nullptr);
  // What the senses would tell if the arm were held at q; the body stays as it is.
  ReachOutcome at(const Eigen::VectorXd& q);
  Eigen::Vector3d hand_now() const { return hand_; }
  const Eigen::VectorXd& joints_now() const { return q_; }

  // The target's middle; nothing: it is out of sight.
  void show(const std::optional<Eigen::Vector3d>& place);
  // The body has grown, or gained weight: the same joints.
  void grow(const envs::ReachingArm& arm);
  void set_age(double days) { world_->set_age(days); }

  const Eigen::VectorXd& low() const { return low_; }
  const Eigen::VectorXd& high() const { return high_; }
  // Of the arm, from the eye, at its first posture.
  Eigen::Vector3d shoulder() const { return shoulder_; }
  const Eigen::Vector3d& gaze() const { return gaze_; }  // unit vector
  double arm_length() const { return length_; }          // shoulder to knuckles, stretched

  const envs::BodyWorld& world() const { return *world_; }
  // Restored into any of the same structure: the body that was born and the grown one are both in it.
  void describe(base::Archive& archive);

 private:
  struct Slice {
    int offset = 0, size = 0;
  };
  struct Surface {
    Slice felt;
    Eigen::Matrix3Xd places;  // of its taxels, world
  };
  void make(const std::vector<double>& state);
  void measure(const std::string& mjcf);
  Slice slice(const std::string& name) const;
  void read(std::span<const double> seen);
  ReachOutcome outcome(std::span<const double> seen) const;
  bool sees(std::span<const double> seen, std::span<const int> bodies) const;
  SelfTouch feel(std::span<const double> seen) const;

  SeatedSenses senses_;
  std::string birth_, mjcf_;
  std::unique_ptr<envs::BodyWorld> world_;
  agents::ReflexArc reflex_;
  agents::ReflexOptions reflex_options_;
  Eigen::VectorXd low_, high_, torque_;
  Eigen::VectorXd q_, velocity_;
  Eigen::Vector3d hand_, eye_, shoulder_;
  double length_ = 0.0;
  std::optional<Eigen::Vector3d> shown_;
  Slice identity_, hand_sensor_, eye_sensor_, hand_skin_;
  std::vector<Surface> parts_;
  Eigen::Vector3d gaze_;
  std::array<int, 2> hand_bodies_{};
  int target_body_ = 0;
};

}  // namespace infans::experiments
