// An infant on its back under a mobile, as an experimenter sees it: torques in, joints out, kicks counted from the
// movement of the feet, the mobile free, tied to an ankle, or moved by hand as another infant moved its own (Rovee &
// Rovee 1969).
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "core/random/stream.hpp"
#include "envs/bodies/infant_limbs.hpp"

namespace infans::envs {

class BodyWorld;

struct CribOptions {
  InfantOptions infant;      // its scene is supine, its mobile free or tied; whatever `infant` says of contacts is kept
  double motor_noise = 0.0;  // standard deviation of a torque as a part of it (Harris & Wolpert 1998)
  double kick_speed = 0.15;  // m/s, see kicks()
};

class Crib {
 public:
  static constexpr double period = 0.02;  // s, of one step
  using Angles = std::array<double, 2>;   // of the mobile's swing, rad

  // Throws base::OptionError for an infant that infant_mjcf refuses, that is not on its back or has no mobile.
  Crib(const CribOptions& options, random::Stream& start);
  ~Crib();
  Crib(Crib&&) noexcept;
  // The same moment of the same body, sharing nothing that changes.
  Crib copy() const;

  // The infant has grown or its mobile was tied otherwise. Throws base::BodyError when its structure is another.
  void change(const InfantOptions& infant);
  const InfantOptions& infant() const { return options_.infant; }

  // Holds torques (of each joint of joints(), as parts of the largest, -1 to 1) for one period.
  void step(std::span<const double> command);
  // The same, then the mobile is where it is told: an experimenter moves it.
  void step(std::span<const double> command, const Angles& mobile);

  // Puts the mobile there, at rest.
  void hang(const Angles& mobile);

  const std::vector<LimbJoint>& joints() const { return joints_; }
  std::span<const double> position() const { return position_; }  // rad, of each joint
  std::span<const double> velocity() const { return velocity_; }  // rad/s
  const Angles& mobile() const { return mobile_; }
  // Mean speed of the toys during the last step, m/s: their way as an eye sees it that looks once a step.
  double mobile_speed() const { return mobile_speed_; }
  // Kicks since the infant was laid down, left and right. A kick is a leg that stretches: the foot moves away from the
  // hips faster than kick_speed; the next one counts after the foot came back at a third of that.
  const std::array<long, 2>& kicks() const { return kicks_; }

  // As BodyWorld says.
  const std::string& mjcf() const;
  std::vector<double> physics() const;
  void describe(base::Archive& archive);

 private:
  struct Foot {
    int place = 0, velocity = 0;  // where the observation has them
  };
  Crib(const Crib& other, std::unique_ptr<BodyWorld> world);

  void observe(std::span<const double> seen);
  void count(std::span<const double> seen);
  void see(const Angles& now);

  CribOptions options_;
  std::vector<LimbJoint> joints_;
  std::unique_ptr<BodyWorld> world_;
  std::vector<int> motor_;  // of each joint
  int position_at_ = 0, velocity_at_ = 0, mobile_at_ = 0;
  std::array<Foot, 2> feet_;
  Foot hips_;
  std::vector<double> command_;  // of every motor; those without a limb joint stay at 0
  std::vector<double> position_, velocity_;
  Angles mobile_{};
  double mobile_speed_ = 0.0;
  std::array<bool, 2> ready_{true, true};
  std::array<long, 2> kicks_{};
};

}  // namespace infans::envs
