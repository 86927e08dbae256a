// How each benchmark task is measured.
#include <cmath>
#include <limits>

#include "core/base/error.hpp"
#include "experiments/benchmarks/sample_efficiency.hpp"
#include "experiments/run/options.hpp"

namespace infans::experiments {
namespace {

using Settings = std::map<std::string, std::string>;

struct Known {
  Success success = Success::by_return;
  int budget = 300;  // decisions
  int hold = 1;      // control steps
  int test_every = 5, test_episodes = 5;
  double threshold = std::numeric_limits<double>::quiet_NaN();  // of the return, where the task itself names none
  Settings settings;
  std::string world = {}, preference = {};  // where they are not the task's own: ids of a task, of a preference
};

// Ten decisions of a few raw steps: less than a swing of a mountain car.
Settings short_sighted() {
  return {{"planner.horizon", "10"},
          {"planner.epistemic_weight", "0.3"},
          {"model.slide_scale", "0.5"},
          {"model.slide_velocity_scale", "0.03"}};
}

// Speeds of a mountain car are hundredths of its road, and a swing takes it tens of raw steps. Thresholds of dm_control
// are those of the literature; tests are rarer where an episode has hundreds of decisions.
const std::map<std::string, Known>& known_tasks() {
  static const std::map<std::string, Known> all = {
      {"dmc-cartpole-swingup",
       {.budget = 800, .hold = 5, .test_every = 20, .threshold = 750, .settings = {{"planner.horizon", "40"}}}},
      {"dmc-cartpole-swingup_sparse",
       {.budget = 2000, .hold = 5, .test_every = 20, .threshold = 500, .settings = {{"planner.horizon", "40"}}}},
      {"dmc-pendulum-swingup",
       {.budget = 800, .hold = 5, .test_every = 20, .threshold = 700, .settings = {{"planner.horizon", "25"}}}},
      {"dmc-reacher-easy",
       {.budget = 1000, .hold = 2, .test_every = 25, .threshold = 800, .settings = {{"agent.model", "mechanics"}}}},
      {"dmc-reacher-hard",
       {.budget = 1000, .hold = 2, .test_every = 25, .threshold = 800, .settings = {{"agent.model", "mechanics"}}}},
      {"mountain-car",
       {.success = Success::by_goal,
        .budget = 3000,
        .settings = {{"planner.horizon", "120"},
                     {"planner.noise_colour", "2"},
                     {"model.slide_velocity_scale", "0.05"}}}},
      {"mountain-car-feef",
       {.success = Success::by_goal,
        .budget = 501,
        .settings = {{"planner.horizon", "40"}, {"model.slide_velocity_scale", "0.05"}}}},
      {"mountain-car-feef-short",
       {.success = Success::by_goal,
        .budget = 501,
        .settings = short_sighted(),
        .world = "mountain-car-feef-v0",
        .preference = "mountain-car-short"}},
      {"mountain-car-short",
       {.success = Success::by_goal,
        .budget = 750,
        .hold = 4,
        .settings = short_sighted(),
        .world = "mountain-car-v0",
        .preference = "mountain-car-short"}},
      {"pets-cartpole", {.budget = 1000, .test_every = 20, .settings = {{"planner.horizon", "20"}}}},
      {"pilco-cartpole", {.settings = {{"planner.horizon", "15"}}}},
      {"tip-pendulum", {.settings = {{"planner.horizon", "20"}}}},
      {"tip-reacher", {.budget = 350, .hold = 2, .settings = {{"planner.horizon", "10"}}}}};
  return all;
}

config::OptionTable efficiency_table(const Known& known) {
  const auto whole = [](long x) { return config::Value(x); };
  config::OptionTable table = life_options();
  table.push_back({"bench.hold", whole(known.hold), 1, 1000, {}, "control steps", "under one decision"});
  table.push_back({"bench.budget", whole(known.budget), 1, 1000000, {}, "decisions", "a life ends after this many"});
  table.push_back({"bench.test_every", whole(known.test_every), 1, 1000000, {}, "decisions", "between two tests"});
  table.push_back({"bench.test_episodes", whole(known.test_episodes), 1, 1000, {}, "episodes", "of a test"});
  return table;
}

// The loop of these tasks shows states as they are.
void refuse_senses(const config::Options& o) {
  const SensesOptions senses = senses_options(o);
  if (senses.noise > 0.0 || senses.delay > 0 || senses.missing > 0.0)
    throw base::OptionError("senses",
                            "senses.noise, senses.delay and senses.missing are for lives of `infans run`; the "
                            "benchmark tasks show states as they are: leave them out");
  if (o.text("agent.filter") != "none")
    throw base::OptionError("agent.filter",
                            "agent.filter is for lives of `infans run`; the benchmark tasks show states "
                            "as they are: leave it out");
}

}  // namespace

std::vector<std::string> efficiency_tasks() {
  std::vector<std::string> names;
  for (const auto& [name, known] : known_tasks()) names.push_back(name);
  return names;
}

EfficiencyOptions efficiency_options(const envs::TaskTable& tasks, const std::string& task, const std::string& agent,
                                     const Settings& settings) {
  const auto found = known_tasks().find(task);
  if (found == known_tasks().end())
    throw base::OptionError(
        "task", "there is no task '" + task + "'; the nearest is '" + config::nearest(task, efficiency_tasks()) + "'");
  const Known& known = found->second;
  config::Options options(efficiency_table(known));
  for (const auto& [key, value] : known.settings) options.set_text(key, value, task);
  options.set_text("agent.policy", agent, "agent");
  for (const auto& [key, value] : settings) options.set_text(key, value, "settings");
  refuse_senses(options);
  EfficiencyOptions o;
  o.task = known.world.empty() ? task + "-v0" : known.world;
  o.preference = known.preference;
  o.success = known.success;
  o.threshold = std::isnan(known.threshold) ? tasks.info(o.task).reward_threshold : known.threshold;
  o.hold = static_cast<int>(options.integer("bench.hold"));
  o.budget = static_cast<int>(options.integer("bench.budget"));
  o.test_every = static_cast<int>(options.integer("bench.test_every"));
  o.test_episodes = static_cast<int>(options.integer("bench.test_episodes"));
  o.agent = agent_options(options);
  return o;
}

}  // namespace infans::experiments
