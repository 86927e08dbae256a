// The readable twin of the belief updates: one sample at a time, every level at every step, in double.
#include <cmath>
#include <cstddef>
#include <vector>

#include "core/kernels/belief.hpp"

namespace infans::kernels {
namespace {

int packed_forward(const Edge& e, int o, int i) { return ((o / panel) * e.in + i) * panel + o % panel; }
int packed_backward(const Edge& e, int o, int i) { return ((i / panel) * e.out + o) * panel + i % panel; }

// One sample of a chain.
struct ChainSample {
  const Chain& chain;
  int n;

  Form form() const { return chain.form; }
  int edges() const { return chain.edges; }
  bool tanh(int l) const { return chain.edge[l].tanh; }
  double weight(int l, int o, int i) const { return chain.edge[l].backward[packed_backward(chain.edge[l], o, i)]; }
  double bias(int l, int o) const { return chain.edge[l].bias[o]; }
  const Level& level(int l) const { return chain.level[l]; }
  long energy_at() const { return at(0); }
  long at(int i) const { return chain.batch == 1 ? i : n / block * chain.stride + i * block + n % block; }
  long at(int /*level*/, int i) const { return at(i); }
};

// One agent of a population.
struct AgentSample {
  const Population& population;
  int n;

  Form form() const { return population.form; }
  int edges() const { return population.edges; }
  bool tanh(int l) const { return population.edge[l].tanh; }
  int lane(int size, int i) const { return ((n / agents) * size + i) * agents + n % agents; }
  int weight_at(int l, int o, int i) const {
    const PopulationEdge& e = population.edge[l];
    return lane(e.in * e.out, o * e.in + i);
  }
  double weight(int l, int o, int i) const { return population.edge[l].weight[weight_at(l, o, i)]; }
  double bias(int l, int o) const { return population.edge[l].bias[lane(population.edge[l].out, o)]; }
  const PopulationLevel& level(int l) const { return population.level[l]; }
  long energy_at() const { return n; }
  long at(int l, int i) const { return lane(level(l).width, i); }
};

using Values = std::vector<std::vector<double>>;

template <class Sample>
struct Settling {
  const Sample& sample;
  const Descent& descent;
  int last = sample.edges();
  Values x, s, mu, delta, velocity;

  int width(int l) const { return sample.level(l).width; }
  double precision(int l, int i) const {
    return sample.level(l).precision == nullptr ? 1.0 : double{sample.level(l).precision[i]};
  }
  bool squashed(int l) const { return sample.form() == Form::mba && sample.tanh(l); }
  bool bent(int l) const { return sample.form() == Form::amb && l < last && sample.tanh(l); }

  void read() {
    x.resize(static_cast<std::size_t>(last) + 1);
    for (int l = 0; l <= last; ++l)
      for (int i = 0; i < width(l); ++i) x[l].push_back(sample.level(l).activity[sample.at(l, i)]);
    s = mu = delta = velocity = x;
    for (std::vector<double>& v : velocity) v.assign(v.size(), 0.0);
  }

  void predict(int l) {
    for (int i = 0; i < width(l); ++i) s[l][i] = bent(l) ? std::tanh(x[l][i]) : x[l][i];
    for (int o = 0; o < width(l + 1); ++o) {
      double u = sample.bias(l, o);
      for (int i = 0; i < width(l); ++i) u += sample.weight(l, o, i) * s[l][i];
      mu[l + 1][o] = squashed(l) ? std::tanh(u) : u;
      delta[l + 1][o] = precision(l + 1, o) * (x[l + 1][o] - mu[l + 1][o]);
      if (squashed(l)) delta[l + 1][o] *= 1.0 - mu[l + 1][o] * mu[l + 1][o];
    }
  }

  void step(int l) {
    for (int i = 0; i < width(l); ++i) {
      double sent = 0.0;
      for (int o = 0; l < last && o < width(l + 1); ++o) sent += sample.weight(l, o, i) * delta[l + 1][o];
      if (bent(l)) sent *= 1.0 - s[l][i] * s[l][i];
      const double own = l == 0 ? 0.0 : precision(l, i) * (x[l][i] - mu[l][i]);
      velocity[l][i] = descent.momentum * velocity[l][i] - descent.step * (own - sent);
    }
    for (int i = 0; i < width(l); ++i) x[l][i] += velocity[l][i];
  }

  void run() {
    read();
    for (int l = 0; l < last; ++l) {
      predict(l);
      if (descent.forward && !sample.level(l + 1).clamped) x[l + 1] = mu[l + 1];
    }
    for (int k = 0; k < descent.steps; ++k) {
      for (int l = 0; l < last; ++l) predict(l);
      for (int l = 0; l <= last; ++l)
        if (!sample.level(l).clamped) step(l);
    }
    for (int l = 0; l < last; ++l) predict(l);
    write();
  }

  void write() const {
    for (int l = 0; l <= last; ++l) {
      double energy = 0.0;
      for (int i = 0; i < width(l); ++i) {
        const auto& level = sample.level(l);
        const long at = sample.at(l, i);
        level.activity[at] = static_cast<float>(x[l][i]);
        if (bent(l)) level.signal[at] = static_cast<float>(s[l][i]);
        if (l == 0) continue;
        level.prediction[at] = static_cast<float>(mu[l][i]);
        level.delta[at] = static_cast<float>(delta[l][i]);
        energy += 0.5 * precision(l, i) * (x[l][i] - mu[l][i]) * (x[l][i] - mu[l][i]);
      }
      if (l > 0) sample.level(l).energy[sample.energy_at()] = static_cast<float>(energy);
    }
  }
};

template <class Sample>
void settle_sample(const Sample& sample, const Descent& descent) {
  Settling<Sample> settling{sample, descent, sample.edges(), {}, {}, {}, {}, {}};
  settling.run();
}

int end_of(const Chain& chain, int last) { return chain.batch < last * block ? chain.batch : last * block; }

void settle(const Chain& chain, const Descent& descent, int first, int last) {
  for (int n = first * block; n < end_of(chain, last); ++n) settle_sample(ChainSample{chain, n}, descent);
}

void learn(const Chain& chain, int l, float rate, int first, int last) {
  const Edge& e = chain.edge[l];
  if (chain.batch == 1) first = 0, last = panels(e.out);
  for (int o = first * panel; o < last * panel && o < e.out; ++o) {
    double total = 0.0;
    for (int n = 0; n < chain.batch; ++n) total += chain.level[l + 1].delta[ChainSample{chain, n}.at(l + 1, o)];
    e.bias[o] = static_cast<float>(e.bias[o] + rate * total);
    for (int i = 0; i < e.in; ++i) {
      double change = 0.0;
      for (int n = 0; n < chain.batch; ++n) {
        const ChainSample sample{chain, n};
        change += double{chain.level[l + 1].delta[sample.at(l + 1, o)]} * chain.level[l].signal[sample.at(l, i)];
      }
      float& w = e.backward[packed_backward(e, o, i)];
      w = static_cast<float>(w + rate * change);
      e.forward[packed_forward(e, o, i)] = w;
    }
  }
}

void pack(const Edge& e, const float* weight, const float* bias) {
  for (int o = 0; o < e.out; ++o) {
    e.bias[o] = bias == nullptr ? 0.0F : bias[o];
    for (int i = 0; i < e.in; ++i)
      e.forward[packed_forward(e, o, i)] = e.backward[packed_backward(e, o, i)] = weight[o * e.in + i];
  }
}

void unpack(const Edge& e, float* weight, float* bias) {
  for (int o = 0; o < e.out; ++o) {
    if (bias != nullptr) bias[o] = e.bias[o];
    for (int i = 0; i < e.in; ++i) weight[o * e.in + i] = e.backward[packed_backward(e, o, i)];
  }
}

bool load(const Chain& chain, int level, int first, int last, const float* rows) {
  const int size = chain.level[level].width;
  bool finite = true;
  for (int n = first * block; n < end_of(chain, last); ++n)
    for (int i = 0; i < size; ++i) {
      const float x = rows[n * size + i];
      chain.level[level].activity[ChainSample{chain, n}.at(level, i)] = x;
      finite = finite && std::isfinite(x);
    }
  return finite;
}

void unload(const Chain& chain, const float* values, int size, int first, int last, float* rows) {
  for (int n = first * block; n < end_of(chain, last); ++n)
    for (int i = 0; i < size; ++i) rows[n * size + i] = values[ChainSample{chain, n}.at(i)];
}

void settle_agents(const Population& population, const Descent& descent, int group) {
  for (int n = group * agents; n < (group + 1) * agents; ++n) settle_sample(AgentSample{population, n}, descent);
}

void learn_agents(const Population& population, float rate, int group) {
  for (int n = group * agents; n < (group + 1) * agents; ++n) {
    const AgentSample sample{population, n};
    for (int l = 0; l < population.edges; ++l) {
      const PopulationEdge& e = population.edge[l];
      for (int o = 0; o < e.out; ++o) {
        const double d = double{rate} * population.level[l + 1].delta[sample.at(l + 1, o)];
        float& b = e.bias[sample.lane(e.out, o)];
        b = static_cast<float>(b + d);
        for (int i = 0; i < e.in; ++i) {
          float& w = e.weight[sample.weight_at(l, o, i)];
          w = static_cast<float>(w + d * population.level[l].signal[sample.at(l, i)]);
        }
      }
    }
  }
}

void product(const Edge& e, const float* x, int first, int last, float* out) {
  for (int n = first * block; n < last * block; ++n)
    for (int o = 0; o < e.out; ++o) {
      double sum = 0.0;
      for (int i = 0; i < e.in; ++i)
        sum += double{e.forward[packed_forward(e, o, i)]} * x[((n / block) * padded(e.in) + i) * block + n % block];
      out[((n / block) * padded(e.out) + o) * block + n % block] = static_cast<float>(sum);
    }
}

void tanh_array(const float* x, int n, float* y) {
  for (int i = 0; i < n; ++i) y[i] = static_cast<float>(std::tanh(double{x[i]}));
}

}  // namespace

const BeliefTable& plain_belief() {
  static const BeliefTable table = {
      "plain", pack,          unpack,       load,    unload,    settle, [](const Chain&, int, int) {},
      learn,   settle_agents, learn_agents, product, tanh_array};
  return table;
}

}  // namespace infans::kernels
