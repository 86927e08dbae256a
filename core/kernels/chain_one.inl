// Settling and learning of one sample: the units are the lanes, W and W' are both stored by columns of a panel, so no
// sum crosses lanes; see belief.hpp.
#include "core/kernels/gemm.inl"
#include "core/kernels/schedule.inl"

namespace infans::kernels {
namespace {

struct OneBody {
  const Chain& chain;
  const Descent& descent;

  bool squashed(int l) const { return chain.form == Form::mba && chain.edge[l].tanh; }
  bool bent(int l) const { return chain.form == Form::amb && l < chain.edges && chain.edge[l].tanh; }

  void rest() const {
    for (int l = 0; l <= chain.edges; ++l) {
      const Level& v = chain.level[l];
      for (int i = 0; descent.momentum != 0.0F && i < v.width; i += width) store(v.velocity + i, vf{});
    }
  }

  void signal(int l) const {
    const Level& v = chain.level[l];
    if (v.signal == v.activity) return;
    for (int i = 0; i < v.width; i += width) store(v.signal + i, tanh_relative(load(v.activity + i)));
  }

  void predictions(int l) const {
    const Edge& e = chain.edge[l];
    float* mu = chain.level[l + 1].prediction;
    weights_times_vector(e.forward, panels(e.out), e.in, chain.level[l].signal, e.bias, mu);
    for (int i = 0; squashed(l) && i < e.out; i += width) store(mu + i, tanh_relative(load(mu + i)));
  }

  void forward(int l) const {
    const Level& v = chain.level[l + 1];
    predictions(l);
    for (int i = 0; !v.clamped && i < v.width; i += width) store(v.activity + i, load(v.prediction + i));
  }

  void refresh(int l, bool) const {
    const Level& v = chain.level[l + 1];
    const bool squash = squashed(l);
    for (int i = 0; i < v.width; i += width) {
      const vf mu = load(v.prediction + i);
      vf d = load(v.activity + i) - mu;
      if (v.precision != nullptr) d = d * load(v.precision + i);
      if (squash) d = d * fma(-mu, mu, set1(1.0F));
      store(v.delta + i, d);
    }
  }

  void predict(int l, bool) const {
    predictions(l);
    refresh(l, false);
  }

  void step(int l, const float* pull) const {
    const Level& v = chain.level[l];
    const bool bend = bent(l);
    for (int i = 0; i < v.width; i += width) {
      const vf value = load(v.activity + i);
      vf down = pull == nullptr ? vf{} : load(pull + i);  // minus the gradient
      if (bend) down = down * fma(-load(v.signal + i), load(v.signal + i), set1(1.0F));
      if (l > 0) {
        const vf e = value - load(v.prediction + i);
        down = v.precision == nullptr ? down - e : fma(-load(v.precision + i), e, down);
      }
      vf next;
      if (descent.momentum != 0.0F) {
        const vf speed = fma(set1(descent.momentum), load(v.velocity + i), set1(descent.step) * down);
        store(v.velocity + i, speed);
        next = value + speed;
      } else {
        next = fma(set1(descent.step), down, value);
      }
      store(v.activity + i, next);
      if (bend) store(v.signal + i, tanh_relative(next));
    }
  }

  void send(int l) const {
    const Edge& e = chain.edge[l];
    float* pull = chain.level[l].transposed;
    weights_times_vector(e.backward, panels(e.in), e.out, chain.level[l + 1].delta, nullptr, pull);
    step(l, pull);
  }

  void drift(int l) const { step(l, nullptr); }

  void energy(int l) const {
    const Level& v = chain.level[l + 1];
    vf sum = {};
    for (int i = 0; i < v.width; i += width) {
      const vf e = load(v.activity + i) - load(v.prediction + i);
      sum = fma(v.precision == nullptr ? e : e * load(v.precision + i), e, sum);
    }
    float total = 0.0F;
    for (int i = 0; i < width; ++i) total += sum[i];
    *v.energy = 0.5F * total;
  }
};

void settle_one(const Chain& chain, const Descent& descent) { run_settle(chain, descent, OneBody{chain, descent}); }

// Both packings take the same product rate delta_o s_i, so they stay the same to the bit.
void learn_one(const Chain& chain, int l, float rate) {
  const Edge& e = chain.edge[l];
  const float* s = chain.level[l].signal;
  float* delta = chain.level[l + 1].delta;
  alignas(64) float change[panel];
  for (int p = 0; p < panels(e.out); ++p) {
    const v8 d = (rate - v8{}) * load8(delta + p * panel);
    store8(e.bias + p * panel, load8(e.bias + p * panel) + d);
    store8(change, d);
    float* w = e.forward + static_cast<long>(p) * e.in * panel;
    for (int i = 0; i < e.in; ++i) store8(w + i * panel, fma8(s[i] - v8{}, d, load8(w + i * panel)));
    const int rows = e.out - p * panel < panel ? e.out - p * panel : panel;
    for (int q = 0; q < panels(e.in); ++q) {
      float* back = e.backward + static_cast<long>(q) * e.out * panel + p * panel * panel;
      const v8 x = load8(s + q * panel);
      for (int r = 0; r < rows; ++r) store8(back + r * panel, fma8(x, change[r] - v8{}, load8(back + r * panel)));
    }
  }
}

}  // namespace
}  // namespace infans::kernels
