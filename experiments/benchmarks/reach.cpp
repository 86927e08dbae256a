#include "experiments/benchmarks/reach.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <numbers>
#include <stdexcept>

#include "core/base/error.hpp"

namespace infans::experiments {
namespace {

using Eigen::Vector3d;
using Eigen::VectorXd;

constexpr double fast_period = 0.002;  // s, of the reflexes

VectorXd vector(const std::vector<double>& x) { return VectorXd::Map(x.data(), std::ssize(x)); }

std::unique_ptr<envs::BodyWorld> world_of(const envs::ReachingArm& arm) {
  envs::BodyOptions o;
  o.world.control_period = fast_period;
  o.world.reset_std = 0.0;
  return envs::make_body_world(arm.name, arm.mjcf, arm.name, o);
}

class Stopwatch {
 public:
  explicit Stopwatch(double& sum) : sum_(sum), start_(std::chrono::steady_clock::now()) {}
  ~Stopwatch() { sum_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  double& sum_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace

ReachingBody::ReachingBody(const envs::ReachingArm& arm, const agents::ReflexOptions& reflex)
    : world_(world_of(arm)),
      ruler_(world_of(arm)),
      reflex_(vector(arm.torque), vector(arm.inertia), reflex),
      low_(vector(arm.low)),
      high_(vector(arm.high)),
      torque_(vector(arm.torque)),
      offset_(VectorXd::Zero(low_.size())) {
  random::Stream start({0, 0, random::Purpose::reset, 0});
  const auto seen = world_->reset(start);
  sensed_ = VectorXd::Map(seen.data(), joints());
  velocity_ = VectorXd::Map(seen.data() + joints(), joints());
  reflex_.start(sensed_);
}

void ReachingBody::step(const VectorXd& torque) {
  const VectorXd command = torque.cwiseQuotient(torque_);
  moment_.q = sensed_;  // the sensor tells the place of the hand before the step
  const auto seen = world_->step({command.data(), static_cast<std::size_t>(command.size())});
  sensed_ = VectorXd::Map(seen.data(), joints()) + offset_;
  velocity_ = VectorXd::Map(seen.data() + joints(), joints());
  moment_.hand = Vector3d::Map(seen.data() + 2 * joints());
}

std::vector<ReachingBody::Moment> ReachingBody::fulfil(const VectorXd& posture, double seconds, int count) {
  const int steps = static_cast<int>(std::lround(seconds / fast_period));
  if (count < 1 || steps < count) throw std::logic_error("ReachingBody: a decision has at least one moment");
  reflex_.predict(posture);
  std::vector<Moment> moments;
  for (int k = 1; k <= steps; ++k) {
    step(reflex_.torque(sensed_, velocity_, fast_period));
    if (k * count / steps > (k - 1) * count / steps) moments.push_back(moment_);
  }
  return moments;
}

Vector3d ReachingBody::target(random::Stream& stream) {
  VectorXd q(joints());
  for (int i = 0; i < joints(); ++i) q(i) = stream.uniform(low_(i), high_(i));
  return hand_at(q);
}

Vector3d ReachingBody::hand_at(const VectorXd& q) {
  const VectorXd rest = VectorXd::Zero(joints());
  const auto size = static_cast<std::size_t>(joints());
  ruler_->set_joints({q.data(), size}, {rest.data(), size});
  return Vector3d::Map(ruler_->step({rest.data(), size}).data() + 2 * joints());
}

void ReachingBody::grow(const envs::ReachingArm& arm) {
  world_->replace_body(arm.mjcf);
  ruler_->replace_body(arm.mjcf);
}

ReachOptions tuned(ReachModel model) {
  ReachOptions o;
  o.model = model;
  o.reacher.planner.epistemic_weight = 0.0;
  o.reacher.planner.variance_weight = model == ReachModel::torus ? 0.2 : 0.0;
  return o;
}

envs::ReachingArm reaching_arm(const std::string& name) {
  if (name == "seven") return envs::seven_joint_arm();
  if (name.size() == 7 && name.starts_with("planar")) return envs::planar_arm(name[6] - '0');
  const std::string infant = "infant";
  if (name == infant) return envs::infant_arm(envs::infant_options("age=6"));
  if (name.starts_with(infant + "?")) return envs::infant_arm(envs::infant_options(name.substr(infant.size() + 1)));
  throw base::UserError("no arm of the name " + name +
                        "; there are planar1 to planar9, seven, infant, infant?age=12&...");
}

std::vector<ReachRow> reach_rows() {
  std::vector<ReachRow> rows;
  const auto add = [&](const char* name, ReachModel model, auto&& change) {
    ReachOptions o = tuned(model);
    change(o);
    rows.push_back({name, o});
  };
  const auto canonical = [](ReachOptions& o) {
    o.reacher.planner.epistemic_weight = o.reacher.planner.variance_weight = 1.0;
  };
  const auto babble = [](ReachOptions& o) { o.reacher.babble = true; };
  const auto soft = [](ReachOptions& o) { o.reflex.stiffness = 2.5; };
  const auto as_is = [](ReachOptions&) {};
  add("known", ReachModel::chain, [](ReachOptions& o) { o.taught = 60; });
  add("chain", ReachModel::chain, as_is);
  add("chain-4-samples", ReachModel::chain, [](ReachOptions& o) { o.samples = 4; });
  add("chain-epistemic", ReachModel::chain, canonical);
  add("chain-babble", ReachModel::chain, babble);
  add("chain-soft", ReachModel::chain, soft);
  add("torus", ReachModel::torus, as_is);
  add("torus-4-samples", ReachModel::torus, [](ReachOptions& o) { o.samples = 4; });
  add("torus-epistemic", ReachModel::torus, canonical);
  add("torus-babble", ReachModel::torus, babble);
  add("torus-soft", ReachModel::torus, soft);
  return rows;
}

std::vector<ReachRow> change_rows() {
  std::vector<ReachRow> rows;
  for (const char* name : {"chain", "torus", "torus-4-samples"}) {
    ReachOptions o = tuned(name == std::string("chain") ? ReachModel::chain : ReachModel::torus);
    if (name == std::string("torus-4-samples")) o.samples = 4;
    const std::string of = name;
    rows.push_back({of + "-anew", o});
    rows.push_back({of + "-keep", o});
    o.watch = true;
    rows.push_back({of + "-watch", o});
    o.change.causes = false;
    rows.push_back({of + "-discount", o});
  }
  return rows;
}

namespace {

std::unique_ptr<inference::HandModel> map_of(const ReachOptions& o, int joints, std::uint64_t seed) {
  if (o.model == ReachModel::torus) return std::make_unique<inference::TorusHand>(joints, o.torus);
  return std::make_unique<inference::SchemaLearner>(joints, o.chain,
                                                    random::Stream({seed, 0, random::Purpose::features, 0}));
}

std::unique_ptr<inference::HandModel> model_of(const ReachOptions& o, int joints, std::uint64_t seed) {
  auto map = map_of(o, joints, seed);
  if (!o.watch) return map;
  return std::make_unique<inference::ChangingHand>(std::move(map), o.change);
}

// One life of reaches.
class Life {
 public:
  Life(const envs::ReachingArm& arm, const ReachOptions& o, std::uint64_t seed)
      : options_(o),
        body_(arm, o.reflex),
        mind_(model_of(o, body_.joints(), seed), body_.low().array() + o.margin, body_.high().array() - o.margin,
              o.reacher, seed),
        targets_({seed, 0, random::Purpose::probe, 0}) {
    random::Stream stream({seed, 1, random::Purpose::babbling, 0});
    for (int k = 0; k < o.taught; ++k)
      for (const auto& m : body_.fulfil(mind_.random_posture(stream), o.decision, o.samples)) mind_.learn(m.q, m.hand);
  }

  ReachingBody& body() { return body_; }
  const agents::Reacher& mind() const { return mind_; }
  // Null for a mind that does not watch.
  const inference::ChangingHand* watch() const { return dynamic_cast<const inference::ChangingHand*>(&mind_.model()); }

  // Reaches until the criterion is met from now on.
  ReachResult run() {
    result_ = {};
    std::deque<bool> last;
    while (!result_.reached && result_.decisions < options_.most_decisions) {
      if (mind_.babbling()) {
        reach(1);
        ++result_.babbled;
        continue;
      }
      last.push_back(reach(options_.decisions_a_reach));
      ++result_.reaches;
      if (std::ssize(last) > options_.window) last.pop_front();
      result_.reached =
          std::ssize(last) == options_.window && std::count(last.begin(), last.end(), true) >= options_.hits;
    }
    return result_;
  }

  void practise(int decisions) {
    result_ = {};
    while (result_.decisions < decisions) reach(std::min(options_.decisions_a_reach, decisions - result_.decisions));
  }

 private:
  bool reach(int decisions) {
    const Vector3d goal = body_.target(targets_);
    for (int k = 0; k < decisions && result_.decisions < options_.most_decisions; ++k)
      if ((decide(goal) - goal).norm() < options_.radius) return true;
    return false;
  }

  // One decision, lived and learned; where the hand was at its end.
  Vector3d decide(const Vector3d& goal) {
    VectorXd posture;
    {
      const Stopwatch stopwatch(result_.plan_seconds);
      posture = mind_.decide(goal, body_.sensed()).posture;
    }
    std::vector<ReachingBody::Moment> moments;
    {
      const Stopwatch stopwatch(result_.body_seconds);
      moments = body_.fulfil(posture, options_.decision, options_.samples);
    }
    ++result_.decisions;
    result_.hands.push_back(moments.back().hand);
    const Stopwatch stopwatch(result_.learn_seconds);
    for (const auto& m : moments) {
      mind_.learn(m.q, m.hand);
      if (result_.noticed == 0 && watch() != nullptr && watch()->open()) result_.noticed = result_.decisions;
    }
    return moments.back().hand;
  }

  ReachOptions options_;
  ReachingBody body_;
  agents::Reacher mind_;
  random::Stream targets_;
  ReachResult result_;
};

envs::ReachingArm grown_arm(const std::string& name) {
  constexpr double longer = 1.2;
  if (name.starts_with("infant"))
    return reaching_arm(name + (name == "infant" ? "?age=6&" : "&") + "scale=forearm_right:1.2");
  return name == "seven" ? envs::seven_joint_arm(longer) : envs::planar_arm(name[6] - '0', longer);
}

void shift_elbow(ReachingBody& body) {
  const int joint = body.joints() == 7 ? 3 : body.joints() - 1;
  body.shift_sensor(joint, 15.0 * std::numbers::pi / 180.0);
}

}  // namespace

ReachResult run_reach(const envs::ReachingArm& arm, const ReachOptions& options, std::uint64_t seed) {
  return Life(arm, options, seed).run();
}

ReachResult run_anew(const std::string& arm, BodyChange change, const ReachOptions& options, std::uint64_t seed) {
  Life life(change == BodyChange::growth ? grown_arm(arm) : reaching_arm(arm), options, seed);
  if (change == BodyChange::sensor) shift_elbow(life.body());
  return life.run();
}

ChangeResult run_change(const std::string& arm, BodyChange change, const ReachOptions& options, int practice,
                        std::uint64_t seed) {
  Life life(reaching_arm(arm), options, seed);
  ChangeResult result;
  result.before = life.run();
  life.practise(practice);
  if (life.watch() != nullptr) result.false_alarms = life.watch()->alarms();
  if (change == BodyChange::growth) life.body().grow(grown_arm(arm));
  if (change == BodyChange::sensor) shift_elbow(life.body());
  result.after = life.run();
  if (life.watch() != nullptr) result.cause = life.watch()->cause();
  return result;
}

}  // namespace infans::experiments
