// Many equal chains with weights of their own: an agent is a lane, so the same instruction updates 16 agents and
// nothing crosses lanes; see belief.hpp. A block of rows of W serves the prediction and, while it is in the first-level
// cache, the pull on the level above.
#include "core/kernels/gemm.inl"
#include "core/kernels/schedule.inl"

namespace infans::kernels {
namespace {

constexpr int lane_vectors = agents / width;
// Rows whose sums and errors stay in registers.
constexpr int lane_rows = lane_vectors == 1 ? 8 : lane_vectors == 2 ? 4 : 2;

struct Lanes {
  vf v[lane_vectors];
};

#define INFANS_LANES _Pragma("GCC unroll 4") for (int q = 0; q < lane_vectors; ++q)

INFANS_INLINE Lanes load_lanes(const float* p) {
  Lanes a;
  INFANS_LANES a.v[q] = load(p + q * width);
  return a;
}

INFANS_INLINE void store_lanes(float* p, const Lanes& a) { INFANS_LANES store(p + q * width, a.v[q]); }

// sum[r] += W[r, :] s.
template <int R>
INFANS_INLINE void rows_times(const float* w, int count, const float* s, Lanes* sum) {
  for (int i = 0; i < count; ++i) {
    const Lanes x = load_lanes(s + i * agents);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const float* at = w + (r * count + i) * agents;
      INFANS_LANES sum[r].v[q] = fma(load(at + q * width), x.v[q], sum[r].v[q]);
    }
  }
}

// sent (+)= W[rows, :]' delta.
template <int R>
INFANS_INLINE void rows_pull(const float* w, int count, const Lanes* delta, bool first, float* sent) {
  for (int i = 0; i < count; ++i) {
    Lanes sum = first ? Lanes{} : load_lanes(sent + i * agents);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const float* at = w + (r * count + i) * agents;
      INFANS_LANES sum.v[q] = fma(load(at + q * width), delta[r].v[q], sum.v[q]);
    }
    store_lanes(sent + i * agents, sum);
  }
}

struct GroupBody {
  const Population& population;
  const Descent& descent;
  int group;

  // This group's part of an array of `size` values.
  float* part(float* p, int size) const { return p == nullptr ? p : p + static_cast<long>(group) * size * agents; }
  bool squashed(int l) const { return population.form == Form::mba && population.edge[l].tanh; }
  bool bent(int l) const { return population.form == Form::amb && l < population.edges && population.edge[l].tanh; }

  void rest() const {
    for (int l = 0; l <= population.edges; ++l) {
      const PopulationLevel& v = population.level[l];
      for (int i = 0; descent.momentum != 0.0F && i < v.width * agents; i += width)
        store(part(v.velocity, v.width) + i, vf{});
    }
  }

  void signal(int l) const {
    const PopulationLevel& v = population.level[l];
    if (v.signal == v.activity) return;
    const float* x = part(v.activity, v.width);
    for (int i = 0; i < v.width * agents; i += width) store(part(v.signal, v.width) + i, tanh_relative(load(x + i)));
  }

  // R rows from `row` of edge l: prediction, then (if errors) delta, then (if pull) their part of W' delta.
  template <int R>
  INFANS_INLINE_MEMBER void rows(int l, int row, bool known, bool errors, bool pull) const {
    const PopulationEdge& e = population.edge[l];
    const PopulationLevel& v = population.level[l + 1];
    const int size = e.out, first = row * agents;
    const float* w = part(e.weight, e.in * e.out) + static_cast<long>(row) * e.in * agents;
    const float* x = part(v.activity, size) + first;
    float* mu = part(v.prediction, size) + first;
    Lanes sum[R];
    if (known) {
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) sum[r] = load_lanes(mu + r * agents);
    } else {
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) sum[r] = load_lanes(part(e.bias, size) + first + r * agents);
      rows_times<R>(w, e.in, part(population.level[l].signal, e.in), sum);
      if (squashed(l))
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) INFANS_LANES sum[r].v[q] = tanh_relative(sum[r].v[q]);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) store_lanes(mu + r * agents, sum[r]);
    }
    if (!errors) return;
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) INFANS_LANES {
        vf d = load(x + r * agents + q * width) - sum[r].v[q];
        if (v.precision != nullptr) d = d * set1(v.precision[row + r]);
        if (squashed(l)) d = d * fma(-sum[r].v[q], sum[r].v[q], set1(1.0F));
        sum[r].v[q] = d;
      }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) store_lanes(part(v.delta, size) + first + r * agents, sum[r]);
    if (pull) rows_pull<R>(w, e.in, sum, row == 0, part(population.level[l].sent, e.in));
  }

  void all_rows(int l, bool known, bool errors, bool pull) const {
    int row = 0;
    for (; row + lane_rows <= population.edge[l].out; row += lane_rows) rows<lane_rows>(l, row, known, errors, pull);
    for (; row + 2 <= population.edge[l].out; row += 2) rows<2>(l, row, known, errors, pull);
    for (; row < population.edge[l].out; ++row) rows<1>(l, row, known, errors, pull);
  }

  void forward(int l) const {
    const PopulationLevel& v = population.level[l + 1];
    all_rows(l, false, false, false);
    const float* mu = part(v.prediction, v.width);
    for (int i = 0; !v.clamped && i < v.width * agents; i += width) store(part(v.activity, v.width) + i, load(mu + i));
  }

  void predict(int l, bool pull) const { all_rows(l, false, true, pull); }
  void refresh(int l, bool pull) const { all_rows(l, true, true, pull); }

  void step(int l, const float* pull) const {
    const PopulationLevel& v = population.level[l];
    float *x = part(v.activity, v.width), *s = part(v.signal, v.width), *velocity = part(v.velocity, v.width);
    const float* mu = part(v.prediction, v.width);
    const bool bend = bent(l);
    for (int i = 0; i < v.width * agents; i += width) {
      const vf value = load(x + i);
      vf down = pull == nullptr ? vf{} : load(pull + i);  // minus the gradient
      if (bend) down = down * fma(-load(s + i), load(s + i), set1(1.0F));
      if (l > 0) {
        const vf error = value - load(mu + i);
        down = v.precision == nullptr ? down - error : fma(-set1(v.precision[i / agents]), error, down);
      }
      vf next;
      if (descent.momentum != 0.0F) {
        const vf speed = fma(set1(descent.momentum), load(velocity + i), set1(descent.step) * down);
        store(velocity + i, speed);
        next = value + speed;
      } else {
        next = fma(set1(descent.step), down, value);
      }
      store(x + i, next);
      if (bend) store(s + i, tanh_relative(next));
    }
  }

  void send(int l) const { step(l, part(population.level[l].sent, population.level[l].width)); }
  void drift(int l) const { step(l, nullptr); }

  void energy(int l) const {
    const PopulationLevel& v = population.level[l + 1];
    const float *x = part(v.activity, v.width), *mu = part(v.prediction, v.width);
    INFANS_LANES {
      vf sum = {};
      for (int i = 0; i < v.width; ++i) {
        const vf e = load(x + i * agents + q * width) - load(mu + i * agents + q * width);
        sum = fma(v.precision == nullptr ? e : e * set1(v.precision[i]), e, sum);
      }
      store(part(v.energy, 1) + q * width, sum * set1(0.5F));
    }
  }
};

void settle_group(const Population& population, const Descent& descent, int group) {
  run_settle(population, descent, GroupBody{population, descent, group});
}

void learn_group(const Population& population, float rate, int group) {
  const GroupBody body{population, Descent{}, group};
  for (int l = 0; l < population.edges; ++l) {
    const PopulationEdge& e = population.edge[l];
    const float* s = body.part(population.level[l].signal, e.in);
    const float* delta = body.part(population.level[l + 1].delta, e.out);
    float *w = body.part(e.weight, e.in * e.out), *bias = body.part(e.bias, e.out);
    for (int o = 0; o < e.out; ++o, w += e.in * agents) INFANS_LANES {
        const vf d = set1(rate) * load(delta + o * agents + q * width);
        float* b = bias + o * agents + q * width;
        store(b, load(b) + d);
        for (int i = 0; i < e.in; ++i) {
          float* at = w + i * agents + q * width;
          store(at, fma(d, load(s + i * agents + q * width), load(at)));
        }
      }
  }
}

}  // namespace
}  // namespace infans::kernels
