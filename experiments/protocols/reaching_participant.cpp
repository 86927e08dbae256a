#include "experiments/protocols/reaching_participant.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/base/error.hpp"
#include "experiments/protocols/reaching_mind.hpp"

namespace infans::experiments {
namespace {

using agents::GoalSource;
using Eigen::Vector3d;
using Eigen::VectorXd;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
constexpr double degree = std::numbers::pi / 180.0;
constexpr double margin = 0.03;              // rad, postures keep away from the limits
constexpr double half_field = 42.0;          // degrees about the gaze in which goals are set
constexpr int offered_places = 32;           // of caregivers and tasks
constexpr int remembered = 50;               // places of the hand
constexpr int judged = 10, wanted_hits = 9;  // reaches of the criterion, and hits among them
// Width of the optics of an eye of acuity 1 cycle/degree, degrees (envs/mujoco/README.md, Retina).
constexpr double blur_degrees = 0.34;

}  // namespace

ReachingParticipant::ReachingParticipant(const config::Options& options, const Identity& identity)
    : settings_(reaching_settings(options)),
      who_(identity),
      draw_(draw_body(settings_.body, identity.seed)),
      reach_error_(nothing),
      hit_(nothing),
      signals_(std::make_shared<const std::vector<Signal>>(reaching_signals(options))) {
  if (!settings_.senses.vision && !settings_.senses.touch)
    throw base::OptionError("senses.vision",
                            "senses.vision and senses.touch are both false: nothing would tell where the hand is; "
                            "leave one of them true");
}

ReachingParticipant::ReachingParticipant(const ReachingParticipant&) = default;

random::Stream ReachingParticipant::stream(random::Purpose purpose, std::uint64_t what) const {
  const auto now = static_cast<std::uint64_t>(decisions_);
  return random::Stream({who_.seed, agent_, purpose, (occasion_ << 24) + 4 * now + what});
}

void ReachingParticipant::begin_stage(const config::Options& options) {
  use(options);
  if (settings_.body.change && !changing_) {
    changing_ = true;
    changed_at_ = decisions_;
    hits_.clear();
  }
  if (body_) grow();
}

void ReachingParticipant::use(const config::Options& options) {
  const GoalSource before = settings_.mind.goals;
  settings_ = reaching_settings(options);
  if (!mind_) return;
  mind_->set_options(mapper_options(settings_, agent_ == 0));
  free_joints();
  if (settings_.mind.goals != before) survey();
}

// All joints have their ranges, but those that are frozen.
void ReachingParticipant::free_joints() {
  constexpr double play = 1e-3;  // rad, of a frozen joint
  VectorXd low = body_->low().array() + margin, high = body_->high().array() - margin;
  const VectorXd rest = home().cwiseMax(low).cwiseMin(high);
  for (std::size_t i = 0; i < arm_joints().size(); ++i) {
    const auto& frozen = settings_.mind.frozen;
    if (std::find(frozen.begin(), frozen.end(), arm_joints()[i]) == frozen.end()) continue;
    const auto k = static_cast<Eigen::Index>(i);
    low(k) = rest(k) - play;
    high(k) = rest(k) + play;
  }
  mind_->set_ranges(low, high);
}

void ReachingParticipant::set_age(double days) {
  if (agent_ != 0) return;
  age_days_ = days;
  grow();
  body_->set_age(days);
}

double ReachingParticipant::change_now() const {
  const BodySettings& b = settings_.body;
  if (b.kind == ArmChange::none || b.kind == ArmChange::reversed_actuator) return 0.0;
  if (b.born_changed) return 1.0;
  if (!changing_) return 0.0;
  if (b.kind != ArmChange::growing_forearm) return 1.0;
  constexpr double steps = 20.0;  // sizes of a growing forearm
  const double part = std::min(1.0, static_cast<double>(decisions_ - changed_at_) / b.growing);
  return std::floor(steps * part) / steps;
}

bool ReachingParticipant::nerves_crossed() const {
  return settings_.body.kind == ArmChange::reversed_actuator && (changing_ || settings_.body.born_changed);
}

VectorXd ReachingParticipant::as_meant(const VectorXd& q) const {
  return nerves_crossed() ? crossed(q, body_->low(), body_->high()) : q;
}

// The body of this age, made at the first one, if it is another than the last.
void ReachingParticipant::grow() {
  const double step = settings_.body.growth_step;
  const double size = settings_.body.grow || size_days_ < 0.0 ? step * std::floor(age_days_ / step) : size_days_;
  const double changed = change_now();
  if (body_ && size == size_days_ && changed == changed_) return;
  const envs::ReachingArm arm = body_at(draw_, settings_.body, size, changed);
  size_days_ = size;
  changed_ = changed;
  if (body_) {
    body_->grow(arm);
  } else {
    SeatedSenses senses;
    senses.rays = settings_.senses.rays;
    senses.age_days = age_days_;
    senses.decision = decision_seconds;
    body_.emplace(arm, senses);
    const auto joints = static_cast<int>(body_->low().size());
    mind_.emplace(make_map(settings_.mind, joints, who_.seed), body_->low().array() + margin,
                  body_->high().array() - margin, mapper_options(settings_, agent_ == 0));
    free_joints();
    believed_ = body_->joints_now();
    last_hand_ = body_->hand_now();
  }
  survey();
}

void ReachingParticipant::survey() {
  const agents::GoalSpace space{body_->shoulder(), body_->arm_length(), body_->gaze(), half_field * degree};
  const GoalSource source = settings_.mind.goals;
  if (source == GoalSource::caregiver || source == GoalSource::task) {
    random::Stream places = stream(random::Purpose::probe);
    offered_ = reachable(offered_places, places);
  }
  if (goals_) {
    goals_->set_space(space);
    goals_->configure(goal_options(settings_.mind, offered_));
  } else {
    goals_.emplace(goal_options(settings_.mind, offered_), space);
  }
}

// Where the hand is seen and touches nothing at random postures.
std::vector<Vector3d> ReachingParticipant::reachable(int count, random::Stream& places) {
  constexpr int most_tries = 100;  // a place
  std::vector<Vector3d> found;
  for (int k = 0; k < most_tries * count && std::ssize(found) < count; ++k) {
    const ReachOutcome there = body_->at(as_meant(mind_->random_posture(places)));
    if (there.seen && there.touch.part < 0 && !there.blocked) found.push_back(there.hand);
  }
  return found;
}

Vector3d ReachingParticipant::seen(const Vector3d& place, random::Stream& noise) const {
  const SenseSettings& s = settings_.senses;
  const double distance = place.norm();
  const double sideways = blur_degrees / (s.acuity * envs::acuity_at(age_days_)) * degree * distance;
  const Vector3d ray = place / distance;
  Vector3d error(noise.normal(), noise.normal(), noise.normal());
  const double depth = error.dot(ray);
  error -= depth * ray;
  return place + sideways * error + s.depth_noise * distance * depth * ray;
}

agents::Feeling ReachingParticipant::feel(const ReachOutcome& o) const {
  random::Stream noise = stream(random::Purpose::sense_noise);
  agents::Feeling felt;
  felt.q = as_meant(o.q);
  for (double& q : felt.q) q += settings_.senses.proprioceptive_noise * noise.normal();
  if (o.seen && settings_.senses.vision) felt.seen = seen(*o.seen, noise);
  if (o.touch.by_hand && settings_.senses.touch) felt.touched = o.touch.place;
  return felt;
}

ReachingParticipant::Lived ReachingParticipant::act(const VectorXd& command, bool learn, Path* path) {
  Lived lived;
  lived.command = command;
  lived.outcome = body_->fulfil(as_meant(command), path);
  lived.felt = feel(lived.outcome);
  lived.percept = mind_->perceive(command, lived.felt, learn);
  believed_ = lived.percept.q;
  last_hand_ = lived.percept.hand.value_or(lived.percept.predicted);
  ++decisions_;
  been_.push_back(lived.outcome.hand);
  if (std::ssize(been_) > remembered) been_.pop_front();
  return lived;
}

VectorXd ReachingParticipant::towards(const Vector3d& place) {
  random::Stream candidates = stream(random::Purpose::candidates);
  plan_ = mind_->plan(place, believed_, candidates, &considered_);
  return mind_->command(plan_.posture);
}

void ReachingParticipant::set_aim() {
  random::Stream wishes = stream(random::Purpose::babbling);
  const auto posture = [this](random::Stream& s) { return mind_->random_posture(s); };
  aim_ = Aim{goals_->next({mind_->map(), posture, last_hand_}, wishes)};
  mind_->begin_reach();
  const GoalSource source = settings_.mind.goals;
  const bool thing = source == GoalSource::caregiver || source == GoalSource::task;
  body_->show(thing ? std::optional(aim_->place) : std::nullopt);
}

VectorXd ReachingParticipant::own_choice() {
  if (settings_.mind.policy == ReachPolicy::random) {
    random::Stream postures = stream(random::Purpose::babbling);
    return mind_->random_posture(postures);
  }
  if (!aim_) set_aim();
  return towards(aim_->place);
}

// Invariants: what a yoked participant lives through is its partner's commands, all else is its own; streams are keyed
// by the decision, so a life does not depend on whether anything was tested in between.
Sample ReachingParticipant::live(std::span<const double> partner) {
  considered_.clear();
  const VectorXd command = partner.empty() ? own_choice() : VectorXd::Map(partner.data(), std::ssize(partner));
  const Lived lived = act(command, settings_.mind.learn);
  Sample sample{values(lived), {command.data(), command.data() + command.size()}};
  if (aim_) {
    ++aim_->decisions;
    const double believed = (last_hand_ - aim_->place).norm();
    const double error = (lived.outcome.hand - aim_->place).norm();
    if (believed < settings_.mind.radius || aim_->decisions >= settings_.mind.patience) {
      goals_->outcome(aim_->place, believed);
      finish_reach(error, error < settings_.mind.radius);
    }
  }
  sample.values.insert(
      sample.values.end(),
      {reach_error_, hit_, static_cast<double>(std::count(hits_.begin(), hits_.end(), true)) / judged});
  ended_ = !std::isnan(reach_error_);
  reach_error_ = hit_ = nothing;
  ++updates_;
  last_ = lived;
  return sample;
}

void ReachingParticipant::finish_reach(double error, bool hit) {
  reach_error_ = error;
  hit_ = hit ? 1.0 : 0.0;
  hits_.push_back(hit);
  if (std::ssize(hits_) > judged) hits_.pop_front();
  aim_.reset();
}

bool ReachingParticipant::reached(const std::string&) const {
  return std::ssize(hits_) == judged && std::count(hits_.begin(), hits_.end(), true) >= wanted_hits;
}

// Who has no age yet has no body; whoever it is restored into has been told its age, and has one.
void ReachingParticipant::describe(base::Archive& archive) {
  archive("decisions", decisions_)("age_days", age_days_)("size_days", size_days_);
  archive("changing", changing_)("changed_at", changed_at_)("changed", changed_);
  bool born = body_.has_value();
  archive("born", born);
  if (born && !body_) throw base::StateError("born", "it had a body; tell the participant its age before restoring it");
  if (!born) return;
  archive("body", *body_)("mind", *mind_)("goals", *goals_)("offered", offered_)("aim", aim_);
  archive("believed", believed_)("last_hand", last_hand_)("been", been_)("hits", hits_);
  archive("reach_error", reach_error_)("hit", hit_)("updates", updates_);
  if (believed_.size() != body_->joints_now().size())
    throw base::StateError("believed", "another number of joints was saved");
}

}  // namespace infans::experiments
