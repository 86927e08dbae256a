#include "experiments/benchmarks/sample_efficiency.hpp"

#include <time.h>

#include "agents/drives/task_preference.hpp"
#include "core/config/option.hpp"

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

}  // namespace

EfficiencyRecord measure_efficiency(const envs::TaskTable& tasks, const EfficiencyOptions& o, std::uint64_t seed) {
  Stage life(tasks, o.task, seed, life_starts), test(tasks, o.task, seed, test_starts);
  agents::Agent agent(life.spec(), o.agent, agents::task_preference(o.task), seed, life.time_limit());
  agents::Tester tester(agent);
  EfficiencyRecord r;
  r.seed = seed;
  double spent = 0.0;
  int in_a_row = 0;
  for (int episode = 0; r.decisions < o.budget && r.decisions_sustained < 0; ++episode) {
    VectorXd observation = life.reset();
    agent.begin_episode(episode, false);
    for (int t = 0; t < life.time_limit() && r.decisions < o.budget && r.decisions_sustained < 0; ++t) {
      const double from = seconds();
      const VectorXd state = agent.perceive({observation.data(), static_cast<std::size_t>(observation.size())});
      const agents::Decision d = agent.decide(state);
      observation = life.step(d.action);
      agent.learn(state, d.action, observation);
      if (++r.decisions % o.consolidate_every == 0) agent.consolidate();
      if (life.outcome().terminated && r.decisions_goal < 0) r.decisions_goal = r.decisions;
      spent += seconds() - from;
      if (r.decisions % o.test_every == 0) {
        r.test_decisions.push_back(r.decisions);
        r.test_return.push_back(mean_return(test, agent, tester, o.test_episodes));
        const bool solved = r.test_return.back() > o.threshold;
        in_a_row = solved ? in_a_row + 1 : 0;
        if (solved && r.decisions_first < 0) r.decisions_first = r.decisions;
        if (in_a_row == o.sustained) r.decisions_sustained = r.decisions;
      }
      if (life.outcome().terminated) break;
    }
    agent.consolidate();
  }
  r.decision_seconds = spent / r.decisions;
  return r;
}

std::string to_json(const EfficiencyRecord& r, const std::string& task, const std::string& agent) {
  const auto count = [](int n) { return n < 0 ? std::string("null") : std::to_string(n); };
  std::string tests;
  for (std::size_t k = 0; k < r.test_return.size(); ++k)
    tests += (k ? ", [" : "[") + std::to_string(r.test_decisions[k]) + ", " + config::to_text(r.test_return[k]) + "]";
  return "{\"task\": " + config::quote(task) + ", \"agent\": " + config::quote(agent) +
         ", \"seed\": " + std::to_string(r.seed) + ", \"decisions_goal\": " + count(r.decisions_goal) +
         ", \"decisions_first\": " + count(r.decisions_first) +
         ", \"decisions_sustained\": " + count(r.decisions_sustained) +
         ", \"decisions\": " + std::to_string(r.decisions) +
         ", \"decision_ms\": " + config::to_text(1e3 * r.decision_seconds) + ", \"tests\": [" + tests + "]}";
}

}  // namespace infans::experiments
