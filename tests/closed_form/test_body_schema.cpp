// The body schema against rotations written with Eigen's own angle-axis, differences, and bodies it must recover.
#include <doctest/doctest.h>

#include <Eigen/Geometry>
#include <cmath>
#include <vector>

#include "core/inference/joint_context.hpp"
#include "core/inference/schema_learner.hpp"
#include "tests/random_matrix.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using inference::SchemaLearner;
using inference::SchemaOptions;
using model::BodySchema;

namespace {

random::Stream stream(std::uint64_t seed, std::uint64_t step = 0) {
  return random::Stream({seed, 0, random::Purpose::test, step});
}

VectorXd posture(int joints, random::Stream& s) {
  VectorXd q(joints);
  for (double& x : q) x = s.uniform(-1.5, 1.5);
  return q;
}

// RMS distance over 100 random postures, m.
double hand_error(const SchemaLearner& learner, const BodySchema& body, random::Stream& s) {
  double sum = 0.0;
  for (int n = 0; n < 100; ++n) {
    const VectorXd q = posture(body.joints(), s);
    sum += (learner.predict(q).mean - body.hand(q)).squaredNorm();
  }
  return std::sqrt(sum / 100);
}

}  // namespace

TEST_CASE("the hand is the product of the joints' rotations") {
  auto s = stream(1);
  const BodySchema body = BodySchema::random(5, 0.15, s);
  const VectorXd q = posture(5, s);
  Eigen::Isometry3d pose = Eigen::Isometry3d::Identity();
  for (int i = 0; i < 5; ++i) {
    pose.translate(Eigen::Vector3d(body.link.col(i)));
    pose.rotate(Eigen::AngleAxisd(q(i), Eigen::Vector3d(body.axis.col(i))));
  }
  const Eigen::Vector3d hand = pose * Eigen::Vector3d(body.link.col(5));
  CHECK((body.hand(q) - hand).norm() < 1e-14);
  CHECK((body.differentiate(q, nullptr, nullptr) - hand).norm() < 1e-14);
  CHECK_THROWS_AS(BodySchema::random(0, 0.1, s), std::logic_error);
}

// Central differences of h = 1e-6: rounding 1e-16 / h and curvature h^2, both far below 1e-8.
TEST_CASE("derivatives by angle and by parameter equal differences") {
  for (const int joints : {1, 3, 7}) {
    auto s = stream(2, joints);
    const BodySchema body = BodySchema::random(joints, 0.15, s);
    const VectorXd q = posture(joints, s);
    Eigen::Matrix3Xd by_angle, by_parameter;
    body.differentiate(q, &by_angle, &by_parameter);
    constexpr double h = 1e-6;
    for (int i = 0; i < joints; ++i) {
      VectorXd up = q, down = q;
      up(i) += h;
      down(i) -= h;
      CHECK((by_angle.col(i) - (body.hand(up) - body.hand(down)) / (2 * h)).norm() < 1e-8);
    }
    for (int i = 0; i < body.parameters(); ++i) {
      const VectorXd step = h * VectorXd::Unit(body.parameters(), i);
      const Eigen::Vector3d slope = (body.move(step).hand(q) - body.move(-step).hand(q)) / (2 * h);
      CHECK((by_parameter.col(i) - slope).norm() < 1e-8);
    }
    const BodySchema moved = body.move(0.1 * VectorXd::Ones(body.parameters()));
    for (const auto a : moved.axis.colwise()) CHECK(a.norm() == doctest::Approx(1.0).epsilon(1e-14));
  }
}

// 7 joints: 45 seen values for 31 unknowns that matter (38, but sliding a joint along its axis changes nothing).
// Links N(0, 15 cm): hands some 40 cm from the base. 0.02 cm is a fifteenth of the believed noise of 3 mm.
TEST_CASE("random chains are recovered within 0.02 cm from 10 samples (2 to 4 joints) and 15 (7 joints)") {
  for (const auto& [joints, samples] : {std::pair{2, 10}, {3, 10}, {4, 10}, {7, 15}})
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      auto s = stream(100 + seed, joints);
      const BodySchema body = BodySchema::random(joints, 0.15, s);
      SchemaOptions options;
      SchemaLearner learner(joints, options, stream(200 + seed, joints));
      for (int n = 0; n < samples; ++n) {
        const VectorXd q = posture(joints, s);
        learner.add(q, body.hand(q));
      }
      const double error = hand_error(learner, body, s);
      MESSAGE(joints << " joints, seed " << seed << ": " << 100 * error << " cm, chi2 " << learner.chi_squared()
                     << ", random starts " << learner.random_starts() << ", steps " << learner.steps());
      CHECK(error < 2e-4);
    }
}

// The Gauss-Newton curvature from its definition, with differences for J: P = (J'J / sigma^2 + P0^-1)^-1.
TEST_CASE("the posterior over the body is the Laplace posterior") {
  auto s = stream(3);
  const BodySchema body = BodySchema::random(2, 0.15, s);
  SchemaOptions options;
  options.learn_noise = false;
  SchemaLearner learner(2, options, stream(4));
  std::vector<VectorXd> seen;
  for (int n = 0; n < 12; ++n) {
    seen.push_back(posture(2, s));
    learner.add(seen.back(), body.hand(seen.back()));
  }
  REQUIRE(learner.chi_squared() < 1.0);
  const BodySchema& at = learner.schema();
  const int d = at.parameters();
  const auto slope = [&](const VectorXd& q) {
    MatrixXd j(3, d);
    for (int i = 0; i < d; ++i) {
      const VectorXd step = 1e-6 * VectorXd::Unit(d, i);
      j.col(i) = (at.move(step).hand(q) - at.move(-step).hand(q)) / 2e-6;
    }
    return j;
  };
  VectorXd prior = VectorXd::Constant(d, 1 / (0.15 * 0.15));
  prior.head(4).setOnes();
  MatrixXd precision = prior.asDiagonal();
  for (const auto& q : seen) precision += slope(q).transpose() * slope(q) / (0.003 * 0.003);
  const MatrixXd covariance = precision.inverse();
  CHECK((learner.covariance() - covariance).cwiseAbs().maxCoeff() < 1e-6 * covariance.cwiseAbs().maxCoeff());
  const VectorXd q = posture(2, s);
  const auto belief = learner.predict(q);
  const MatrixXd spread = slope(q) * covariance * slope(q).transpose();
  CHECK((belief.covariance - spread).cwiseAbs().maxCoeff() < 1e-6 * spread.cwiseAbs().maxCoeff());
  CHECK(tests::worst(belief.noise, VectorXd::Constant(3, 9e-6)) < 1e-18);
}

// 5 mm of noise that the learner has to find (it expects 3), 30 bodies, 40 samples of 4 joints. The squared Mahalanobis
// distance of the true hand is chi-square of 3 degrees of freedom: 95% below 7.815. Postures of a body share its error,
// so the standard error is over bodies; |z| < 4 (false alarm 6e-5) around a Laplace posterior's nominal 95% +- 3%.
TEST_CASE("a noisy body: the noise is found and the credible ellipsoids hold the hand") {
  constexpr int bodies = 30;
  VectorXd coverage(bodies), noise(bodies);
  for (int b = 0; b < bodies; ++b) {
    auto s = stream(300 + b);
    const BodySchema body = BodySchema::random(4, 0.15, s);
    SchemaLearner learner(4, {}, stream(400 + b));
    for (int n = 0; n < 40; ++n) {
      const VectorXd q = posture(4, s);
      learner.add(q, body.hand(q) + 0.005 * Eigen::Vector3d(s.normal(), s.normal(), s.normal()));
    }
    int inside = 0;
    for (int n = 0; n < 50; ++n) {
      const VectorXd q = posture(4, s);
      const auto belief = learner.predict(q);
      const Eigen::Vector3d e = body.hand(q) - belief.mean;
      inside += e.dot(belief.covariance.ldlt().solve(e)) < 7.815;
    }
    coverage(b) = inside / 50.0;
    noise(b) = learner.noise();
  }
  const double sd = std::sqrt((coverage.array() - coverage.mean()).square().sum() / (bodies - 1) / bodies);
  MESSAGE("coverage of 95% ellipsoids: " << coverage.mean() << " +- " << sd << ", noise " << 1e3 * noise.mean()
                                         << " mm");
  CHECK(coverage.mean() > 0.95 - 0.03 - 4 * sd);
  CHECK(coverage.mean() < 0.95 + 0.03 + 4 * sd);
  // Relative SD of a standard deviation from 3N - 18 = 102 values: 7%, of the mean of 30 bodies 1.3%.
  CHECK(std::abs(noise.mean() / 0.005 - 1) < 5 * 0.013);
}

// The last link grows by a fifth after 60 samples. Ten samples later the discounted learner knows the new body, the
// other still averages two bodies.
TEST_CASE("a single discount of old evidence answers a body that changed") {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    auto s = stream(500 + seed);
    BodySchema body = BodySchema::random(4, 0.15, s);
    SchemaLearner keep(4, {}, stream(600 + seed));
    for (int n = 0; n < 60; ++n) {
      const VectorXd q = posture(4, s);
      keep.add(q, body.hand(q));
    }
    body.link.col(4) *= 1.2;
    SchemaLearner discounted = keep;
    discounted.discount(0.01);
    for (int n = 0; n < 10; ++n) {
      const VectorXd q = posture(4, s);
      keep.add(q, body.hand(q));
      discounted.add(q, body.hand(q));
    }
    auto t = s;
    const double old = hand_error(keep, body, s), fresh = hand_error(discounted, body, t);
    MESSAGE("after the change: " << 100 * old << " cm with all evidence, " << 100 * fresh << " cm discounted");
    CHECK(fresh < 0.25 * old);
  }
  SchemaLearner learner(1, {}, stream(1));
  CHECK_THROWS_AS(learner.discount(2.0), std::logic_error);
}

// The filter's first step from its definition: (P0 + walk, one observation), then convergence to the offset.
TEST_CASE("a joint sensor that lies by 15 degrees is found by the context") {
  auto s = stream(7);
  const BodySchema body = BodySchema::random(4, 0.15, s);
  inference::JointContext context(4, 3);
  const VectorXd lie = (VectorXd(4) << 0.0, 0.0, 0.262, 0.0).finished();
  const MatrixXd noise = 1e-4 * MatrixXd::Identity(3, 3);
  for (int n = 0; n < 20; ++n) {
    const VectorXd q = posture(4, s);
    Eigen::Matrix3Xd jacobian;
    const Eigen::Vector3d mean = body.differentiate(context.corrected(q), &jacobian, nullptr);
    if (n == 0) {
      MatrixXd h(3, 7);
      h << jacobian, MatrixXd::Identity(3, 3);
      VectorXd variance(7);
      variance << VectorXd::Constant(4, 0.09 + 4e-6), VectorXd::Constant(3, 9e-4 + 4e-8);
      const MatrixXd p = variance.asDiagonal();
      const MatrixXd posterior = (p.inverse() + h.transpose() * noise.inverse() * h).inverse();
      context.observe(mean, jacobian, body.hand(q + lie), noise);
      const VectorXd expected = posterior * h.transpose() * noise.inverse() * (body.hand(q + lie) - mean);
      CHECK((context.joint_offset() - expected.head(4)).cwiseAbs().maxCoeff() < 1e-10);
      CHECK((context.covariance() - posterior).cwiseAbs().maxCoeff() < 1e-10);
    } else {
      context.observe(mean, jacobian, body.hand(q + lie), noise);
    }
  }
  CHECK((context.joint_offset() - lie).cwiseAbs().maxCoeff() < 0.05);
}
