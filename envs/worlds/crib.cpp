#include "envs/worlds/crib.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/base/error.hpp"
#include "envs/mujoco/body.hpp"

namespace infans::envs {
namespace {

constexpr double start_spread = 0.01;  // a mattress takes a displacement of this size without a blow
constexpr double toys_below = 0.12;    // m under the hook
constexpr const char* swing[] = {"mobile_swing_x", "mobile_swing_y"};
constexpr const char* foot_names[] = {"foot_left", "foot_right"};

const InfantOptions& checked(const InfantOptions& infant) {
  if (infant.scene != InfantScene::supine)
    throw base::OptionError("scene", "the infant is seated; under a mobile it must lie on its back (supine)");
  if (infant.mobile == Mobile::none)
    throw base::OptionError("mobile", "mobile is none; it must be free, left or right");
  return infant;
}

BodyOptions senses_of(const std::vector<LimbJoint>& joints, double motor_noise) {
  BodyOptions o;
  o.world = {Crib::period, start_spread};
  o.proprioception[0].joints.clear();
  for (const LimbJoint& joint : joints) o.proprioception[0].joints.push_back(joint.name);
  ProprioceptionOptions toys;
  toys.name = "mobile";
  toys.joints = {swing[0], swing[1]};
  toys.velocity = false;
  o.proprioception.push_back(toys);
  for (const char* body : {foot_names[0], foot_names[1], "hips"}) o.effects.push_back({body, body, false, {}});
  o.motors.resize(1);
  o.motors[0].channel.signal_noise = motor_noise;
  return o;
}

std::unique_ptr<BodyWorld> world_of(const CribOptions& options, const std::vector<LimbJoint>& joints) {
  return make_body_world("crib", infant_mjcf(options.infant), "infant", senses_of(joints, options.motor_noise));
}

int offset_of(const Spec& spec, const std::string& modality) {
  const auto found = std::find_if(spec.modalities.begin(), spec.modalities.end(),
                                  [&](const Modality& m) { return m.name == modality; });
  return found->offset;
}

}  // namespace

Crib::Crib(const CribOptions& options, random::Stream& start)
    : options_(options), joints_(infant_limb_joints(checked(options.infant))), world_(world_of(options, joints_)) {
  const std::vector<std::string> motors = world_->motors();
  for (const LimbJoint& joint : joints_)
    motor_.push_back(static_cast<int>(std::find(motors.begin(), motors.end(), joint.name) - motors.begin()));
  const Spec& spec = world_->spec();
  position_at_ = offset_of(spec, "joint_position");
  velocity_at_ = offset_of(spec, "joint_velocity");
  mobile_at_ = offset_of(spec, "mobile.joint_position");
  const auto foot = [&](const std::string& body) {
    return Foot{offset_of(spec, body + ".position"), offset_of(spec, body + ".velocity")};
  };
  feet_ = {foot(foot_names[0]), foot(foot_names[1])};
  hips_ = foot("hips");
  command_.assign(static_cast<std::size_t>(spec.action_size), 0.0);
  observe(world_->reset(start));
}

Crib::Crib(const Crib& other, std::unique_ptr<BodyWorld> world)
    : options_(other.options_),
      joints_(other.joints_),
      world_(std::move(world)),
      motor_(other.motor_),
      position_at_(other.position_at_),
      velocity_at_(other.velocity_at_),
      mobile_at_(other.mobile_at_),
      feet_(other.feet_),
      hips_(other.hips_),
      command_(other.command_),
      position_(other.position_),
      velocity_(other.velocity_),
      mobile_(other.mobile_),
      mobile_speed_(other.mobile_speed_),
      ready_(other.ready_),
      kicks_(other.kicks_) {}

Crib::~Crib() = default;
Crib::Crib(Crib&&) noexcept = default;

Crib Crib::copy() const {
  std::unique_ptr<BodyWorld> world = world_of(options_, joints_);
  world->restore(saved(*world_));
  return {*this, std::move(world)};
}

void Crib::change(const InfantOptions& infant) {
  world_->replace_body(infant_mjcf(checked(infant)));
  options_.infant = infant;
  joints_ = infant_limb_joints(infant);
}

void Crib::step(std::span<const double> command) {
  for (std::size_t i = 0; i < motor_.size(); ++i) command_[static_cast<std::size_t>(motor_[i])] = command[i];
  const std::span<const double> seen = world_->step(command_);
  const auto at = seen.begin() + mobile_at_;
  see({at[0], at[1]});
  observe(seen);
  count(seen);
}

void Crib::step(std::span<const double> command, const Angles& mobile) {
  const Angles before = mobile_;
  step(command);
  for (std::size_t i = 0; i < 2; ++i) world_->place_joint(swing[i], mobile[i], (mobile[i] - before[i]) / period);
  mobile_ = before;
  see(mobile);
}

void Crib::hang(const Angles& mobile) {
  for (std::size_t i = 0; i < 2; ++i) world_->place_joint(swing[i], mobile[i], 0.0);
  mobile_ = mobile;
}

const std::string& Crib::mjcf() const { return world_->mjcf(); }
std::vector<double> Crib::physics() const { return world_->physics(); }

// What a life changes of its infant is age and ribbon.
void Crib::describe(base::Archive& archive) {
  InfantOptions infant = options_.infant;
  archive("age_months", infant.age_months)("mobile", infant.mobile);
  if (infant.age_months != options_.infant.age_months || infant.mobile != options_.infant.mobile) change(infant);
  archive("world", *world_)("command", command_)("position", position_)("velocity", velocity_);
  archive("mobile_angles", mobile_)("mobile_speed", mobile_speed_)("ready", ready_)("kicks", kicks_);
  if (command_.size() != static_cast<std::size_t>(world_->spec().action_size) || position_.size() != joints_.size() ||
      velocity_.size() != joints_.size())
    throw base::StateError("command", "it is of an infant with other joints");
}

void Crib::see(const Angles& now) {
  mobile_speed_ = toys_below * std::hypot(now[0] - mobile_[0], now[1] - mobile_[1]) / period;
  mobile_ = now;
}

void Crib::observe(std::span<const double> seen) {
  const auto n = static_cast<std::ptrdiff_t>(joints_.size());
  position_.assign(seen.begin() + position_at_, seen.begin() + position_at_ + n);
  velocity_.assign(seen.begin() + velocity_at_, seen.begin() + velocity_at_ + n);
  mobile_ = {seen[static_cast<std::size_t>(mobile_at_)], seen[static_cast<std::size_t>(mobile_at_) + 1]};
}

void Crib::count(std::span<const double> seen) {
  for (std::size_t side = 0; side < 2; ++side) {
    double way = 0.0, distance = 0.0;
    for (int i = 0; i < 3; ++i) {
      const auto of = [&](int foot, int hips) {
        return seen[static_cast<std::size_t>(foot + i)] - seen[static_cast<std::size_t>(hips + i)];
      };
      const double apart = of(feet_[side].place, hips_.place);
      way += apart * of(feet_[side].velocity, hips_.velocity);
      distance += apart * apart;
    }
    const double stretching = way / std::sqrt(distance);  // m/s
    if (ready_[side] && stretching > options_.kick_speed) {
      ++kicks_[side];
      ready_[side] = false;
    } else if (stretching < -options_.kick_speed / 3.0) {
      ready_[side] = true;
    }
  }
}

}  // namespace infans::envs
