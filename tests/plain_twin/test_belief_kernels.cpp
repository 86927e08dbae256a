// The belief-update kernels: the readable twin against differences of the free energy in double, and every instruction
// set of this processor against the twin.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/inference/fused.hpp"
#include "core/random/stream.hpp"

using namespace infans;
using inference::FusedChain;
using inference::FusedPopulation;
using inference::FusedShape;
using kernels::Form;

namespace infans::kernels {
extern const BeliefTable belief_v2;
extern const BeliefTable belief_v3;
extern const BeliefTable belief_v4;
}  // namespace infans::kernels

namespace {

using Floats = std::vector<float>;

std::vector<const kernels::BeliefTable*> tables() {
  std::vector<const kernels::BeliefTable*> all{&kernels::belief_v2};
  if (__builtin_cpu_supports("x86-64-v3")) all.push_back(&kernels::belief_v3);
  if (__builtin_cpu_supports("x86-64-v4")) all.push_back(&kernels::belief_v4);
  return all;
}

random::Stream stream(int key) {
  return random::Stream({static_cast<std::uint64_t>(key), 0, random::Purpose::test, 0});
}

std::size_t size(int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); }

int pick(random::Stream& s, int low, int high) {  // low .. high
  return std::min(high, low + static_cast<int>(s.uniform(0, 1) * (high - low + 1)));
}

Floats normal(std::size_t n, double scale, random::Stream& s) {
  Floats v(n);
  for (float& x : v) x = static_cast<float>(scale * s.normal());
  return v;
}

// A chain and everything that goes in, for `samples` samples that share the weights, or agents with weights of their
// own.
struct Case {
  FusedShape shape;
  int samples = 1;
  std::vector<Floats> weight, bias, activity;  // weights of one chain
  kernels::Descent descent;
  float rate = 0.05F;

  int levels() const { return static_cast<int>(shape.widths.size()); }
  double values() const {
    double n = 0.0;
    for (const Floats& v : activity) n += static_cast<double>(v.size());
    return n;
  }
};

Case make_case(random::Stream& s, int max_width, int max_samples) {
  Case c;
  const int levels = pick(s, 2, 4);
  c.shape.form = s.uniform(0, 1) < 0.5 ? Form::mba : Form::amb;
  for (int l = 0; l < levels; ++l) {
    c.shape.widths.push_back(pick(s, 1, max_width));
    c.shape.clamped.push_back(s.uniform(0, 1) < (l == 0 || l == levels - 1 ? 0.8 : 0.1));
    Floats precision;
    if (s.uniform(0, 1) < 0.4)
      for (int i = 0; i < c.shape.widths.back(); ++i) precision.push_back(static_cast<float>(s.uniform(0.25, 2.0)));
    c.shape.precision.push_back(precision);
    if (l + 1 < levels) c.shape.tanh.push_back(s.uniform(0, 1) < 0.6);
  }
  c.samples = s.uniform(0, 1) < 0.4 ? 1 : pick(s, 2, max_samples);
  for (int l = 0; l < levels; ++l) {
    const int width = c.shape.widths[l];
    c.activity.push_back(normal(size(c.samples, width), 1.0, s));
    if (l + 1 == levels) break;
    c.weight.push_back(normal(size(width, c.shape.widths[l + 1]), 1.0 / std::sqrt(width), s));
    c.bias.push_back(s.uniform(0, 1) < 0.5 ? Floats{} : normal(size(1, c.shape.widths[l + 1]), 0.5, s));
  }
  c.descent.steps = pick(s, 0, 4);
  c.descent.step = static_cast<float>(s.uniform(0.02, 0.2));
  c.descent.momentum = s.uniform(0, 1) < 0.3 ? static_cast<float>(s.uniform(0, 0.9)) : 0.0F;
  c.descent.forward = s.uniform(0, 1) < 0.8;
  return c;
}

// Values that a processor handles apart: denormals of all sizes, both zeros, the smallest normal number.
void sprinkle(Floats& values, random::Stream& s) {
  const float odd[] = {1e-45F, -3e-42F, 1e-40F, -1e-39F, 1.17549435e-38F, 0.0F, -0.0F, 1.5F, -1.0F, 1e-30F};
  for (float& x : values)
    if (s.uniform(0, 1) < 0.2) x = odd[pick(s, 0, 9)];
}

struct Result {
  double energy = 0.0;
  std::vector<Floats> activity, prediction, weight, bias;
};

Result run(const Case& c, const kernels::BeliefTable& table) {
  FusedChain chain(c.shape, c.samples, 1, table);
  for (int l = 0; l < c.levels(); ++l) {
    chain.set_activity(l, c.activity[l]);
    if (l + 1 < c.levels()) chain.set_weights(l, c.weight[l], c.bias[l]);
  }
  Result r;
  r.energy = chain.settle_and_learn(c.descent, c.rate);
  r.activity = r.prediction = c.activity;
  r.weight = c.weight;
  for (int l = 0; l < c.levels(); ++l) {
    chain.activity(l, r.activity[l]);
    if (l > 0) chain.prediction(l, r.prediction[l]);
    if (l + 1 == c.levels()) break;
    r.bias.emplace_back(size(1, c.shape.widths[l + 1]));
    chain.weights(l, r.weight[l], r.bias[l]);
  }
  return r;
}

// The largest sum of absolute terms that any value of the update is made of: the size of which rounding takes its
// 2^-24.
double scale_of(const Case& c, const Result& r) {
  double top = 1.0;
  for (const std::vector<Floats>* group : {&c.activity, &r.activity, &r.prediction})
    for (const Floats& values : *group)
      for (const float x : values) top = std::max(top, std::abs(double{x}));
  double rows = 1.0;
  for (int l = 0; l + 1 < c.levels(); ++l) {
    const int in = c.shape.widths[l], out = c.shape.widths[l + 1];
    for (int o = 0; o < out; ++o) {
      double sum = c.bias[l].empty() ? 0.0 : std::abs(double{c.bias[l][o]});
      for (int i = 0; i < in; ++i) sum += std::abs(double{c.weight[l][o * in + i]});
      rows = std::max(rows, sum);
    }
    for (int i = 0; i < in; ++i) {
      double sum = 0.0;
      for (int o = 0; o < out; ++o) sum += std::abs(double{c.weight[l][o * in + i]});
      rows = std::max(rows, sum);
    }
  }
  return top * rows;
}

double difference(const std::vector<Floats>& a, const std::vector<Floats>& b) {
  double worst = 0.0;
  for (std::size_t l = 0; l < a.size(); ++l)
    for (std::size_t i = 0; i < a[l].size(); ++i) {
      const double d = std::abs(double{a[l][i]} - double{b[l][i]});
      worst = std::isnan(d) ? std::numeric_limits<double>::infinity() : std::max(worst, d);
    }
  return worst;
}

}  // namespace

namespace independent {

using Values = std::vector<std::vector<double>>;

// F of one sample from its definition, in double; nothing of the kernels' derivation.
double free_energy(const Case& c, const Values& weight, const Values& bias, const Values& x) {
  double f = 0.0;
  for (int l = 0; l + 1 < c.levels(); ++l) {
    const int in = c.shape.widths[l], out = c.shape.widths[l + 1];
    for (int o = 0; o < out; ++o) {
      double u = bias[l][o];
      for (int i = 0; i < in; ++i) {
        const double signal = c.shape.form == Form::amb && c.shape.tanh[l] ? std::tanh(x[l][i]) : x[l][i];
        u += weight[l][o * in + i] * signal;
      }
      if (c.shape.form == Form::mba && c.shape.tanh[l]) u = std::tanh(u);
      const double pi = c.shape.precision[l + 1].empty() ? 1.0 : double{c.shape.precision[l + 1][o]};
      const double e = x[l + 1][o] - u;
      f += 0.5 * pi * e * e - 0.5 * std::log(pi);
    }
  }
  return f;
}

// Its slope in `value`, by central differences: truncation h^2 and rounding 1e-16 / h are both near 1e-10.
template <class Energy>
double slope(double& value, const Energy& energy) {
  constexpr double h = 1e-5;
  const double kept = value;
  value = kept + h;
  const double high = energy();
  value = kept - h;
  const double low = energy();
  value = kept;
  return (high - low) / (2 * h);
}

Result run(const Case& c) {
  Values weight, bias, d_weight, d_bias;
  for (int l = 0; l + 1 < c.levels(); ++l) {
    weight.emplace_back(c.weight[l].begin(), c.weight[l].end());
    bias.emplace_back(c.bias[l].begin(), c.bias[l].end());
    bias.back().resize(size(1, c.shape.widths[l + 1]));
  }
  d_weight = weight;
  d_bias = bias;
  for (Values* v : {&d_weight, &d_bias})
    for (auto& values : *v) std::fill(values.begin(), values.end(), 0.0);
  Result r;
  r.activity = c.activity;
  r.weight = c.weight;
  for (int n = 0; n < c.samples; ++n) {
    Values x;
    for (int l = 0; l < c.levels(); ++l) {
      const auto row = c.activity[l].begin() + static_cast<std::ptrdiff_t>(size(n, c.shape.widths[l]));
      x.emplace_back(row, row + c.shape.widths[l]);
    }
    const auto f = [&] { return free_energy(c, weight, bias, x); };
    // The prediction is where F's own slope in x_{l+1}, with nothing below, vanishes: x - slope / Pi.
    for (int l = 1; c.descent.forward && l < c.levels(); ++l) {
      if (c.shape.clamped[l]) continue;
      Case above = c;
      above.shape.widths.resize(static_cast<std::size_t>(l) + 1);
      for (std::size_t i = 0; i < x[l].size(); ++i) {
        const double pi = c.shape.precision[l].empty() ? 1.0 : double{c.shape.precision[l][i]};
        x[l][i] -= slope(x[l][i], [&] { return free_energy(above, weight, bias, x); }) / pi;
      }
    }
    Values velocity = x;
    for (auto& v : velocity) std::fill(v.begin(), v.end(), 0.0);
    for (int k = 0; k < c.descent.steps; ++k) {
      for (int l = 0; l < c.levels(); ++l)
        for (std::size_t i = 0; !c.shape.clamped[l] && i < x[l].size(); ++i)
          velocity[l][i] = c.descent.momentum * velocity[l][i] - c.descent.step * slope(x[l][i], f);
      for (int l = 0; l < c.levels(); ++l)
        for (std::size_t i = 0; !c.shape.clamped[l] && i < x[l].size(); ++i) x[l][i] += velocity[l][i];
    }
    r.energy += f();
    for (int l = 0; l + 1 < c.levels(); ++l) {
      for (std::size_t i = 0; i < weight[l].size(); ++i) d_weight[l][i] += slope(weight[l][i], f);
      for (std::size_t i = 0; i < bias[l].size(); ++i) d_bias[l][i] += slope(bias[l][i], f);
    }
    for (int l = 0; l < c.levels(); ++l)
      for (std::size_t i = 0; i < x[l].size(); ++i)
        r.activity[l][size(n, c.shape.widths[l]) + i] = static_cast<float>(x[l][i]);
  }
  for (std::size_t l = 0; l < weight.size(); ++l) {
    for (std::size_t i = 0; i < weight[l].size(); ++i)
      r.weight[l][i] = static_cast<float>(weight[l][i] - c.rate / c.samples * d_weight[l][i]);
    r.bias.emplace_back();
    for (std::size_t i = 0; i < bias[l].size(); ++i)
      r.bias[l].push_back(static_cast<float>(bias[l][i] - c.rate / c.samples * d_bias[l][i]));
  }
  r.prediction = r.activity;
  return r;
}

}  // namespace independent

// Differences leave 1e-9 a step; everything is then rounded to float once (6e-8 of values up to ~5).
TEST_CASE("the plain twin descends the free energy by its definition, in activities and in weights") {
  random::Stream s = stream(41);
  for (int k = 0; k < 300; ++k) {
    const Case c = make_case(s, 5, 3);
    const Result twin = run(c, kernels::plain_belief()), expected = independent::run(c);
    const double scale = scale_of(c, expected), tolerance = 1e-6 * scale;
    CHECK(difference(twin.activity, expected.activity) < tolerance);
    CHECK(difference(twin.weight, expected.weight) < tolerance);
    CHECK(difference(twin.bias, expected.bias) < tolerance);
    CHECK(std::abs(twin.energy - expected.energy) < tolerance * scale * c.values());
  }
}

// Rounding makes at most 2^-24 of the sum of absolute terms for each term, mostly far less, in each of the 5
// predictions and 4 steps, and the levels hand it on: 16 ulp (2^-23) of the scale is the stated bound of activities and
// predictions. Weights and F are products of two such values, so theirs is that times the scale once more.
constexpr double ulp = 1.0 / (1 << 23), bound = 16.0;

TEST_CASE("every instruction set equals the plain twin within 16 ulp of the largest sum, denormals included") {
  random::Stream s = stream(42);
  double worst = 0.0;
  for (int k = 0; k < 100000; ++k) {
    Case c = make_case(s, k % 50 == 0 ? 35 : 7, k % 50 == 0 ? 70 : 3);
    if (k % 2 == 1)
      for (std::vector<Floats>* group : {&c.activity, &c.weight, &c.bias})
        for (Floats& values : *group) sprinkle(values, s);
    const Result twin = run(c, kernels::plain_belief());
    const double scale = scale_of(c, twin), unit = ulp * scale;
    for (const kernels::BeliefTable* table : tables()) {
      const Result r = run(c, *table);
      double d = std::max(difference(r.activity, twin.activity), difference(r.prediction, twin.prediction));
      d = std::max({d, difference(r.weight, twin.weight) / scale, difference(r.bias, twin.bias) / scale});
      d = std::max(d, std::abs(r.energy - twin.energy) / (scale * c.values()));
      worst = std::max(worst, d / unit);
      if (d > bound * unit) FAIL_CHECK(std::string(table->isa) << ", case " << k << ": " << d / unit << " ulp");
    }
  }
  MESSAGE("largest difference: " << worst << " ulp");
}

TEST_CASE("a population equals the plain twin, and each of its agents equals a chain of its own") {
  random::Stream s = stream(43);
  for (int k = 0; k < 1500; ++k) {
    const Case c = make_case(s, 11, 40);
    const int count = c.samples, edges = c.levels() - 1;
    std::vector<std::vector<Floats>> own(static_cast<std::size_t>(count));  // [agent][edge]
    const auto fill = [&](FusedPopulation& p) {
      for (int l = 0; l <= edges; ++l) p.set_activity(l, c.activity[l]);
      for (int n = 0; n < count; ++n)
        for (int l = 0; l < edges; ++l) p.set_weights(n, l, own[n][l], c.bias[l]);
    };
    for (auto& weights : own)
      for (int l = 0; l < edges; ++l) {
        weights.push_back(normal(c.weight[l].size(), 1.0 / std::sqrt(c.shape.widths[l]), s));
        if (k % 2 == 1) sprinkle(weights.back(), s);
      }
    const auto rows = [&](int n, int l) {
      const auto start = c.activity[l].begin() + static_cast<std::ptrdiff_t>(size(n, c.shape.widths[l]));
      return Floats(start, start + c.shape.widths[l]);
    };
    std::vector<const kernels::BeliefTable*> all = tables();
    all.push_back(&kernels::plain_belief());
    for (const kernels::BeliefTable* table : all) {
      FusedPopulation population(c.shape, count, 1, *table);
      fill(population);
      std::vector<double> energy(static_cast<std::size_t>(count));
      population.settle_and_learn(c.descent, c.rate, energy);
      for (int n = 0; n < count; n += 5) {
        Case one = c;
        one.samples = 1;
        one.weight = own[n];
        for (int l = 0; l <= edges; ++l) one.activity[l] = rows(n, l);
        const Result chain = run(one, kernels::plain_belief());
        const double scale = scale_of(one, chain), unit = ulp * scale;
        CHECK(std::abs(energy[n] - chain.energy) <= bound * unit * scale * one.values());
        for (int l = 0; l <= edges; ++l) {
          Floats activity(c.activity[l].size());
          population.activity(l, activity);
          const auto start = activity.begin() + static_cast<std::ptrdiff_t>(size(n, c.shape.widths[l]));
          CHECK(difference({Floats(start, start + c.shape.widths[l])}, {chain.activity[l]}) <= bound * unit);
          if (l == edges) break;
          Floats weight(c.weight[l].size()), bias(size(1, c.shape.widths[l + 1]));
          population.weights(n, l, weight, bias);
          CHECK(difference({weight}, {chain.weight[l]}) <= bound * unit * scale);
          CHECK(difference({bias}, {chain.bias[l]}) <= bound * unit * scale);
        }
      }
    }
  }
}

// Every 61st float from 0 to infinity, both signs. The polynomial is good to one ulp; product, sum and quotient add
// theirs.
TEST_CASE("tanh of the kernels stays within 4 ulp of the result on all of the line") {
  for (const kernels::BeliefTable* table : tables()) {
    double worst = 0.0;
    Floats x(4096), y(4096);
    for (std::uint32_t bits = 0; bits < 0x7f800000U;) {
      for (std::size_t i = 0; i < x.size(); i += 2, bits += 61) {
        const std::uint32_t in = std::min(bits, 0x7f7fffffU);
        std::memcpy(&x[i], &in, sizeof in);
        x[i + 1] = -x[i];
      }
      table->tanh(x.data(), static_cast<int>(x.size()), y.data());
      for (std::size_t i = 0; i < x.size(); i += 2) {
        const double exact = std::tanh(double{x[i]});
        const auto rounded = static_cast<float>(exact);
        const double unit = double{std::nextafter(rounded, 2.0F)} - rounded;
        worst = std::max(worst, std::abs(y[i] - exact) / unit);
        if (y[i + 1] != -y[i]) FAIL_CHECK("tanh is not odd at " << x[i]);
      }
    }
    MESSAGE(std::string(table->isa) << ": " << worst << " ulp");
    CHECK(worst <= 4.0);
  }
}
