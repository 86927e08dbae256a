// Samplers beside the limits, one JSON object a line on stdout; `scripts/bench sampling` makes the tables.
//   edge    touches to find an edge to 1 mm in 1 m, told wrongly with a chance, until the agent stops by itself
//   linear  eta = T_opt / T of learners that know nothing about a linear body, prior precision 1 as in
//           bench_linear_limits; beside them a whole life planned for the body as it is, and
//           a bound for every input from rest
//   stop    steps until the plan no longer pays its price
// Usage: bench_sampling PART SEEDS THREADS STEPS...     (edge and stop ignore the steps)
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include "agents/sampling/edge_search.hpp"
#include "agents/sampling/linear_explorer.hpp"
#include "core/parallel/parallel.hpp"
#include "experiments/benchmarks/rest_limit.hpp"
#include "experiments/benchmarks/sampling.hpp"

namespace {

using namespace infans;
using namespace infans::agents;
using namespace infans::experiments;
using Eigen::MatrixXd;
using Eigen::VectorXd;

random::Stream stream(std::uint64_t seed, random::Purpose purpose, std::uint64_t step = 0) {
  return random::Stream({seed, 0, purpose, step});
}

std::string text(const char* form, auto... values) {
  const int size = std::snprintf(nullptr, 0, form, values...);
  std::string s(static_cast<std::size_t>(size), ' ');
  std::snprintf(s.data(), s.size() + 1, form, values...);
  return s;
}

std::string bits(const std::vector<Purchase>& account) {
  std::string list;
  for (const Purchase& line : account)
    list += text("%s[%.4f, %.4f]", list.empty() ? "" : ", ", line.expected / std::numbers::ln2,
                 line.bought / std::numbers::ln2);
  return "[" + list + "]";
}

// ---- edge

constexpr double wrong_answers[] = {0.0, 0.05, 0.1, 0.2};
constexpr double touch_price = 0.01;  // nats

std::string edge_record(double flip, const char* agent, std::uint64_t seed, const EdgeSearch& belief,
                        const Feeler& feeler, const std::string& account) {
  const double guess = belief.quantile(0.5), tolerance = 1e-3;
  return text(
      "{\"part\": \"edge\", \"flip\": %g, \"agent\": \"%s\", \"seed\": %d, \"touches\": %d, \"shown\": %d, "
      "\"error_mm\": %.4f, \"believed_within_1_mm\": %.6f, \"bits\": %s}\n",
      flip, agent, static_cast<int>(seed), feeler.touches(), feeler.shown(), 1e3 * std::abs(guess - feeler.height()),
      belief.chance_above(guess - tolerance) - belief.chance_above(guess + tolerance), account.c_str());
}

std::string search_edge(double flip, bool active, std::uint64_t seed) {
  EdgeSearchOptions options;
  options.flip = flip;
  options.price = touch_price;
  EdgeSearch search(options);
  Feeler feeler(flip, seed);
  random::Stream draws = stream(seed, random::Purpose::babbling);
  const auto borders = static_cast<std::uint32_t>(std::lround(1.0 / search.cell()));
  std::vector<Purchase> account;
  for (VectorXd best = search.propose(); search.worth_it(best); best = search.propose()) {
    const VectorXd y = active ? best : VectorXd::Constant(1, (1 + draws.index(borders - 1)) * search.cell());
    account.push_back(search.buy(y, VectorXd::Constant(1, feeler.touch(y(0)))));
  }
  return edge_record(flip, active ? "active" : "passive", seed, search, feeler, active ? bits(account) : "[]");
}

// Uniform heights until the world's own end: no belief at all.
std::string touch_anywhere(std::uint64_t seed) {
  Feeler feeler(0.0, seed);
  random::Stream draws = stream(seed, random::Purpose::babbling);
  while (feeler.shown() == 0) feeler.touch(draws.uniform());
  return text(
      "{\"part\": \"edge\", \"flip\": 0, \"agent\": \"uniform\", \"seed\": %d, \"touches\": %d, \"shown\": %d}\n",
      static_cast<int>(seed), feeler.touches(), feeler.shown());
}

// ---- linear

struct Rule {
  const char* name;
  InputRule rule;
  bool knows_budget;
};
constexpr Rule rules[] = {
    {"white", InputRule::white, false},
    {"one-step", InputRule::one_step, false},
    {"flex", InputRule::flex, false},
    {"design", InputRule::design, false},
    {"planned, open end", InputRule::planned, false},
    {"planned", InputRule::planned, true},
};
constexpr const char* known_body = "known body";

std::string linear_record(const envs::LinearBody& body, const char* rule, int steps, std::uint64_t seed, double nats) {
  const inference::LinearSystem s = body.system();
  const MatrixXd prior = MatrixXd::Identity(s.b.size() + 1, s.b.size() + 1);
  return text(
      "{\"part\": \"linear\", \"body\": \"%s\", \"rule\": \"%s\", \"steps\": %d, \"seed\": %d, \"eta\": %.4f, "
      "\"bits\": %.2f}\n",
      body.name.c_str(), rule, steps, static_cast<int>(seed), inference::fewest_steps(nats, prior, s, {}) / steps,
      nats * static_cast<double>(s.b.size()) / std::numbers::ln2);
}

std::string record(const LinearLife& life, const char* rule, std::uint64_t seed) {
  return linear_record(life.body(), rule, life.steps(), seed, life.information());
}

// A record at each of the steps; `life` ends at the last.
std::string explore(const envs::LinearBody& body, const Rule& rule, std::uint64_t seed, const std::vector<int>& steps) {
  LinearLife life(body, seed);
  LinearExplorerOptions options;
  options.rule = rule.rule;
  options.budget = rule.knows_budget ? steps.back() : 0;
  LinearExplorer explorer(life.state(), options, stream(seed, random::Purpose::candidates));
  std::string records;
  for (int t = 1; t <= steps.back(); ++t) {
    const VectorXd u = explorer.propose();
    explorer.observe(u, life.step(u(0)));
    if (std::find(steps.begin(), steps.end(), t) != steps.end()) records += record(life, rule.name, seed);
  }
  return records;
}

// The best of eight local optima of the whole life from rest, the body known: what |u| <= 1 and a start at rest allow.
std::string known_life(const envs::LinearBody& body, std::uint64_t seed, int steps) {
  LinearLife life(body, seed);
  const inference::LinearSystem& s = life.system();
  const Eigen::Index nz = s.b.size() + 1;
  const MatrixXd known = s.noise * s.noise * MatrixXd::Identity(nz, nz) + steps * inference::noise_information(s);
  InputPlan plan(s, false);
  random::Stream draws = stream(seed, random::Purpose::candidates);
  VectorXd best;
  double most = 0.0;
  for (int start = 0; start < 8; ++start) {
    VectorXd u(steps);
    for (double& v : u) v = draws.index(2) ? 1.0 : -1.0;
    const double value = plan.ascend(life.state(), known, u, 300);
    if (best.size() > 0 && value <= most) continue;
    most = value;
    best = u;
  }
  for (const double u : best) life.step(u);
  return record(life, known_body, seed);
}

// No life: the bound itself, the noise's share taken as if the body had swung for ever.
std::string bound_from_rest(const envs::LinearBody& body, int steps) {
  const inference::LinearSystem s = body.system();
  const Eigen::Index nz = s.b.size() + 1;
  const MatrixXd prior = MatrixXd::Identity(nz, nz);
  random::Stream draws = stream(0, random::Purpose::candidates);
  const double floor = static_cast<double>(nz) * std::log(s.noise * s.noise);
  const double nats =
      0.5 * (rest_limit(s, s.noise * s.noise * prior + steps * inference::noise_information(s), steps, draws) - floor);
  return linear_record(body, "bound from rest", steps, 0, nats);
}

// ---- stop

constexpr double step_prices[] = {0.1, 0.02};  // nats

std::string explore_until_stop(const envs::LinearBody& body, double price, std::uint64_t seed) {
  LinearLife life(body, seed);
  LinearExplorerOptions options;
  options.price = price;
  LinearExplorer explorer(life.state(), options, stream(seed, random::Purpose::candidates));
  std::vector<Purchase> account;
  for (VectorXd u = explorer.propose(); explorer.worth_it(u); u = explorer.propose())
    account.push_back(explorer.buy(u, life.step(u(0))));
  const double nx = static_cast<double>(life.state().size());
  double bought = 0.0;
  for (const Purchase& line : account) bought += line.bought;
  return text(
      "{\"part\": \"stop\", \"body\": \"%s\", \"price_nats\": %g, \"seed\": %d, \"steps\": %d, \"bits_bought\": %.2f, "
      "\"predicted\": %.1f, \"bits\": %s}\n",
      body.name.c_str(), price, static_cast<int>(seed), static_cast<int>(account.size()), bought / std::numbers::ln2,
      0.5 * nx * (nx + 1.0) / price, bits(account).c_str());
}

// ----

using Work = std::vector<std::function<std::string()>>;

Work work_of(const std::string& part, std::uint64_t seeds, const std::vector<int>& steps) {
  Work work;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    if (part == "edge") {
      work.push_back([=] { return touch_anywhere(seed); });
      for (const double flip : wrong_answers)
        for (const bool active : {true, false}) work.push_back([=] { return search_edge(flip, active, seed); });
      continue;
    }
    for (const envs::LinearBody& body : envs::linear_bodies()) {
      if (part == "stop") {
        for (const double price : step_prices)
          work.push_back([=, &body] { return explore_until_stop(body, price, seed); });
        continue;
      }
      if (seed == 0)
        for (const int t : steps) work.push_back([=, &body] { return bound_from_rest(body, t); });
      for (const int t : steps) work.push_back([=, &body] { return known_life(body, seed, t); });
      for (const Rule& rule : rules) {
        if (!rule.knows_budget) work.push_back([=, &body, &rule] { return explore(body, rule, seed, steps); });
        for (const int t : steps)
          if (rule.knows_budget) work.push_back([=, &body, &rule] { return explore(body, rule, seed, {t}); });
      }
    }
  }
  return work;
}

}  // namespace

int main(int count, char** words) {
  std::vector<int> steps;
  for (int i = 4; i < count; ++i) steps.push_back(std::atoi(words[i]));
  const std::string part = count > 3 ? words[1] : "";
  if ((part != "edge" && part != "linear" && part != "stop") || (part == "linear" && steps.empty())) {
    std::fprintf(stderr, "Usage: bench_sampling edge|linear|stop SEEDS THREADS [STEPS...]\n");
    return 2;
  }
  std::sort(steps.begin(), steps.end());
  const Work work = work_of(part, std::strtoull(words[2], nullptr, 10), steps);
  std::vector<std::string> records(work.size());
  parallel::for_each(static_cast<int>(work.size()), std::atoi(words[3]), [&](int i) {
    const auto task = static_cast<std::size_t>(i);
    records[task] = work[task]();
  });
  for (const std::string& record : records) std::fputs(record.c_str(), stdout);
  return 0;
}
