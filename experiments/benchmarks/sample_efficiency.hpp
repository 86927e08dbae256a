// How many decisions an agent needs until its frozen mind solves a task: counted all-in, everything that it lived from
// its first command on.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agents/agent.hpp"
#include "envs/api/task.hpp"

namespace infans::experiments {

// What counts as success.
enum class Success {
  by_return,  // a test of the frozen mind whose mean return is above the threshold
  by_goal     // an episode of the life itself that ends at the task's goal
};

struct EfficiencyOptions {
  std::string task = "tip-pendulum-v0";
  std::string preference;  // an agents::task_preference; empty: the task's
  std::string assets;      // folder of the task's files (envs::TaskInfo::folder), for a task that has some
  int hold = 1;            // control steps under one decision
  Success success = Success::by_return;
  double threshold = -200.0;
  int budget = 300;     // decisions
  int test_every = 10;  // decisions between two tests
  int test_episodes = 5;
  int sustained = 3;          // successes in a row
  int consolidate_every = 5;  // decisions
  agents::AgentOptions agent;
};

// What a seed needed. -1: not within the budget (censored).
struct EfficiencyRecord {
  std::uint64_t seed = 0;
  int decisions = 0;             // lived
  int control_steps = 0;         // under them
  int decisions_first = -1;      // at the first success
  int decisions_sustained = -1;  // at the last of the first `sustained` successes in a row
  double decision_seconds = 0;   // mean CPU time of a decision and what was learned from it
  // Of every test, or of every episode of a life judged by its goal:
  std::vector<int> test_decisions;
  std::vector<double> test_return;  // mean over the test's episodes; of the life's episode
  std::vector<bool> solved;
};

// One life, tested while it goes on; it ends when it is sustained or the budget is spent. Tests start where the task
// starts, from streams that the life never uses, and leave the agent as it was.
EfficiencyRecord measure_efficiency(const envs::TaskTable& tasks, const EfficiencyOptions& options, std::uint64_t seed);

// Names of the tasks that efficiency_options knows, without their "-v0".
std::vector<std::string> efficiency_tasks();
// How such a task is measured: agent is an agent.policy; the model is harmonics and the planner fits the task unless
// settings (options of a study and bench.hold, bench.budget, bench.test_every, bench.test_episodes, as text) say
// otherwise. Throws base::OptionError for a name, an option or a value.
EfficiencyOptions efficiency_options(const envs::TaskTable& tasks, const std::string& task, const std::string& agent,
                                     const std::map<std::string, std::string>& settings);
// Seconds between two control steps of a task.
double control_period(const envs::TaskTable& tasks, const EfficiencyOptions& options);

}  // namespace infans::experiments
