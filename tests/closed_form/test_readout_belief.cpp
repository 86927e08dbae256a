// Blocks, forgetting, the noise belief and joint information of the readout, each against a dense computation from the
// definition (Bishop 2006, 3.3; Murphy 2012, 7.6.3).
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "core/model/bayesian_readout.hpp"
#include "core/random/gamma.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::BayesianReadout;

namespace {

constexpr double f = 0.1;  // noise floor

struct Case {
  MatrixXd phi, y;
  VectorXd prior;
};

Case make_case(int rows, int features, int outputs, std::uint64_t seed = 1) {
  random::Stream s({seed, 0, random::Purpose::test, static_cast<std::uint64_t>(rows * 1000 + features)});
  Case c{MatrixXd(rows, features), MatrixXd(rows, outputs), VectorXd(features)};
  for (double& x : c.phi.reshaped()) x = s.normal();
  for (double& x : c.y.reshaped()) x = s.normal();
  for (double& x : c.prior) x = s.uniform(0.01, 2.0);
  return c;
}

// Normal-inverse-gamma posterior of rows weighted by w: the definition, with a dense inverse.
struct Dense {
  MatrixXd a, mean;
  double shape;
  VectorXd rate;
};

Dense dense(const Case& c, const VectorXd& w) {
  Dense d;
  d.a = MatrixXd(c.prior.asDiagonal()) + c.phi.transpose() * w.asDiagonal() * c.phi;
  d.mean = d.a.inverse() * c.phi.transpose() * w.asDiagonal() * c.y;
  d.shape = 1.0 + 0.5 * w.sum();
  const MatrixXd r = c.y - c.phi * d.mean;
  d.rate = (f * f + 0.5 * (r.transpose() * w.asDiagonal() * r).diagonal().array() +
            0.5 * (d.mean.transpose() * c.prior.asDiagonal() * d.mean).diagonal().array());
  return d;
}

void check_same(const BayesianReadout& readout, const Dense& d, double tolerance) {
  CHECK((readout.mean() - d.mean).cwiseAbs().maxCoeff() < tolerance);
  CHECK((readout.precision().reconstructedMatrix() - d.a).cwiseAbs().maxCoeff() <
        tolerance * d.a.cwiseAbs().maxCoeff());
  CHECK(readout.noise_shape() == doctest::Approx(d.shape).epsilon(tolerance));
  CHECK(((readout.noise_rate() - d.rate).array() / d.rate.array()).abs().maxCoeff() < tolerance);
}

}  // namespace

TEST_CASE("a block of rows gives the belief of its rows one by one, and of the batch, to 1e-10") {
  for (const int block : {1, 3, 40}) {
    const Case c = make_case(40, 12, 3);
    BayesianReadout one(c.prior, 3, f, BayesianReadout::NoiseLearning::at_every_update), blocks = one;
    double gained = 0.0;
    for (int n = 0; n < 40; ++n) one.update(c.phi.row(n), c.y.row(n));
    for (int n = 0; n < 40; n += block) {
      const int rows = std::min(block, 40 - n);
      const double before = blocks.log_det_precision();
      const auto u = blocks.update_block(c.phi.middleRows(n, rows), c.y.middleRows(n, rows));
      CHECK(u.information_gain == doctest::Approx(1.5 * (blocks.log_det_precision() - before)).epsilon(1e-10));
      CHECK(u.vfe == doctest::Approx(u.complexity - u.accuracy).epsilon(1e-12));
      gained += u.information_gain;
    }
    const Dense d = dense(c, VectorXd::Ones(40));
    check_same(one, d, 1e-10);
    check_same(blocks, d, 1e-10);
    CHECK(std::abs(gained - 1.5 * (std::log(d.a.determinant()) - c.prior.array().log().sum())) < 1e-10);
  }
}

// While sigma stays, the free energies of single updates must sum to that of the block: both are -ln p(Y | past).
// Complexity and accuracy do not sum (they are taken under different posteriors), their definitions are checked
// densely.
TEST_CASE("free energy of a block is the joint surprise of its rows") {
  const Case c = make_case(25, 8, 2);
  BayesianReadout one(c.prior, 2, f), block(c.prior, 2, f);
  double sum = 0.0;
  for (int n = 0; n < 25; ++n) sum += one.update(c.phi.row(n), c.y.row(n)).vfe;
  const VectorXd noise = block.noise_variance();
  const auto u = block.update_block(c.phi, c.y);
  CHECK(u.vfe == doctest::Approx(sum).epsilon(1e-11));
  const MatrixXd prior = c.prior.asDiagonal(), a = prior + c.phi.transpose() * c.phi, covariance = a.inverse();
  const MatrixXd mean = covariance * c.phi.transpose() * c.y;
  double complexity = 0.0, accuracy = 0.0;
  for (int j = 0; j < 2; ++j) {
    complexity += 0.5 * ((covariance * prior).trace() - 8 + mean.col(j).dot(prior * mean.col(j)) / noise(j) +
                         std::log(a.determinant() / prior.determinant()));
    accuracy -=
        0.5 * (25 * std::log(2 * std::numbers::pi * noise(j)) + (c.y - c.phi * mean).col(j).squaredNorm() / noise(j) +
               (c.phi * covariance * c.phi.transpose()).trace());
  }
  CHECK(u.complexity == doctest::Approx(complexity).epsilon(1e-10));
  CHECK(u.accuracy == doctest::Approx(accuracy).epsilon(1e-10));
}

TEST_CASE("forgetting before every row is regression with weights keep^age") {
  const Case c = make_case(60, 10, 2);
  for (const double keep : {1.0, 0.95, 0.5}) {
    BayesianReadout readout(c.prior, 2, f);
    VectorXd w(60);
    for (int n = 0; n < 60; ++n) {
      readout.discount(keep);
      readout.update(c.phi.row(n), c.y.row(n));
      w(n) = std::pow(keep, 59 - n);
    }
    // Each of 60 refactorisations may lose a few units in the last place.
    check_same(readout, dense(c, w), 1e-10);
  }
}

TEST_CASE("a single discount weighs the rows before it, and nothing kept is the prior") {
  const Case c = make_case(30, 10, 2);
  BayesianReadout readout(c.prior, 2, f);
  readout.fit(c.phi.topRows(20), c.y.topRows(20), c.prior);
  readout.discount(0.01);
  readout.update_block(c.phi.bottomRows(10), c.y.bottomRows(10));
  VectorXd w = VectorXd::Ones(30);
  w.head(20).setConstant(0.01);
  check_same(readout, dense(c, w), 1e-10);
  readout.discount(0.0);
  check_same(readout, dense(c, VectorXd::Zero(30)), 1e-12);
  CHECK_THROWS_AS(readout.discount(1.5), std::logic_error);
  CHECK_THROWS_AS(readout.discount(-0.1), std::logic_error);
}

// Chain rule: predictive Student-t densities multiply to the evidence, on line as in one batch.
TEST_CASE("Student-t predictions on line multiply to the evidence of the batch") {
  const Case c = make_case(25, 6, 2);
  BayesianReadout online(c.prior, 2, f), batch(c.prior, 2, f);
  double log_p = 0.0;
  for (int n = 0; n < 25; ++n) {
    log_p += online.predict_student(c.phi.row(n)).log_density(c.y.row(n));
    online.update(c.phi.row(n), c.y.row(n));
  }
  batch.fit(c.phi, c.y, c.prior);
  CHECK(online.log_evidence() == doctest::Approx(log_p).epsilon(1e-10));
  CHECK(batch.log_evidence() == doctest::Approx(log_p).epsilon(1e-10));
}

TEST_CASE("predictive variances are those of the definition") {
  const Case c = make_case(25, 6, 2);
  BayesianReadout readout(c.prior, 2, f, BayesianReadout::NoiseLearning::at_every_update);
  readout.update_block(c.phi, c.y);
  const Dense d = dense(c, VectorXd::Ones(25));
  const VectorXd x = VectorXd::LinSpaced(6, -1, 2);
  const double v = x.dot(d.a.inverse() * x);
  const auto p = readout.predict_student(x);
  CHECK(p.dof == doctest::Approx(2 * d.shape));
  for (int j = 0; j < 2; ++j) {
    CHECK(p.variance(j) == doctest::Approx(d.rate(j) / (d.shape - 1) * (1 + v)).epsilon(1e-10));
    CHECK(readout.predictive_variance(x)(j) == doctest::Approx(d.rate(j) / d.shape * (1 + v)).epsilon(1e-10));
  }
}

TEST_CASE("joint information of a rollout is the difference of log dets, never more than the sum of its steps") {
  const Case c = make_case(30, 15, 3), imagined = make_case(40, 15, 3, 2);
  BayesianReadout readout(c.prior, 3, f);
  readout.fit(c.phi, c.y, c.prior);
  model::JointInformation joint(readout, 40);
  double marginals = 0.0;
  for (int t = 0; t < 40; ++t) {
    const double before = joint.total(), alone = readout.information_gain(imagined.phi.row(t));
    const double gain = joint.add(imagined.phi.row(t));
    marginals += alone;
    CHECK(gain <= alone * (1 + 1e-12));
    CHECK(joint.total() == doctest::Approx(before + gain));
    const MatrixXd rows = imagined.phi.topRows(t + 1), a = dense(c, VectorXd::Ones(30)).a;
    const double direct = 1.5 * std::log(MatrixXd(a + rows.transpose() * rows).determinant() / a.determinant());
    CHECK(std::abs(joint.total() - direct) < 1e-10 * direct);
  }
  CHECK(joint.total() < marginals);
  // A step seen twice teaches less the second time; orthogonal in A^-1 it would teach the same.
  model::JointInformation again(readout, 2);
  const double first = again.add(imagined.phi.row(0)), second = again.add(imagined.phi.row(0));
  const double v = readout.epistemic_variance(imagined.phi.row(0));
  CHECK(first + second == doctest::Approx(1.5 * std::log1p(2 * v)).epsilon(1e-12));
  CHECK_THROWS_AS(again.add(imagined.phi.row(0)), std::logic_error);
  again.truncate(1);
  CHECK(again.total() == first);
  CHECK(again.add(imagined.phi.row(0)) == second);
}

// 20,000 draws: five standard errors (false alarm below 1e-6 a check). Var of an inverse gamma needs a > 2, its square
// a > 4.
TEST_CASE("drawn weights and noises have the posterior's moments") {
  const Case c = make_case(30, 4, 1);
  BayesianReadout readout(c.prior, 1, f);
  readout.fit(c.phi, c.y, c.prior);
  const Dense d = dense(c, VectorXd::Ones(30));
  random::Stream s({4, 0, random::Purpose::test, 0});
  const VectorXd x = VectorXd::LinSpaced(4, -1, 2);
  constexpr int draws = 20000;
  double noise_sum = 0.0, spread = 0.0;
  VectorXd noise;
  for (int k = 0; k < draws; ++k) {
    const MatrixXd w = readout.draw_weights(s, &noise);
    noise_sum += noise(0);
    spread += std::pow(x.dot(w.col(0) - d.mean.col(0)), 2);
  }
  const double a = d.shape, mean = d.rate(0) / (a - 1), relative_sd = 1 / std::sqrt(a - 2);
  CHECK(std::abs(noise_sum / draws / mean - 1) < 5 * relative_sd / std::sqrt(draws));
  // A Student-t square of 2a degrees of freedom has relative variance (kurtosis - 1), kurtosis 3 + 6 / (2a - 4).
  const double variance = mean * x.dot(d.a.inverse() * x), kurtosis = 3 + 6 / (2 * a - 4);
  CHECK(std::abs(spread / draws / variance - 1) < 5 * std::sqrt((kurtosis - 1) / draws));
}

// Mean and variance of a gamma are its shape; 40,000 draws, five standard errors (variance: fourth moment 3k^2 + 6k).
TEST_CASE("gamma variates have mean and variance of their shape") {
  for (const double k : {0.3, 1.0, 2.5, 40.0}) {
    random::Stream s({5, 0, random::Purpose::test, static_cast<std::uint64_t>(k * 10)});
    constexpr int draws = 40000;
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < draws; ++i) {
      const double g = random::gamma(k, s);
      sum += g;
      squares += (g - k) * (g - k);
    }
    CHECK(std::abs(sum / draws - k) < 5 * std::sqrt(k / draws));
    CHECK(std::abs(squares / draws - k) < 5 * std::sqrt((2 * k * k + 6 * k) / draws));
  }
  random::Stream s({5, 0, random::Purpose::test, 0});
  CHECK_THROWS_AS(random::gamma(0.0, s), std::logic_error);
}
