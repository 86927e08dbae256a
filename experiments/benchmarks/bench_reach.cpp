// Decisions until an arm reaches random targets, from zero knowledge: one JSON object a line on stdout, for every arm,
// row and seed. `scripts/bench reach` makes the tables.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/parallel/parallel.hpp"
#include "experiments/benchmarks/reach.hpp"

namespace {

using namespace infans;
using experiments::BodyChange;
using experiments::ChangeResult;
using experiments::ReachResult;
using experiments::ReachRow;

struct Request {
  std::vector<std::string> arms = {"planar2", "planar3", "planar4", "infant", "seven"}, rows, changes;
  int seeds = 20, practice = 30, threads = parallel::available_threads();
  std::uint64_t seed = 1;
};

std::vector<ReachRow> chosen(const std::vector<ReachRow>& all, const std::vector<std::string>& names) {
  if (names.empty()) return all;
  std::vector<ReachRow> some;
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

// Calls once a seed, in parallel, and hands over the results in their order.
template <typename Result, typename Live, typename Tell>
void every_seed(const Request& request, Live&& live, Tell&& tell) {
  std::vector<Result> results(static_cast<std::size_t>(request.seeds));
  parallel::for_each(request.seeds, request.threads, [&](int k) {
    results[static_cast<std::size_t>(k)] = live(request.seed + static_cast<std::uint64_t>(k));
  });
  for (std::size_t k = 0; k < results.size(); ++k) tell(request.seed + k, results[k]);
}

void reach(const Request& request) {
  const std::vector<ReachRow> rows = chosen(experiments::reach_rows(), request.rows);
  for (const std::string& name : request.arms) {
    const envs::ReachingArm arm = experiments::reaching_arm(name);
    for (const ReachRow& row : rows)
      every_seed<ReachResult>(
          request, [&](std::uint64_t seed) { return experiments::run_reach(arm, row.options, seed); },
          [&](std::uint64_t seed, const ReachResult& r) { print(name, row.name, seed, r); });
  }
}

const std::map<std::string, BodyChange> changes = {
    {"none", BodyChange::none}, {"growth", BodyChange::growth}, {"sensor", BodyChange::sensor}};

void print(const std::string& arm, const std::string& change, const std::string& row, std::uint64_t seed,
           const ChangeResult& r) {
  constexpr const char* kinds[] = {"none", "offset", "link", "other", "mirror"};
  std::printf(
      "{\"arm\": \"%s\", \"change\": \"%s\", \"row\": \"%s\", \"seed\": %llu, \"decisions\": %d, \"reached\": %s, "
      "\"false_alarms\": %d, \"noticed\": %d, \"cause\": \"%s\", \"which\": %d, \"value\": %.4g}\n",
      arm.c_str(), change.c_str(), row.c_str(), static_cast<unsigned long long>(seed), r.after.decisions,
      r.after.reached ? "true" : "false", r.false_alarms, r.after.noticed, kinds[static_cast<int>(r.cause.kind)],
      r.cause.which, r.cause.kind == inference::ChangingHand::Kind::link ? r.cause.shift.norm() : r.cause.offset);
  std::fflush(stdout);
}

void change(const Request& request) {
  const std::vector<ReachRow> rows = chosen(experiments::change_rows(), request.rows);
  for (const std::string& arm : request.arms)
    for (const std::string& name : request.changes)
      for (const ReachRow& row : rows)
        every_seed<ChangeResult>(
            request,
            [&](std::uint64_t seed) {
              const BodyChange what = changes.at(name);
              if (!row.name.ends_with("-anew"))
                return experiments::run_change(arm, what, row.options, request.practice, seed);
              ChangeResult r;
              r.after = experiments::run_anew(arm, what, row.options, seed);
              return r;
            },
            [&](std::uint64_t seed, const ChangeResult& r) { print(arm, name, row.name, seed, r); });
}

}  // namespace

int main(int argc, char** argv) {
  Request request;
  CLI::App app("Decisions until an arm reaches random targets; one JSON object a line.");
  app.add_option("--arms", request.arms, "arms")->delimiter(',')->capture_default_str();
  app.add_option("--rows", request.rows, "rows (default: all)")->delimiter(',');
  app.add_option("--changes", request.changes, "bodies that change once they are known: none, growth, sensor")
      ->delimiter(',')
      ->check(CLI::IsMember(changes));
  app.add_option("--practice", request.practice, "decisions between knowing and the change")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--seeds", request.seeds, "seeds a row")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--seed", request.seed, "the first one")->capture_default_str();
  app.add_option("--threads", request.threads, "threads")->check(CLI::PositiveNumber)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    request.changes.empty() ? reach(request) : change(request);
  } catch (const base::UserError& error) {
    std::fprintf(stderr, "bench_reach: %s\n", error.what());
    return 2;
  }
  return 0;
}
