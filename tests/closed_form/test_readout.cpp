// The readout against batch Bayesian linear regression, written again here from the textbook (Bishop 2006, 3.3; 3.5).
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "core/model/bayesian_readout.hpp"
#include "tests/random_matrix.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

struct Case {
  MatrixXd phi, y;
  VectorXd prior;
};

Case make_case(int rows, int features, int outputs) {
  random::Stream s({1, 0, random::Purpose::test, static_cast<std::uint64_t>(rows * 1000 + features)});
  Case c{tests::normal(rows, features, s), tests::normal(rows, outputs, s), VectorXd(features)};
  for (double& x : c.prior) x = s.uniform(0.01, 2.0);
  return c;
}

}  // namespace

TEST_CASE("rank-1 updates equal batch Bayesian linear regression to 1e-10") {
  for (const auto& [rows, features] : {std::pair{5, 12}, {40, 12}, {200, 60}}) {
    const Case c = make_case(rows, features, 3);
    model::BayesianReadout online(c.prior, 3, 0.02);
    for (int n = 0; n < rows; ++n) online.update(c.phi.row(n), c.y.row(n));
    const MatrixXd a = MatrixXd(c.prior.asDiagonal()) + c.phi.transpose() * c.phi;
    const MatrixXd covariance = a.inverse(), mean = covariance * c.phi.transpose() * c.y;
    CHECK((online.mean() - mean).cwiseAbs().maxCoeff() < 1e-10);
    const VectorXd x = VectorXd::LinSpaced(features, -1, 1);
    CHECK(std::abs(online.epistemic_variance(x) - x.dot(covariance * x)) < 1e-10);

    model::BayesianReadout batch(c.prior, 3, 0.02);
    batch.fit(c.phi, c.y, c.prior);
    CHECK((batch.mean() - mean).cwiseAbs().maxCoeff() < 1e-10);
  }
}

TEST_CASE("information gain is the log-det difference to 1e-10") {
  const Case c = make_case(60, 20, 3);
  model::BayesianReadout readout(c.prior, 3, 0.02);
  double gained = 0.0;
  const double before = readout.log_det_precision();
  for (int n = 0; n < 60; ++n) {
    const double promised = readout.information_gain(c.phi.row(n));
    const auto u = readout.update(c.phi.row(n), c.y.row(n));
    CHECK(u.information_gain == doctest::Approx(promised).epsilon(1e-12));
    gained += u.information_gain;
  }
  CHECK(std::abs(gained - 1.5 * (readout.log_det_precision() - before)) < 1e-10);
  // From the definition, with determinants of the matrices themselves.
  const MatrixXd a = MatrixXd(c.prior.asDiagonal()) + c.phi.transpose() * c.phi;
  const double direct = std::log(a.determinant()) - c.prior.array().log().sum();
  CHECK(std::abs(gained - 1.5 * direct) < 1e-10);
}

TEST_CASE("free energy of an exact update is the surprise, and splits into complexity and accuracy") {
  const Case c = make_case(30, 10, 2);
  model::BayesianReadout readout(c.prior, 2, 0.02);
  for (int n = 0; n < 30; ++n) {
    const MatrixXd m0 = readout.mean();
    const VectorXd phi = c.phi.row(n), y = c.y.row(n);
    const double v = readout.epistemic_variance(phi);
    const VectorXd noise = readout.noise_variance();
    double surprise = 0.0;
    for (int j = 0; j < 2; ++j) {
      const double variance = noise(j) * (1 + v), e = y(j) - m0.col(j).dot(phi);
      surprise += 0.5 * (std::log(2 * std::numbers::pi * variance) + e * e / variance);
    }
    const auto u = readout.update(phi, y);
    CHECK(u.vfe == doctest::Approx(surprise).epsilon(1e-10));
    CHECK(u.vfe == doctest::Approx(u.complexity - u.accuracy).epsilon(1e-12));
    CHECK(u.complexity >= 0.0);
  }
}

// Chain rule of probability: the evidence of all rows is the product of Student-t predictive densities, one by one.
TEST_CASE("log evidence equals the product of one-step predictive densities") {
  const Case c = make_case(15, 6, 1);
  const double f = 0.3;
  double log_p = 0.0;
  MatrixXd a = c.prior.asDiagonal();
  VectorXd b = VectorXd::Zero(6);
  double shape = 1.0, rate = f * f, yy = 0.0;
  for (int n = 0; n < 15; ++n) {
    const VectorXd phi = c.phi.row(n);
    const double y = c.y(n, 0), mean = a.ldlt().solve(b).dot(phi),
                 scale = rate / shape * (1 + phi.dot(a.ldlt().solve(phi)));
    const double nu = 2 * shape, t = (y - mean) * (y - mean) / (scale * nu);
    log_p += std::lgamma(0.5 * (nu + 1)) - std::lgamma(0.5 * nu) - 0.5 * std::log(nu * std::numbers::pi * scale) -
             0.5 * (nu + 1) * std::log1p(t);
    a += phi * phi.transpose();
    b += phi * y;
    yy += y * y;
    shape = 1.0 + 0.5 * (n + 1);
    rate = f * f + 0.5 * (yy - b.dot(a.ldlt().solve(b)));
  }
  model::BayesianReadout readout(c.prior, 1, f);
  readout.fit(c.phi, c.y, c.prior);
  CHECK(readout.log_evidence() == doctest::Approx(log_p).epsilon(1e-9));
}

// 4,000 draws of one projection: relative standard error of a variance sqrt(2/4000) = 2.2%; five of them.
TEST_CASE("posterior draws have the posterior's covariance") {
  const Case c = make_case(10, 8, 1);
  model::BayesianReadout readout(c.prior, 1, 0.02);
  readout.fit(c.phi, c.y, c.prior);
  random::Stream s({3, 0, random::Purpose::test, 0});
  const MatrixXd z = readout.draw_directions(4000, s);
  const VectorXd x = VectorXd::LinSpaced(8, -1, 2);
  const double estimate = (x.transpose() * z).squaredNorm() / 4000;
  CHECK(std::abs(estimate / readout.epistemic_variance(x) - 1) < 5 * 0.0224);
}

TEST_CASE("a prior precision that is not positive is refused") {
  CHECK_THROWS_AS(model::BayesianReadout(VectorXd::Zero(3), 1, 0.02), std::logic_error);
}
