// Every instruction set against the readable twin, on random models, sizes and inputs.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/kernels/kernels.hpp"
#include "core/random/stream.hpp"

using namespace infans;

namespace infans::kernels {
extern const Table table_v2;
extern const Table table_v3;
extern const Table table_v4;
}  // namespace infans::kernels

namespace {

std::vector<const kernels::Table*> tables() {
  std::vector<const kernels::Table*> all{&kernels::table_v2};
  if (__builtin_cpu_supports("x86-64-v3")) all.push_back(&kernels::table_v3);
  if (__builtin_cpu_supports("x86-64-v4")) all.push_back(&kernels::table_v4);
  return all;
}

std::vector<float> normal(std::size_t n, double scale, random::Stream& s) {
  std::vector<float> v(n);
  for (float& x : v) x = static_cast<float>(scale * s.normal());
  return v;
}

struct Net {
  std::vector<float> frequency, phase, w1, b1, w2, b2, readout;
  kernels::FeatureModel model;
};

Net make_net(int inputs, int fourier, int hidden, int columns, random::Stream& s) {
  Net n;
  const auto size = [](int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); };
  n.frequency = normal(size(fourier, inputs), 0.5, s);
  n.phase = normal(size(fourier, 1), 2.0, s);
  n.w1 = normal(size(hidden, inputs), 0.7, s);
  n.b1 = normal(size(hidden, 1), 0.5, s);
  n.w2 = normal(size(hidden, hidden), 0.3, s);
  n.b2 = normal(size(hidden, 1), 0.5, s);
  n.readout = normal(size(fourier + hidden, columns), 1.0, s);
  n.model = {inputs,      fourier,     n.frequency.data(), n.phase.data(), hidden,          n.w1.data(),
             n.b1.data(), n.w2.data(), n.b2.data(),        columns,        n.readout.data()};
  return n;
}

}  // namespace

// Tolerance: cos and tanh are good to 5e-7 absolute for these arguments (|u| < 40 half-turns, rounded by
// |u| 2^-24 pi); a sum of
// F such features with weights of unit variance keeps that times sqrt(F), far below 4e-6 sqrt(F + I) with margin 4.
TEST_CASE("forward and jacobian kernels agree with the plain twin") {
  random::Stream s({4, 0, random::Purpose::test, 0});
  for (int trial = 0; trial < 60; ++trial) {
    const int inputs = 1 + static_cast<int>(s.index(9)), fourier = static_cast<int>(s.index(70));
    const int hidden = static_cast<int>(s.index(20)), columns = 1 + static_cast<int>(s.index(14));
    if (fourier + hidden == 0) continue;
    const Net net = make_net(inputs, fourier, hidden, columns, s);
    const int n = 16 * (1 + static_cast<int>(s.index(3))), stride = n + 16 * static_cast<int>(s.index(2));
    const auto size = [&](int rows) { return static_cast<std::size_t>(rows) * static_cast<std::size_t>(stride); };
    const std::vector<float> z = normal(size(inputs), 2.0, s);
    std::vector<float> scratch(static_cast<std::size_t>(kernels::scratch_floats(net.model)));
    std::vector<float> out(size(columns)), jac(size(columns * inputs)), out_plain = out, jac_plain = jac;
    kernels::plain().jacobian(net.model, z.data(), n, stride, out_plain.data(), jac_plain.data(), scratch.data());
    const double tolerance = 6e-6 * std::sqrt(fourier + hidden + inputs);
    for (const kernels::Table* t : tables()) {
      CAPTURE(t->isa);
      t->forward(net.model, z.data(), n, stride, out.data(), scratch.data());
      double worst = 0.0;
      for (std::size_t i = 0; i < out.size(); ++i) worst = std::max(worst, std::abs(double{out[i]} - out_plain[i]));
      CHECK(worst < tolerance);
      t->jacobian(net.model, z.data(), n, stride, out.data(), jac.data(), scratch.data());
      double worst_jacobian = 0.0;
      for (std::size_t i = 0; i < jac.size(); ++i)
        worst_jacobian = std::max(worst_jacobian, std::abs(double{jac[i]} - jac_plain[i]));
      CHECK(worst_jacobian < 8 * tolerance);  // frequencies and hidden weights multiply the error
    }
  }
}

TEST_CASE("sine and cosine stay within 4e-7 up to 10,000 rad") {
  random::Stream s({5, 0, random::Purpose::test, 0});
  std::vector<float> x(1 << 14), sine(x.size()), cosine(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(s.uniform(-1, 1) * std::pow(10.0, s.uniform(-3, 4)));
  x[0] = 0.0F;
  x[1] = 1e-40F;  // denormal
  for (const kernels::Table* t : tables()) {
    CAPTURE(t->isa);
    t->sincos(x.data(), static_cast<int>(x.size()), sine.data(), cosine.data());
    double worst = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      // Without fused multiply-add the reduction loses another |x| 2^-24 / 8.
      const double room = t == &kernels::table_v2 ? std::abs(double{x[i]}) * 3e-8 : 0.0;
      worst = std::max<double>({worst, std::abs(double{sine[i]} - std::sin(double{x[i]})) - room,
                                std::abs(double{cosine[i]} - std::cos(double{x[i]})) - room});
    }
    CHECK(worst < 4e-7);
  }
}

// 1 + x loses up to 2^-24, which the quotient brings back to second order; the polynomial is good to 2^-23.
TEST_CASE("log1p of every instruction set is that of the twin") {
  random::Stream s({6, 0, random::Purpose::test, 0});
  std::vector<float> x(4096), y(x.size()), twin(x.size());
  for (float& value : x) value = static_cast<float>(std::exp(s.uniform(-20.0, 20.0)));
  x[0] = 0.0F;
  kernels::plain().log1p(x.data(), static_cast<int>(x.size()), twin.data());
  for (const kernels::Table* t : tables()) {
    CAPTURE(t->isa);
    t->log1p(x.data(), static_cast<int>(x.size()), y.data());
    CHECK(y[0] == 0.0F);
    double worst = 0.0;
    for (std::size_t i = 1; i < x.size(); ++i) worst = std::max(worst, std::abs(double{y[i]} / double{twin[i]} - 1.0));
    CHECK(worst < 4e-7);
  }
}

// Radii up to 5.9 with errors of 1e-6 of them, where ln u is near 0 more: its absolute error 1e-7 under the root.
TEST_CASE("normals of every instruction set are those of the twin, and are normal") {
  random::Stream s({7, 0, random::Purpose::test, 0});
  constexpr int blocks = 10000, n = 4 * blocks;
  const random::Stream::Blocks taken = s.take(blocks);
  std::vector<float> x(n), twin(n);
  kernels::plain().normals(taken.counter.data(), taken.key.data(), blocks, twin.data());
  double mean = 0.0, square = 0.0, fourth = 0.0;
  for (const float value : twin) {
    mean += double{value} / n;
    square += double{value} * value / n;
    fourth += std::pow(double{value}, 4.0) / n;
  }
  // Five standard errors of n = 40,000 normals: 1 / sqrt n, sqrt(2 / n), sqrt(96 / n).
  CHECK(std::abs(mean) < 5.0 / std::sqrt(n));
  CHECK(std::abs(square - 1.0) < 5.0 * std::sqrt(2.0 / n));
  CHECK(std::abs(fourth - 3.0) < 5.0 * std::sqrt(96.0 / n));
  for (const kernels::Table* t : tables()) {
    CAPTURE(t->isa);
    t->normals(taken.counter.data(), taken.key.data(), blocks, x.data());
    double worst = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(double{x[i]} - double{twin[i]}));
    CHECK(worst < 5e-4);
  }
}

TEST_CASE("a column does not depend on its neighbours, whatever the width of the tile it is in") {
  random::Stream s({8, 0, random::Purpose::test, 0});
  const Net net = make_net(6, 37, 16, 13, s);
  const int n = 48;
  const std::vector<float> z = normal(static_cast<std::size_t>(6 * n), 2.0, s);
  std::vector<float> scratch(static_cast<std::size_t>(kernels::scratch_floats(net.model)));
  std::vector<float> all(static_cast<std::size_t>(13 * n)), one = all;
  for (const kernels::Table* t : tables()) {
    CAPTURE(t->isa);
    t->forward(net.model, z.data(), n, n, all.data(), scratch.data());
    for (int from = 0; from < n; from += 16)
      t->forward(net.model, z.data() + from, 16, n, one.data() + from, scratch.data());
    CHECK(one == all);
  }
}

TEST_CASE("a stream gives its blocks away in order and once") {
  const random::Key key{9, 0, random::Purpose::test, 3};
  random::Stream all(key), taken(key);
  std::vector<unsigned> words(40);
  for (unsigned& word : words) word = all.bits();
  CHECK(taken.bits() == words[0]);
  const random::Stream::Blocks blocks = taken.take(5);  // what is left of the first block is skipped
  for (unsigned b = 0; b < 5; ++b) {
    const auto block =
        random::philox({blocks.counter[0] + b, blocks.counter[1], blocks.counter[2], blocks.counter[3]}, blocks.key);
    for (unsigned j = 0; j < 4; ++j) CHECK(block[j] == words[4 + 4 * b + j]);
  }
  CHECK(taken.bits() == words[24]);
}
