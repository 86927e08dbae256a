// Bayesian predictive coding against multivariate Bayesian regression (Minka 2000; Murphy 2012, 7.6) written densely,
// and against what coordinate descent of a free energy must do.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "core/inference/bayesian_learn.hpp"
#include "tests/random_matrix.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::MatrixNormalWishart;
using tests::normal;

namespace {

void fill(MatrixXd& m, random::Stream& s, double scale = 1.0) {
  for (double& x : m.reshaped()) x = scale * s.normal();
}

random::Stream stream(std::uint64_t seed) { return random::Stream({seed, 0, random::Purpose::test, 42}); }

// Posterior from natural parameters, the definition; `w` weighs the columns.
MatrixNormalWishart dense(const MatrixNormalWishart& p, const MatrixXd& phi, const MatrixXd& x, double w) {
  MatrixNormalWishart q;
  q.column_precision = p.column_precision + w * phi * phi.transpose();
  const MatrixXd b = p.mean * p.column_precision + w * x * phi.transpose();
  q.mean = b * q.column_precision.inverse();
  q.scale = p.scale + p.mean * p.column_precision * p.mean.transpose() + w * x * x.transpose() -
            q.mean * q.column_precision * q.mean.transpose();
  q.dof = p.dof + w * static_cast<double>(x.cols());
  return q;
}

void check_same(const MatrixNormalWishart& a, const MatrixNormalWishart& b, double tolerance) {
  CHECK((a.mean - b.mean).cwiseAbs().maxCoeff() < tolerance);
  CHECK((a.column_precision - b.column_precision).cwiseAbs().maxCoeff() <
        tolerance * b.column_precision.cwiseAbs().maxCoeff());
  CHECK((a.scale - b.scale).cwiseAbs().maxCoeff() < tolerance * b.scale.cwiseAbs().maxCoeff());
  CHECK(a.dof == doctest::Approx(b.dof).epsilon(1e-14));
}

model::BayesianHierarchyState clamp_ends(const model::BayesianHierarchy& m, const MatrixXd& in, const MatrixXd& out) {
  model::BayesianHierarchyState s(m, static_cast<int>(in.cols()));
  s.activity.front() = in;
  s.activity.back() = out;
  s.clamped.back() = true;
  model::predict_all(m, s);
  return s;
}

}  // namespace

TEST_CASE("matrix-normal-Wishart updates are multivariate Bayesian regression to 1e-10") {
  auto s = stream(1);
  MatrixNormalWishart p = MatrixNormalWishart::prior(3, 6, 0.5, 0.3, 2.0);
  fill(p.mean, s);
  const MatrixXd phi = normal(6, 40, s), x = normal(3, 40, s);
  MatrixNormalWishart batch = p, online = p, weighted = p;
  batch.update(phi, x);
  for (int n = 0; n < 40; n += 4) online.update(phi.middleCols(n, 4), x.middleCols(n, 4));
  const MatrixNormalWishart direct = dense(p, phi, x, 1.0);
  check_same(batch, direct, 1e-10);
  check_same(online, direct, 1e-10);
  weighted.update(phi, x, 0.3);
  check_same(weighted, dense(p, phi, x, 0.3), 1e-10);
  // Natural parameters are linear: a step of rate 0.3 from the prior towards the full posterior is weight 0.3.
  MatrixNormalWishart moved = p;
  moved.move_towards(direct, 0.3);
  check_same(moved, weighted, 1e-10);
}

TEST_CASE("predictive densities of single columns multiply to the evidence") {
  auto s = stream(2);
  const MatrixNormalWishart p = MatrixNormalWishart::prior(2, 4, 0.5, 0.3, 2.0);
  const MatrixXd phi = normal(4, 20, s), x = normal(2, 20, s);
  MatrixNormalWishart q = p;
  double log_p = 0.0;
  for (int n = 0; n < 20; ++n) {
    const VectorXd e = x.col(n) - q.mean * phi.col(n);
    const MatrixXd scale = q.predictive_scale(phi.col(n));
    const double nu = q.predictive_dof();
    log_p += std::lgamma(0.5 * (nu + 2)) - std::lgamma(0.5 * nu) - std::log(nu * std::numbers::pi) -
             0.5 * std::log(scale.determinant()) - 0.5 * (nu + 2) * std::log1p(e.dot(scale.inverse() * e) / nu);
    q.update(phi.col(n), x.col(n));
  }
  CHECK(model::log_evidence(p, q, 20) == doctest::Approx(log_p).epsilon(1e-11));
}

// With one layer the posterior is exact, so the bound is tight: F = -ln evidence. It ties energy, E ln|Lambda|, the
// trace term and the divergence together.
TEST_CASE("one linear layer: exact posterior, and free energy equal to minus the log evidence") {
  auto s = stream(3);
  model::BayesianHierarchy m({{4, 3}, model::Activation::identity}, s);
  const MatrixXd in = normal(4, 30, s), out = normal(3, 30, s);
  auto state = clamp_ends(m, in, out);
  inference::settle(m, state, {});
  inference::learn(m, state);
  MatrixXd phi = MatrixXd::Ones(5, 30);
  phi.topRows(4) = in;
  check_same(m.weight[0], dense(m.prior[0], phi, out, 1.0), 1e-10);
  const double f = model::free_energy(m, state) + model::weight_divergence(m);
  CHECK(f == doctest::Approx(-model::log_evidence(m.prior[0], m.weight[0], 30)).epsilon(1e-10));
}

// Settling: gradient of the expected energy (with the trace term) by central differences, h^2 error ~1e-8 relative.
TEST_CASE("a settled hierarchy is at a minimum of the expected energy, and no sweep raises it") {
  for (const auto rate : {model::Activation::identity, model::Activation::tanh})
    for (std::uint64_t seed = 10; seed < 16; ++seed) {
      auto s = stream(seed);
      model::BayesianHierarchyShape shape{{3, 5, 4, 2}, rate};
      shape.hidden_noise = 0.5;
      shape.latent = model::Latent::point;
      model::BayesianHierarchy m(shape, s);
      auto state = clamp_ends(m, normal(3, 7, s), normal(2, 7, s));
      double energy = model::free_energy(m, state);
      for (int sweep = 0; sweep < 400; ++sweep) {
        const double after = inference::settle(m, state, {1, 0.0}).energy;
        CHECK(after <= energy + 1e-12 * (1 + std::abs(energy)));
        energy = after;
      }
      for (int l = 1; l < 3; ++l) {
        double& x = state.activity[l](1, 2);
        const double h = 1e-5, at = x;
        x = at + h;
        const double up = model::free_energy(m, state);
        x = at - h;
        const double down = model::free_energy(m, state);
        x = at;
        CHECK(std::abs(up - down) / (2 * h) < 1e-5 * (1 + std::abs(energy)));
      }
    }
}

// Both factors of q take turns at their optimum, so -ELBO cannot rise (identity rates: nothing is approximated).
TEST_CASE("coordinate descent never raises the free energy of a linear two-layer hierarchy") {
  for (const auto latent : {model::Latent::point, model::Latent::gaussian}) {
    auto s = stream(20);
    model::BayesianHierarchyShape shape{{4, 3, 5}, model::Activation::identity, latent};
    model::BayesianHierarchy m(shape, s);
    const MatrixXd in = normal(4, 40, s);
    const MatrixXd out = normal(5, 3, s) * normal(3, 4, s) * in + 0.1 * normal(5, 40, s);
    auto state = clamp_ends(m, in, out);
    inference::settle(m, state, {});
    double f = model::free_energy(m, state) + model::weight_divergence(m);
    const double start = f;
    for (int k = 0; k < 60; ++k) {
      inference::learn(m, state);
      const double learned = model::free_energy(m, state) + model::weight_divergence(m);
      CHECK(learned <= f + 1e-10 * (1 + std::abs(f)));
      inference::settle(m, state, {});
      const double settled = model::free_energy(m, state) + model::weight_divergence(m);
      CHECK(settled <= learned + 1e-10 * (1 + std::abs(learned)));
      f = settled;
    }
    CHECK(f < start);
  }
}

// The spread's derivative of F must vanish at the covariance settle() leaves: F is stationary along any symmetric
// change.
TEST_CASE("Gaussian activities take the covariance that minimises the free energy") {
  auto s = stream(30);
  model::BayesianHierarchyShape shape{{3, 4, 2}, model::Activation::identity, model::Latent::gaussian};
  model::BayesianHierarchy m(shape, s);
  auto state = clamp_ends(m, normal(3, 5, s), normal(2, 5, s));
  const double best = inference::settle(m, state, {}).energy;
  const MatrixXd covariance = state.spread[1] / 5;
  const double log_det = std::log(covariance.determinant());
  for (const double t : {-0.3, -0.01, 0.01, 0.3}) {
    MatrixXd change = MatrixXd::Identity(4, 4);
    change(0, 0) = std::exp(t);
    const MatrixXd moved = change * covariance * change;
    state.spread[1] = state.rate_spread[1] = 5 * moved;
    const double entropy = state.entropy[1];
    state.entropy[1] += 0.5 * 5 * (std::log(moved.determinant()) - log_det);
    CHECK(model::free_energy(m, state) > best);
    state.entropy[1] = entropy;
  }
}

TEST_CASE("a mini-batch step of rate 1 on the whole data is the exact update") {
  auto s = stream(40);
  model::BayesianHierarchy m({{4, 6, 3}, model::Activation::tanh}, s), exact = m;
  auto state = clamp_ends(m, normal(4, 20, s), normal(3, 20, s));
  inference::settle(m, state, {});
  inference::learn(m, state, 20.0, 1.0);
  inference::learn(exact, state);
  for (int l = 0; l < 2; ++l) check_same(m.weight[l], exact.weight[l], 1e-10);
  CHECK_THROWS_AS(inference::learn(m, state, 20.0, 0.0), std::logic_error);
}

// Wishart and matrix-normal draws: 20,000 of them, five standard errors (false alarm < 1e-6 a check).
TEST_CASE("draws of weights and precisions have the posterior's moments") {
  auto s = stream(50);
  MatrixNormalWishart q = MatrixNormalWishart::prior(2, 3, 0.5, 0.3, 2.0);
  q.update(normal(3, 20, s), normal(2, 20, s));
  constexpr int draws = 20000;
  MatrixXd w, r, precision = MatrixXd::Zero(2, 2), weights = MatrixXd::Zero(2, 3);
  const VectorXd x = VectorXd::LinSpaced(3, -1, 2);
  MatrixXd spread = MatrixXd::Zero(2, 2);
  for (int k = 0; k < draws; ++k) {
    q.draw(s, w, r);
    precision += (r * r.transpose()).inverse() / draws;
    weights += w / draws;
    spread += (w - q.mean) * x * x.transpose() * (w - q.mean).transpose() / draws;
  }
  const MatrixXd expected = q.expected_precision();
  // Var Lambda_ij = nu (V_ij^2 + V_ii V_jj), V = expected / nu.
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j) {
      const double sd = std::sqrt((expected(i, j) * expected(i, j) + expected(i, i) * expected(j, j)) / q.dof / draws);
      CHECK(std::abs(precision(i, j) - expected(i, j)) < 5 * sd);
    }
  // E[Lambda^-1] = Psi / (nu - o - 1); a multivariate t square has relative variance below 3.
  const MatrixXd noise = q.scale / (q.dof - 3), covariance = x.dot(q.column_covariance() * x) * noise;
  for (int i = 0; i < 2; ++i) {
    CHECK(std::abs(spread(i, i) / covariance(i, i) - 1) < 5 * std::sqrt(3.0 / draws));
    for (int j = 0; j < 3; ++j)
      CHECK(std::abs(weights(i, j) - q.mean(i, j)) < 5 * std::sqrt(noise(i, i) * q.column_covariance()(j, j) / draws));
  }
}

// Worlds drawn from the prior itself, so 95% intervals must hold 95%. Student quantiles are exact for one layer;
// outputs of a world are correlated, so the standard error is taken over the 200 worlds: |z| < 4, false alarm 6e-5.
TEST_CASE("predictive intervals of one layer are calibrated on worlds from its own prior") {
  constexpr int worlds = 200, tests = 20;
  VectorXd coverage(worlds);
  for (int seed = 0; seed < worlds; ++seed) {
    auto s = stream(1000 + seed);
    MatrixNormalWishart q = MatrixNormalWishart::prior(2, 4, 1.0, 0.3, 3.0);
    MatrixXd w, r;
    q.draw(s, w, r);
    const MatrixXd phi = normal(4, 6, s), x = w * phi + r * normal(2, 6, s);
    q.update(phi, x);
    REQUIRE(q.predictive_dof() == doctest::Approx(9.0));
    int inside = 0;
    for (int n = 0; n < tests; ++n) {
      const VectorXd at = normal(4, 1, s), y = w * at + r * normal(2, 1, s);
      const MatrixXd scale = q.predictive_scale(at);
      // Student-t with 9 degrees of freedom: 97.5% quantile 2.262157.
      for (int j = 0; j < 2; ++j) inside += std::abs(y(j) - q.mean.row(j).dot(at)) < 2.262157 * std::sqrt(scale(j, j));
    }
    coverage(seed) = inside / (2.0 * tests);
  }
  const double sd = std::sqrt((coverage.array() - coverage.mean()).square().sum() / (worlds - 1) / worlds);
  MESSAGE("coverage of 95% intervals: " << coverage.mean() << " +- " << sd);
  CHECK(std::abs(coverage.mean() - 0.95) < 4 * sd);
}

// The draws of predict() against the Student-t of one layer: 4,000 draws, five standard errors.
TEST_CASE("moments by draws agree with the exact predictive of one layer") {
  auto s = stream(60);
  model::BayesianHierarchy m({{3, 2}, model::Activation::identity}, s);
  auto state = clamp_ends(m, normal(3, 20, s), normal(2, 20, s));
  inference::settle(m, state, {});
  inference::learn(m, state);
  const MatrixXd at = normal(3, 1, s);
  const auto p = inference::predict(m, at, 4000, s);
  VectorXd phi = VectorXd::Ones(4);
  phi.head(3) = at;
  const double dof = m.weight[0].predictive_dof(), kurtosis = 3 + 6 / (dof - 4);
  const MatrixXd variance = m.weight[0].predictive_scale(phi) * dof / (dof - 2);
  const double v = phi.dot(m.weight[0].column_covariance() * phi);
  for (int j = 0; j < 2; ++j) {
    CHECK(std::abs(p.mean(j, 0) - m.weight[0].mean.row(j).dot(phi)) < 5 * std::sqrt(variance(j, j) / 4000));
    CHECK(std::abs(p.variance(j, 0) / variance(j, j) - 1) < 5 * std::sqrt((kurtosis - 1) / 4000));
    CHECK(std::abs(p.epistemic(j, 0) / (variance(j, j) * v / (1 + v)) - 1) < 5 * std::sqrt((kurtosis - 1) / 4000));
  }
}

// fit() is the same coordinate descent with strides beyond its steps: lower F than as many plain rounds, never a rise.
TEST_CASE("fitting a data set lowers the free energy at every round, and beyond plain rounds") {
  for (std::uint64_t seed = 70; seed < 73; ++seed) {
    auto s = stream(seed);
    model::BayesianHierarchyShape shape{{4, 6, 3}, model::Activation::identity, model::Latent::gaussian};
    model::BayesianHierarchy start(shape, s);
    const MatrixXd in = normal(4, 30, s), out = normal(3, 4, s) * in + 0.1 * normal(3, 30, s);
    double f = std::numeric_limits<double>::infinity();
    for (const int rounds : {1, 2, 5, 10, 20, 40}) {
      model::BayesianHierarchy m = start;
      const auto report = inference::fit(m, in, out, {rounds, 0.0, {1, 0.0}});
      CHECK(report.rounds == rounds);
      CHECK(report.free_energy <= f + 1e-10 * std::abs(f));
      f = report.free_energy;
    }
    model::BayesianHierarchy plain = start;
    auto state = clamp_ends(plain, in, out);
    double g = inference::settle(plain, state, {1, 0.0}).energy;
    for (int k = 0; k < 40; ++k) {
      inference::learn(plain, state);
      g = inference::settle(plain, state, {1, 0.0}).energy + model::weight_divergence(plain);
    }
    CHECK(f < g);
  }
  auto s = stream(1);
  model::BayesianHierarchy m({{4, 6, 3}}, s);
  CHECK_THROWS_AS(inference::fit(m, MatrixXd(4, 5), MatrixXd(3, 4), {}), std::logic_error);
}

// Worlds with a hidden tanh layer, drawn from the prior. Mean field and Laplace are approximations: 95% +- 3% is asked,
// and four standard errors over the 40 worlds are allowed on top (false alarm 6e-5).
TEST_CASE("predictive intervals of a hidden layer are calibrated on worlds from its own prior") {
  constexpr int worlds = 40, samples = 40, tests = 50;
  VectorXd coverage(worlds);
  for (int seed = 0; seed < worlds; ++seed) {
    auto s = stream(2000 + seed);
    model::BayesianHierarchyShape shape{{3, 6, 2}, model::Activation::tanh, model::Latent::gaussian};
    shape.hidden_noise = 0.3;
    shape.extra_dof = 6.0;
    model::BayesianHierarchy m(shape, s);
    MatrixXd w[2], r[2];
    for (int l = 0; l < 2; ++l) m.prior[l].draw(s, w[l], r[l]);
    const auto world = [&](const MatrixXd& in) {
      MatrixXd x = in;
      for (int l = 0; l < 2; ++l) {
        MatrixXd phi = MatrixXd::Ones(x.rows() + 1, x.cols());
        phi.topRows(x.rows()) = l == 0 ? x : MatrixXd(x.array().tanh());
        x = w[l] * phi + r[l] * normal(static_cast<int>(w[l].rows()), static_cast<int>(x.cols()), s);
      }
      return x;
    };
    const MatrixXd in = normal(3, samples, s), out = world(in), at = normal(3, tests, s), truth = world(at);
    inference::fit(m, in, out, {100, 1e-6, {1, 0.0}});
    const auto p = inference::predict(m, at, 200, s);
    coverage(seed) = ((truth - p.mean).array().abs() < 1.96 * p.variance.array().sqrt()).cast<double>().mean();
  }
  const double sd = std::sqrt((coverage.array() - coverage.mean()).square().sum() / (worlds - 1) / worlds);
  MESSAGE("coverage of 95% intervals, hidden layer: " << coverage.mean() << " +- " << sd);
  CHECK(std::abs(coverage.mean() - 0.95) < 0.03 + 4 * sd);
}
