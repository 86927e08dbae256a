// What a decision costs on one core, and what a life does; scripts/bench agent runs it.
#include <benchmark/benchmark.h>

#include <memory>

#include "agents/agent.hpp"
#include "envs/bodies/bodies.hpp"
#include "envs/mujoco/world.hpp"
#include "experiments/run/options.hpp"

namespace {

using namespace infans;
using Eigen::VectorXd;

struct Scene {
  std::unique_ptr<envs::Environment> world;
  std::unique_ptr<agents::Agent> agent;
  VectorXd state;
};

VectorXd to_eigen(std::span<const double> v) {
  return Eigen::Map<const VectorXd>(v.data(), static_cast<Eigen::Index>(v.size()));
}

Scene make_scene(int seed, int evidence_steps) {
  config::Options o = experiments::load_study("cartpole_swingup");
  o.set("model.evidence_steps", static_cast<long>(evidence_steps), "benchmark");
  Scene s;
  s.world = envs::make_mujoco_world("cartpole", envs::load_mjcf("cartpole"), "cartpole", {0.1, 0.05});
  auto preference = std::make_shared<agents::PlanarTip>(0.6, 0.0, 0.6, o.number("preference.width"), kernels::best());
  s.agent = std::make_unique<agents::Agent>(s.world->spec(), experiments::agent_options(o), preference,
                                            static_cast<std::uint64_t>(seed), 30);
  return s;
}

// consolidate_every: decisions, as agent.consolidate_every; 0: never.
void live_episode(Scene& s, int episode, int consolidate_every) {
  random::Stream start({1, 0, random::Purpose::reset, static_cast<std::uint64_t>(episode)});
  s.state = to_eigen(s.world->reset(start));
  s.agent->begin_episode(episode, false);
  for (int t = 0; t < 30; ++t) {
    const agents::Decision d = s.agent->decide(s.state);
    const VectorXd next = to_eigen(s.world->step({d.action.data(), static_cast<std::size_t>(d.action.size())}));
    s.agent->learn(s.state, d.action, next);
    s.state = next;
    if (consolidate_every > 0 && (t + 1) % consolidate_every == 0) s.agent->consolidate();
  }
}

// One decision (plan only) after five episodes of own experience, in mid-swing.
void decision(benchmark::State& bench) {
  Scene s = make_scene(1, 25);
  for (int e = 0; e < 5; ++e) live_episode(s, e, 10);
  random::Stream start({1, 0, random::Purpose::reset, 99});
  s.state = to_eigen(s.world->reset(start));
  s.agent->begin_episode(5, false);
  for (auto _ : bench) benchmark::DoNotOptimize(s.agent->decide(s.state));
  bench.SetLabel(kernels::best().isa);
}
BENCHMARK(decision)->Unit(benchmark::kMillisecond);

// A whole life of 600 decisions: body, planning, learning, consolidation every 10 decisions.
void life_of_600_decisions(benchmark::State& bench) {
  for (auto _ : bench) {
    Scene s = make_scene(1, 25);
    for (int e = 0; e < 20; ++e) live_episode(s, e, 10);
  }
}
BENCHMARK(life_of_600_decisions)->Unit(benchmark::kSecond)->Iterations(1);

// The same life without consolidation: what planning and rank-1 learning alone cost.
void life_without_consolidation(benchmark::State& bench) {
  for (auto _ : bench) {
    Scene s = make_scene(1, 0);
    for (int e = 0; e < 20; ++e) live_episode(s, e, 0);
  }
}
BENCHMARK(life_without_consolidation)->Unit(benchmark::kSecond)->Iterations(1);

}  // namespace

BENCHMARK_MAIN();
