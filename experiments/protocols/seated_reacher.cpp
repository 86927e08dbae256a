#include "experiments/protocols/seated_reacher.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "core/base/archive_store.hpp"
#include "envs/mujoco/inspection.hpp"

namespace infans::experiments {
namespace {

using Eigen::Vector3d;
using Eigen::VectorXd;

constexpr const char* source = "reaching_infant";
constexpr double sight = 1.0;       // m
constexpr double hidden = -1.0;     // m, of the target under the floor
constexpr int least_rays = 2;       // that a thing is seen by
constexpr double same_force = 0.1;  // part of the force by which two surfaces may differ and be in one contact

VectorXd vector(const std::vector<double>& x) { return VectorXd::Map(x.data(), std::ssize(x)); }

envs::BodyOptions body_options(const SeatedSenses& s) {
  const int period = static_cast<int>(std::lround(s.decision / SeatedReacher::period));
  envs::BodyOptions o;
  o.world.control_period = SeatedReacher::period;
  o.world.reset_std = 0.0;
  o.age_days = s.age_days;
  const auto skin = [&](const std::string& name, const std::vector<std::string>& geoms) {
    envs::SkinOptions part;
    part.name = name;
    part.geoms = geoms;
    part.density = s.taxels;
    part.channel.period = period;
    o.skin.push_back(part);
  };
  for (const envs::TouchedPart& part : envs::touched_parts()) skin(part.body, part.geoms);
  skin("hand_skin", envs::touching_geoms());
  envs::RetinaOptions eye;
  eye.eye = "eye_right";
  eye.layout = envs::Layout::square;
  eye.field = s.field;
  eye.rays = s.rays;
  eye.range = sight;
  eye.depth = false;
  eye.identity = true;
  eye.channel.period = period;
  o.retina.push_back(eye);
  return o;
}

int body_number(const envs::Inspection& body, const std::string& name) {
  const auto found =
      std::find_if(body.bodies.begin(), body.bodies.end(), [&](const auto& b) { return b.name == name; });
  return static_cast<int>(found - body.bodies.begin()) + 1;  // the world is 0
}

Vector3d point(const std::array<double, 3>& x) { return Vector3d::Map(x.data()); }

}  // namespace

SeatedReacher::SeatedReacher(const envs::ReachingArm& arm, const SeatedSenses& senses,
                             const agents::ReflexOptions& reflex)
    : senses_(senses),
      birth_(arm.mjcf),
      mjcf_(arm.mjcf),
      reflex_(vector(arm.torque), vector(arm.inertia), reflex),
      reflex_options_(reflex),
      low_(vector(arm.low)),
      high_(vector(arm.high)),
      torque_(vector(arm.torque)) {
  make({});
  random::Stream start({0, 0, random::Purpose::reset, 0});
  read(world_->reset(start));
  measure(mjcf_);
  reflex_.start(q_);
}

SeatedReacher::SeatedReacher(const SeatedReacher& o)
    : senses_(o.senses_),
      birth_(o.birth_),
      mjcf_(o.mjcf_),
      reflex_(o.reflex_),
      reflex_options_(o.reflex_options_),
      low_(o.low_),
      high_(o.high_),
      torque_(o.torque_),
      q_(o.q_),
      velocity_(o.velocity_),
      hand_(o.hand_),
      eye_(o.eye_),
      shoulder_(o.shoulder_),
      length_(o.length_),
      shown_(o.shown_),
      parts_(o.parts_),
      gaze_(o.gaze_),
      hand_bodies_(o.hand_bodies_),
      target_body_(o.target_body_) {
  make(envs::saved(*o.world_));
}

// The skin has the taxels of birth, so a grown body is made as it was born.
void SeatedReacher::make(const std::vector<double>& state) {
  world_ = envs::make_body_world(source, birth_, source, body_options(senses_));
  if (mjcf_ != birth_) world_->replace_body(mjcf_);
  if (!state.empty()) world_->restore(state);
  identity_ = slice("retina.identity");
  hand_sensor_ = slice("hand");
  eye_sensor_ = slice("eye");
  hand_skin_ = slice("hand_skin");
  parts_.resize(envs::touched_parts().size());
  for (std::size_t p = 0; p < parts_.size(); ++p) parts_[p].felt = slice(envs::touched_parts()[p].body);
}

void SeatedReacher::describe(base::Archive& archive) {
  const std::string birth = birth_, now = mjcf_;
  archive("birth", birth_)("mjcf", mjcf_)("birth_age_days", senses_.age_days);
  if (birth_ != birth || mjcf_ != now) make({});
  archive("world", *world_)("reflex", reflex_)("low", low_)("high", high_)("torque", torque_);
  archive("q", q_)("velocity", velocity_)("hand", hand_)("eye", eye_)("shoulder", shoulder_)("length", length_);
  archive("shown", shown_)("gaze", gaze_);
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    archive("taxels_" + envs::touched_parts()[p].body, parts_[p].places);
    base::require_state(parts_[p].places.cols() == parts_[p].felt.size, "taxels", "another skin was saved");
  }
  for (const VectorXd* x : {&low_, &high_, &torque_, &q_, &velocity_})
    base::require_state(x->size() == reflex_.bias().size(), "low", "another number of joints was saved");
}

SeatedReacher::Slice SeatedReacher::slice(const std::string& name) const {
  for (const envs::Modality& m : world_->spec().modalities)
    if (m.name == name) return {m.offset, m.size};
  throw std::logic_error("SeatedReacher: the body has no sense " + name);
}

// What does not change from decision to decision: where taxels, shoulder and rays are.
void SeatedReacher::measure(const std::string& mjcf) {
  const envs::Inspection body = envs::inspect_body(mjcf, source);
  hand_bodies_ = {body_number(body, "hand_right"), body_number(body, "fingers_right")};
  target_body_ = body_number(body, "target");
  const auto joint = [&](std::size_t j) { return point(body.joints[j].place); };
  const auto knuckles = body.bodies[static_cast<std::size_t>(hand_bodies_[1] - 1)].place;
  length_ = (joint(3) - joint(0)).norm() + (joint(5) - joint(3)).norm() + (point(knuckles) - joint(5)).norm();
  for (const envs::PlacePart& place : body.places) {
    if (place.name != "eye_right") continue;
    eye_ = point(place.place);
    gaze_ = -Vector3d(place.axes[2], place.axes[5], place.axes[8]);
  }
  shoulder_ = joint(0) - eye_;
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    const auto taxels = world_->taxels(envs::touched_parts()[p].body);
    parts_[p].places.resize(3, std::ssize(taxels));
    for (std::size_t i = 0; i < taxels.size(); ++i)
      parts_[p].places.col(static_cast<Eigen::Index>(i)) = point(taxels[i].world);
  }
}

void SeatedReacher::read(std::span<const double> seen) {
  q_ = VectorXd::Map(seen.data(), low_.size());
  velocity_ = VectorXd::Map(seen.data() + low_.size(), low_.size());
  eye_ = Vector3d::Map(seen.data() + eye_sensor_.offset);
  hand_ = Vector3d::Map(seen.data() + hand_sensor_.offset) - eye_;
}

ReachOutcome SeatedReacher::fulfil(const VectorXd& posture, std::vector<Vector3d>* path) {
  const int steps = static_cast<int>(std::lround(senses_.decision / period));
  reflex_.predict(posture);
  std::span<const double> seen;
  VectorXd before = q_;
  for (int k = 0; k < steps; ++k) {
    const VectorXd command = reflex_.torque(q_, velocity_, period).cwiseQuotient(torque_);
    before = q_;
    seen = world_->step({command.data(), static_cast<std::size_t>(command.size())});
    read(seen);
    if (path != nullptr) path->push_back(hand_);
  }
  ReachOutcome o = outcome(seen);
  o.q = before;  // of the instant of all other senses
  return o;
}

ReachOutcome SeatedReacher::at(const VectorXd& q) {
  const std::vector<double> state = envs::saved(*world_);
  const VectorXd now = q_, velocity = velocity_, rest = VectorXd::Zero(q.size());
  const Vector3d hand = hand_;
  const auto size = static_cast<std::size_t>(q.size());
  world_->set_joints({q.data(), size}, {rest.data(), size});
  show(shown_);
  const auto seen = world_->step({rest.data(), size});
  read(seen);
  ReachOutcome o = outcome(seen);
  o.q = q;
  world_->restore(state);
  q_ = now;
  velocity_ = velocity;
  hand_ = hand;
  return o;
}

ReachOutcome SeatedReacher::outcome(std::span<const double> seen) const {
  ReachOutcome o;
  o.q = q_;
  o.hand = hand_;
  if (sees(seen, hand_bodies_)) o.seen = hand_;
  if (shown_ && sees(seen, {&target_body_, 1})) o.target = shown_;
  o.touch = feel(seen);
  o.blocked = VectorXd::Map(seen.data() + hand_skin_.offset, hand_skin_.size).sum() > 0.0;
  return o;
}

bool SeatedReacher::sees(std::span<const double> seen, std::span<const int> bodies) const {
  const auto rays = seen.subspan(static_cast<std::size_t>(identity_.offset), static_cast<std::size_t>(identity_.size));
  const auto hits = std::count_if(rays.begin(), rays.end(), [&](double body) {
    return std::find(bodies.begin(), bodies.end(), static_cast<int>(body)) != bodies.end();
  });
  return hits >= least_rays;
}

SelfTouch SeatedReacher::feel(std::span<const double> seen) const {
  const auto pressure = [&](const Slice& s) { return VectorXd::Map(seen.data() + s.offset, s.size); };
  SelfTouch touch;
  double all = 0.0;
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    const auto felt = pressure(parts_[p].felt);
    const double force = felt.sum();
    all += force;
    if (force <= touch.force) continue;
    touch.part = static_cast<int>(p);
    touch.force = force;
    touch.place = parts_[p].places * felt / force - eye_;
  }
  const double hand = pressure(hand_skin_).sum();
  touch.by_hand = touch.part >= 0 && std::abs(hand - all) < same_force * all && touch.force > (1.0 - same_force) * all;
  return touch;
}

void SeatedReacher::show(const std::optional<Vector3d>& place) {
  shown_ = place;
  const Vector3d where = place ? Vector3d(*place + eye_) : Vector3d(0.0, 0.0, hidden);
  world_->place("target", {where.x(), where.y(), where.z()});
}

void SeatedReacher::grow(const envs::ReachingArm& arm) {
  world_->replace_body(arm.mjcf);
  mjcf_ = arm.mjcf;
  torque_ = vector(arm.torque);
  reflex_.strengthen(torque_, vector(arm.inertia));
  measure(mjcf_);
  show(shown_);
}

}  // namespace infans::experiments
