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
