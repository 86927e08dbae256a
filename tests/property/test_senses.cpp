// What senses do to a state: nothing by default, and what their options say, the same for the same seed.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "experiments/run/senses.hpp"

using Eigen::VectorXd;
using infans::experiments::Senses;
using infans::experiments::SensesOptions;

namespace {

std::vector<VectorXd> sensed(const SensesOptions& o, std::uint64_t seed, int count) {
  Senses senses(o, seed);
  senses.begin_episode();
  std::vector<VectorXd> out;
  for (int t = 0; t < count; ++t) out.push_back(senses.sense(VectorXd::Constant(4, 0.1 * t)));
  return out;
}

}  // namespace

TEST_CASE("senses without options show the state, bit for bit") {
  const std::vector<VectorXd> seen = sensed({}, 1, 20);
  for (int t = 0; t < 20; ++t) CHECK(seen[static_cast<std::size_t>(t)] == VectorXd::Constant(4, 0.1 * t));
}

TEST_CASE("an observation comes late by the delay, the first one until then, anew in every episode") {
  Senses senses({0.0, 3, 0.0}, 1);
  for (int episode = 0; episode < 2; ++episode) {
    senses.begin_episode();
    for (int t = 0; t < 8; ++t) {
      const double now = 10.0 * episode + t;
      CHECK(senses.sense(VectorXd::Constant(1, now))(0) == (t < 3 ? 10.0 * episode : now - 3.0));
    }
  }
}

// 40,000 elements: the mean square has a relative standard error of sqrt(2 / 40,000) = 0.7 %, the mean one of 0.5 % of
// the deviation; 10,000 observations: missing ones 500 +- 22. Five of them: false alarms below 1e-6 each.
TEST_CASE("noise has its deviation, gaps their share, and neither changes the other") {
  const int count = 10000;
  const std::vector<VectorXd> seen = sensed({0.03, 0, 0.05}, 7, count), whole = sensed({0.03, 0, 0.0}, 7, count);
  double sum = 0.0, square = 0.0;
  int missing = 0;
  for (int t = 0; t < count; ++t) {
    const auto i = static_cast<std::size_t>(t);
    const VectorXd noise = whole[i].array() - 0.1 * t;
    sum += noise.sum();
    square += noise.squaredNorm();
    if (seen[i].array().isNaN().all()) {
      ++missing;
    } else {
      CHECK(seen[i] == whole[i]);
    }
  }
  CHECK(std::abs(square / (4.0 * count) / 9e-4 - 1.0) < 0.035);
  CHECK(std::abs(sum / (4.0 * count)) < 5.0 * 0.03 / std::sqrt(4.0 * count));
  CHECK(std::abs(missing - 500) < 110);
}

TEST_CASE("what is sensed depends on the seed and on nothing else") {
  const SensesOptions o{0.01, 1, 0.3};
  const auto same = [](const VectorXd& a, const VectorXd& b) {
    return ((a.array() == b.array()) || (a.array().isNaN() && b.array().isNaN())).all();
  };
  const std::vector<VectorXd> one = sensed(o, 3, 50), again = sensed(o, 3, 50), other = sensed(o, 4, 50);
  int equal = 0;
  for (std::size_t t = 0; t < 50; ++t) {
    CHECK(same(one[t], again[t]));
    equal += one[t](0) == other[t](0) ? 1 : 0;
  }
  CHECK(equal == 0);
}
