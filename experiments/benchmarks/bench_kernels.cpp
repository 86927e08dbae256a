// Times the belief-update kernels on request, so that scripts/bench can alternate them with other programs. One request
// a line on stdin, one JSON object a line on stdout:
//   chain 8-32-32-6 BATCH THREADS        settle 20 steps and one weight update, microseconds
//   population 8-32-32-6 AGENTS THREADS  the same for agents with weights of their own, one sample each, in one call
//   gemm UNITS SAMPLES THREADS           the bare product [UNITS x UNITS] times [UNITS x SAMPLES] for each thread,
//   GFLOP/s isa                                  name of the instruction set in use
#include <cmath>
#include <cstdio>
#include <iostream>
#include <new>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/inference/fused.hpp"
#include "core/kernels/float_state.hpp"
#include "core/parallel/parallel.hpp"
#include "core/random/stream.hpp"
#include "experiments/benchmarks/timing.hpp"

using namespace infans;
using experiments::fastest;

namespace {

constexpr int steps = 20;
constexpr float step = 0.1F, rate = 1e-3F;

random::Stream stream() { return random::Stream({1, 0, random::Purpose::test, 0}); }

std::vector<float> normal(std::size_t n, double scale, random::Stream& s) {
  std::vector<float> v(n);
  for (float& x : v) x = static_cast<float>(scale * s.normal());
  return v;
}

std::vector<int> widths_of(const std::string& shape) {
  std::vector<int> widths;
  std::istringstream in(shape);
  for (std::string w; std::getline(in, w, '-');) widths.push_back(std::stoi(w));
  return widths;
}

double chain_seconds(const std::string& shape, int batch, int threads, double seconds) {
  random::Stream s = stream();
  const std::vector<int> widths = widths_of(shape);
  inference::FusedShape form;
  form.widths = widths;
  inference::FusedChain chain(form, batch, threads);
  const auto size = [](int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); };
  const int last = static_cast<int>(widths.size()) - 1;
  for (int l = 0; l < last; ++l)
    chain.set_weights(l, normal(size(widths[l], widths[l + 1]), 1 / std::sqrt(widths[l]), s));
  const std::vector<float> x = normal(size(batch, widths[0]), 1.0, s), y = normal(size(batch, widths.back()), 1.0, s);
  return fastest(
      [&] {
        chain.set_activity(0, x);
        chain.set_activity(last, y);
        chain.settle_and_learn({steps, step}, rate);
      },
      seconds);
}

double population_seconds(const std::string& shape, int agents, int threads, double seconds) {
  random::Stream s = stream();
  const std::vector<int> widths = widths_of(shape);
  inference::FusedShape form;
  form.widths = widths;
  inference::FusedPopulation population(form, agents, threads);
  const auto size = [](int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); };
  const int last = static_cast<int>(widths.size()) - 1;
  for (int n = 0; n < agents; ++n)
    for (int l = 0; l < last; ++l)
      population.set_weights(n, l, normal(size(widths[l], widths[l + 1]), 1 / std::sqrt(widths[l]), s));
  const std::vector<float> x = normal(size(agents, widths[0]), 1.0, s), y = normal(size(agents, widths.back()), 1.0, s);
  return fastest(
      [&] {
        population.set_activity(0, x);
        population.set_activity(last, y);
        population.settle_and_learn({steps, step}, rate);
      },
      seconds);
}

struct Aligned {
  explicit Aligned(std::size_t floats) : data(new (std::align_val_t{64}) float[floats]) {
    for (std::size_t i = 0; i < floats; ++i) data[i] = static_cast<float>(i % 17) - 8.0F;
  }
  ~Aligned() { ::operator delete[](data, std::align_val_t{64}); }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
  float* data;
};

double gemm_rate(int units, int samples, int threads, double seconds) {
  const kernels::BeliefTable& table = kernels::best_belief();
  const auto weights = static_cast<std::size_t>(units) * static_cast<std::size_t>(kernels::padded(units));
  const int n = kernels::blocks(samples);
  const std::size_t values =
      static_cast<std::size_t>(n) * static_cast<std::size_t>(kernels::padded(units)) * kernels::block;
  Aligned w(weights), x(values * static_cast<std::size_t>(threads)), y(values * static_cast<std::size_t>(threads));
  const kernels::Edge edge{units, units, false, w.data, nullptr, nullptr};
  const double t = fastest(
      [&] {
        parallel::team(threads, [&](parallel::Member& m) {
          const std::size_t mine = values * static_cast<std::size_t>(m.rank());
          table.product(edge, x.data + mine, 0, n, y.data + mine);
        });
      },
      seconds);
  return 2.0 * units * units * n * kernels::block * threads / t * 1e-9;
}

void answer(const std::string& line) {
  std::istringstream in(line);
  std::string what, shape;
  int units = 0, count = 0, threads = 0;
  double seconds = 0.0;
  in >> what;
  if (what == "isa") {
    std::printf("{\"isa\": \"%s\"}\n", kernels::best_belief().isa);
  } else if (what == "gemm" && in >> units >> count >> threads >> seconds) {
    std::printf("{\"gflops\": %.6g}\n", gemm_rate(units, count, threads, seconds));
  } else if (what == "chain" && in >> shape >> count >> threads >> seconds) {
    std::printf("{\"us\": %.6g}\n", 1e6 * chain_seconds(shape, count, threads, seconds));
  } else if (what == "population" && in >> shape >> count >> threads >> seconds) {
    std::printf("{\"us\": %.6g}\n", 1e6 * population_seconds(shape, count, threads, seconds));
  } else {
    throw base::UserError("bench_kernels: cannot read '" + line + "'");
  }
  std::fflush(stdout);
}

}  // namespace

int main() {
  try {
    for (std::string line; std::getline(std::cin, line);) answer(line);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 2;
  }
}
