// Missing elements against their definition, and learning against the numbers that made the data.
#include <doctest/doctest.h>

#include <cmath>

#include "core/inference/temporal_learn.hpp"
#include "core/random/stream.hpp"
#include "tests/random_matrix.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using tests::normal;

namespace {

MatrixXd covariance(int n, double scale, random::Stream& s) {
  const MatrixXd l = normal(n, n, s);
  return scale * (l * l.transpose() + MatrixXd::Identity(n, n));
}

struct World {
  model::LinearTemporalModel model;
  inference::TemporalSequence data;
};

World make_world(int states, int observations, int steps, std::uint64_t seed, bool identity = false) {
  random::Stream s({seed, 0, random::Purpose::test, static_cast<std::uint64_t>(states * 100 + observations)});
  MatrixXd a = normal(states, states, s);
  a *= 0.9 / a.operatorNorm();  // stable, and far from forgetting at once
  const MatrixXd b = normal(states, 1, s);
  const MatrixXd c = identity ? MatrixXd(MatrixXd::Identity(states, states)) : normal(observations, states, s);
  const MatrixXd q = covariance(states, 0.1, s), r = covariance(observations, 0.2, s), p = covariance(states, 0.5, s);
  using Noise = model::GaussianNoise;
  World w{model::LinearTemporalModel(a, b, c, normal(states, 1, s), Noise::from_covariance(p),
                                     Noise::from_covariance(q), Noise::from_covariance(r)),
          {normal(1, steps, s), MatrixXd(observations, steps), {}}};
  const MatrixXd lq = q.llt().matrixL(), lr = r.llt().matrixL(), lp = p.llt().matrixL();
  VectorXd x = w.model.initial_mean + lp * normal(states, 1, s);
  for (int t = 0; t < steps; ++t) {
    x = a * x + b * w.data.actions.col(t) + lq * normal(states, 1, s);
    w.data.observations.col(t) = c * x + lr * normal(observations, 1, s);
  }
  return w;
}

}  // namespace

TEST_CASE("a missing element is as if it had no row, and all missing is prediction only") {
  const World w = make_world(3, 2, 5, 2);
  inference::TemporalFilter filter(w.model), blind(w.model);
  inference::Mask first(2), none(2);
  first << true, false;
  none << false, false;
  VectorXd garbled = w.data.observations.col(0);
  garbled(1) = 1e6;
  filter.step(w.data.actions.col(0), garbled, &first);
  const MatrixXd c = w.model.C.topRows(1);
  const MatrixXd p = filter.predicted_covariance();
  const double s = (c * p * c.transpose())(0, 0) + w.model.observation_noise.covariance(0, 0);
  const VectorXd mean =
      filter.predicted_mean() + p * c.transpose() / s * (garbled(0) - (c * filter.predicted_mean())(0));
  CHECK((filter.mean() - mean).cwiseAbs().maxCoeff() < 1e-10);
  blind.step(w.data.actions.col(0), garbled, &none);
  CHECK((blind.mean() - blind.predicted_mean()).cwiseAbs().maxCoeff() < 1e-12);
  CHECK((blind.covariance() - blind.predicted_covariance()).cwiseAbs().maxCoeff() < 1e-12);
}

// T = 4,000 steps: standard errors of A's elements are below sqrt(1 / (T (1 - 0.9^2))) = 4 %, of variances about
// sqrt(2 / T) = 2 % inflated by the noise of the other level; six of them over 3 keyed seeds. C is the identity: else
// states are known up to a linear map only.
TEST_CASE("learned A, Q and R approach what made the data") {
  double worst_a = 0, worst_q = 0, worst_r = 0;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const World w = make_world(2, 2, 4000, 90 + seed, true);
    World start = w;
    start.model.A.setZero();
    start.model.B.setZero();
    start.model.state_noise = model::GaussianNoise::from_covariance(MatrixXd::Identity(2, 2));
    start.model.observation_noise = start.model.state_noise;
    inference::TemporalLearnOptions o;
    o.max_iterations = 150;
    o.observation = false;
    inference::learn(start.model, {w.data}, o);
    const auto relative = [](const MatrixXd& learned, const MatrixXd& truth) {
      return (learned - truth).norm() / truth.norm();
    };
    worst_a = std::max(worst_a, relative(start.model.A, w.model.A));
    worst_q = std::max(worst_q, relative(start.model.state_noise.covariance, w.model.state_noise.covariance));
    worst_r =
        std::max(worst_r, relative(start.model.observation_noise.covariance, w.model.observation_noise.covariance));
  }
  MESSAGE("worst relative error over 3 seeds: A ", worst_a, ", Q ", worst_q, ", R ", worst_r);
  CHECK(worst_a < 0.25);
  CHECK(worst_q < 0.25);
  CHECK(worst_r < 0.25);
}
