#include "experiments/benchmarks/explore.hpp"

#include <time.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <sstream>

#include "core/base/error.hpp"
#include "core/config/option.hpp"
#include "envs/bodies/bodies.hpp"
#include "envs/bodies/chain.hpp"
#include "envs/bodies/reaching_arm.hpp"
#include "envs/mujoco/world.hpp"

namespace infans::experiments {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
constexpr double pi = std::numbers::pi;
constexpr int long_steps = 10, long_tests = 200, targets = 64;
constexpr double box_stiffness = 20.0;

VectorXd to_eigen(std::span<const double> v) {
  return Eigen::Map<const VectorXd>(v.data(), static_cast<Eigen::Index>(v.size()));
}

ExploreBody body_of(const std::string& name, const std::string& mjcf, double period, const VectorXd& high) {
  ExploreBody b;
  b.name = name;
  b.world = envs::make_mujoco_world(name, mjcf, name, {period, 0.05});
  b.high = high;
  b.low = -high;
  b.velocity_scale = 0.6 * high.tail(high.size() / 2).maxCoeff();
  return b;
}

ExploreBody tip_reacher() {
  return body_of("tip-reacher", envs::load_mjcf("reacher"), 0.02, Eigen::Vector4d(pi, 3.0, 15.0, 15.0));
}

ExploreBody weak_arm() {
  envs::ChainOptions o;
  o.links = 2;
  o.damping = 0.1;
  o.torque = 2.5;
  return body_of("weak-arm", envs::chain_mjcf(o), 0.05, Eigen::Vector4d(pi, pi, 6.0, 10.0));
}

// Without the lines of joints and motors whose name is not kept.
std::string held(const std::string& mjcf, const std::vector<std::string>& kept) {
  std::istringstream in(mjcf);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    const bool moves = line.find("<joint name=") != std::string::npos || line.find("<motor name=") != std::string::npos;
    const bool stays = std::any_of(kept.begin(), kept.end(), [&](const std::string& name) {
      return line.find("name=\"" + name + "\"") != std::string::npos;
    });
    if (!moves || stays) out += line + "\n";
  }
  return out;
}

ExploreBody infant_arm() {
  envs::InfantOptions o;
  o.age_months = 12.0;
  o.scene = envs::InfantScene::seated;
  const envs::ReachingArm arm = envs::infant_arm(o);
  ExploreBody b = body_of("infant-arm", held(arm.mjcf, {"shoulder_flexion_right", "elbow_right"}), 0.05,
                          Eigen::Vector4d(0.0, 0.0, 12.0, 15.0));
  const int kept[] = {1, 3};  // of the arm's seven joints
  for (int i = 0; i < 2; ++i) {
    b.low(i) = arm.low[static_cast<std::size_t>(kept[i])];
    b.high(i) = arm.high[static_cast<std::size_t>(kept[i])];
  }
  return b;
}

using MakeBody = ExploreBody (*)();
const std::map<std::string, MakeBody>& bodies() {
  static const std::map<std::string, MakeBody> all = {
      {"infant-arm", infant_arm}, {"tip-reacher", tip_reacher}, {"weak-arm", weak_arm}};
  return all;
}

template <typename Value>
std::vector<std::string> names_of(const std::map<std::string, Value>& all) {
  std::vector<std::string> names;
  for (const auto& [name, value] : all) names.push_back(name);
  return names;
}

// Who chooses: the commands of a life.
struct Chooser {
  agents::Policy policy = agents::Policy::efe;
  agents::Information information = agents::Information::summed;
  int horizon = 0;                    // decisions; 0: the options'
  double colour = 1.0, spread = 0.6;  // of babbling
  double velocities = 1.0;            // share of the box that it wants to know
  bool another = false;               // another's model chooses
};

const std::map<std::string, Chooser>& choosers() {
  using agents::Information;
  using agents::Policy;
  static const std::map<std::string, Chooser> all = {
      {"white", {Policy::random}},
      {"pink", {Policy::babbling, Information::summed, 0, 1.0, 0.6}},
      {"red", {Policy::babbling, Information::summed, 0, 2.0, 0.6}},
      {"pink-loud", {Policy::babbling, Information::summed, 0, 1.0, 1.2}},
      {"red-loud", {Policy::babbling, Information::summed, 0, 2.0, 1.2}},
      {"active", {Policy::efe, Information::foresight}},
      {"joint", {Policy::efe, Information::joint}},
      {"summed", {Policy::efe, Information::summed}},
      {"flex", {Policy::efe, Information::joint, 2}},
      {"uncertainty", {Policy::efe, Information::variance}},
      {"yoked", {Policy::efe, Information::foresight, 0, 1.0, 0.6, 1.0, true}},
      {"yoked-slow", {Policy::efe, Information::foresight, 0, 1.0, 0.6, 1.0 / 3.0, true}}};
  return all;
}

VectorXd uniform(const VectorXd& low, const VectorXd& high, random::Stream& stream) {
  VectorXd x(low.size());
  for (Eigen::Index i = 0; i < x.size(); ++i) x(i) = stream.uniform(low(i), high(i));
  return x;
}

void put(envs::Environment& world, const VectorXd& state) {
  const auto n = static_cast<std::size_t>(state.size() / 2);
  world.set_joints({state.data(), n}, {state.data() + n, n});
}

VectorXd stepped(envs::Environment& world, const VectorXd& action) {
  return to_eigen(world.step({action.data(), static_cast<std::size_t>(action.size())}));
}

// What no agent sees: where teleports into the box lead after one and after ten steps.
class HeldOut {
 public:
  HeldOut(ExploreBody& body, int tests) : joints_(body.joints()), dt_(body.world->spec().control_period) {
    random::Stream stream({0, 1, random::Purpose::test, 0});
    const int commands = body.world->spec().action_size;
    const VectorXd one = VectorXd::Ones(commands);
    for (int k = 0; k < tests; ++k) {
      const VectorXd state = uniform(body.low, body.high, stream), action = uniform(-one, one, stream);
      put(*body.world, state);
      short_.push_back({state, {action}, stepped(*body.world, action)});
    }
    VectorXd inner = VectorXd::Ones(2 * joints_);
    inner.tail(joints_).setConstant(0.6);  // of velocities, so that ten steps stay near the box
    for (int k = 0; k < long_tests; ++k) {
      Test t{inner.cwiseProduct(uniform(body.low, body.high, stream)), {}, {}};
      put(*body.world, t.start);
      for (int h = 0; h < long_steps; ++h) {
        t.actions.push_back(uniform(-one, one, stream));
        t.end = stepped(*body.world, t.actions.back());
      }
      long_.push_back(std::move(t));
    }
  }

  double one_step(const inference::WorldModel& model) const {
    return std::sqrt(error(model, short_, std::numeric_limits<double>::infinity()));
  }
  double ten_step(const inference::WorldModel& model) const { return std::sqrt(error(model, long_, 4.0)); }

 private:
  struct Test {
    VectorXd start;
    std::vector<VectorXd> actions;
    VectorXd end;
  };

  // Mean over outputs of squared errors over the variance of what is to be explained: of one step what constant
  // velocity leaves, of many how far they lead.
  double error(const inference::WorldModel& model, const std::vector<Test>& tests, double cap) const {
    const auto count = static_cast<Eigen::Index>(tests.size());
    MatrixXd miss(count, 2 * joints_), moved(count, 2 * joints_);
    for (Eigen::Index k = 0; k < count; ++k) {
      const Test& t = tests[static_cast<std::size_t>(k)];
      VectorXd x = t.start;
      for (const VectorXd& action : t.actions) x = model.predict(x, action).mean.cwiseMax(-200.0).cwiseMin(200.0);
      miss.row(k) = x - t.end;
      moved.row(k) = t.end - t.start;
      if (t.actions.size() == 1) moved.row(k).head(joints_) -= dt_ * t.start.tail(joints_).transpose();
    }
    const Eigen::RowVectorXd variance = (moved.rowwise() - moved.colwise().mean()).colwise().squaredNorm() / count;
    const MatrixXd squares = miss.cwiseAbs2() * variance.cwiseInverse().asDiagonal();
    return squares.cwiseMin(cap).mean();
  }

  int joints_;
  double dt_;
  std::vector<Test> short_, long_;
};

agents::Agent make_agent(const ExploreBody& body, const ExploreOptions& o, const Chooser& c, std::uint64_t seed,
                         std::uint32_t who) {
  agents::AgentOptions a = o.learner;
  a.policy = c.policy;
  a.babbling_colour = c.colour;
  a.babbling_spread = c.spread;
  a.hinge_velocity_scale = body.velocity_scale;
  if (c.horizon > 0) a.planner.horizon = c.horizon;
  a.planner.information = c.information;
  const VectorXd limit = c.velocities * body.high.tail(body.joints());
  return {body.world->spec(), a, std::make_shared<VelocityBox>(limit), seed, o.episode, who};
}

// Fresh questions at every decision: places in the box that the agent wants to predict.
void ask(agents::Agent& agent, const ExploreBody& body, double velocities, random::Stream& stream) {
  const int n = body.joints(), commands = body.world->spec().action_size;
  VectorXd share = VectorXd::Ones(2 * n);
  share.tail(n).setConstant(velocities);
  const VectorXd one = VectorXd::Ones(commands);
  MatrixXd state(2 * n, targets), action(commands, targets);
  for (int k = 0; k < targets; ++k) {
    state.col(k) = share.cwiseProduct(uniform(body.low, body.high, stream));
    action.col(k) = uniform(-one, one, stream);
  }
  agent.set_targets(state, action);
}

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

constexpr std::uint32_t learns = 0, chooses = 2;  // agent numbers of the streams

}  // namespace

void VelocityBox::add_log_density(const agents::Batch& state, int n, float* sum) {
  const int joints = static_cast<int>(limit_.size());
  for (int i = 0; i < joints; ++i) {
    const float* v = state.row(joints + i);
    const float unit = static_cast<float>(1.0 / limit_(i)), weight = static_cast<float>(box_stiffness);
    for (int k = 0; k < n; ++k) {
      const float beyond = std::max(std::abs(v[k]) * unit - 1.0F, 0.0F);
      sum[k] -= weight * beyond * beyond;
    }
  }
}

void VelocityBox::residual(const VectorXd& state, VectorXd& r, MatrixXd& jacobian) const {
  const Eigen::Index n = limit_.size();
  r = VectorXd::Zero(n);
  jacobian = MatrixXd::Zero(n, 2 * n);
  const double root = std::sqrt(2.0 * box_stiffness);
  for (Eigen::Index i = 0; i < n; ++i) {
    const double v = state(n + i), beyond = std::abs(v) / limit_(i) - 1.0;
    if (beyond <= 0.0) continue;
    r(i) = root * beyond;
    jacobian(i, n + i) = root * (v > 0.0 ? 1.0 : -1.0) / limit_(i);
  }
}

double VelocityBox::curvature() const { return 2.0 * box_stiffness / limit_.cwiseAbs2().maxCoeff(); }

std::vector<std::string> explore_bodies() { return names_of(bodies()); }
std::vector<std::string> explore_agents() { return names_of(choosers()); }

ExploreBody explore_body(const std::string& name) {
  const auto found = bodies().find(name);
  if (found == bodies().end())
    throw base::OptionError(
        "body", "there is no body '" + name + "'; the nearest is '" + config::nearest(name, explore_bodies()) + "'");
  return found->second();
}

ExploreOptions explore_options(const std::string& agent) {
  if (!choosers().contains(agent))
    throw base::OptionError("agent", "there is no agent '" + agent + "'; the nearest is '" +
                                         config::nearest(agent, explore_agents()) + "'");
  ExploreOptions o;
  o.agent = agent;
  agents::AgentOptions& a = o.learner;
  a.model.transition.fourier_features = 200;
  a.model.transition.hierarchy_features = 0;
  a.model.transition.noise_floor = 0.02;
  a.model.transition.draws = 200;
  a.planner.candidates = 64;
  a.planner.candidate_decay = 1.0;
  a.planner.elites = 8;
  a.planner.spread = 0.8;
  a.planner.ilqr_iterations = 0;
  return o;
}

ExploreCurve explore(const std::string& name, const ExploreOptions& o, std::uint64_t seed) {
  const ExploreOptions checked = explore_options(o.agent);
  const Chooser& c = choosers().at(checked.agent);
  ExploreBody body = explore_body(name);
  const HeldOut test(body, o.tests);
  agents::Agent learner = make_agent(body, o, c, seed, learns);
  std::unique_ptr<agents::Agent> another;
  if (c.another) another = std::make_unique<agents::Agent>(make_agent(body, o, c, seed, chooses));
  agents::Agent& chooser = another ? *another : learner;

  ExploreCurve curve;
  VectorXd state;
  double reach = 0.0;
  const double from = cpu_seconds();
  for (int t = 0; t < o.decisions; ++t) {
    if (t % o.episode == 0) {
      const auto episode = static_cast<std::uint64_t>(t / o.episode);
      random::Stream stream({seed, learns, random::Purpose::reset, episode});
      state = to_eigen(body.world->reset(stream));
      chooser.begin_episode(static_cast<int>(episode), false);
    }
    random::Stream questions({seed, learns, random::Purpose::probe, static_cast<std::uint64_t>(t)});
    if (chooser.plans()) ask(chooser, body, c.velocities, questions);
    const agents::Decision d = chooser.decide(state);
    const VectorXd next = stepped(*body.world, d.action);
    learner.learn(state, d.action, next);
    if (another) another->learn(state, d.action, next);
    state = next;
    const int n = body.joints();
    reach = std::max(reach, state.tail(n).cwiseAbs().cwiseQuotient(body.high.tail(n)).maxCoeff());
    const int lived = t + 1;
    const bool measured = lived % o.measure_every == 0;
    const bool consolidates = chooser.plans() && (lived % o.consolidate_every == 0 || lived == 10);
    if (another && consolidates) another->consolidate();
    if (measured || (consolidates && !another)) learner.consolidate();
    if (!measured) continue;
    curve.decisions.push_back(lived);
    curve.one_step.push_back(test.one_step(learner.model()));
    curve.ten_step.push_back(test.ten_step(learner.model()));
    curve.reach.push_back(reach);
  }
  curve.decision_seconds = (cpu_seconds() - from) / o.decisions;
  return curve;
}

VectorXd fitted_scales(envs::Environment& world, const VectorXd& low, const VectorXd& high,
                       const agents::AgentOptions& agent, int count) {
  inference::TransitionModel model(agents::encoding_of(world.spec(), agent), agent.model.transition, 1, learns);
  random::Stream stream({1, learns, random::Purpose::test, 0});
  const VectorXd one = VectorXd::Ones(world.spec().action_size);
  for (int k = 0; k < count; ++k) {
    const VectorXd state = uniform(low, high, stream), action = uniform(-one, one, stream);
    put(world, state);
    model.observe(state, action, stepped(world, action));
  }
  for (int pass = 0; pass < 3; ++pass) model.refit();
  return model.length_scale();
}

}  // namespace infans::experiments
