// Error of a model over a life without a task, by who chooses the samples: one JSON object a line on stdout, for every
// body, agent and seed. `scripts/bench explore` makes the tables.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/parallel/parallel.hpp"
#include "envs/worlds/worlds.hpp"
#include "experiments/benchmarks/explore.hpp"

namespace {

using namespace infans;
using experiments::ExploreCurve;
using experiments::ExploreOptions;
using inference::WorldKind;

const std::map<std::string, WorldKind> models = {
    {"fourier", WorldKind::fourier}, {"harmonics", WorldKind::harmonics}, {"mechanics", WorldKind::mechanics}};

struct Request {
  std::vector<std::string> bodies = experiments::explore_bodies(), agents = experiments::explore_agents();
  int seeds = 20, threads = parallel::available_threads(), decisions = 400, features = 200, horizon = 15;
  WorldKind model = WorldKind::fourier;
  std::uint64_t seed = 1;
};

void print_list(const char* name, const std::vector<double>& values) {
  std::printf(", \"%s\": [", name);
  for (std::size_t k = 0; k < values.size(); ++k) std::printf("%s%.5g", k == 0 ? "" : ", ", values[k]);
  std::printf("]");
}

void print(const std::string& body, const std::string& agent, std::uint64_t seed, const ExploreCurve& c) {
  std::printf("{\"body\": \"%s\", \"agent\": \"%s\", \"seed\": %llu", body.c_str(), agent.c_str(),
              static_cast<unsigned long long>(seed));
  print_list("decisions", {c.decisions.begin(), c.decisions.end()});
  print_list("one_step", c.one_step);
  print_list("ten_step", c.ten_step);
  print_list("reach", c.reach);
  std::printf(", \"decision_ms\": %.4g}\n", 1e3 * c.decision_seconds);
  std::fflush(stdout);
}

void run(const Request& request, const std::string& body, const std::string& agent) {
  ExploreOptions o = experiments::explore_options(agent);
  o.decisions = request.decisions;
  o.learner.planner.horizon = request.horizon;
  o.learner.model.kind = request.model;
  o.learner.model.transition.fourier_features = request.features;
  // Information of the readout is exact; a field's draws are as many as its kernel takes.
  o.learner.model.transition.draws = request.model == WorldKind::fourier ? request.features : 64;
  std::vector<ExploreCurve> curves(static_cast<std::size_t>(request.seeds));
  parallel::for_each(request.seeds, request.threads, [&](int k) {
    curves[static_cast<std::size_t>(k)] = experiments::explore(body, o, request.seed + static_cast<std::uint64_t>(k));
  });
  for (std::size_t k = 0; k < curves.size(); ++k) print(body, agent, request.seed + k, curves[k]);
}

// What a task's length scales would be if they were known: states all over where the task is lived.
void print_scales(const std::string& task) {
  struct Box {
    Eigen::VectorXd high;
    double slide_velocity_scale;
  };
  const std::map<std::string, Box> boxes = {{"pilco-cartpole", {Eigen::Vector4d(2.0, 3.14159, 4.0, 10.0), 2.0}},
                                            {"mountain-car-feef", {Eigen::Vector2d(1.0, 0.07), 0.05}}};
  if (!boxes.contains(task)) throw base::UserError("--scales: it is pilco-cartpole or mountain-car-feef");
  const Box& box = boxes.at(task);
  agents::AgentOptions agent;
  agent.slide_velocity_scale = box.slide_velocity_scale;
  agent.model.transition.hierarchy_features = 0;
  const auto world = envs::all_tasks().make(task + "-v0", {}).world;
  const Eigen::VectorXd scales = experiments::fitted_scales(*world, -box.high, box.high, agent, 600);
  for (Eigen::Index i = 0; i < scales.size(); ++i) std::printf("%s%.4g", i == 0 ? "" : ",", scales(i));
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  Request request;
  CLI::App app("Error of a model over a life without a task; one JSON object a line.");
  app.add_option("--bodies", request.bodies, "bodies")->delimiter(',')->capture_default_str();
  app.add_option("--agents", request.agents, "who chooses the samples")->delimiter(',')->capture_default_str();
  app.add_option("--model", request.model, "what learns")->transform(CLI::CheckedTransformer(models));
  app.add_option("--features", request.features, "of fourier")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--decisions", request.decisions, "of a life")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--horizon", request.horizon, "of plans")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--seeds", request.seeds, "lives a row")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--seed", request.seed, "the first one")->capture_default_str();
  app.add_option("--threads", request.threads, "threads")->check(CLI::PositiveNumber)->capture_default_str();
  std::string scales;
  app.add_option("--scales", scales, "instead: length scales of a task's inputs, fitted to 600 teleports");
  CLI11_PARSE(app, argc, argv);
  try {
    if (!scales.empty()) {
      print_scales(scales);
      return 0;
    }
    for (const std::string& body : request.bodies)
      for (const std::string& agent : request.agents) run(request, body, agent);
  } catch (const base::UserError& error) {
    std::fprintf(stderr, "bench_explore: %s\n", error.what());
    return 2;
  }
  return 0;
}
