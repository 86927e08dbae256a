// How many decisions an agent needs until its frozen mind solves a task: counted all-in, everything that it lived from
// its first command on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agents/agent.hpp"
#include "envs/api/task.hpp"

namespace infans::experiments {

struct EfficiencyOptions {
  std::string task = "tip-pendulum-v0";
  double threshold = -200.0;  // a test succeeds if its mean return is above
  int budget = 300;           // decisions
  int test_every = 10;        // decisions between two tests
  int test_episodes = 5;
  int sustained = 3;          // tests in a row
  int consolidate_every = 5;  // decisions
  agents::AgentOptions agent;
};

// What a seed needed. -1: not within the budget (censored).
struct EfficiencyRecord {
  std::uint64_t seed = 0;
  int decisions = 0;             // lived
  int decisions_goal = -1;       // when the life itself first ended at the task's goal
  int decisions_first = -1;      // at the first test that succeeded
  int decisions_sustained = -1;  // at the last of the first `sustained` successful tests in a row
  double decision_seconds = 0;   // mean wall time of a decision and what was learned from it
  std::vector<int> test_decisions;
  std::vector<double> test_return;  // mean over the episodes of every test
};

// One life, tested while it goes on; it ends when it is sustained or the budget is spent. Tests start where the task
// starts, from streams that the life never uses, and leave the agent as it was.
EfficiencyRecord measure_efficiency(const envs::TaskTable& tasks, const EfficiencyOptions& options, std::uint64_t seed);

// {"task": .., "agent": .., "seed": .., "decisions_first": .. or null, "decisions_sustained": .. or null, ..}
std::string to_json(const EfficiencyRecord& record, const std::string& task, const std::string& agent);

}  // namespace infans::experiments
