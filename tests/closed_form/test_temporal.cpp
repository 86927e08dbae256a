// The temporal model against textbook Kalman recursions, a dense solve of the whole-sequence free energy, and the
// truth.
#include <doctest/doctest.h>

#include <cmath>

#include "core/base/error.hpp"
#include "core/inference/temporal_learn.hpp"
#include "core/random/stream.hpp"
#include "tests/random_matrix.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::GaussianNoise;
using model::LinearTemporalModel;
using tests::largest;
using tests::normal;

namespace {

MatrixXd covariance(int n, double scale, random::Stream& s) {
  const MatrixXd l = normal(n, n, s);
  return scale * (l * l.transpose() / n + 0.5 * MatrixXd::Identity(n, n));
}

LinearTemporalModel make_model(int n, int k, int m, random::Stream& s) {
  MatrixXd a = normal(n, n, s);
  a *= 0.9 / a.eigenvalues().cwiseAbs().maxCoeff();
  const MatrixXd b = normal(n, k, s), c = normal(m, n, s);
  const VectorXd mean = normal(n, 1, s);
  return {a,
          b,
          c,
          mean,
          GaussianNoise::from_covariance(covariance(n, 2.0, s)),
          GaussianNoise::from_precision(covariance(n, 3.0, s)),
          GaussianNoise::from_covariance(covariance(m, 0.5, s))};
}

// missing: probability that an element is not seen.
inference::TemporalSequence simulate(const LinearTemporalModel& m, int steps, double missing, random::Stream& s) {
  inference::TemporalSequence out{normal(m.actions(), steps, s), MatrixXd(m.observations(), steps), {}};
  const MatrixXd l0 = m.initial.covariance.llt().matrixL(), lq = m.state_noise.covariance.llt().matrixL(),
                 lr = m.observation_noise.covariance.llt().matrixL();
  VectorXd x = m.initial_mean + l0 * normal(m.states(), 1, s);
  if (missing > 0.0) out.seen.setConstant(m.observations(), steps, true);
  for (int t = 0; t < steps; ++t) {
    x = (m.A * x + m.B * out.actions.col(t) + lq * normal(m.states(), 1, s)).eval();
    out.observations.col(t) = m.C * x + lr * normal(m.observations(), 1, s);
    if (missing > 0.0)
      for (int i = 0; i < m.observations(); ++i) {
        out.seen(i, t) = s.uniform() >= missing;
        if (!out.seen(i, t)) out.observations(i, t) = NAN;
      }
  }
  return out;
}

std::vector<int> seen_rows(const inference::TemporalSequence& s, int t) {
  std::vector<int> rows;
  for (int i = 0; i < s.observations.rows(); ++i)
    if (s.seen.size() == 0 || s.seen(i, t)) rows.push_back(i);
  return rows;
}

// o = h(x) with a range and a bearing; a damped pendulum of unit length moves.
struct Pendulum final : model::TemporalModel {
  Pendulum()
      : TemporalModel(VectorXd::Constant(2, 0.3), GaussianNoise::from_covariance(MatrixXd::Identity(2, 2)),
                      GaussianNoise::from_covariance(0.05 * MatrixXd::Identity(2, 2)),
                      GaussianNoise::from_covariance(0.01 * MatrixXd::Identity(2, 2)), 1) {}
  void transition(const VectorXd& x, const VectorXd& a, VectorXd& next, MatrixXd* j) const override {
    next << x(0) + 0.1 * x(1), 0.98 * x(1) - std::sin(x(0)) + 0.1 * a(0);
    if (j) *j << 1.0, 0.1, -std::cos(x(0)), 0.98;
  }
  void observation(const VectorXd& x, VectorXd& o, MatrixXd* j) const override {
    o << 2.0 * std::sin(x(0)), x(1) + 0.2 * x(1) * x(1);
    if (j) *j << 2.0 * std::cos(x(0)), 0.0, 0.0, 1.0 + 0.4 * x(1);
  }
};

}  // namespace

TEST_CASE("one settling step is the Kalman filter: gain, mean, covariance and evidence to 1e-8, also with gaps") {
  double worst = 0.0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    random::Stream s({seed, 0, random::Purpose::test, 41});
    const int n = 1 + static_cast<int>(seed % 5), m = 1 + static_cast<int>(seed / 2 % 4),
              k = static_cast<int>(seed % 3);
    const auto model = make_model(n, k, m, s);
    const auto data = simulate(model, 60, seed % 2 ? 0.4 : 0.0, s);
    inference::TemporalFilter filter(model);
    VectorXd x = model.initial_mean;
    MatrixXd p = model.initial.covariance;
    for (int t = 0; t < 60; ++t) {
      inference::Mask seen;
      if (seed % 2) seen = data.seen.col(t);
      const auto report = filter.step(data.actions.col(t), data.observations.col(t), seed % 2 ? &seen : nullptr);
      // The textbook, on the seen rows only.
      const auto rows = seen_rows(data, t);
      x = (model.A * x + model.B * data.actions.col(t)).eval();
      p = (model.A * p * model.A.transpose() + model.state_noise.covariance).eval();
      MatrixXd gain = MatrixXd::Zero(n, m);
      double evidence = 0.0;
      if (!rows.empty()) {
        const MatrixXd c = model.C(rows, Eigen::all);
        const MatrixXd v = c * p * c.transpose() + model.observation_noise.covariance(rows, rows);
        const VectorXd r = data.observations.col(t)(rows) - c * x;
        const MatrixXd g = p * c.transpose() * v.inverse();
        evidence = -0.5 * (r.dot(v.inverse() * r) + std::log((2.0 * M_PI * v).determinant()));
        x += g * r;
        p = ((MatrixXd::Identity(n, n) - g * c) * p).eval();
        gain(Eigen::all, rows) = g;
      }
      for (const double d : {largest(filter.mean() - x), largest(filter.covariance() - p),
                             largest(filter.gain() - gain), std::abs(report.log_evidence - evidence)})
        worst = std::max(worst, d);
      CHECK(report.converged);
      CHECK(report.steps == (rows.empty() ? 0 : 1));
      const double laplace = -report.energy + 0.5 * std::log(filter.covariance().determinant()) -
                             0.5 * static_cast<double>(rows.size()) * std::log(2.0 * M_PI);
      CHECK(laplace == doctest::Approx(report.log_evidence).epsilon(1e-9));
    }
  }
  MESSAGE("largest difference from the Kalman filter " << worst);
  CHECK(worst < 1e-8);
}

// Two nearly equal narrow observations after a wide prior: variances from 1e9 to 1e-7.
TEST_CASE("the covariance stays positive definite under a wide prior and narrow observations") {
  const MatrixXd i2 = MatrixXd::Identity(2, 2), c = (MatrixXd(2, 2) << 1, 1, 1, 1 + 1e-5).finished();
  const LinearTemporalModel model(i2, MatrixXd(2, 0), c, VectorXd::Zero(2), GaussianNoise::from_covariance(1e9 * i2),
                                  GaussianNoise::from_covariance(1e-8 * i2), GaussianNoise::from_covariance(1e-6 * i2));
  inference::TemporalFilter filter(model);
  filter.step(VectorXd(0), VectorXd::Ones(2));
  const double least = filter.covariance().selfadjointView<Eigen::Lower>().eigenvalues().minCoeff();
  MESSAGE("least eigenvalue " << least);
  CHECK(least > 0.0);
  for (int t = 0; t < 200; ++t) filter.step(VectorXd(0), VectorXd::Ones(2));
  CHECK(filter.covariance().selfadjointView<Eigen::Lower>().eigenvalues().minCoeff() > 0.0);
}

TEST_CASE("a nonlinear settle ends where the gradient of F vanishes, and below one extended Kalman step") {
  const Pendulum model;
  random::Stream s({3, 0, random::Purpose::test, 43});
  inference::TemporalFilter filter(model), single(model, {1, 1e-8});
  double worst = 0.0, gained = 0.0;
  int most = 0;
  for (int t = 0; t < 300; ++t) {
    const VectorXd a = normal(1, 1, s);
    // A state a standard deviation or so from the prediction, seen with its noise.
    VectorXd x = model.initial_mean + normal(2, 1, s), next(2), o(2);
    model.transition(x, a, next, nullptr);
    model.observation(next, o, nullptr);
    o += 0.1 * normal(2, 1, s);
    single = inference::TemporalFilter(model, {1, 1e-10});
    filter.reset();
    const auto report = filter.step(a, o), one = single.step(a, o);
    CHECK(report.converged);
    VectorXd g(2);
    MatrixXd j(2, 2);
    model.observation(filter.mean(), g, &j);
    const MatrixXd prior = filter.predicted_covariance().inverse();
    const VectorXd gradient =
        prior * (filter.mean() - filter.predicted_mean()) - j.transpose() * model.observation_noise.precision * (o - g);
    const MatrixXd hessian = prior + j.transpose() * model.observation_noise.precision * j;
    worst = std::max({worst, largest(gradient), largest(hessian * filter.covariance() - MatrixXd::Identity(2, 2))});
    gained += one.energy - report.energy;
    CHECK(report.energy <= one.energy + 1e-12 * (1 + std::abs(one.energy)));
    most = std::max(most, report.steps);
  }
  MESSAGE("largest gradient " << worst << ", most steps " << most << ", mean fall of F below one step "
                              << gained / 300);
  CHECK(worst < 1e-5);  // a step of 1e-8 deviations times the stiffness of F, at most a few hundred here
}

TEST_CASE("the smoother is the dense solution of the whole-sequence free energy to 1e-8") {
  double worst = 0.0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    random::Stream s({seed, 0, random::Purpose::test, 44});
    const int n = 1 + static_cast<int>(seed % 4), m = 1 + static_cast<int>(seed % 3), steps = 20;
    const auto model = make_model(n, 2, m, s);
    const auto data = simulate(model, steps, seed % 2 ? 0.3 : 0.0, s);
    const auto smoothed = inference::smooth(model, data);
    // F = 1/2 x' H x - b' x + const over all states together.
    const int size = n * (steps + 1);
    MatrixXd h = MatrixXd::Zero(size, size);
    VectorXd b = VectorXd::Zero(size);
    h.topLeftCorner(n, n) = model.initial.precision;
    b.head(n) = model.initial.precision * model.initial_mean;
    for (int t = 0; t < steps; ++t) {
      MatrixXd e = MatrixXd::Zero(n, size);
      e.middleCols(n * t, n) = -model.A;
      e.middleCols(n * (t + 1), n).setIdentity();
      h += e.transpose() * model.state_noise.precision * e;
      b += e.transpose() * model.state_noise.precision * (model.B * data.actions.col(t));
      const auto rows = seen_rows(data, t);
      if (rows.empty()) continue;
      const MatrixXd c = model.C(rows, Eigen::all), pi = model.observation_noise.covariance(rows, rows).inverse();
      h.block(n * (t + 1), n * (t + 1), n, n) += c.transpose() * pi * c;
      b.segment(n * (t + 1), n) += c.transpose() * pi * data.observations.col(t)(rows);
    }
    const MatrixXd covariance = h.inverse();
    const VectorXd x = covariance * b;
    for (int t = 0; t <= steps; ++t) {
      worst = std::max({worst, largest(smoothed.mean[t] - x.segment(n * t, n)),
                        largest(smoothed.covariance[t] - covariance.block(n * t, n * t, n, n))});
      if (t < steps) worst = std::max(worst, largest(smoothed.cross[t] - covariance.block(n * (t + 1), n * t, n, n)));
    }
  }
  MESSAGE("largest difference from the dense solution " << worst);
  CHECK(worst < 1e-8);
}

// F is a sum of steps x (n + m) terms, each rounded to about 1e-16 of its parts: 1e-11 (1 + |F|) is a safe allowance.
TEST_CASE("free energy never rises over iterations, whatever is learned, with gaps and several sequences") {
  double worst = 0.0;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    random::Stream s({seed, 0, random::Purpose::test, 45});
    const int n = 1 + static_cast<int>(seed % 3), m = 1 + static_cast<int>(seed / 3 % 3);
    const auto truth = make_model(n, 2, m, s);
    const double missing = seed % 2 ? 0.3 : 0.0;
    const std::vector<inference::TemporalSequence> data{simulate(truth, 30, missing, s),
                                                        simulate(truth, 17, missing, s)};
    auto model = make_model(n, 2, m, s);
    inference::TemporalLearnOptions o;
    o.max_iterations = 40;
    o.slope = 0.0;
    o.transition = seed & 2;
    o.action = seed & 4;
    o.observation = seed & 8;
    o.state_noise = seed & 16;
    o.observation_noise = seed & 32;
    o.initial_mean = seed % 3 == 0;
    const auto energy = inference::learn(model, data, o).energy;
    for (std::size_t i = 1; i < energy.size(); ++i)
      worst = std::max(worst, (energy[i] - energy[i - 1]) / (1 + std::abs(energy[i])));
  }
  MESSAGE("largest relative rise of F " << worst);
  CHECK(worst <= 1e-11);
}

TEST_CASE("a precision cannot diverge: observations without noise end at the prior's floor") {
  random::Stream s({1, 0, random::Purpose::test, 46});
  auto model = make_model(1, 1, 1, s);
  inference::TemporalSequence data{MatrixXd::Zero(1, 200), MatrixXd::Zero(1, 200), {}};
  inference::TemporalLearnOptions o;
  o.max_iterations = 300;
  o.slope = 0.0;
  const double q = model.state_noise.covariance(0, 0), r = model.observation_noise.covariance(0, 0);
  inference::learn(model, {data}, o);
  CHECK(model.state_noise.covariance(0, 0) >= q / 201 * (1 - 1e-12));
  CHECK(model.observation_noise.covariance(0, 0) >= r / 201 * (1 - 1e-12));
}
