// Teams, and what the fused chains promise about threads, memory and the processor's float state.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/inference/fused.hpp"
#include "core/inference/settle.hpp"
#include "core/kernels/float_state.hpp"
#include "core/parallel/parallel.hpp"
#include "core/random/stream.hpp"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define INFANS_COUNT_ALLOCATIONS
#endif

// Every allocation of this program on any thread: operator new of all kinds ends in these two.
#ifdef INFANS_COUNT_ALLOCATIONS
namespace {
std::atomic<long> allocations{0};
}
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void* malloc(std::size_t n) {
  ++allocations;
  return __libc_malloc(n);
}
void* aligned_alloc(std::size_t alignment, std::size_t n) {
  ++allocations;
  return __libc_memalign(alignment, n);
}
}
#endif

using namespace infans;
using inference::FusedChain;
using inference::FusedPopulation;
using inference::FusedShape;

namespace {

using Floats = std::vector<float>;
constexpr int thread_counts[] = {1, 2, 3, 4, 8};
constexpr kernels::Descent descent{.steps = 7, .step = 0.1F, .momentum = 0.3F, .forward = true};

constexpr kernels::Descent huge_steps{.steps = 300, .step = 1e6F, .momentum = 0.0F, .forward = true};

std::size_t size(int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); }

random::Stream stream(int key) {
  return random::Stream({static_cast<std::uint64_t>(key), 0, random::Purpose::test, 0});
}

Floats normal(std::size_t n, double scale, random::Stream& s) {
  Floats v(n);
  for (float& x : v) x = static_cast<float>(scale * s.normal());
  return v;
}

FusedShape shape_of(std::vector<int> widths, kernels::Form form = kernels::Form::mba) {
  FusedShape s;
  s.widths = std::move(widths);
  s.form = form;
  return s;
}

FusedChain make_chain(const FusedShape& shape, int batch, int threads) {
  random::Stream s = stream(51);
  FusedChain chain(shape, batch, threads);
  const int last = static_cast<int>(shape.widths.size()) - 1;
  for (int l = 0; l < last; ++l) {
    const int in = shape.widths[l], out = shape.widths[l + 1];
    chain.set_weights(l, normal(size(in, out), 1.0 / std::sqrt(in), s), normal(size(1, out), 0.3, s));
  }
  chain.set_activity(0, normal(size(batch, shape.widths[0]), 1.0, s));
  chain.set_activity(last, normal(size(batch, shape.widths.back()), 1.0, s));
  return chain;
}

// Everything a user can read.
Floats contents(const FusedChain& chain, const FusedShape& shape, int batch) {
  Floats all;
  const auto append = [&](const Floats& v) { all.insert(all.end(), v.begin(), v.end()); };
  for (std::size_t l = 0; l < shape.widths.size(); ++l) {
    Floats rows(size(batch, shape.widths[l]));
    chain.activity(static_cast<int>(l), rows);
    append(rows);
    if (l + 1 == shape.widths.size()) break;
    Floats weight(size(shape.widths[l], shape.widths[l + 1])), bias(size(1, shape.widths[l + 1]));
    chain.weights(static_cast<int>(l), weight, bias);
    append(weight);
    append(bias);
  }
  return all;
}

FusedPopulation make_population(const FusedShape& shape, int count, int threads) {
  random::Stream s = stream(52);
  FusedPopulation population(shape, count, threads);
  const int last = static_cast<int>(shape.widths.size()) - 1;
  for (int n = 0; n < count; ++n)
    for (int l = 0; l < last; ++l)
      population.set_weights(n, l,
                             normal(size(shape.widths[l], shape.widths[l + 1]), 1.0 / std::sqrt(shape.widths[l]), s));
  population.set_activity(0, normal(size(count, shape.widths[0]), 1.0, s));
  population.set_activity(last, normal(size(count, shape.widths.back()), 1.0, s));
  return population;
}

}  // namespace

TEST_CASE("members of a team share the work without gaps and wait for each other") {
  for (const int threads : thread_counts) {
    std::vector<int> owner(37, -1);
    std::vector<std::atomic<int>> phase(static_cast<std::size_t>(threads));
    std::atomic<bool> early{false};
    parallel::team(threads, [&](parallel::Member& m) {
      for (int i = m.begin(37); i < m.end(37); ++i) owner[static_cast<std::size_t>(i)] = m.rank();
      for (int k = 1; k <= 50; ++k) {
        phase[static_cast<std::size_t>(m.rank())] = k;
        m.barrier();
        for (int r = 0; r < m.size(); ++r)
          if (phase[static_cast<std::size_t>(r)] < k) early = true;
        m.barrier();
      }
    });
    CHECK_FALSE(early);
    CHECK(std::is_sorted(owner.begin(), owner.end()));
    CHECK(owner.front() == 0);
  }
}

TEST_CASE("a member that throws frees the others from the barrier, and the lowest rank's exception arrives") {
  for (const int threads : thread_counts) {
    std::string message;
    try {
      parallel::team(threads, [&](parallel::Member& m) {
        if (m.rank() % 2 == 0) throw std::runtime_error("rank " + std::to_string(m.rank()));
        m.barrier();
        m.barrier();
      });
    } catch (const std::runtime_error& e) {
      message = e.what();
    }
    CHECK(message == "rank 0");
  }
}

TEST_CASE("a fused chain gives the same bits on any number of threads") {
  for (const kernels::Form form : {kernels::Form::mba, kernels::Form::amb})
    for (const int batch : {1, 5, 64, 150}) {
      const FusedShape shape = shape_of({9, 20, 33, 6}, form);
      Floats first;
      double first_energy = 0.0;
      for (const int threads : thread_counts) {
        FusedChain chain = make_chain(shape, batch, threads);
        double energy = 0.0;
        for (int k = 0; k < 3; ++k) energy = chain.settle_and_learn(descent, 0.05F);
        const Floats now = contents(chain, shape, batch);
        if (threads == 1) {
          first = now;
          first_energy = energy;
        }
        CHECK(now == first);
        CHECK(energy == first_energy);
      }
    }
}

TEST_CASE("a fused population gives the same bits on any number of threads") {
  const FusedShape shape = shape_of({4, 11, 3});
  std::vector<double> first;
  for (const int threads : thread_counts) {
    FusedPopulation population = make_population(shape, 100, threads);
    std::vector<double> energy(100);
    for (int k = 0; k < 3; ++k) population.settle_and_learn(descent, 0.05F, energy);
    if (threads == 1) first = energy;
    CHECK(energy == first);
  }
}

// The schedule leaves out what it knows to be zero or unchanged; a settle cut into single steps, which starts from
// activities and can leave out nothing, must not differ by a bit.
TEST_CASE("a settle equals the same steps one by one") {
  for (const kernels::Form form : {kernels::Form::mba, kernels::Form::amb})
    for (const int batch : {1, 40}) {
      const FusedShape shape = shape_of({5, 12, 17, 9, 4}, form);
      FusedChain whole = make_chain(shape, batch, 1), parts = make_chain(shape, batch, 1);
      kernels::Descent steps{.steps = 6, .step = 0.1F, .momentum = 0.0F, .forward = true};
      const double energy = whole.settle(steps);
      steps.steps = 0;
      double last = parts.settle(steps);
      steps.steps = 1;
      steps.forward = false;
      for (int k = 0; k < 6; ++k) last = parts.settle(steps);
      CHECK(last == energy);
      CHECK(contents(whole, shape, batch) == contents(parts, shape, batch));
    }
}

TEST_CASE("settle and learn apart equal the two together") {
  const FusedShape shape = shape_of({6, 18, 5});
  for (const int threads : {1, 3}) {
    FusedChain apart = make_chain(shape, 70, threads), together = make_chain(shape, 70, threads);
    const double energy = together.settle_and_learn(descent, 0.1F);
    CHECK(apart.settle(descent) == energy);
    apart.learn(0.1F);
    CHECK(contents(apart, shape, 70) == contents(together, shape, 70));
    CHECK_THROWS_AS(apart.learn(0.1F), std::logic_error);  // the errors belong to weights that are gone
  }
}

#ifdef INFANS_COUNT_ALLOCATIONS
TEST_CASE("settling a graph of nodes allocates nothing") {
  random::Stream s = stream(54);
  for (const model::Form form : {model::Form::amb, model::Form::mba}) {
    model::HierarchySpec spec = model::chain({8, 32, 32, 6}, model::Activation::tanh, form);
    spec.edges.push_back({0, 2});
    spec.edges.push_back({1, 2, model::EdgeKind::residual});
    const model::Hierarchy<float> m(spec, s);
    model::HierarchyState<float> state(m, 16);
    state.clamp(m, 0, Eigen::MatrixXf::Random(8, 16));
    state.clamp(m, 3, Eigen::MatrixXf::Random(6, 16));
    for (const bool errors : {false, true}) {
      const long before = allocations;
      errors ? inference::settle_errors(m, state, {20, 0.2, 0.5}) : inference::settle(m, state, {20, 0.2, 0.5});
      CHECK(allocations == before);
    }
  }
}

TEST_CASE("an update allocates nothing once the threads exist") {
  random::Stream s = stream(53);
  for (const int threads : {1, 2, 4})
    for (const int batch : {1, 64}) {
      const FusedShape shape = shape_of({8, 32, 32, 6});
      FusedChain chain = make_chain(shape, batch, threads);
      FusedPopulation population = make_population(shape, 40, threads);
      const Floats x = normal(size(batch, 8), 1.0, s), agents = normal(size(40, 8), 1.0, s);
      const auto update = [&] {
        chain.set_activity(0, x);
        chain.settle_and_learn(descent, 0.01F);
        chain.settle(descent);
        chain.learn(0.01F);
        population.set_activity(0, agents);
        population.settle_and_learn(descent, 0.01F);
      };
      update();
      const long before = allocations;
      for (int k = 0; k < 5; ++k) update();
      CHECK(allocations == before);
    }
  const long before = allocations;
  make_chain(shape_of({8, 32, 6}), 1, 1);
  CHECK(allocations > before);  // the counter counts
}
#endif

TEST_CASE("denormals cost no accuracy and the float state of every thread comes back to the bit") {
  constexpr unsigned round_up_with_flags = 0x1f80 | 0x4000 | 0x0021;  // upward, masked, invalid and inexact raised
  const FusedShape shape = shape_of({6, 18, 5});
  for (const int threads : {1, 2, 4}) {
    FusedChain chain = make_chain(shape, 100, threads), same = make_chain(shape, 100, threads);
    FusedPopulation population = make_population(shape, 64, threads);
    std::vector<unsigned> before(static_cast<std::size_t>(threads)), after(before);
    parallel::team(threads, [&](parallel::Member& m) {
      before[static_cast<std::size_t>(m.rank())] = kernels::float_state();
      kernels::set_float_state(round_up_with_flags + 0x0010U * static_cast<unsigned>(m.rank() % 2));
    });
    chain.settle_and_learn(descent, 0.01F);
    population.settle_and_learn(descent, 0.01F);
    CHECK_THROWS_AS(chain.settle(huge_steps), base::OptionError);
    parallel::team(threads, [&](parallel::Member& m) {
      after[static_cast<std::size_t>(m.rank())] = kernels::float_state();
      kernels::set_float_state(before[static_cast<std::size_t>(m.rank())]);
    });
    for (int r = 0; r < threads; ++r)
      CHECK(after[static_cast<std::size_t>(r)] == round_up_with_flags + 0x0010U * static_cast<unsigned>(r % 2));
    // The caller's rounding mode does not reach the kernels.
    FusedChain again = make_chain(shape, 100, threads);
    same.settle_and_learn(descent, 0.01F);
    kernels::set_float_state(round_up_with_flags);
    again.settle_and_learn(descent, 0.01F);
    kernels::set_float_state(before[0]);
    CHECK(contents(again, shape, 100) == contents(same, shape, 100));
  }
}

TEST_CASE("values that are not finite are refused wherever they stand, and a settle that diverges learns nothing") {
  const FusedShape shape = shape_of({6, 18, 5});
  const float inf = std::numeric_limits<float>::infinity();
  for (const int batch : {1, 70})
    for (const float bad : {inf, -inf, std::numeric_limits<float>::quiet_NaN()}) {
      FusedChain chain = make_chain(shape, batch, 2);
      FusedPopulation population = make_population(shape, batch, 2);
      for (std::size_t i = 0; i < size(batch, 6); i += 5) {
        Floats x(size(batch, 6), 0.5F);
        x[i] = bad;
        CHECK_THROWS_AS(chain.set_activity(0, x), base::ValueError);
        CHECK_THROWS_AS(population.set_activity(0, x), base::ValueError);
      }
      Floats w(108, 0.1F), b(18, bad);
      CHECK_THROWS_AS(chain.set_weights(0, w, b), base::ValueError);
      CHECK_THROWS_AS(population.set_weights(0, 0, w, b), base::ValueError);
      w[50] = bad;
      CHECK_THROWS_AS(chain.set_weights(0, w), base::ValueError);
      CHECK_THROWS_AS(population.set_weights(0, 0, w), base::ValueError);
      FusedShape scaled = shape;
      scaled.precision = {{}, Floats(18, bad), {}};
      CHECK_THROWS_AS(FusedChain(scaled, batch), base::OptionError);
      CHECK_THROWS_AS(chain.settle({1, bad, 0.0F, true}), base::OptionError);
    }
  for (const int batch : {1, 70}) {
    FusedChain chain = make_chain(shape, batch, 2);
    Floats before(108), after(108);
    chain.weights(0, before);
    CHECK_THROWS_AS(chain.settle_and_learn(huge_steps, 0.1F), base::OptionError);
    chain.weights(0, after);
    CHECK(before == after);
    FusedPopulation population = make_population(shape, batch, 2);
    population.weights(0, 0, before);
    CHECK_THROWS_AS(population.settle_and_learn(huge_steps, 0.1F), base::OptionError);
    population.weights(0, 0, after);
    CHECK(before == after);
  }
}

TEST_CASE("arrays of another size and indices out of range are programming errors") {
  const FusedShape shape = shape_of({6, 18, 5});
  FusedChain chain(shape, 3);
  CHECK_THROWS_AS(chain.set_activity(0, Floats(17)), std::logic_error);
  CHECK_THROWS_AS(chain.set_activity(3, Floats(18)), std::logic_error);
  CHECK_THROWS_AS(chain.set_weights(2, Floats(18)), std::logic_error);
  CHECK_THROWS_AS(chain.set_weights(0, Floats(107)), std::logic_error);
  CHECK_THROWS_AS(FusedChain(shape_of({4}), 3), std::logic_error);
  CHECK_THROWS_AS(FusedChain(shape_of({4, 0}), 3), std::logic_error);
  CHECK_THROWS_AS(FusedChain(shape, 0), std::logic_error);
  CHECK_THROWS_AS(FusedPopulation(shape, 0), std::logic_error);
}
