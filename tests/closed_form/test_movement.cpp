// Measures of movements against paths whose figures follow from calculus.
#include <doctest/doctest.h>

#include <cmath>

#include "agents/reflex/reflex_arc.hpp"
#include "experiments/protocols/movement.hpp"

using namespace infans;
using namespace infans::experiments;
using Eigen::Vector3d;

namespace {

constexpr double period = 0.002;

// From a to b at minimum jerk in `seconds`, appended without its first place unless the path is empty.
void move(Path& path, const Vector3d& a, const Vector3d& b, double seconds) {
  const int steps = static_cast<int>(std::lround(seconds / period));
  for (int k = path.empty() ? 0 : 1; k <= steps; ++k)
    path.push_back(a + agents::minimum_jerk(static_cast<double>(k) / steps).part * (b - a));
}

const Vector3d origin = Vector3d::Zero();

}  // namespace

TEST_CASE("a minimum-jerk movement is one straight unit of normalised jerk sqrt(360), whatever its size and time") {
  for (const double seconds : {0.24, 0.8})
    for (const double size : {0.05, 0.3}) {
      Path path;
      const Vector3d there = size * Vector3d(1.0, 2.0, -2.0) / 3.0;
      move(path, origin, there, seconds);
      CHECK(movement_units(path, period) == 1);
      CHECK(straightness(path) == doctest::Approx(1.0));
      CHECK(path_length(path) == doctest::Approx(size));
      // Third differences see the jump of jerk at both ends late by one step of n: 3 / n of a few parts.
      CHECK(normalised_jerk(path, period) == doctest::Approx(std::sqrt(360.0)).epsilon(0.05));
    }
}

TEST_CASE("a correction is a second unit, and a waver below the threshold is none") {
  Path path;
  move(path, origin, {0.1, 0.0, 0.0}, 0.4);
  move(path, {0.1, 0.0, 0.0}, {0.1, 0.03, 0.0}, 0.3);
  CHECK(movement_units(path, period) == 2);
  CHECK(straightness(path) == doctest::Approx(0.13 / std::hypot(0.1, 0.03)));
  // Peak speed of a minimum-jerk path is 15/8 of its mean: 1.9 mm/s here.
  move(path, {0.1, 0.03, 0.0}, {0.1, 0.0305, 0.0}, 0.5);
  CHECK(movement_units(path, period) == 2);
  CHECK(movement_units(path, period, 0.001) == 3);
}

TEST_CASE("onset and arrival are read off the path, and what never comes is no number") {
  Path path;
  for (int k = 0; k <= 200; ++k) path.push_back(Vector3d(0.1 * std::max(0.0, k * period - 0.1), 0.0, 0.0));
  CHECK(onset_of(path, period) == doctest::Approx(0.1 + period));
  CHECK(onset_of(path, period, 0.11) != onset_of(path, period, 0.11));
  CHECK(time_within(path, period, {0.02, 0.0, 0.0}, 0.00501) == doctest::Approx(0.1 + 0.15).epsilon(0.01));
  CHECK(std::isnan(time_within(path, period, {0.0, 1.0, 0.0}, 0.02)));
  CHECK(std::isnan(straightness({origin, origin})));
  CHECK(std::isnan(normalised_jerk({origin, origin, origin}, period)));
}
