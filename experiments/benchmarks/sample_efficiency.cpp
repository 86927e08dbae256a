#include "experiments/benchmarks/sample_efficiency.hpp"

#include <time.h>

#include "agents/drives/task_preference.hpp"
#include "core/base/error.hpp"
#include "envs/api/joint_view.hpp"

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

envs::Task task_of(const envs::TaskTable& tasks, const EfficiencyOptions& o) {
  envs::TaskOptions options;
  options.assets = o.assets;
  return tasks.make(o.task, options);
}

// A task's world as joints, at the start of an episode.
class Stage {
 public:
  Stage(envs::Task task, int hold, std::uint64_t seed, std::uint32_t who)
      : decisions_((task.info.time_limit + hold - 1) / hold),
        world_(joints_of(std::move(task), hold)),
        seed_(seed),
        who_(who) {}

  const envs::Spec& spec() const { return world_.spec(); }
  int decisions() const { return decisions_; }  // of an episode
  VectorXd reset() {
    random::Stream stream({seed_, who_, random::Purpose::reset, episodes_++});
    return to_eigen(world_.reset(stream));
  }
  VectorXd step(const VectorXd& action) {
    return to_eigen(world_.step({action.data(), static_cast<std::size_t>(action.size())}));
  }
  envs::Outcome outcome() const { return world_.outcome(); }
  int held() const { return world_.held(); }

 private:
  static envs::JointView joints_of(envs::Task task, int hold) {
    envs::JointReading reading = envs::joint_reading(task.world->spec());
    return {std::move(task.world), std::move(reading), hold};
  }

  int decisions_;
  envs::JointView world_;
  std::uint64_t seed_;
  std::uint32_t who_;
  std::uint64_t episodes_ = 0;
};

std::span<const double> view(const VectorXd& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }

double mean_return(Stage& stage, agents::Tester& tester, int episodes) {
  double sum = 0.0;
  for (int e = 0; e < episodes; ++e) {
    VectorXd observation = stage.reset();
    tester.begin_episode();
    for (int t = 0; t < stage.decisions(); ++t) {
      observation = stage.step(tester.decide(tester.perceive(view(observation))));
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

}  // namespace

EfficiencyRecord measure_efficiency(const envs::TaskTable& tasks, const EfficiencyOptions& o, std::uint64_t seed) {
  Stage life(task_of(tasks, o), o.hold, seed, life_starts), test(task_of(tasks, o), o.hold, seed, test_starts);
  const auto preference = agents::task_preference(o.preference.empty() ? o.task : o.preference);
  agents::Agent agent(life.spec(), o.agent, preference, seed, life.decisions());
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
    for (int t = 0; t < life.decisions() && !ended && goes_on(); ++t) {
      const double from = seconds();
      const VectorXd state = agent.perceive(view(observation));
      const agents::Decision d = agent.decide(state);
      observation = life.step(d.action);
      r.control_steps += life.held();
      agent.learn(state, d.action, observation.head(state.size()));
      ++r.decisions;
      if (agent.consolidation_due(o.consolidate_every)) agent.consolidate();
      spent += seconds() - from;
      paid += life.outcome().reward;
      ended = life.outcome().terminated;
      if (o.success == Success::by_return && r.decisions % o.test_every == 0) {
        const double mean = mean_return(test, tester, o.test_episodes);
        judge.note(mean, mean > o.threshold);
      }
    }
    agent.consolidate();
    if (o.success == Success::by_goal) judge.note(paid, ended);
  }
  r.decision_seconds = spent / r.decisions;
  return r;
}

double control_period(const envs::TaskTable& tasks, const EfficiencyOptions& o) {
  return task_of(tasks, o).world->spec().control_period;
}

}  // namespace infans::experiments
