// Oracle: entropy of a coin, a posterior over every cell by Bayes' rule, bisection.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <vector>

#include "agents/sampling/edge_search.hpp"
#include "core/random/stream.hpp"
#include "envs/analytic/contact_search.hpp"

namespace {

using namespace infans;
using namespace infans::agents;
using Eigen::VectorXd;

constexpr double ln2 = std::numbers::ln2;

VectorXd one(double v) { return VectorXd::Constant(1, v); }

double entropy(const std::vector<double>& chances) {
  double sum = 0.0;
  for (const double p : chances)
    if (p > 0.0) sum -= p * std::log(p);
  return sum;
}

random::Stream stream(std::uint64_t seed) { return random::Stream({seed, 0, random::Purpose::test, 0}); }

// The belief with a number for every cell of (0, 1).
struct Cells {
  std::vector<double> chance;
  double flip;

  double answer(std::size_t cell, std::size_t border, bool touch) const {
    return (cell >= border) == touch ? 1.0 - flip : flip;
  }
  void learn(std::size_t border, bool touch) {
    double sum = 0.0;
    for (std::size_t c = 0; c < chance.size(); ++c) sum += chance[c] *= answer(c, border, touch);
    for (double& p : chance) p /= sum;
  }
  // H(cell) - E H(cell | answer)
  double information(std::size_t border) const {
    double left = 0.0;
    for (const bool touch : {false, true}) {
      double total = 0.0;
      std::vector<double> joint;
      for (std::size_t c = 0; c < chance.size(); ++c) joint.push_back(chance[c] * answer(c, border, touch));
      for (const double p : joint) total += p;
      if (total == 0.0) continue;
      for (double& p : joint) p /= total;
      left += total * entropy(joint);
    }
    return entropy(chance) - left;
  }
};

}  // namespace

TEST_CASE("a touch at quantile p tells the entropy of a coin of chance p") {
  EdgeSearchOptions o;
  o.resolution = 1.0 / 1024;
  for (const double p : {0.25, 0.5, 0.875}) {
    const double coin = -p * std::log(p) - (1.0 - p) * std::log(1.0 - p);
    CHECK(EdgeSearch(o).expected_information(one(p)) == doctest::Approx(coin).epsilon(1e-14));
  }
  CHECK(EdgeSearch(o).expected_information(one(0.0)) == 0.0);
  o.flip = 0.1;  // the middle: what a binary symmetric channel carries
  const double channel = ln2 + 0.1 * std::log(0.1) + 0.9 * std::log(0.9);
  CHECK(EdgeSearch(o).expected_information(one(0.5)) == doctest::Approx(channel).epsilon(1e-14));
}

TEST_CASE("without noise the search is bisection, and ends by itself when the world ends") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto world = envs::make_contact_search({});
    random::Stream starts({seed, 0, random::Purpose::reset, 0});
    world->reset(starts);
    EdgeSearch search({});
    double bought = 0.0;
    int touches = 0;
    for (VectorXd y = search.propose(); search.worth_it(y); y = search.propose()) {
      REQUIRE_FALSE(world->outcome().terminated);
      const double command = 2.0 * y(0) - 1.0;
      const Purchase line = search.buy(y, one(world->step({&command, 1})[1]));
      CHECK(line.expected == doctest::Approx(ln2).epsilon(1e-12));
      bought += line.bought;
      ++touches;
    }
    CHECK(touches == 10);  // ceil(log2(1 / 1e-3))
    CHECK(world->outcome().terminated);
    CHECK(search.entropy() == 0.0);
    CHECK(bought == doctest::Approx(10.0 * ln2).epsilon(1e-12));
  }
}

TEST_CASE("the belief and the proposals are those of Bayes' rule over every cell") {
  for (const double flip : {0.0, 0.15}) {
    for (const double travel : {0.0, 0.4}) {
      CAPTURE(flip);
      CAPTURE(travel);
      EdgeSearchOptions o;
      o.resolution = 1.0 / 64;
      o.flip = flip;
      o.travel = travel;
      EdgeSearch search(o);
      Cells cells{std::vector<double>(64, 1.0 / 64), flip};
      random::Stream s = stream(7);
      const double h = 0.61;
      double last = -1.0;
      for (int touch = 0; touch < 30; ++touch) {
        double best = -1e9;
        for (std::size_t b = 0; b <= 64; ++b) {
          const double y = static_cast<double>(b) / 64;
          CHECK(search.expected_information(one(y)) == doctest::Approx(cells.information(b)).epsilon(1e-10));
          best = std::max(best, cells.information(b) - (last < 0.0 ? 0.0 : travel * std::abs(y - last)));
        }
        const VectorXd proposed = search.propose();
        const double net = search.expected_information(proposed) - search.price(proposed) + o.price;
        CHECK(net == doctest::Approx(best).epsilon(1e-10));
        // Every third touch anywhere, so that the belief is not that of the proposals alone.
        const double y = touch % 3 == 2 ? (1 + s.index(63)) / 64.0 : proposed(0);
        const bool told = (y <= h) != (s.uniform() < flip);
        const double before = entropy(cells.chance);
        cells.learn(static_cast<std::size_t>(std::lround(64 * y)), told);
        const double bought = search.observe(one(y), one(told ? 1.0 : 0.0));
        last = y;
        CHECK(std::abs(bought - (before - entropy(cells.chance))) < 1e-12);
        double above = 1.0;
        for (std::size_t b = 0; b < 64; ++b) {
          CHECK(std::abs(search.chance_above(static_cast<double>(b) / 64) - above) < 1e-12);
          above -= cells.chance[b];
        }
      }
      for (const double p : {0.1, 0.5, 0.9}) CHECK(search.chance_above(search.quantile(p)) == doctest::Approx(1.0 - p));
    }
  }
}

TEST_CASE("with wrong answers the belief is as sure as it is right") {
  EdgeSearchOptions o;
  o.resolution = 1.0 / 64;
  o.flip = 0.15;
  o.price = 0.1;  // dear: it stops while still in doubt
  constexpr int lives = 2000;
  double believed = 0.0, variance = 0.0;
  int right = 0;
  for (int life = 0; life < lives; ++life) {
    random::Stream s = stream(static_cast<std::uint64_t>(100 + life));
    const double h = s.uniform();
    EdgeSearch search(o);
    for (VectorXd y = search.propose(); search.worth_it(y); y = search.propose())
      search.observe(y, one((y(0) <= h) != (s.uniform() < o.flip) ? 1.0 : 0.0));
    const double guess = search.quantile(0.5), low = guess - o.resolution, high = guess + o.resolution;
    const double chance = search.chance_above(low) - search.chance_above(high);
    believed += chance;
    variance += chance * (1.0 - chance);
    right += h >= low && h <= high;
  }
  CHECK(believed / lives < 0.99);                                 // there is doubt to be right about
  CHECK(std::abs(right - believed) < 4.0 * std::sqrt(variance));  // four standard deviations of the count
}

TEST_CASE("a touch is bought while it tells more than it costs") {
  EdgeSearchOptions o;
  o.flip = 0.1;
  const double capacity = ln2 + 0.1 * std::log(0.1) + 0.9 * std::log(0.9);
  o.price = capacity * (1.0 + 1e-9);
  EdgeSearch dear(o);
  CHECK_FALSE(dear.worth_it(dear.propose()));
  o.price = capacity * (1.0 - 1e-9);
  EdgeSearch cheap(o);
  CHECK(cheap.worth_it(cheap.propose()));
  // A way that costs more than any answer is not gone.
  o.price = 0.0;
  o.travel = 1e6;
  EdgeSearch lame(o);
  lame.observe(one(0.5), one(1.0));
  CHECK(lame.propose()(0) == 0.5);
}

TEST_CASE("options and touches outside their range are refused") {
  const auto with = [](auto change) {
    EdgeSearchOptions o;
    change(o);
    return o;
  };
  CHECK_THROWS_AS(EdgeSearch(with([](auto& o) { o.flip = 0.5; })), std::logic_error);
  CHECK_THROWS_AS(EdgeSearch(with([](auto& o) { o.resolution = 0.0; })), std::logic_error);
  CHECK_THROWS_AS(EdgeSearch(with([](auto& o) { o.high = o.low; })), std::logic_error);
  CHECK_THROWS_AS(EdgeSearch(with([](auto& o) { o.price = -1.0; })), std::logic_error);
  EdgeSearch search({});
  CHECK_THROWS_AS(search.observe(one(0.3337), one(1.0)), std::logic_error);
  CHECK_THROWS_AS(search.observe(one(0.5), one(0.3)), std::logic_error);
  search.observe(one(0.5), one(1.0));
  CHECK_THROWS_AS(search.observe(one(0.25), one(0.0)), std::logic_error);
}
