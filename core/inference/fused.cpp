#include "core/inference/fused.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <stdexcept>

#include "core/base/error.hpp"
#include "core/inference/fused_store.hpp"
#include "core/kernels/float_state.hpp"
#include "core/parallel/parallel.hpp"

namespace infans::inference {
namespace {

using kernels::Descent;
using kernels::Edge;
using kernels::Level;

std::size_t size(int a, int b = 1) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); }

// Second-level cache of a core, bytes.
long second_level_cache() {
  const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  return bytes > 0 ? bytes : 512L * 1024L;
}

}  // namespace

struct FusedChain::Store {
  FusedShape shape;
  const kernels::BeliefTable& table;
  int batch, threads, tile = 1;  // tile: blocks settled together
  double half_log_precision;
  fused::Arena arena;
  std::vector<Edge> edges;
  std::vector<Level> levels;
  kernels::Chain chain;
  std::size_t stride = 0;  // floats of a segment
  bool settled = false;

  Store(const FusedShape& s, int n, int t, const kernels::BeliefTable& b)
      : shape(fused::checked(s)), table(b), batch(n), threads(t), half_log_precision(fused::half_log_precision(shape)) {
    if (batch < 1 || threads < 1) throw std::logic_error("FusedChain: batch and threads must be at least 1");
    edges.resize(shape.widths.size() - 1);
    levels.resize(shape.widths.size());
    lay_out();
    arena.allocate();
    lay_out();
    for (std::size_t l = 0; l < levels.size(); ++l)
      std::copy(shape.precision[l].begin(), shape.precision[l].end(), const_cast<float*>(levels[l].precision));
    chain = {shape.form, static_cast<int>(edges.size()), batch, static_cast<long>(stride), edges.data(), levels.data()};
    choose_tile();
  }

  void lay_out() {
    stride = fused::pages(lay_out_segments(nullptr));
    lay_out_segments(arena.take_pages(size(kernels::blocks(batch)) * stride));
    const std::size_t samples = size(kernels::blocks(batch), kernels::block);
    for (std::size_t l = 0; l < levels.size(); ++l) {
      Level& v = levels[l];
      const std::size_t units = size(kernels::padded(v.width));
      v.precision = shape.precision[l].empty() ? nullptr : arena.take(units);
      v.transposed = arena.take(batch == 1 ? units : size(kernels::blocks(v.width)) * samples * kernels::block);
    }
    for (std::size_t l = 0; l < edges.size(); ++l) {
      Edge& e = edges[l];
      e.in = shape.widths[l];
      e.out = shape.widths[l + 1];
      e.tanh = shape.tanh[l];
      e.forward = arena.take(size(kernels::panels(e.out), e.in) * kernels::panel);
      e.backward = arena.take(size(kernels::panels(e.in), e.out) * kernels::panel);
      e.bias = arena.take(size(kernels::padded(e.out)));
    }
  }

  // What all levels keep for one block of samples, at the first segment; returns the floats of a segment.
  std::size_t lay_out_segments(float* first) {
    std::size_t used = 0;
    const auto take = [&](std::size_t floats) {
      float* p = first == nullptr ? nullptr : first + used;
      used += fused::lines(floats);
      return p;
    };
    for (std::size_t l = 0; l < levels.size(); ++l) {
      Level& v = levels[l];
      v.width = shape.widths[l];
      v.clamped = shape.clamped[l];
      const std::size_t values = size(kernels::padded(v.width), batch == 1 ? 1 : kernels::block);
      v.activity = take(values);
      const bool own_signal = shape.form == kernels::Form::amb && l < edges.size() && shape.tanh[l];
      v.signal = own_signal ? take(values) : v.activity;
      v.velocity = take(values);
      if (l == 0) continue;
      v.prediction = take(values);
      v.delta = take(values);
      v.energy = take(kernels::block);
    }
    return used;
  }

  // As many blocks as fit half the cache beside the weights that stream by, and no more than leave work for every
  // thread.
  void choose_tile() {
    long floats = 0;
    for (const Level& v : levels) floats += 3L * kernels::padded(v.width) * kernels::block;
    const long fit = second_level_cache() / 2 / (floats * static_cast<long>(sizeof(float)));
    tile = static_cast<int>(std::clamp<long>(fit, 1, (kernels::blocks(batch) + threads - 1) / threads));
  }

  int team_size() const { return std::min(threads, kernels::blocks(batch)); }

  void settle_share(const parallel::Member& m, const Descent& d) const {
    const int last = m.end(kernels::blocks(batch));
    for (int b = m.begin(kernels::blocks(batch)); b < last; b += tile)
      table.settle(chain, d, b, std::min(b + tile, last));
  }

  void transpose_share(const parallel::Member& m) const {
    table.transpose(chain, m.begin(kernels::blocks(batch)), m.end(kernels::blocks(batch)));
  }

  // Panels of all edges in one line, cut by their work: no weight is touched by two members.
  void learn_share(const parallel::Member& m, float rate) const {
    if (batch == 1) {
      for (int l = 0; m.rank() == 0 && l < chain.edges; ++l)
        table.learn(chain, l, rate / static_cast<float>(batch), 0, 0);
      return;
    }
    long all = 0;
    for (const Edge& e : edges) all += static_cast<long>(kernels::panels(e.out)) * e.in;
    const long from = all * m.rank() / m.size(), to = all * (m.rank() + 1) / m.size();
    long start = 0;
    for (int l = 0; l < chain.edges; ++l) {
      const long count = kernels::panels(edges[size(l)].out), cost = edges[size(l)].in;
      const auto cut = [&](long work) { return std::clamp((work - start + cost - 1) / cost, 0L, count); };
      const int first = static_cast<int>(cut(from)), last = static_cast<int>(cut(to));
      if (first < last) table.learn(chain, l, rate / static_cast<float>(batch), first, last);
      start += count * cost;
    }
  }

  // In the order of levels and samples, whatever the threads.
  double energy() const {
    double sum = 0.0;
    for (std::size_t l = 1; l < levels.size(); ++l)
      for (int n = 0; n < batch; ++n) sum += levels[l].energy[n / kernels::block * chain.stride + n % kernels::block];
    return sum - batch * half_log_precision;
  }

  const Level& level(int l) const {
    if (l < 0 || size(l) >= levels.size()) throw std::logic_error("FusedChain: no such level");
    return levels[size(l)];
  }
  const Edge& edge(int l) const {
    if (l < 0 || size(l) >= edges.size()) throw std::logic_error("FusedChain: no such edge");
    return edges[size(l)];
  }
};

FusedChain::FusedChain(const FusedShape& shape, int batch, int threads, const kernels::BeliefTable& table)
    : store_(std::make_unique<Store>(shape, batch, threads, table)) {}
FusedChain::~FusedChain() = default;
FusedChain::FusedChain(FusedChain&&) noexcept = default;
FusedChain& FusedChain::operator=(FusedChain&&) noexcept = default;

void FusedChain::set_weights(int edge, std::span<const float> weight, std::span<const float> bias) {
  const Edge& e = store_->edge(edge);
  fused::check_size(weight.size(), size(e.out, e.in), "FusedChain weights");
  if (!bias.empty()) fused::check_size(bias.size(), size(e.out), "FusedChain bias");
  fused::check_finite(weight, "weights of edge", edge);
  fused::check_finite(bias, "bias of edge", edge);
  store_->table.pack(e, weight.data(), bias.empty() ? nullptr : bias.data());
  store_->settled = false;
}

void FusedChain::weights(int edge, std::span<float> weight, std::span<float> bias) const {
  const Edge& e = store_->edge(edge);
  fused::check_size(weight.size(), size(e.out, e.in), "FusedChain weights");
  if (!bias.empty()) fused::check_size(bias.size(), size(e.out), "FusedChain bias");
  store_->table.unpack(e, weight.data(), bias.empty() ? nullptr : bias.data());
}

void FusedChain::set_clamped(int level, bool clamped) {
  store_->level(level);
  store_->levels[size(level)].clamped = clamped;
  store_->settled = false;
}

void FusedChain::set_activity(int level, std::span<const float> rows) {
  Store& s = *store_;
  fused::check_size(rows.size(), size(s.batch, s.level(level).width), "FusedChain activity");
  s.settled = false;
  std::atomic<bool> finite{true};
  // A region costs more than it saves below some ten thousand values.
  const int members = rows.size() < 16384 ? 1 : s.team_size();
  parallel::team(members, [&](parallel::Member& m) {
    const int blocks = kernels::blocks(s.batch);
    if (!s.table.load(s.chain, level, m.begin(blocks), m.end(blocks), rows.data())) finite = false;
  });
  if (!finite) fused::check_finite(rows, "activity of level", level);
}

void FusedChain::activity(int level, std::span<float> rows) const {
  const Level& v = store_->level(level);
  fused::check_size(rows.size(), size(store_->batch, v.width), "FusedChain activity");
  store_->table.unload(store_->chain, v.activity, v.width, 0, kernels::blocks(store_->batch), rows.data());
}

void FusedChain::prediction(int level, std::span<float> rows) const {
  const Level& v = store_->level(level);
  if (level == 0) throw std::logic_error("FusedChain: nothing predicts the top level");
  fused::check_size(rows.size(), size(store_->batch, v.width), "FusedChain prediction");
  store_->table.unload(store_->chain, v.prediction, v.width, 0, kernels::blocks(store_->batch), rows.data());
}

double FusedChain::settle(const Descent& descent) {
  Store& s = *store_;
  fused::check(descent);
  s.settled = false;
  parallel::team(s.team_size(), [&](parallel::Member& m) {
    const kernels::FloatState state;
    s.settle_share(m, descent);
  });
  const double energy = s.energy();
  if (!std::isfinite(energy)) fused::throw_diverged("FusedChain");
  s.settled = true;
  return energy;
}

void FusedChain::learn(float rate) {
  Store& s = *store_;
  fused::check_rate(rate);
  if (!s.settled) throw std::logic_error("FusedChain: settle before learn");
  s.settled = false;
  parallel::team(s.team_size(), [&](parallel::Member& m) {
    const kernels::FloatState state;
    s.transpose_share(m);
    m.barrier();
    s.learn_share(m, rate);
  });
}

double FusedChain::settle_and_learn(const Descent& descent, float rate) {
  Store& s = *store_;
  fused::check(descent);
  fused::check_rate(rate);
  s.settled = false;
  double energy = 0.0;
  parallel::team(s.team_size(), [&](parallel::Member& m) {
    const kernels::FloatState state;
    s.settle_share(m, descent);
    s.transpose_share(m);
    m.barrier();
    const double found = s.energy();
    if (m.rank() == 0) energy = found;
    if (std::isfinite(found)) s.learn_share(m, rate);
  });
  if (!std::isfinite(energy)) fused::throw_diverged("FusedChain");
  return energy;
}

}  // namespace infans::inference
