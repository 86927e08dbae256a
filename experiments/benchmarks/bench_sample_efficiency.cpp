// Decisions until a task is solved, seed by seed; one JSON object a line on stdout.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "core/base/error.hpp"
#include "envs/worlds/worlds.hpp"
#include "experiments/benchmarks/sample_efficiency.hpp"
#include "experiments/run/options.hpp"

namespace {

using namespace infans;

// [KEY=VALUE ...]: task, seeds, seed, budget, test_every, consolidate_every, threshold, or an option of a study.
void measure(int argc, char** argv) {
  experiments::EfficiencyOptions o;
  config::Options options(experiments::life_options());
  long seeds = 20, first = 1;
  bool own_threshold = false;
  options.set("planner.horizon", 20L, "default");
  for (int i = 1; i < argc; ++i) {
    const std::string text = argv[i];
    const std::size_t cut = text.find('=');
    const std::string key = text.substr(0, cut), value = cut == std::string::npos ? "" : text.substr(cut + 1);
    if (key == "task")
      o.task = value;
    else if (key == "seeds")
      seeds = std::atol(value.c_str());
    else if (key == "seed")
      first = std::atol(value.c_str());
    else if (key == "budget")
      o.budget = std::atoi(value.c_str());
    else if (key == "test_every")
      o.test_every = std::atoi(value.c_str());
    else if (key == "consolidate_every")
      o.consolidate_every = std::atoi(value.c_str());
    else if (key == "threshold") {
      o.threshold = std::atof(value.c_str());
      own_threshold = true;
    } else
      options.set_text(key, value, text);
  }
  const envs::TaskTable tasks = envs::all_tasks();
  if (!own_threshold) o.threshold = tasks.info(o.task).reward_threshold;
  o.agent = experiments::agent_options(options);
  for (long s = 0; s < seeds; ++s) {
    const experiments::EfficiencyRecord r =
        experiments::measure_efficiency(tasks, o, static_cast<std::uint64_t>(first + s));
    std::printf("%s\n", experiments::to_json(r, o.task, options.text("agent.model")).c_str());
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    measure(argc, argv);
  } catch (const base::UserError& error) {
    std::fprintf(stderr, "bench_sample_efficiency: %s\n", error.what());
    return 2;
  }
  return 0;
}
