// What a decision of the planner costs on one core, on request, so that experiments/benchmarks/planner.py can alternate
// it with matrix products. One request a line on stdin, one JSON object a line on stdout:
//   plan MODEL SECONDS   the decisions of an episode of the swing-up by an agent.model that lived five episodes:
//                        microseconds a decision (freezing the model, planning) and operations of its imagined steps
//   step MODEL SECONDS   the imagined steps alone, 208 candidates at once: nanoseconds and operations of one
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "core/inference/make_world.hpp"
#include "envs/bodies/bodies.hpp"
#include "envs/mujoco/world.hpp"
#include "experiments/benchmarks/timing.hpp"
#include "experiments/run/options.hpp"

namespace {

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int lived_episodes = 5, episode_steps = 30, candidates = 208;
constexpr std::uint64_t seed = 1;

random::Stream stream(random::Purpose purpose, std::uint64_t step) { return random::Stream({seed, 0, purpose, step}); }

// Passes a thought on and counts what was imagined.
class Counted final : public inference::Imagination {
 public:
  void hold(inference::Imagination& inner, bool curious) {
    inner_ = &inner;
    operations_ = inner.operations(curious);
  }
  void step(const inference::Batch& state, const inference::Batch& action, int n, inference::Batch& next,
            float* gain) override {
    count += n * operations_.step;
    inner_->step(state, action, n, next, gain);
  }
  void linearise(const MatrixXd& state, const MatrixXd& action, bool curious, inference::Linearisation& out) override {
    count += static_cast<double>(state.cols()) * operations_.linearise;
    inner_->linearise(state, action, curious, out);
  }
  double count = 0.0;

 private:
  inference::Imagination* inner_ = nullptr;
  inference::Operations operations_;
};

class Scene {
 public:
  explicit Scene(const std::string& kind) {
    config::Options o = experiments::load_study("cartpole_swingup");
    o.set_text("agent.model", kind, "benchmark");
    options_ = experiments::agent_options(o);
    world_ = envs::make_mujoco_world("cartpole", envs::load_mjcf("cartpole"), "cartpole", {0.1, 0.05});
    const model::Encoding encoding = agents::encoding_of(world_->spec(), options_);
    model_ = inference::make_world_model(encoding, options_.model, seed, 0);
    planner_ = std::make_unique<agents::Planner>(
        encoding.state_size(), encoding.actions, options_.planner,
        std::make_shared<agents::PlanarTip>(0.6, 0.0, 0.6, o.number("preference.width"), kernels::best()));
    for (int e = 0; e < lived_episodes; ++e) {
      episode(e, true);
      model_->refit();
    }
  }

  struct Cost {
    double seconds = 0.0, operations = 0.0, frozen = 0.0;  // a decision; frozen: seconds of freezing the model
  };
  // Of one more episode, always the same, from which nothing is learned; of every decision the fastest time counts.
  Cost cost(double for_seconds) {
    using Clock = std::chrono::steady_clock;
    const auto from = Clock::now();
    do episode(lived_episodes, false);
    while (std::chrono::duration<double>(Clock::now() - from).count() < for_seconds);
    return {decided_.mean(), counted_.count / episode_steps, frozen_.mean()};
  }

  Cost step_cost(double for_seconds) {
    random::Stream draws = stream(random::Purpose::posterior_draws, 0);
    inference::Imagination& imagination = model_->imagine(planner_->curious(), draws);
    inference::Batch state, action, next;
    state.resize(4, candidates);
    action.resize(1, candidates);
    for (float& x : state.values) x = static_cast<float>(draws.normal());
    for (float& u : action.values) u = static_cast<float>(draws.uniform(-1.0, 1.0));
    std::vector<float> gain(static_cast<std::size_t>(state.stride));
    const double one = experiments::fastest(
        [&] { imagination.step(state, action, candidates, next, planner_->curious() ? gain.data() : nullptr); },
        for_seconds);
    return {one / candidates, imagination.operations(planner_->curious()).step};
  }

 private:
  void episode(int number, bool learns) {
    using Clock = std::chrono::steady_clock;
    random::Stream start = stream(random::Purpose::reset, static_cast<std::uint64_t>(number));
    const auto first = world_->reset(start);
    VectorXd state = VectorXd::Map(first.data(), static_cast<Eigen::Index>(first.size()));
    planner_->reset();
    counted_.count = 0.0;
    for (int t = 0; t < episode_steps; ++t) {
      const auto decision = static_cast<std::uint64_t>(number * episode_steps + t);
      random::Stream draws = stream(random::Purpose::posterior_draws, decision);
      random::Stream proposals = stream(random::Purpose::candidates, decision);
      const auto from = Clock::now();
      counted_.hold(model_->imagine(planner_->curious(), draws), planner_->curious());
      const auto frozen = Clock::now();
      const agents::Plan plan = planner_->plan(state, counted_, proposals);
      const auto decided = Clock::now();
      if (!learns) {
        decided_(t) = std::min(decided_(t), std::chrono::duration<double>(decided - from).count());
        frozen_(t) = std::min(frozen_(t), std::chrono::duration<double>(frozen - from).count());
      }
      const auto seen = world_->step({plan.action.data(), static_cast<std::size_t>(plan.action.size())});
      const VectorXd next = VectorXd::Map(seen.data(), static_cast<Eigen::Index>(seen.size()));
      if (learns) model_->observe(state, plan.action, next);
      state = next;
    }
  }

  agents::AgentOptions options_;
  std::unique_ptr<envs::Environment> world_;
  std::unique_ptr<inference::WorldModel> model_;
  std::unique_ptr<agents::Planner> planner_;
  Counted counted_;
  VectorXd decided_ = VectorXd::Constant(episode_steps, 1e9), frozen_ = decided_;  // s
};

void answer(const std::string& line, std::map<std::string, std::unique_ptr<Scene>>& scenes) {
  std::istringstream in(line);
  std::string what, kind;
  double seconds = 0.0;
  if (!(in >> what >> kind >> seconds)) throw base::UserError("bench_planner: cannot read '" + line + "'");
  std::unique_ptr<Scene>& scene = scenes[kind];
  if (!scene) scene = std::make_unique<Scene>(kind);
  if (what == "plan") {
    const Scene::Cost best = scene->cost(seconds);
    std::printf("{\"us\": %.6g, \"freeze_us\": %.6g, \"operations\": %.8g, \"isa\": \"%s\"}\n", 1e6 * best.seconds,
                1e6 * best.frozen, best.operations, kernels::best().isa);
  } else if (what == "step") {
    const Scene::Cost c = scene->step_cost(seconds);
    std::printf("{\"us\": %.6g, \"operations\": %.8g}\n", 1e6 * c.seconds, c.operations);
  } else {
    throw base::UserError("bench_planner: cannot read '" + line + "'");
  }
  std::fflush(stdout);
}

}  // namespace

int main() {
  try {
    std::map<std::string, std::unique_ptr<Scene>> scenes;
    for (std::string line; std::getline(std::cin, line);) answer(line, scenes);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 2;
  }
}
