#include "experiments/protocols/mobile_infant.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>
#include <utility>

#include "core/base/error.hpp"
#include "envs/mujoco/body.hpp"

namespace infans::experiments {
namespace {

using Eigen::VectorXd;
using random::Purpose;

constexpr double degree = std::numbers::pi / 180.0;
constexpr double newly_grown = 1.0 / envs::days_per_month;  // months that change a body
constexpr int stretched_until = MobileInfant::steps / 2;    // the limb is then predicted to rest again
constexpr std::uint64_t samples_per_minute = 120;

// How far a movement of full vigour takes a joint from rest: a leg kicks, an arm is lifted.
struct Excursion {
  std::string_view joint;
  double angle;  // degrees
};
constexpr Excursion excursions[] = {
    {"hip_flexion", -45.0}, {"knee", -75.0}, {"shoulder_flexion", 50.0}, {"elbow", -30.0}};

// An infant with a soft trunk creeps over the mattress as it kicks, until the ribbon is slack.
constexpr std::array rigid = {"trunk_*", "neck_*", "eye_*", "forearm_rotation*", "wrist_*", "fingers_*"};

// Soft arcs for kicks; muscle tone bears the limbs.
agents::ReflexOptions soft_reflex() {
  agents::ReflexOptions o;
  o.stiffness = 3.0;
  o.damping = 1.0;
  o.ramp = 0.2;
  o.bias_limit = 0.0;
  return o;
}

random::Stream stream_of(const Identity& who, std::uint32_t agent, Purpose purpose, std::uint64_t step) {
  return random::Stream({who.seed, agent, purpose, step});
}

// What differs between participants at birth: a stream of its own beside that of the start.
random::Stream birth(const Identity& who) { return stream_of(who, 0, Purpose::reset, 1); }

envs::InfantOptions drawn_body(const MobileOptions& o, const Identity& who) {
  random::Stream stream = birth(who);
  envs::InfantOptions infant;
  infant.mobile = envs::Mobile::free;
  infant.light_contacts = true;
  infant.sex = stream.uniform() < 0.5 ? envs::Sex::girl : envs::Sex::boy;
  const double size = std::clamp(1.0 + o.body.size_sd * stream.normal(), 0.75, 1.25);
  for (const envs::Limb limb : {envs::arm_left, envs::arm_right, envs::leg_left, envs::leg_right})
    infant = envs::limb_scaled(infant, limb, size);
  infant.held = {rigid.begin(), rigid.end()};
  return infant;
}

envs::Crib laid_down(const MobileOptions& o, const Identity& who) {
  random::Stream start = stream_of(who, 0, Purpose::reset, 0);
  return envs::Crib({drawn_body(o, who), o.body.motor_noise, o.body.kick_speed}, start);
}

agents::SpontaneousPolicy policy_of(const MobileOptions& o, const Identity& who) {
  random::Stream stream = stream_of(who, 0, Purpose::reset, 2);
  const double each = o.mind.spontaneity * std::exp(o.mind.spontaneity_sd * stream.normal());
  const double rate = std::min(1.0, each / 60.0 * MobileInfant::decision);
  return {VectorXd::Constant(MobileInfant::limbs, rate), policy_options(o)};
}

inference::ContingencyOptions model_options(const MobileOptions& o) {
  inference::ContingencyOptions m;
  m.commands = MobileInfant::limbs;
  m.memory = o.mind.memory / MobileInfant::decision;
  m.unit = o.mind.effect_unit;
  m.noise = o.mind.noise;
  m.sensory_precision = o.mind.sensory_precision;
  m.efference_copy = o.mind.efference_copy;
  return m;
}

}  // namespace

agents::SpontaneousPolicyOptions policy_options(const MobileOptions& o) {
  return {o.mind.candidates, o.mind.policy_precision, o.mind.epistemic_weight, o.preference.speed, o.preference.width};
}

envs::Mobile mobile_of(Tied tied) {
  if (tied == Tied::free) return envs::Mobile::free;
  return tied == Tied::left ? envs::Mobile::tied_left : envs::Mobile::tied_right;
}

MobileInfant::MobileInfant(const config::Options& options, const Identity& identity)
    : options_(read_mobile_options(options)),
      identity_(identity),
      crib_(laid_down(options_, identity)),
      reflex_(arc()),
      model_(model_options(options_)),
      policy_(policy_of(options_, identity)),
      signals_(std::make_shared<const std::vector<Signal>>(mobile_signals(options_))) {
  reflex_.start(posture(VectorXd::Zero(limbs)));
  Moment lying;
  for (int k = 0; k < 4; ++k) move(VectorXd::Zero(limbs), {}, lying);
}

int MobileInfant::joint_count(const MobileOptions& options) {
  return static_cast<int>(envs::infant_limb_joints(drawn_body(options, {})).size());
}

MobileInfant::MobileInfant(const MobileInfant& other)
    : options_(other.options_),
      identity_(other.identity_),
      crib_(other.crib_.copy()),
      reflex_(other.reflex_),
      model_(other.model_),
      policy_(other.policy_),
      samples_(other.samples_),
      minutes_(other.minutes_),
      minute_(other.minute_),
      baseline_(other.baseline_),
      stage_samples_(other.stage_samples_),
      stage_(other.stage_),
      updates_(other.updates_),
      operations_(other.operations_),
      signals_(other.signals_),
      last_(other.last_) {}

void MobileInfant::begin_stage(const config::Options& options) {
  options_ = read_mobile_options(options);
  policy_.set_options(policy_options(options_));
  ++stage_;
  stage_samples_ = 0;
  minutes_.clear();
  minute_ = {};
}

void MobileInfant::set_age(double days) {
  const double months = days / envs::days_per_month;
  if (std::abs(months - crib_.infant().age_months) < newly_grown) return;
  change(envs::grown_to(crib_.infant(), months));
}

void MobileInfant::tie(envs::Mobile mobile) {
  if (mobile != crib_.infant().mobile) change(envs::mobile_tied(crib_.infant(), mobile));
}

void MobileInfant::change(const envs::InfantOptions& infant) {
  crib_.change(infant);
  const VectorXd now = reflex_.predicted_position();
  reflex_ = arc();
  reflex_.start(now);
}

agents::ReflexArc MobileInfant::arc() const {
  const auto& joints = crib_.joints();
  VectorXd torque(std::ssize(joints)), inertia(std::ssize(joints));
  for (Eigen::Index i = 0; i < torque.size(); ++i) {
    torque(i) = joints[static_cast<std::size_t>(i)].torque;
    inertia(i) = joints[static_cast<std::size_t>(i)].inertia;
  }
  return {torque, inertia, soft_reflex()};
}

VectorXd MobileInfant::posture(const VectorXd& vigour) const {
  const auto& joints = crib_.joints();
  VectorXd q(std::ssize(joints));
  for (Eigen::Index i = 0; i < q.size(); ++i) {
    const envs::LimbJoint& joint = joints[static_cast<std::size_t>(i)];
    q(i) = joint.rest;
    for (const Excursion& e : excursions) {
      if (joint.name.starts_with(e.joint)) q(i) += vigour(joint.limb) * e.angle * degree;
    }
  }
  return q;
}

std::vector<double> MobileInfant::reflexes() {
  const auto& joints = crib_.joints();
  const auto n = std::ssize(joints);
  const VectorXd torque = reflex_.torque(VectorXd::Map(crib_.position().data(), n),
                                         VectorXd::Map(crib_.velocity().data(), n), envs::Crib::period);
  std::vector<double> command(joints.size());
  for (std::size_t i = 0; i < command.size(); ++i) command[i] = torque(static_cast<Eigen::Index>(i)) / joints[i].torque;
  return command;
}

// Invariant: one decision is `steps` steps of the body, whoever moves the mobile.
void MobileInfant::move(const VectorXd& vigour, std::span<const double> partner, Moment& moment) {
  const auto angles = [&](int k) {
    const auto at = static_cast<std::size_t>(2 * k);
    return envs::Crib::Angles{partner[at], partner[at + 1]};
  };
  const auto keep = [&] { moment.tape.insert(moment.tape.end(), crib_.mobile().begin(), crib_.mobile().end()); };
  if (!partner.empty() && crib_.mobile() != angles(0)) crib_.hang(angles(0));
  const std::array<long, 2> before = crib_.kicks();
  double way = 0.0;
  moment.tape.clear();
  keep();
  for (int k = 0; k < steps; ++k) {
    if (k == 0) reflex_.predict(posture(vigour));
    if (k == stretched_until) reflex_.predict(posture(VectorXd::Zero(limbs)));
    const std::vector<double> command = reflexes();
    if (partner.empty()) {
      crib_.step(command);
    } else {
      crib_.step(command, angles(k + 1));
    }
    way += crib_.mobile_speed();
    keep();
  }
  moment.effect = way / steps;
  for (std::size_t i = 0; i < 2; ++i) moment.kicks[i] = static_cast<double>(crib_.kicks()[i] - before[i]);
}

MobileInfant::Moment MobileInfant::decide(const Occasion& occasion, std::span<const double> partner, bool learn) {
  random::Stream choice = stream_of(identity_, occasion.agent, Purpose::candidates, occasion.step);
  random::Stream noise = stream_of(identity_, occasion.agent, Purpose::sense_noise, occasion.step);
  Moment moment;
  moment.choice = policy_.choose(model_, choice);
  const VectorXd& vigour = moment.choice.considered[moment.choice.chosen].command;
  move(vigour, partner, moment);
  moment.seen = moment.effect + options_.noise * noise.normal();
  moment.expected = model_.predict(vigour);
  moment.update = model_.observe(vigour, moment.seen, learn);
  return moment;
}

Sample MobileInfant::live(std::span<const double> partner) {
  if (!partner.empty() && partner.size() != 2 * (steps + 1))
    throw base::UserError("a yoked infant needs the tape of another under a mobile");
  tie(partner.empty() ? mobile_of(options_.tied) : envs::Mobile::free);
  Moment m = decide({0, samples_}, partner, options_.mind.learn);
  ++samples_;
  ++stage_samples_;
  updates_ += options_.mind.learn ? 1 : 0;
  operations_ += operations(options_.mind.learn);
  for (std::size_t i = 0; i < 2; ++i) minute_[i] += m.kicks[i];
  if (stage_samples_ % samples_per_minute == 0) {
    minutes_.push_back(std::exchange(minute_, {}));
    if (stage_ <= 1) {
      const double n = static_cast<double>(minutes_.size());
      for (std::size_t i = 0; i < 2; ++i) baseline_[i] += (minutes_.back()[i] - baseline_[i]) / n;
    }
  }
  const agents::SpontaneousDecision& decision = m.choice.considered[m.choice.chosen];
  const VectorXd& vigour = decision.command;
  const VectorXd contingency = model_.contingency();
  Sample sample;
  sample.values = {m.kicks[1],
                   m.kicks[0],
                   m.kicks[0] + m.kicks[1],
                   m.effect,
                   m.update.surprise,
                   m.update.information_gain,
                   m.update.vfe,
                   decision.pragmatic,
                   decision.epistemic,
                   decision.expected_free_energy};
  sample.values.insert(sample.values.end(), vigour.begin(), vigour.end());
  sample.values.insert(sample.values.end(), contingency.begin(), contingency.end());
  sample.tape = std::exchange(m.tape, {});
  last_ = std::move(m);
  return sample;
}

// Multiplications, additions and the like of the contingency model, D features: a candidate's mean and variance (D^2
// for the factor's solve), its value and its weight; of learning, D^3 for forgetting (the factor squared and factored
// anew) and 6 D^2 for solves and the factor's update. Reflexes and body are not counted.
double MobileInfant::operations(bool learn) const {
  const double d = model_.readout().features();
  return options_.mind.candidates * (d * d + 4.0 * d + 20.0) + (learn ? d * d * d + 6.0 * d * d : 0.0);
}

bool MobileInfant::reached(const std::string& criterion) const {
  if (criterion != "learned") throw base::UserError("the mobile protocol has no criterion " + criterion);
  if (stage_ <= 1 || minutes_.size() < 3) return false;
  const auto above = [&](const std::array<double, 2>& kicks) {
    const auto ratio_met = [&](std::size_t leg) { return kicks[leg] >= 1.5 * baseline_[leg]; };
    if (options_.tied == Tied::free) return kicks[0] + kicks[1] >= 1.5 * (baseline_[0] + baseline_[1]);
    return ratio_met(options_.tied == Tied::right ? 1 : 0);
  };
  return std::count_if(minutes_.end() - 3, minutes_.end(), above) >= 2;
}

void MobileInfant::describe(base::Archive& archive) {
  archive("crib", crib_)("reflex", reflex_)("contingency", model_);
  archive("samples", samples_)("stage_samples", stage_samples_)("stage", stage_);
  archive("updates", updates_)("operations", operations_);
  archive("minutes", minutes_)("minute", minute_)("baseline", baseline_);
}

}  // namespace infans::experiments
