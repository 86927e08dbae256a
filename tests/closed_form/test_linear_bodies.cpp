// Oracle: the equations of the linear bodies, the published ratios of their limits, and binary search.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/inference/optimal_input.hpp"
#include "envs/analytic/contact_search.hpp"
#include "envs/analytic/linear_body.hpp"
#include "envs/analytic/tasks.hpp"

namespace {

using namespace infans;
using namespace infans::envs;
using namespace infans::inference;
using Eigen::MatrixXd;
using Eigen::VectorXd;

random::Stream stream(std::uint64_t seed, random::Purpose purpose = random::Purpose::reset) {
  return random::Stream({seed, 0, purpose, 0});
}

const LinearBody& body(const std::string& name) {
  for (const LinearBody& b : linear_bodies())
    if (b.name == name) return b;
  FAIL("there is no body " << name);
  std::abort();
}

// (x, u) -> x of the next step without noise, from equations of motion in small steps (RK4, error below 1e-13).
using Motion = VectorXd (*)(const VectorXd& x, double u);

VectorXd moved(Motion motion, VectorXd x, double u, double period) {
  constexpr int parts = 200;
  const double h = period / parts;
  for (int i = 0; i < parts; ++i) {
    const VectorXd k1 = motion(x, u), k2 = motion(x + 0.5 * h * k1, u), k3 = motion(x + 0.5 * h * k2, u),
                   k4 = motion(x + h * k3, u);
    x += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
  }
  return x;
}

VectorXd pendulum(const VectorXd& x, double u) {
  const double inertia = 1.0 * 0.5 * 0.5;
  return Eigen::Vector2d(x(1), (u - 9.81 * 0.5 * x(0) - 0.1 * x(1)) / inertia);
}

// The rod's centre goes x'' - t'' / 2 to the side, so that the hinge carries 0.1 (x'' - t'' / 2) besides u.
VectorXd cartpole(const VectorXd& x, double u) {
  const double free = (u - 0.5 * x(0) - 1.0 * x(2)) / 1.1;  // of the cart with a rod that does not turn
  const double torque = -0.1 * 9.81 * 0.5 * x(1) - 0.005 * x(3) + 0.05 * free;
  const double turning = torque / (0.1 / 3.0 - 0.05 * 0.05 / 1.1);
  return Eigen::Vector4d(x(2), x(3), free + 0.05 / 1.1 * turning, turning);
}

VectorXd poles(const VectorXd& x, double u) { return Eigen::Vector2d(x(1) - x(0), u - 2.0 * x(1)); }

VectorXd modes(const VectorXd& x, double u) {
  return Eigen::Vector4d(x(2), x(3), u - 4.0 * x(0) - 0.08 * x(2), u - 25.0 * x(1) - 0.2 * x(3));
}

// White input's samples for those of the optimum.
double ratio(const LinearSystem& s, Optimality optimality) {
  DesignOptions options;
  options.optimality = optimality;
  const MatrixXd best = optimal_input(s, options).information, white = noise_information(s) + white_information(s);
  if (optimality == Optimality::trace) return white.inverse().trace() / best.inverse().trace();
  return std::pow(best.determinant() / white.determinant(), 1.0 / static_cast<double>(best.rows()));
}

// Touches until the end: of the middle of what is left, or of uniform heights. -1 when the world reports wrongly.
int touches(Environment& world, std::span<const double> first, random::Stream* draws) {
  double low = 0.0, high = 1.0;
  bool honest = first[1] == 0.0;
  int count = 0;
  while (!world.outcome().terminated) {
    const double height = draws ? draws->uniform() : 0.5 * (low + high), command = 2.0 * height - 1.0;
    const auto seen = world.step({&command, 1});
    honest = honest && std::abs(seen[0] - height) < 1e-15 && world.outcome().reward == -1.0;
    (seen[1] == 1.0 ? low : high) = seen[0];
    ++count;
  }
  return honest ? count : -1;
}

}  // namespace

// 4,000 steps; |z| <= 4.5 for the mean and spread of every element and the correlation with the noise before: 40
// checks, a false alarm in 1 of 3,600 runs.
TEST_CASE("linear bodies move by their equations, and what is left is their noise") {
  const std::pair<const char*, Motion> all[] = {
      {"linear-pendulum", pendulum}, {"linear-cartpole", cartpole}, {"linear-poles", poles}, {"linear-modes", modes}};
  for (const auto& [name, motion] : all) {
    CAPTURE(name);
    const LinearBody& b = body(name);
    const int size = static_cast<int>(b.gain.size()), steps = 4000;
    const LinearSystem exact = b.system();
    auto world = make_linear_body(b);
    auto starts = stream(1), commands = stream(2, random::Purpose::test);
    const auto first = world->reset(starts);
    VectorXd x = VectorXd::Map(first.data(), size), before = VectorXd::Zero(size);
    CHECK(x.isZero(0.0));
    VectorXd sum = VectorXd::Zero(size), squares = sum, products = sum;
    for (int t = 0; t < steps; ++t) {
      const double command = commands.uniform(-1.5, 1.5), u = std::fmin(std::fmax(command, -1.0), 1.0);
      const VectorXd quiet = t < 20 ? moved(motion, x, u, b.period) : VectorXd(exact.a * x + exact.b * u);
      if (t < 20) CHECK((quiet - exact.a * x - exact.b * u).cwiseAbs().maxCoeff() < 1e-12);
      const auto seen = world->step({&command, 1});
      x = VectorXd::Map(seen.data(), size);
      const VectorXd noise = (x - quiet) / b.noise;
      sum += noise;
      squares += noise.cwiseAbs2();
      products += noise.cwiseProduct(before);
      before = noise;
    }
    CHECK(sum.cwiseAbs().maxCoeff() / std::sqrt(steps) < 4.5);
    CHECK((squares / steps).array().operator-(1.0).abs().maxCoeff() * std::sqrt(steps / 2.0) < 4.5);
    CHECK(products.cwiseAbs().maxCoeff() / std::sqrt(steps) < 4.5);
  }
}

TEST_CASE("process noise follows the seed drawn at reset, not the life before") {
  auto world = make_linear_body(body("linear-cartpole"));
  const double still = 0.0;
  const auto after = [&](std::uint64_t seed) {
    auto starts = stream(seed);
    world->reset(starts);
    std::vector<double> last;
    for (int t = 0; t < 5; ++t) {
      const auto seen = world->step({&still, 1});
      last.assign(seen.begin(), seen.end());
    }
    return last;
  };
  const auto one = after(1), two = after(2);
  CHECK(one != two);
  CHECK(after(1) == one);
}

// A table of another program (160 tones, white input's samples for those of the optimum), two or three digits.
TEST_CASE("what white input wastes agrees with an independent computation") {
  const auto rounded = [](double v) { return std::round(10.0 * v) / 10.0; };
  const LinearSystem hanging = body("linear-pendulum").system(), lags = body("linear-poles").system();
  CHECK(rounded(ratio(hanging, Optimality::trace)) == 9.8);
  CHECK(rounded(ratio(hanging, Optimality::determinant)) == 11.1);
  CHECK(rounded(ratio(lags, Optimality::trace)) == 4.9);
  CHECK(rounded(ratio(lags, Optimality::determinant)) == 3.4);
}

TEST_CASE("bisection finds every height to 1 mm in exactly 10 touches") {
  auto world = make_contact_search({});
  auto starts = stream(3);
  for (int i = 0; i < 2000; ++i) CHECK(touches(*world, world->reset(starts), nullptr) == 10);
  for (const auto& [tolerance, count] : {std::pair{0.5, 1}, {0.25, 2}, {0.2, 3}, {1e-6, 20}}) {
    auto other = make_contact_search({.tolerance = tolerance});
    CHECK(touches(*other, other->reset(starts), nullptr) == count);
  }
  CHECK_THROWS_AS(make_contact_search({.tolerance = 0.0}), base::OptionError);
}

// The gap of n uniform points around a uniform height is longer than e with chance q^(n+1) + (n+1) e q^n, q = 1 - e
// (size-biased spacing): the touches and 1 more are two geometric waits of chance e. Mean 2/e - 1, variance 2 q / e^2,
// skewness and excess kurtosis those of the sum. |z| <= 4.5 on mean and variance: a false alarm in 1 of 70,000 runs.
TEST_CASE("random touches need 2 / tolerance") {
  for (const auto& [e, runs] : {std::pair{0.01, 4000}, {1e-3, 400}}) {
    CAPTURE(e);
    auto world = make_contact_search({.tolerance = e});
    auto starts = stream(4), draws = stream(5, random::Purpose::test);
    const double q = 1.0 - e, mean = 2.0 / e - 1.0, variance = 2.0 * q / (e * e);
    const double kurtosis = 3.0 + (6.0 + e * e / q) / 2.0;
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < runs; ++i) {
      const double d = (touches(*world, world->reset(starts), &draws) - mean) / std::sqrt(variance);
      sum += d;
      squares += d * d;
    }
    CHECK(std::abs(sum / std::sqrt(runs)) < 4.5);
    CHECK(std::abs(squares / runs - 1.0) * std::sqrt(runs / (kurtosis - 1.0)) < 4.5);
  }
}
