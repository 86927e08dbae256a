// Settling a chain for blocks of 32 samples; see belief.hpp. Every column goes through the same arithmetic whatever its
// neighbours, so tiles of any size give the same bits.
#include "core/kernels/gemm.inl"
#include "core/kernels/schedule.inl"

namespace infans::kernels {
namespace {

// Elementwise parts, on `rows` rows of one block; the fast paths for unit precision and linear levels are compiled
// apart.
struct Rows {
  int rows, columns;
};

// mu = f(sum), in place when wanted.
template <bool Squash>
INFANS_INLINE void squash_rows(Rows n, const float* sum, float* mu) {
  for (int r = 0; r < n.rows; ++r)
    for (int c = 0; c < n.columns; c += width) {
      const vf u = load(sum + r * block + c);
      store(mu + r * block + c, Squash ? tanh_relative(u) : u);
    }
}

// delta = f' Pi (x - mu), f' = 1 - mu^2 if Squash.
template <bool Squash, bool Scaled>
INFANS_INLINE void delta_rows(Rows n, const float* x, const float* mu, const float* precision, float* delta) {
  for (int r = 0; r < n.rows; ++r)
    for (int c = 0; c < n.columns; c += width) {
      const int i = r * block + c;
      const vf m = load(mu + i);
      vf d = load(x + i) - m;
      if (Scaled) d = d * set1(precision[r]);
      if (Squash) d = d * fma(-m, m, set1(1.0F));
      store(delta + i, d);
    }
}

// x steps down the gradient: pull = W' delta of the level below (nullptr: none), bent by f'(x) = 1 - s^2 if Bent.
template <bool Bent, bool Scaled>
INFANS_INLINE void step_rows(Rows n, const Descent& d, const float* pull, const float* mu, const float* precision,
                             float* x, float* s, float* velocity) {
  const vf step = set1(d.step), momentum = set1(d.momentum);
  for (int r = 0; r < n.rows; ++r)
    for (int c = 0; c < n.columns; c += width) {
      const int i = r * block + c;
      const vf value = load(x + i);
      vf down = pull == nullptr ? vf{} : load(pull + i);  // minus the gradient
      if (Bent) down = down * fma(-load(s + i), load(s + i), set1(1.0F));
      if (mu != nullptr) {
        const vf e = value - load(mu + i);
        down = Scaled ? fma(-set1(precision[r]), e, down) : down - e;
      }
      vf next;
      if (velocity != nullptr) {
        const vf v = fma(momentum, load(velocity + i), step * down);
        store(velocity + i, v);
        next = value + v;
      } else {
        next = fma(step, down, value);
      }
      store(x + i, next);
      if (Bent) store(s + i, tanh_relative(next));
    }
}

// Runs a kernel with two compile-time switches.
#define INFANS_SWITCH(a, b, call) \
  do {                            \
    if (a)                        \
      if (b)                      \
        call(true, true);         \
      else                        \
        call(true, false);        \
    else if (b)                   \
      call(false, true);          \
    else                          \
      call(false, false);         \
  } while (false)

struct BlockBody {
  const Chain& chain;
  const Descent& descent;
  int first, last;

  int columns(int b) const { return chain.batch - b * block <= block / 2 ? block / 2 : block; }
  long at(int b) const { return b * chain.stride; }
  static const float* from(const float* precision, int row) { return precision == nullptr ? nullptr : precision + row; }
  // f on the prediction (MBA) or on the activity (AMB) of edge l.
  bool squashed(int l) const { return chain.form == Form::mba && chain.edge[l].tanh; }
  bool bent(int l) const { return chain.form == Form::amb && l < chain.edges && chain.edge[l].tanh; }

  // finish(block, rows, offset of the rows, sum) for each 8 rows of first + w x; a panel serves all blocks of the tile.
  template <class Finish>
  void product(const float* w, int count, int out, const float* x, const float* bias, const Finish& finish) const {
    alignas(64) float sum[panel * block];
    static constexpr float zero[panel] = {};
    for (int p = 0; p < panels(out); ++p)
      for (int b = first; b < last; ++b) {
        panel_times_block(w + static_cast<long>(p) * count * panel, count, x + at(b), columns(b),
                          bias == nullptr ? zero : bias + p * panel, sum);
        finish(b, Rows{panel, columns(b)}, p * panel, sum);
      }
  }

  template <class Finish>
  void predictions(int l, const Finish& finish) const {
    const Edge& e = chain.edge[l];
    product(e.forward, e.in, e.out, chain.level[l].signal, e.bias, finish);
  }

  void rest() const {
    for (int l = 0; l <= chain.edges; ++l) {
      const Level& v = chain.level[l];
      if (descent.momentum == 0.0F || v.clamped) continue;
      for (int b = first; b < last; ++b)
        for (int i = 0; i < v.width * block; i += width) store(v.velocity + at(b) + i, vf{});
    }
  }

  void signal(int l) const {
    const Level& v = chain.level[l];
    if (v.signal == v.activity) return;
    for (int b = first; b < last; ++b) squash_rows<true>({v.width, columns(b)}, v.activity + at(b), v.signal + at(b));
  }

  void forward(int l) const {
    const Level& v = chain.level[l + 1];
    predictions(l, [&](int b, Rows n, int row, const float* sum) {
      float* mu = v.prediction + at(b) + row * block;
      squashed(l) ? squash_rows<true>(n, sum, mu) : squash_rows<false>(n, sum, mu);
      if (!v.clamped) squash_rows<false>(n, mu, v.activity + at(b) + row * block);
    });
  }

  void delta(int l, int b, Rows n, int row) const {
    const Level& v = chain.level[l + 1];
    const long i = at(b) + row * block;
#define INFANS_CALL(squash, scaled) \
  delta_rows<squash, scaled>(n, v.activity + i, v.prediction + i, from(v.precision, row), v.delta + i)
    INFANS_SWITCH(squashed(l), v.precision != nullptr, INFANS_CALL);
#undef INFANS_CALL
  }

  void predict(int l, bool) const {
    const Level& v = chain.level[l + 1];
    predictions(l, [&](int b, Rows n, int row, const float* sum) {
      float* mu = v.prediction + at(b) + row * block;
      squashed(l) ? squash_rows<true>(n, sum, mu) : squash_rows<false>(n, sum, mu);
      delta(l, b, n, row);
    });
  }

  void refresh(int l, bool) const {
    for (int b = first; b < last; ++b) delta(l, b, {panels(chain.level[l + 1].width) * panel, columns(b)}, 0);
  }

  void step(int l, int b, Rows n, int row, const float* pull) const {
    const Level& v = chain.level[l];
    const long i = at(b) + row * block;
    const float* mu = l == 0 ? nullptr : v.prediction + i;
    float* velocity = descent.momentum == 0.0F ? nullptr : v.velocity + i;
#define INFANS_CALL(bend, scaled) \
  step_rows<bend, scaled>(n, descent, pull, mu, from(v.precision, row), v.activity + i, v.signal + i, velocity)
    INFANS_SWITCH(bent(l), v.precision != nullptr, INFANS_CALL);
#undef INFANS_CALL
  }

  void send(int l) const {
    const Edge& e = chain.edge[l];
    product(e.backward, e.out, e.in, chain.level[l + 1].delta, nullptr,
            [&](int b, Rows n, int row, const float* sum) { step(l, b, n, row, sum); });
  }

  void drift(int l) const {
    for (int b = first; b < last; ++b) step(l, b, {panels(chain.level[l].width) * panel, columns(b)}, 0, nullptr);
  }

  void energy(int l) const {
    const Level& v = chain.level[l + 1];
    for (int b = first; b < last; ++b)
      for (int c = 0; c < columns(b); c += width) {
        vf sum = {};
        for (int r = 0; r < v.width; ++r) {
          const vf e = load(v.activity + at(b) + r * block + c) - load(v.prediction + at(b) + r * block + c);
          sum = fma(v.precision == nullptr ? e : e * set1(v.precision[r]), e, sum);
        }
        store(v.energy + at(b) + c, sum * set1(0.5F));
      }
  }
};

void settle_blocks(const Chain& chain, const Descent& descent, int first, int last) {
  run_settle(chain, descent, BlockBody{chain, descent, first, last});
}

void transpose_blocks(const Chain& chain, int first, int last) {
  for (int l = 0; l < chain.edges; ++l) {
    const Level& v = chain.level[l];
    const long strip = static_cast<long>(blocks(chain.batch)) * block * block;  // 32 units of all samples
    for (int b = first; b < last; ++b)
      for (int i = 0; i < v.width; i += panel) {
        const float* from = v.signal + b * chain.stride + i * block;
        float* to = v.transposed + i / block * strip + static_cast<long>(b) * block * block + i % block;
        for (int n = 0; n < block; n += 8) transpose_tile(from + n, block, to + n * block, block);
      }
  }
}

}  // namespace
}  // namespace infans::kernels
