// Decisions until an arm reaches random targets, from zero knowledge: one JSON object a line on stdout, for every arm,
// row and seed. `scripts/bench reach` makes the tables.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/parallel/parallel.hpp"
#include "experiments/benchmarks/reach.hpp"

namespace {

using namespace infans;
using experiments::ReachResult;
using experiments::ReachRow;

struct Request {
  std::vector<std::string> arms = {"planar2", "planar3", "planar4", "infant", "seven"}, rows;
  int seeds = 20, threads = parallel::available_threads();
  std::uint64_t seed = 1;
};

std::vector<ReachRow> chosen(const std::vector<std::string>& names) {
  std::vector<ReachRow> all = experiments::reach_rows(), some;
  if (names.empty()) return all;
  for (const std::string& name : names) {
    std::string legal;
    bool found = false;
    for (const ReachRow& row : all) {
      legal += " " + row.name;
      if (row.name != name) continue;
      some.push_back(row);
      found = true;
    }
    if (!found) throw base::UserError("no row of the name " + name + "; there are:" + legal);
  }
  return some;
}

void print(const std::string& arm, const std::string& row, std::uint64_t seed, const ReachResult& r) {
  std::printf(
      "{\"arm\": \"%s\", \"row\": \"%s\", \"seed\": %llu, \"decisions\": %d, \"reached\": %s, \"babbled\": %d, "
      "\"reaches\": %d, \"plan_ms\": %.4g, \"learn_ms\": %.4g, \"body_ms\": %.4g}\n",
      arm.c_str(), row.c_str(), static_cast<unsigned long long>(seed), r.decisions, r.reached ? "true" : "false",
      r.babbled, r.reaches, 1e3 * r.plan_seconds / r.decisions, 1e3 * r.learn_seconds / r.decisions,
      1e3 * r.body_seconds / r.decisions);
  std::fflush(stdout);
}

void run(const Request& request) {
  const std::vector<ReachRow> rows = chosen(request.rows);
  for (const std::string& name : request.arms) {
    const envs::ReachingArm arm = experiments::reaching_arm(name);
    for (const ReachRow& row : rows) {
      std::vector<ReachResult> results(static_cast<std::size_t>(request.seeds));
      parallel::for_each(request.seeds, request.threads, [&](int k) {
        results[static_cast<std::size_t>(k)] =
            experiments::run_reach(arm, row.options, request.seed + static_cast<std::uint64_t>(k));
      });
      for (std::size_t k = 0; k < results.size(); ++k) print(name, row.name, request.seed + k, results[k]);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Request request;
  CLI::App app("Decisions until an arm reaches random targets; one JSON object a line.");
  app.add_option("--arms", request.arms, "arms")->delimiter(',')->capture_default_str();
  app.add_option("--rows", request.rows, "rows (default: all)")->delimiter(',');
  app.add_option("--seeds", request.seeds, "seeds a row")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--seed", request.seed, "the first one")->capture_default_str();
  app.add_option("--threads", request.threads, "threads")->check(CLI::PositiveNumber)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    run(request);
  } catch (const base::UserError& error) {
    std::fprintf(stderr, "bench_reach: %s\n", error.what());
    return 2;
  }
  return 0;
}
