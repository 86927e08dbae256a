// The torus kernel against the expectation of its own features, dense Gaussian-process formulas and kinematics.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "core/inference/torus_learner.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

random::Stream stream(std::uint64_t seed) { return random::Stream({seed, 0, random::Purpose::test, 77}); }

MatrixXd angles(int rows, int joints, random::Stream& s) {
  MatrixXd q(rows, joints);
  for (double& x : q.reshaped()) x = s.uniform(-2.0, 2.0);
  return q;
}

VectorXd presence(int joints, random::Stream& s) {
  VectorXd p(joints);
  for (double& x : p) x = s.uniform(0.1, 0.9);
  return p;
}

}  // namespace

// All 3^n integer frequencies with their probabilities; the phase averages to cos(w . (q - q')).
TEST_CASE("the torus kernel is the expectation of its features") {
  auto s = stream(1);
  const int joints = 4;
  const VectorXd p = presence(joints, s);
  const MatrixXd q = angles(2, joints, s);
  double expected = 0.0;
  for (int code = 0; code < 81; ++code) {
    double probability = 1.0, angle = 0.0;
    for (int i = 0, rest = code; i < joints; ++i, rest /= 3) {
      const int w = rest % 3 - 1;
      probability *= w == 0 ? 1.0 - p(i) : 0.5 * p(i);
      angle += w * (q(0, i) - q(1, i));
    }
    expected += probability * std::cos(angle);
  }
  CHECK(model::torus_kernel(q.row(0), q.row(1), p)(0, 0) == doctest::Approx(expected).epsilon(1e-13));

  // 40,000 drawn features: a mean of products bounded by 2, five standard errors (SD of 2 cos cos is at most sqrt 2).
  const model::TorusFeatures features(40000, p, s);
  const MatrixXd phi = features.features(q);
  CHECK(std::abs(phi.row(0).dot(phi.row(1)) - expected) < 5 * std::sqrt(2.0 / 40000));
  for (const double w : features.frequency.reshaped()) CHECK_UNARY(w == 0.0 || std::abs(w) == 1.0);
}

// 9 functions {1, cos, sin} x {1, cos, sin} span the kernel of two joints, and the hand lies in them: 30 samples and a
// noise ratio at rounding leave an error of the ratio's order.
TEST_CASE("the hand of a planar two-link arm is in the torus kernel to rounding") {
  auto s = stream(2);
  const auto hand = [](const MatrixXd& q) {
    MatrixXd x(q.rows(), 2);
    for (Eigen::Index n = 0; n < q.rows(); ++n) {
      const double a = q(n, 0), b = a + q(n, 1);
      x.row(n) << 0.1 + 0.3 * std::sin(a) + 0.2 * std::sin(b), 0.3 * std::cos(a) + 0.2 * std::cos(b);
    }
    return x;
  };
  const MatrixXd train = angles(30, 2, s), test = angles(100, 2, s);
  model::TorusReadout readout(2, 2, 0.1);
  readout.fit(train, hand(train), VectorXd::Ones(30), VectorXd::Constant(2, 0.5), 1e-12);
  CHECK((readout.predict_means(test) - hand(test)).cwiseAbs().maxCoeff() < 1e-9);
  // The same functions, one frequency too few: a joint that is believed absent cannot be fitted.
  readout.fit(train, hand(train), VectorXd::Ones(30), Eigen::Vector2d(0.5, 0.0), 1e-12);
  CHECK((readout.predict_means(test) - hand(test)).cwiseAbs().maxCoeff() > 0.05);
}

TEST_CASE("dual predictions are the Gaussian-process formulas, and the primal readout on many features agrees") {
  auto s = stream(3);
  const int joints = 3, n = 12;
  const MatrixXd q = angles(n, joints, s), y = angles(n, 2, s);
  const VectorXd p = presence(joints, s), at = angles(1, joints, s).transpose();
  VectorXd weights = VectorXd::Ones(n);
  weights.head(5).setConstant(0.1);
  model::TorusReadout readout(joints, 2, 0.3);
  readout.fit(q, y, weights, p, 0.05);
  MatrixXd k = model::torus_kernel(q, q, p);
  for (int i = 0; i < n; ++i) k(i, i) += 0.05 / weights(i);
  const MatrixXd inverse = k.inverse();
  const VectorXd offset = y.transpose() * weights / weights.sum();
  const MatrixXd centred = y.rowwise() - offset.transpose();
  const VectorXd row = model::torus_kernel(q, at.transpose(), p);
  const VectorXd mean = offset + centred.transpose() * inverse * row;
  const double v = 1.0 - row.dot(inverse * row);
  const auto belief = readout.predict(at);
  for (int j = 0; j < 2; ++j) {
    CHECK(belief.mean(j) == doctest::Approx(mean(j)).epsilon(1e-11));
    const double signal = (centred.col(j).dot(inverse * centred.col(j)) + 2 * 0.09) / (n + 2);
    CHECK(belief.variance(j) == doctest::Approx(signal * (v + 0.05)).epsilon(1e-10));
  }
  // Jacobian by central differences: h^2 error 1e-10 and rounding 1e-16 / h.
  for (int i = 0; i < joints; ++i) {
    VectorXd up = at, down = at;
    up(i) += 1e-5;
    down(i) -= 1e-5;
    const VectorXd slope = (readout.predict(up).mean - readout.predict(down).mean) / 2e-5;
    CHECK((slope - belief.jacobian.col(i)).cwiseAbs().maxCoeff() < 1e-8);
  }
}

TEST_CASE("gradient of the torus evidence equals differences") {
  auto s = stream(4);
  const MatrixXd q = angles(15, 3, s), y = angles(15, 2, s);
  VectorXd weights = VectorXd::Ones(15), theta(4), gradient;
  weights.head(4).setConstant(0.2);
  for (int repeat = 0; repeat < 5; ++repeat) {
    theta << s.normal(), s.normal(), s.normal(), s.uniform(-5.0, 0.0);
    inference::torus_log_evidence(q, y, weights, theta, {}, &gradient);
    for (int i = 0; i < 4; ++i) {
      VectorXd up = theta, down = theta;
      up(i) += 1e-5;
      down(i) -= 1e-5;
      const double difference = (inference::torus_log_evidence(q, y, weights, up, {}, nullptr) -
                                 inference::torus_log_evidence(q, y, weights, down, {}, nullptr)) /
                                2e-5;
      CHECK(std::abs(gradient(i) - difference) < 1e-6 * (1 + std::abs(difference)));
    }
  }
}

// With the hyper-priors taken off, the evidence is that of a Student-t process: chain rule over its own predictions.
TEST_CASE("torus evidence is the product of one-step Student-t densities") {
  auto s = stream(5);
  const int n = 10;
  const MatrixXd q = angles(n, 2, s), y = angles(n, 1, s);
  VectorXd theta(3);
  theta << 0.4, -0.7, std::log(0.02);
  const inference::TorusOptions options;
  const double hyper = -0.5 * theta.head(2).squaredNorm() / 2.25 - 0.5 * std::pow((theta(2) - std::log(1e-3)) / 3, 2);
  const VectorXd p = (1.0 + (-theta.head(2).array()).exp()).inverse();
  const MatrixXd k = model::torus_kernel(q, q, p) + 0.02 * MatrixXd::Identity(n, n);
  double log_p = 0.0;
  for (int i = 0; i < n; ++i) {
    double mean = 0.0, v = k(i, i), quad = 0.0;
    if (i > 0) {
      const MatrixXd inverse = k.topLeftCorner(i, i).inverse();
      const VectorXd row = k.col(i).head(i), past = y.col(0).head(i);
      mean = row.dot(inverse * past);
      v -= row.dot(inverse * row);
      quad = past.dot(inverse * past);
    }
    const double a = 1 + 0.5 * i, b = options.scale * options.scale + 0.5 * quad, nu = 2 * a, scale = b / a * v;
    log_p += std::lgamma(0.5 * (nu + 1)) - std::lgamma(0.5 * nu) - 0.5 * std::log(nu * std::numbers::pi * scale) -
             0.5 * (nu + 1) * std::log1p(std::pow(y(i, 0) - mean, 2) / (nu * scale));
  }
  CHECK(inference::torus_log_evidence(q, y, VectorXd::Ones(n), theta, options, nullptr) - hyper ==
        doctest::Approx(log_p).epsilon(1e-9));
}

TEST_CASE("evidence finds the joint that does not matter") {
  auto s = stream(6);
  inference::TorusLearner learner(3, 1);
  for (int n = 0; n < 40; ++n) {
    const VectorXd q = angles(1, 3, s).transpose();
    learner.add(q, VectorXd::Constant(1, 0.2 * std::sin(q(0)) * std::cos(q(2))));
  }
  const VectorXd& p = learner.readout().presence();
  CHECK(p(1) < 0.2);
  CHECK(p(0) > 0.4);
  CHECK(p(2) > 0.4);
  CHECK_THROWS_AS(learner.discount(0.0), std::logic_error);
}
