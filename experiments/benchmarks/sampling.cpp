#include "experiments/benchmarks/sampling.hpp"

#include <algorithm>

#include "agents/sampling/edge_search.hpp"
#include "agents/sampling/linear_explorer.hpp"
#include "core/base/error.hpp"
#include "core/config/option.hpp"
#include "envs/analytic/contact_search.hpp"

namespace infans::experiments {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

random::Stream stream(std::uint64_t seed, random::Purpose purpose, std::uint64_t step = 0) {
  return random::Stream({seed, 0, purpose, step});
}

const envs::LinearBody& task_body() {
  const auto& all = envs::linear_bodies();
  return *std::find_if(all.begin(), all.end(), [](const envs::LinearBody& b) { return b.name == "linear-cartpole"; });
}

struct Rule {
  const char* name;
  agents::InputRule rule;
};
constexpr Rule rules[] = {{"efe", agents::InputRule::planned},
                          {"design", agents::InputRule::design},
                          {"flex", agents::InputRule::flex},
                          {"one-step", agents::InputRule::one_step},
                          {"random", agents::InputRule::white}};
const std::vector<std::string> feeling = {"efe", "passive", "random"};

// What the best input for as many steps tells in them.
double goal_information(const inference::LinearSystem& s, int steps) {
  const MatrixXd prior = MatrixXd::Identity(s.b.size() + 1, s.b.size() + 1);
  inference::DesignOptions options;
  options.known = prior * s.noise * s.noise / steps;
  return inference::information_nats(prior, inference::optimal_input(s, options).information, steps, s.noise);
}

void note(EfficiencyRecord& r, int decisions, bool solved) {
  r.decisions = r.control_steps = decisions;
  r.test_decisions = {decisions};
  r.solved = {solved};
  if (solved) r.decisions_first = r.decisions_sustained = decisions;
}

EfficiencyRecord learn_body(agents::InputRule rule, std::uint64_t seed, int budget) {
  LinearLife life(task_body(), seed);
  agents::LinearExplorerOptions options;
  options.rule = rule;
  agents::LinearExplorer explorer(life.state(), options, stream(seed, random::Purpose::candidates));
  const double goal = goal_information(life.system(), linear_goal_steps);
  while (life.steps() < budget && life.information() < goal) {
    const VectorXd u = explorer.propose();
    explorer.observe(u, life.step(u(0)));
  }
  EfficiencyRecord r;
  r.seed = seed;
  note(r, life.steps(), life.information() >= goal);
  r.test_return = {life.information()};
  return r;
}

EfficiencyRecord find_edge(const std::string& agent, std::uint64_t seed, int budget) {
  Feeler feeler(0.0, seed);
  agents::EdgeSearch search({});
  random::Stream draws = stream(seed, random::Purpose::babbling);
  const auto borders = static_cast<std::uint32_t>(std::lround(1.0 / search.cell()));
  while (feeler.touches() < budget && feeler.shown() == 0) {
    if (agent == "random") {
      feeler.touch(draws.uniform());
      continue;
    }
    const VectorXd y =
        agent == "efe" ? search.propose() : VectorXd::Constant(1, (1 + draws.index(borders - 1)) * search.cell());
    search.observe(y, VectorXd::Constant(1, feeler.touch(y(0))));
  }
  EfficiencyRecord r;
  r.seed = seed;
  note(r, feeler.touches(), feeler.shown() > 0);
  r.test_return = {-static_cast<double>(feeler.touches())};
  return r;
}

std::vector<std::string> rule_names() {
  std::vector<std::string> names;
  for (const Rule& r : rules) names.emplace_back(r.name);
  return names;
}

[[noreturn]] void unknown(const char* what, const std::string& name, const std::vector<std::string>& known) {
  throw base::OptionError(
      what, std::string(what) + ": there is no '" + name + "'; the nearest is '" + config::nearest(name, known) + "'");
}

}  // namespace

Feeler::Feeler(double flip, std::uint64_t seed)
    : flip_(flip), seed_(seed), world_(envs::make_contact_search({})), starts_(stream(seed, random::Purpose::reset)) {
  world_->reset(starts_);
  std::vector<double> all(static_cast<std::size_t>(world_->spec().state_size));
  world_->save(all);
  height_ = all[2];  // behind the observation: the block's height
}

double Feeler::touch(double y) {
  const double command = 2.0 * y - 1.0;
  const double told = world_->step({&command, 1})[1];
  ++touches_;
  if (shown_ == 0 && world_->outcome().terminated) shown_ = touches_;
  const bool flipped =
      stream(seed_, random::Purpose::sense_noise, static_cast<std::uint64_t>(touches_)).uniform() < flip_;
  return flipped ? 1.0 - told : told;
}

LinearLife::LinearLife(const envs::LinearBody& body, std::uint64_t seed)
    : body_(body), system_(body.system()), world_(envs::make_linear_body(body)) {
  random::Stream starts = stream(seed, random::Purpose::reset);
  state_ = VectorXd::Map(world_->reset(starts).data(), system_.b.size());
  const Eigen::Index nz = state_.size() + 1;
  seen_ = MatrixXd::Zero(nz, nz);
}

const VectorXd& LinearLife::step(double u) {
  VectorXd z(state_.size() + 1);
  z << state_, u;
  seen_ += z * z.transpose();
  state_ = VectorXd::Map(world_->step({&u, 1}).data(), state_.size());
  ++steps_;
  return state_;
}

double LinearLife::information() const {
  return inference::information_nats(MatrixXd::Identity(seen_.rows(), seen_.cols()), seen_, 1.0, system_.noise);
}

const std::vector<SamplingTask>& sampling_tasks() {
  static const std::vector<SamplingTask> all = {{"linear-gaussian", rule_names(), 5000, task_body().period},
                                                {"contact-search", feeling, 20000, 1.0}};
  return all;
}

EfficiencyRecord measure_sampling(const std::string& task, const std::string& agent, std::uint64_t seed) {
  std::vector<std::string> names;
  for (const SamplingTask& known : sampling_tasks()) {
    names.push_back(known.name);
    if (known.name != task) continue;
    if (std::find(known.agents.begin(), known.agents.end(), agent) == known.agents.end())
      unknown("agent", agent, known.agents);
    if (task == "contact-search") return find_edge(agent, seed, known.budget);
    for (const Rule& r : rules)
      if (agent == r.name) return learn_body(r.rule, seed, known.budget);
  }
  unknown("task", task, names);
}

}  // namespace infans::experiments
