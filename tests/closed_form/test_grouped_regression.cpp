// Grouped Bayesian regression against the dense formulas of the same model.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "core/inference/forward_noise.hpp"
#include "core/inference/grouped_regression.hpp"
#include "core/inference/leave_out.hpp"
#include "core/random/stream.hpp"

using namespace infans;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using inference::GroupedRegression;

namespace {

constexpr double noise_floor = 0.05;

struct Problem {
  MatrixXd x, y;
  VectorXd log_precision;
};

Problem make_problem(int rows, int weights, int outputs, std::uint64_t seed) {
  random::Stream s({seed, 0, random::Purpose::test, 0});
  Problem p{MatrixXd(rows, weights), MatrixXd(rows, outputs), VectorXd(weights)};
  for (double& v : p.x.reshaped()) v = s.normal();
  for (double& v : p.y.reshaped()) v = s.normal();
  for (double& v : p.log_precision) v = s.normal();
  return p;
}

// ln of a multivariate t: y ~ t_{2a}(0, (b / a) (I + X Lambda^-1 X')), a = 1, b = f^2, output by output.
double student_density(const Problem& p) {
  const Index n = p.x.rows();
  const MatrixXd lambda_inverse = (-p.log_precision).array().exp().matrix().asDiagonal();
  const MatrixXd k = MatrixXd::Identity(n, n) + p.x * lambda_inverse * p.x.transpose();
  const double a = 1.0, b = noise_floor * noise_floor, size = static_cast<double>(n);
  double sum = 0.0;
  for (Index j = 0; j < p.y.cols(); ++j) {
    const double quadratic = p.y.col(j).dot(k.inverse() * p.y.col(j));
    sum += std::lgamma(a + size / 2) - std::lgamma(a) - size / 2 * std::log(2 * std::numbers::pi * b) -
           0.5 * std::log(k.determinant()) - (a + size / 2) * std::log1p(quadratic / (2 * b));
  }
  return sum;
}

}  // namespace

TEST_CASE("the evidence is the density of a multivariate t, and its gradients are derivatives") {
  // 12 rows and 5 weights take the primal form, 5 rows and 12 weights the dual one.
  for (const auto& [rows, weights] : {std::pair{12, 5}, std::pair{5, 12}}) {
    const Problem p = make_problem(rows, weights, 2, 7);
    const GroupedRegression regression(p.x, p.y, noise_floor);
    GroupedRegression::Effect effect;
    MatrixXd d_x;
    const double value = regression.log_evidence(p.log_precision, &effect, &d_x);
    CHECK(value == doctest::Approx(student_density(p)).epsilon(1e-10));
    CHECK(regression.posterior(p.log_precision).log_evidence == doctest::Approx(value).epsilon(1e-10));
    // Central differences: h^2 times a third derivative, 1e-7 relative with margin.
    const double h = 1e-5;
    for (int k = 0; k < weights; ++k) {
      Problem up = p, down = p;
      up.log_precision(k) += h;
      down.log_precision(k) -= h;
      CHECK(effect.gradient()(k) ==
            doctest::Approx((student_density(up) - student_density(down)) / (2 * h)).epsilon(1e-5));
    }
    for (const auto& [r, c] : {std::pair{0, 0}, std::pair{rows - 1, weights - 1}, std::pair{2, 3}}) {
      Problem up = p, down = p;
      up.x(r, c) += h;
      down.x(r, c) -= h;
      CHECK(d_x(r, c) == doctest::Approx((student_density(up) - student_density(down)) / (2 * h)).epsilon(1e-5));
    }
  }
}

TEST_CASE("the posterior is the dense one: mean, epistemic covariance and leave-one-out") {
  for (const auto& [rows, weights] : {std::pair{12, 5}, std::pair{6, 9}}) {
    const Problem p = make_problem(rows, weights, 2, 8);
    const auto posterior = GroupedRegression(p.x, p.y, noise_floor).posterior(p.log_precision);
    // Function-space form: W = Lambda^-1 X' K^-1 Y.
    const MatrixXd prior = (-p.log_precision).array().exp().matrix().asDiagonal();
    const MatrixXd k = MatrixXd::Identity(rows, rows) + p.x * prior * p.x.transpose();
    const MatrixXd mean = prior * p.x.transpose() * k.inverse() * p.y;
    CHECK((posterior.mean - mean).norm() < 1e-10 * mean.norm());
    const MatrixXd covariance = prior - prior * p.x.transpose() * k.inverse() * p.x * prior;
    const auto blocks = posterior.epistemic(p.x, 2);
    REQUIRE(blocks.size() == static_cast<std::size_t>(rows / 2));
    for (int b = 0; b < rows / 2; ++b) {
      const MatrixXd x = p.x.middleRows(2 * b, 2);
      CHECK((blocks[static_cast<std::size_t>(b)] - x * covariance * x.transpose()).norm() < 1e-10);
    }
    // Without the first two rows: the error there is (I - H)^-1 times the error of the fit.
    const MatrixXd rest = p.x.bottomRows(rows - 2);
    const auto without = GroupedRegression(rest, p.y.bottomRows(rows - 2), noise_floor).posterior(p.log_precision);
    const MatrixXd truly = p.y.topRows(2) - p.x.topRows(2) * without.mean;
    const MatrixXd fitted = p.y.topRows(2) - p.x.topRows(2) * posterior.mean;
    CHECK((inference::left_out_inverse(blocks[0], 1.0 - 1e-9) * fitted - truly).norm() < 1e-8 * truly.norm());
  }
}

TEST_CASE("the inverse of a triangle by halves is its inverse") {
  random::Stream s({9, 0, random::Purpose::test, 0});
  const int n = 157;
  MatrixXd lower = MatrixXd::Zero(n, n);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j <= i; ++j) lower(i, j) = i == j ? 2.0 + s.uniform() : 0.1 * s.normal();
  CHECK((inference::inverse_lower(lower) * lower - MatrixXd::Identity(n, n)).norm() < 1e-10);
}

TEST_CASE("evidence finds the group of weights that is not there") {
  random::Stream s({10, 0, random::Purpose::test, 0});
  MatrixXd x(80, 20), y(80, 1);
  for (double& v : x.reshaped()) v = s.normal();
  y = x.leftCols(10) * VectorXd::Ones(10);
  for (double& v : y.reshaped()) v += 0.1 * s.normal();
  model::Grouping g{2, Eigen::VectorXi::Zero(20), MatrixXd(20, 0)};
  g.group.tail(10).setOnes();
  inference::EvidenceAscent how;
  how.centre = VectorXd::Zero(2);
  how.deviation = VectorXd::Constant(2, 5.0);
  how.low = VectorXd::Constant(2, -20.0);
  how.high = VectorXd::Constant(2, 20.0);
  how.iterations = 30;
  const GroupedRegression regression(x, y, noise_floor);
  for (const int fixed_points : {0, 5}) {
    how.fixed_points = fixed_points;
    const VectorXd end = ascend(regression, g, how, how.centre);
    CHECK(regression.log_evidence(g.log_precision(end), nullptr, nullptr) >
          regression.log_evidence(g.log_precision(how.centre), nullptr, nullptr));
    // Weights of 1 under noise of 0.1: lambda near 0.01. The other group's weights are 0: lambda far above 1.
    CHECK(std::abs(end(0) - std::log(0.01)) < 1.5);
    CHECK(end(1) > 1.5);
  }
}

// 20,000 errors: the standard error of a variance is sqrt(2 / n) = 1 %, and 5 % is five of them.
TEST_CASE("forward noise tells its two sources apart") {
  random::Stream s({11, 0, random::Purpose::test, 0});
  const int n = 20000;
  MatrixXd error(n, 1), inflation(n, 1), difference(n, 1);
  for (int k = 0; k < n; ++k) {
    inflation(k) = 1.0 + s.uniform();
    difference(k) = k % 2 == 0 ? 0.0 : 4.0 * s.uniform();
    error(k) = s.normal() * std::sqrt(0.25 * inflation(k) + 0.49 * difference(k) * difference(k));
  }
  const auto noise = inference::fit_forward_noise(error, inflation, difference, VectorXd::Constant(1, 1e-9), 0);
  CHECK(noise.variance(0) == doctest::Approx(0.25).epsilon(0.05));
  CHECK(noise.step(0) == doctest::Approx(0.7).epsilon(0.05));
  // Numbers learned from the same rows make it wider, by (N + p) / (N - p).
  const auto wider = inference::fit_forward_noise(error, inflation, difference, VectorXd::Constant(1, 1e-9), 1000);
  CHECK(wider.variance(0) / noise.variance(0) == doctest::Approx(21000.0 / 19000.0));
}
