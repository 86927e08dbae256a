#include "experiments/benchmarks/sample_efficiency.hpp"

#include <time.h>

#include "agents/drives/task_preference.hpp"
#include "core/base/error.hpp"
#include "experiments/run/options.hpp"

namespace infans::experiments {
namespace {

using Eigen::VectorXd;

constexpr std::uint32_t life_starts = 0, test_starts = 1;  // agent numbers of the reset streams

double seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

VectorXd to_eigen(std::span<const double> v) {
  return Eigen::Map<const VectorXd>(v.data(), static_cast<Eigen::Index>(v.size()));
}

// A task's world at the start of an episode.
class Stage {
 public:
  Stage(const envs::TaskTable& tasks, const std::string& id, std::uint64_t seed, std::uint32_t who)
      : task_(tasks.make(id, {})), seed_(seed), who_(who) {}

  const envs::Spec& spec() const { return task_.world->spec(); }
  int time_limit() const { return task_.info.time_limit; }
  VectorXd reset() {
    random::Stream stream({seed_, who_, random::Purpose::reset, episodes_++});
    return to_eigen(task_.world->reset(stream));
  }
  VectorXd step(const VectorXd& action) {
    return to_eigen(task_.world->step({action.data(), static_cast<std::size_t>(action.size())}));
  }
  envs::Outcome outcome() const { return task_.world->outcome(); }

 private:
  envs::Task task_;
  std::uint64_t seed_;
  std::uint32_t who_;
  std::uint64_t episodes_ = 0;
};

double mean_return(Stage& stage, agents::Agent& agent, agents::Tester& tester, int episodes) {
  double sum = 0.0;
  for (int e = 0; e < episodes; ++e) {
    VectorXd observation = stage.reset();
    tester.begin_episode();
    for (int t = 0; t < stage.time_limit(); ++t) {
      observation =
          stage.step(tester.decide(agent.perceive({observation.data(), static_cast<std::size_t>(observation.size())})));
      sum += stage.outcome().reward;
      if (stage.outcome().terminated) break;
    }
  }
  return sum / episodes;
}

// Keeps successes in their order; says when they are sustained.
class Judge {
 public:
  Judge(EfficiencyRecord& record, int sustained) : record_(record), sustained_(sustained) {}
  void note(double reward, bool solved) {
    record_.test_decisions.push_back(record_.decisions);
    record_.test_return.push_back(reward);
    record_.solved.push_back(solved);
    in_a_row_ = solved ? in_a_row_ + 1 : 0;
    if (solved && record_.decisions_first < 0) record_.decisions_first = record_.decisions;
    if (in_a_row_ == sustained_) record_.decisions_sustained = record_.decisions;
  }

 private:
  EfficiencyRecord& record_;
  int sustained_, in_a_row_ = 0;
};

struct Known {
  Success success = Success::by_return;
  int budget = 300;  // decisions
  std::map<std::string, std::string> settings;
};

// Speeds of a mountain car are hundredths of its road, and a swing takes it tens of raw steps.
const std::map<std::string, Known>& known_tasks() {
  static const std::map<std::string, Known> all = {
      {"tip-pendulum", {Success::by_return, 300, {{"planner.horizon", "20"}}}},
      {"pilco-cartpole", {Success::by_return, 300, {{"planner.horizon", "15"}}}},
      {"pets-cartpole", {Success::by_return, 1000, {{"planner.horizon", "25"}}}},
      {"mountain-car",
       {Success::by_goal,
        3000,
        {{"planner.horizon", "120"}, {"planner.noise_colour", "2"}, {"model.slide_velocity_scale", "0.05"}}}},
      {"mountain-car-feef",
       {Success::by_goal, 501, {{"planner.horizon", "40"}, {"model.slide_velocity_scale", "0.05"}}}}};
  return all;
}

}  // namespace

EfficiencyRecord measure_efficiency(const envs::TaskTable& tasks, const EfficiencyOptions& o, std::uint64_t seed) {
  Stage life(tasks, o.task, seed, life_starts), test(tasks, o.task, seed, test_starts);
  agents::Agent agent(life.spec(), o.agent, agents::task_preference(o.task), seed, life.time_limit());
  agents::Tester tester(agent);
  EfficiencyRecord r;
  r.seed = seed;
  Judge judge(r, o.sustained);
  double spent = 0.0;
  const auto goes_on = [&] { return r.decisions < o.budget && r.decisions_sustained < 0; };
  for (int episode = 0; goes_on(); ++episode) {
    VectorXd observation = life.reset();
    agent.begin_episode(episode, false);
    double paid = 0.0;
    bool ended = false;
    for (int t = 0; t < life.time_limit() && !ended && goes_on(); ++t) {
      const double from = seconds();
      const VectorXd state = agent.perceive({observation.data(), static_cast<std::size_t>(observation.size())});
      const agents::Decision d = agent.decide(state);
      observation = life.step(d.action);
      agent.learn(state, d.action, observation);
      if (++r.decisions % o.consolidate_every == 0) agent.consolidate();
      spent += seconds() - from;
      paid += life.outcome().reward;
      ended = life.outcome().terminated;
      if (o.success == Success::by_return && r.decisions % o.test_every == 0) {
        const double mean = mean_return(test, agent, tester, o.test_episodes);
        judge.note(mean, mean > o.threshold);
      }
    }
    agent.consolidate();
    if (o.success == Success::by_goal) judge.note(paid, ended);
  }
  r.decision_seconds = spent / r.decisions;
  return r;
}

std::vector<std::string> efficiency_tasks() {
  std::vector<std::string> names;
  for (const auto& [name, known] : known_tasks()) names.push_back(name);
  return names;
}

EfficiencyOptions efficiency_options(const envs::TaskTable& tasks, const std::string& task, const std::string& agent,
                                     const std::map<std::string, std::string>& settings) {
  const auto known = known_tasks().find(task);
  if (known == known_tasks().end())
    throw base::OptionError(
        "task", "there is no task '" + task + "'; the nearest is '" + config::nearest(task, efficiency_tasks()) + "'");
  config::Options options(life_options());
  options.set_text("agent.model", "harmonics", task);
  for (const auto& [key, value] : known->second.settings) options.set_text(key, value, task);
  options.set_text("agent.policy", agent, "agent");
  for (const auto& [key, value] : settings) options.set_text(key, value, "settings");
  EfficiencyOptions o;
  o.task = task + "-v0";
  o.success = known->second.success;
  o.budget = known->second.budget;
  o.threshold = tasks.info(o.task).reward_threshold;
  o.test_every = 5;
  o.agent = agent_options(options);
  return o;
}

}  // namespace infans::experiments
