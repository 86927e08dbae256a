// Counting decisions: tests leave the agent alone, every decision counts, and the figures follow from the tests.
#include <doctest/doctest.h>

#include <cmath>

#include "agents/drives/task_preference.hpp"
#include "core/base/error.hpp"
#include "envs/analytic/tasks.hpp"
#include "envs/worlds/worlds.hpp"
#include "experiments/benchmarks/sample_efficiency.hpp"
#include "experiments/benchmarks/sampling.hpp"

using namespace infans;
using Eigen::VectorXd;

namespace {

experiments::EfficiencyOptions small() {
  experiments::EfficiencyOptions o;
  o.task = "pilco-cartpole-v0";
  o.threshold = -12.5;
  o.budget = 60;
  o.test_every = 10;
  o.test_episodes = 2;
  o.agent.model.kind = inference::WorldKind::mechanics;
  o.agent.planner.candidates = 60;
  return o;
}

envs::TaskTable tasks() {
  envs::TaskTable table;
  envs::add_analytic_tasks(table);
  return table;
}

}  // namespace

TEST_CASE("first and sustained follow from the tests, and equal seeds give equal records") {
  const envs::TaskTable table = tasks();
  const experiments::EfficiencyOptions o = small();
  const experiments::EfficiencyRecord r = experiments::measure_efficiency(table, o, 7),
                                      again = experiments::measure_efficiency(table, o, 7);
  CHECK(r.test_return == again.test_return);
  int first = -1, sustained = -1, row = 0;
  for (std::size_t k = 0; k < r.test_return.size(); ++k) {
    CHECK(r.test_decisions[k] == 10 * static_cast<int>(k + 1));
    const bool solved = r.test_return[k] > o.threshold;
    row = solved ? row + 1 : 0;
    if (solved && first < 0) first = r.test_decisions[k];
    if (row == 3 && sustained < 0) sustained = r.test_decisions[k];
    CHECK(r.test_return[k] <= 0.0);
    CHECK(r.test_return[k] >= -25.0);
  }
  CHECK(r.decisions_first == first);
  CHECK(r.decisions_sustained == sustained);
  CHECK(r.decisions == (sustained < 0 ? o.budget : sustained));
}

TEST_CASE("a budget that is spent is a censored record") {
  experiments::EfficiencyOptions o = small();
  o.threshold = 1.0;
  o.budget = 25;
  const experiments::EfficiencyRecord r = experiments::measure_efficiency(tasks(), o, 8);
  CHECK(r.decisions == 25);
  CHECK(r.test_return.size() == 2);
  CHECK(r.decisions_first == -1);
  CHECK(r.decisions_sustained == -1);
}

TEST_CASE("a life judged by its goal is judged at the end of every episode") {
  experiments::EfficiencyOptions o =
      experiments::efficiency_options(tasks(), "mountain-car-feef", "random", {{"agent.model", "mechanics"}});
  o.budget = 400;  // two whole episodes of 167 and a part, if the goal is not met by chance
  const experiments::EfficiencyRecord r = experiments::measure_efficiency(tasks(), o, 5);
  REQUIRE(r.solved.size() >= 3);
  int lived = 0;
  for (std::size_t k = 0; k < r.solved.size(); ++k) {
    CHECK(r.test_return[k] == (r.solved[k] ? 1.0 : 0.0));  // the reward is paid at the goal alone
    CHECK(r.test_decisions[k] - lived <= 167);
    CHECK((r.solved[k] || r.test_decisions[k] - lived == 167 || r.test_decisions[k] == o.budget));
    lived = r.test_decisions[k];
  }
}

TEST_CASE("tasks to measure are named, and so are mistakes") {
  const envs::TaskTable all = envs::all_tasks();
  for (const std::string& name : experiments::efficiency_tasks()) {
    const std::string world = experiments::efficiency_options(all, name, "efe", {}).task;
    CHECK(name.starts_with(world.substr(0, world.size() - 3)));  // a task or a variant of it
  }
  CHECK_THROWS_WITH_AS(experiments::efficiency_options(tasks(), "mountan-car", "efe", {}),
                       doctest::Contains("'mountain-car'"), base::OptionError);
  CHECK_THROWS_AS(experiments::efficiency_options(tasks(), "tip-pendulum", "grredy", {}), base::OptionError);
  for (const auto& [key, value] : std::map<std::string, std::string>{
           {"senses.noise", "0.1"}, {"senses.delay", "1"}, {"senses.missing", "0.1"}, {"agent.filter", "smoothed"}})
    CHECK_THROWS_AS(experiments::efficiency_options(tasks(), "tip-pendulum", "efe", {{key, value}}), base::OptionError);
}

TEST_CASE("a tested agent decides as one that was not") {
  const auto world = envs::make_pilco_cartpole();
  const auto live = [&](bool tested) {
    agents::Agent agent(world->spec(), small().agent, agents::task_preference("pilco-cartpole-v0"), 3, 25);
    agents::Tester tester(agent);
    VectorXd state = Eigen::Vector4d(0.0, 3.1, 0.0, 0.0), commands(12);
    agent.begin_episode(0, false);
    world->set_joints({state.data(), 2}, {state.data() + 2, 2});
    for (int t = 0; t < 12; ++t) {
      const agents::Decision d = agent.decide(state);
      if (tested) {
        tester.begin_episode();
        tester.decide(state);
        tester.decide(0.5 * state);
      }
      const auto o = world->step({d.action.data(), 1});
      const VectorXd next = Eigen::Map<const VectorXd>(o.data(), 4);
      agent.learn(state, d.action, next);
      if (t == 5) agent.consolidate();
      state = next;
      commands(t) = d.action(0);
    }
    return commands;
  };
  CHECK(live(true) == live(false));
}

// ceil(log2 1000) touches halve 1 m to 1 mm, whatever the height.
TEST_CASE("an active sampler finds the edge in ten touches, a passive one does not") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const experiments::EfficiencyRecord r = experiments::measure_sampling("contact-search", "efe", seed);
    CHECK(r.decisions_first == 10);
    CHECK(r.decisions_sustained == 10);
    CHECK(r.control_steps == 10);
    CHECK(experiments::measure_sampling("contact-search", "random", seed).decisions_first > 10);
  }
}

// The goal is what the best input tells in 1000 steps: nobody is much faster (noise helps by a few steps at most), and
// white input is worse than the plan on every body (eta 0.6 against 0.1; experiments/benchmarks).
TEST_CASE("learning a linear body ends when as much is known as the best input could tell") {
  const experiments::EfficiencyRecord planned = experiments::measure_sampling("linear-gaussian", "efe", 3),
                                      white = experiments::measure_sampling("linear-gaussian", "random", 3);
  CHECK(planned.decisions_first > 0.9 * experiments::linear_goal_steps);
  CHECK(planned.decisions_first < 2 * experiments::linear_goal_steps);
  CHECK(planned.decisions == planned.decisions_first);
  CHECK(white.decisions_first == -1);
  CHECK(white.decisions == 5000);
  CHECK(white.solved == std::vector<bool>{false});
}

TEST_CASE("a sampling task or agent that does not exist is named with its nearest") {
  CHECK_THROWS_WITH_AS(experiments::measure_sampling("contact-serch", "efe", 1),
                       "task: there is no 'contact-serch'; the nearest is 'contact-search'", base::OptionError);
  CHECK_THROWS_WITH_AS(experiments::measure_sampling("contact-search", "efee", 1),
                       "agent: there is no 'efee'; the nearest is 'efe'", base::OptionError);
}

// Ten decisions reach over less than a swing and only the goal is preferred: curiosity finds it all the same.
TEST_CASE("a short-sighted curious driver reaches the goal of both mountain cars in the first episode") {
  const envs::TaskTable table = tasks();
  for (const char* task : {"mountain-car-short", "mountain-car-feef-short"}) {
    CAPTURE(task);
    experiments::EfficiencyOptions o = experiments::efficiency_options(table, task, "efe", {});
    o.sustained = 1;
    const experiments::EfficiencyRecord r = experiments::measure_efficiency(table, o, 101);
    CHECK(r.solved == std::vector<bool>{true});
    CHECK(r.decisions_first < 100);
    CHECK(r.control_steps <= o.hold * r.decisions);
  }
}
