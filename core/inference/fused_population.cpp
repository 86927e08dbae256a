#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/inference/fused.hpp"
#include "core/inference/fused_store.hpp"
#include "core/kernels/float_state.hpp"
#include "core/parallel/parallel.hpp"

namespace infans::inference {
namespace {

using kernels::Descent;
using kernels::PopulationEdge;
using kernels::PopulationLevel;

std::size_t size(int a, int b = 1) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); }

// Place of value i of an agent among arrays of `values` values.
std::size_t lane(int agent, std::size_t values, std::size_t i) {
  const auto n = static_cast<std::size_t>(agent);
  return (n / kernels::agents * values + i) * kernels::agents + n % kernels::agents;
}

}  // namespace

struct FusedPopulation::Store {
  FusedShape shape;
  const kernels::BeliefTable& table;
  int count, threads, groups;
  double half_log_precision;
  fused::Arena arena;
  std::vector<PopulationEdge> edges;
  std::vector<PopulationLevel> levels;
  kernels::Population population;

  Store(const FusedShape& s, int n, int t, const kernels::BeliefTable& b)
      : shape(fused::checked(s)),
        table(b),
        count(n),
        threads(t),
        groups((n + kernels::agents - 1) / kernels::agents),
        half_log_precision(fused::half_log_precision(shape)) {
    if (count < 1 || threads < 1) throw std::logic_error("FusedPopulation: count and threads must be at least 1");
    edges.resize(shape.widths.size() - 1);
    levels.resize(shape.widths.size());
    lay_out();
    arena.allocate();
    lay_out();
    population = {shape.form, static_cast<int>(edges.size()), edges.data(), levels.data()};
  }

  float* take(std::size_t values) { return arena.take(values * size(groups, kernels::agents)); }

  void lay_out() {
    for (std::size_t l = 0; l < levels.size(); ++l) {
      PopulationLevel& v = levels[l];
      v.width = shape.widths[l];
      v.clamped = shape.clamped[l];
      v.precision = shape.precision[l].empty() ? nullptr : shape.precision[l].data();
      const std::size_t units = size(v.width);
      v.activity = take(units);
      const bool own_signal = shape.form == kernels::Form::amb && l < edges.size() && shape.tanh[l];
      v.signal = own_signal ? take(units) : v.activity;
      v.velocity = take(units);
      v.sent = take(units);
      if (l == 0) continue;
      v.prediction = take(units);
      v.delta = take(units);
      v.energy = take(1);
    }
    for (std::size_t l = 0; l < edges.size(); ++l) {
      PopulationEdge& e = edges[l];
      e.in = shape.widths[l];
      e.out = shape.widths[l + 1];
      e.tanh = shape.tanh[l];
      e.weight = take(size(e.out, e.in));
      e.bias = take(size(e.out));
    }
  }

  double energy(int agent) const {
    double sum = -half_log_precision;
    for (std::size_t l = 1; l < levels.size(); ++l) sum += levels[l].energy[agent];
    return sum;
  }

  // The first agent of a group whose F is not finite, or none.
  int diverged(int group) const {
    for (int n = group * kernels::agents; n < std::min(count, (group + 1) * kernels::agents); ++n)
      if (!std::isfinite(energy(n))) return n;
    return none;
  }

  void run(const Descent& descent, const float* rate, std::span<double> energies) {
    fused::check(descent);
    if (!energies.empty()) fused::check_size(energies.size(), size(count), "FusedPopulation energy");
    std::atomic<int> first{none};
    parallel::team(std::min(threads, groups), [&](parallel::Member& m) {
      const kernels::FloatState state;
      for (int g = m.begin(groups); g < m.end(groups); ++g) {
        table.settle_agents(population, descent, g);
        const int bad = diverged(g);
        if (bad == none && rate != nullptr) table.learn_agents(population, *rate, g);
        int seen = first;
        while (bad < seen && !first.compare_exchange_weak(seen, bad)) {
        }
      }
    });
    if (first != none) fused::throw_diverged("FusedPopulation, agent " + std::to_string(first));
    for (std::size_t n = 0; n < energies.size(); ++n) energies[n] = energy(static_cast<int>(n));
  }

  const PopulationEdge& edge(int agent, int l) const {
    if (agent < 0 || agent >= count) throw std::logic_error("FusedPopulation: no such agent");
    if (l < 0 || size(l) >= edges.size()) throw std::logic_error("FusedPopulation: no such edge");
    return edges[size(l)];
  }
  const PopulationLevel& level(int l) const {
    if (l < 0 || size(l) >= levels.size()) throw std::logic_error("FusedPopulation: no such level");
    return levels[size(l)];
  }

  static constexpr int none = std::numeric_limits<int>::max();
};

FusedPopulation::FusedPopulation(const FusedShape& shape, int count, int threads, const kernels::BeliefTable& table)
    : store_(std::make_unique<Store>(shape, count, threads, table)) {}
FusedPopulation::~FusedPopulation() = default;
FusedPopulation::FusedPopulation(FusedPopulation&&) noexcept = default;
FusedPopulation& FusedPopulation::operator=(FusedPopulation&&) noexcept = default;

void FusedPopulation::set_weights(int agent, int edge, std::span<const float> weight, std::span<const float> bias) {
  const PopulationEdge& e = store_->edge(agent, edge);
  const std::size_t values = size(e.out, e.in), outputs = size(e.out);
  fused::check_size(weight.size(), values, "FusedPopulation weights");
  if (!bias.empty()) fused::check_size(bias.size(), outputs, "FusedPopulation bias");
  fused::check_finite(weight, "weights of edge", edge);
  fused::check_finite(bias, "bias of edge", edge);
  for (std::size_t i = 0; i < values; ++i) e.weight[lane(agent, values, i)] = weight[i];
  for (std::size_t i = 0; i < outputs; ++i) e.bias[lane(agent, outputs, i)] = bias.empty() ? 0.0F : bias[i];
}

void FusedPopulation::weights(int agent, int edge, std::span<float> weight, std::span<float> bias) const {
  const PopulationEdge& e = store_->edge(agent, edge);
  const std::size_t values = size(e.out, e.in), outputs = size(e.out);
  fused::check_size(weight.size(), values, "FusedPopulation weights");
  if (!bias.empty()) fused::check_size(bias.size(), outputs, "FusedPopulation bias");
  for (std::size_t i = 0; i < values; ++i) weight[i] = e.weight[lane(agent, values, i)];
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = e.bias[lane(agent, outputs, i)];
}

void FusedPopulation::set_activity(int level, std::span<const float> rows) {
  const PopulationLevel& v = store_->level(level);
  const std::size_t units = size(v.width);
  fused::check_size(rows.size(), size(store_->count) * units, "FusedPopulation activity");
  fused::check_finite(rows, "activity of level", level);
  for (int n = 0; n < store_->count; ++n)
    for (std::size_t i = 0; i < units; ++i) v.activity[lane(n, units, i)] = rows[size(n) * units + i];
}

void FusedPopulation::activity(int level, std::span<float> rows) const {
  const PopulationLevel& v = store_->level(level);
  const std::size_t units = size(v.width);
  fused::check_size(rows.size(), size(store_->count) * units, "FusedPopulation activity");
  for (int n = 0; n < store_->count; ++n)
    for (std::size_t i = 0; i < units; ++i) rows[size(n) * units + i] = v.activity[lane(n, units, i)];
}

void FusedPopulation::settle(const Descent& descent, std::span<double> energy) {
  store_->run(descent, nullptr, energy);
}

void FusedPopulation::settle_and_learn(const Descent& descent, float rate, std::span<double> energy) {
  fused::check_rate(rate);
  store_->run(descent, &rate, energy);
}

}  // namespace infans::inference
