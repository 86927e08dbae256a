// How a life is put aside and goes on.
#include "experiments/run/clocks.hpp"
#include "experiments/run/life.hpp"

namespace infans::experiments {
namespace {

void describe_progress(base::Archive& a, LifeProgress& p) {
  a("episode", p.episode)("decisions", p.decisions)("success", p.success)("mean_vfe", p.mean_vfe);
  a("hold_distance", p.hold_distance)("first_success", p.first_success)("three_in_a_row", p.three_in_a_row);
  a("successes", p.successes);
}

// Clocks go on where they stood: what lies between two sittings does not count.
void describe_clock(base::Archive& a, const char* name, double now, double& started) {
  double lived = now - started;
  a(name, lived);
  if (a.restoring()) started = now - lived;
}

}  // namespace

void Life::describe(base::Archive& a) {
  describe_progress(a, progress_);
  describe_clock(a, "wall_seconds", wall_seconds(), started_wall_);
  describe_clock(a, "cpu_seconds", thread_cpu_seconds(), started_cpu_);
  envs::describe(a, *world_);
  a("agent", agent_)("senses", senses_)("observation", observation_)("belief", belief_);
  a("length", length_)("index", index_)("evaluation", evaluation_)("in_a_row", in_a_row_);
  a("best_distance", best_distance_)("longest_distance", hold_distance_)("vfe_sum", vfe_sum_);
  a("samples", samples_)("planned", planned_)("plan_seconds", plan_seconds_);
  if (!a.restoring()) return;
  steps_.clear();
  progress_.seconds = wall_seconds() - started_wall_;
}

}  // namespace infans::experiments
