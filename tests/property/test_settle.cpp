// Settling never raises the free energy and never moves what is clamped, for any graph, clamp, precision and step size.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/inference/settle.hpp"
#include "tests/random_hierarchy.hpp"

using namespace infans;

namespace {

template <typename T>
void check_one(std::uint64_t number) {
  random::Stream s({number, 0, random::Purpose::test, 20});
  model::Hierarchy<T> m(tests::random_spec(s), s);
  tests::random_precisions(m, s);
  model::HierarchyState<T> state(m, 1 + static_cast<int>(s.index(4)));
  tests::random_clamps(m, state, s);
  const auto start = state.activity;
  const double step = std::pow(10.0, s.uniform(-3.0, 2.0));
  const double momentum = tests::chance(0.5, s) ? s.uniform(0.0, 0.95) : 0.0;
  const int solver = static_cast<int>(s.index(3));
  double energy = model::free_energy(m, state);
  for (int call = 0; call < 6; ++call) {
    const inference::SettleOptions o{call < 3 ? 1 : 5, step, momentum};
    const auto report = solver == 0   ? inference::settle(m, state, o)
                        : solver == 1 ? inference::settle_errors(m, state, o)
                                      : inference::settle_gauss_newton(m, state, o);
    // The solver's own allowance: 50 roundings of F a step.
    const double rounding = 50.0 * std::numeric_limits<T>::epsilon() * (1.0 + std::abs(energy)) * o.max_steps * 1.01;
    CAPTURE(number);
    CAPTURE(solver);
    REQUIRE(report.energy <= energy + rounding);
    REQUIRE(report.steps <= o.max_steps);
    energy = report.energy;
  }
  // What it reports is the energy of what it leaves.
  REQUIRE(std::abs(model::free_energy(m, state) - energy) <=
          50.0 * std::numeric_limits<T>::epsilon() * (1.0 + std::abs(energy)));
  for (int j = 0; j < m.nodes(); ++j) {
    REQUIRE(state.activity[j].allFinite());
    if (m.categorical(j) && state.settles[j]) continue;
    REQUIRE(((state.free[j].array() == T(0)) && (state.activity[j].array() != start[j].array())).count() == 0);
  }
}

}  // namespace

TEST_CASE("the free energy never rises under settle: 10,000 random hierarchies, every solver") {
  for (std::uint64_t number = 0; number < 8000; ++number) check_one<double>(number);
  for (std::uint64_t number = 8000; number < 10000; ++number) check_one<float>(number);
}
