// The path level against motions that are known in closed form.
#include <doctest/doctest.h>

#include <cmath>

#include "core/model/harmonics.hpp"
#include "core/model/path.hpp"
#include "core/random/stream.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::Transitions;

namespace {

constexpr double h = 0.1;

MatrixXd one(double x) { return MatrixXd::Constant(1, 1, x); }

// q(t) = sum_p c_p t^p and its derivatives.
struct Polynomial {
  VectorXd c;
  double at(double t, int derivative) const {
    double sum = 0.0;
    for (Eigen::Index p = derivative; p < c.size(); ++p) {
      double factor = 1.0;
      for (int d = 0; d < derivative; ++d) factor *= static_cast<double>(p - d);
      sum += c(p) * factor * std::pow(t, static_cast<double>(p - derivative));
    }
    return sum;
  }
  Transitions transition() const { return {one(at(0, 0)), one(at(0, 1)), one(0), one(at(h, 0)), one(at(h, 1))}; }
};

Polynomial random_polynomial(int degree, random::Stream& s) {
  Polynomial p{VectorXd(degree + 1)};
  for (int k = 0; k <= degree; ++k) p.c(k) = s.normal() / std::pow(h, k);
  return p;
}

// q'' = -q: rotation of (q, v).
void oscillator(const MatrixXd& q, const MatrixXd&, const MatrixXd&, MatrixXd& a) { a = -q; }

double flight_error(int steps) {
  MatrixXd q = one(0.3), v = one(1.2);
  model::advance(oscillator, q, v, one(0), 1.0, steps);
  return std::hypot(q(0) - (0.3 * std::cos(1.0) + 1.2 * std::sin(1.0)),
                    v(0) - (1.2 * std::cos(1.0) - 0.3 * std::sin(1.0)));
}

}  // namespace

// Exactness is up to rounding: sums of a few numbers of size 1.
TEST_CASE("a quadrature of m nodes integrates every power up to 2 m - 1") {
  for (int m = 1; m <= 6; ++m) {
    const model::Quadrature g = model::gauss_legendre(m);
    for (int p = 0; p < 2 * m; ++p)
      CHECK(std::abs(g.weight.dot(g.node.array().pow(p).matrix()) - 1.0 / (p + 1)) < 1e-13);
    // The next power is the first that it misses.
    CHECK(std::abs(g.weight.dot(g.node.array().pow(2 * m).matrix()) - 1.0 / (2 * m + 1)) > 1e-8);
  }
}

TEST_CASE("the Hermite curve is the motion where that is a cubic") {
  random::Stream s({1, 0, random::Purpose::test, 0});
  const VectorXd node = VectorXd::LinSpaced(7, 0.0, 1.0);
  for (int round = 0; round < 20; ++round) {
    const Polynomial p = random_polynomial(3, s);
    const model::Path path = hermite(p.transition(), h, node);
    for (int k = 0; k < 7; ++k) {
      CHECK(std::abs(path.q[static_cast<std::size_t>(k)](0) - p.at(h * node(k), 0)) < 1e-12);
      CHECK(std::abs(path.v[static_cast<std::size_t>(k)](0) - p.at(h * node(k), 1)) < 1e-11);
    }
  }
}

// Accelerations of degree 4 times a test function of degree 1 are within reach of three nodes: the identities are
// exact.
TEST_CASE("the weak form holds exactly for motions of degree 6") {
  random::Stream s({2, 0, random::Purpose::test, 0});
  const model::Quadrature g = model::gauss_legendre(3);
  for (int round = 0; round < 20; ++round) {
    const Polynomial p = random_polynomial(6, s);
    const std::vector<MatrixXd> y = weak_targets(p.transition(), h);
    for (int test = 0; test < 2; ++test) {
      double sum = 0.0;
      for (int k = 0; k < 3; ++k) sum += g.tested(k, test) * p.at(h * g.node(k), 2);
      CHECK(sum == doctest::Approx(y[static_cast<std::size_t>(test)](0)).epsilon(1e-11));
    }
  }
}

TEST_CASE("Runge-Kutta steps are of fourth order") {
  // Error c h^4 (1 + O(h)): the ratio of halved steps tends to 16; at 8 and 16 steps a second it is within 10 %.
  CHECK(flight_error(8) / flight_error(16) == doctest::Approx(16.0).epsilon(0.1));
}

TEST_CASE("a flight passes through the nodes and ends where it should") {
  const model::Quadrature g = model::gauss_legendre(3);
  const model::Flight f = model::fly(oscillator, one(0.3), one(1.2), one(0), 1.0, g.node, 40);
  for (int k = 0; k < 3; ++k)
    CHECK(f.path.q[static_cast<std::size_t>(k)](0) ==
          doctest::Approx(0.3 * std::cos(g.node(k)) + 1.2 * std::sin(g.node(k))).epsilon(1e-7));
  CHECK(f.q1(0) == doctest::Approx(0.3 * std::cos(1.0) + 1.2 * std::sin(1.0)).epsilon(1e-7));
}

TEST_CASE("settling spreads the end error back where the law is near, and only there") {
  // The law says 0 but the motion has constant acceleration a: what is missing is a quadratic, so its Hermite curve
  // restores it exactly. Of two rows, one errs by less than half the scale and one by more.
  const model::Quadrature g = model::gauss_legendre(3);
  const auto none = [](const MatrixXd& q, const MatrixXd&, const MatrixXd&, MatrixXd& a) {
    a = MatrixXd::Zero(q.rows(), q.cols());
  };
  Eigen::Vector2d a(1.0, 30.0);
  Transitions t;
  t.q0 = Eigen::Vector2d(0.1, 0.2);
  t.v0 = Eigen::Vector2d(-0.5, 0.7);
  t.u = MatrixXd::Zero(2, 1);
  t.q1 = t.q0 + h * t.v0 + h * h / 2 * a;
  t.v1 = t.v0 + h * a;
  const model::Flight f = model::fly(none, t.q0, t.v0, t.u, h, g.node, 1);
  const VectorXd scale = VectorXd::Constant(1, 10.0);
  const model::Path settled = settle_path(t, f, h, g.node, scale);
  for (int k = 0; k < 3; ++k) {
    const double x = h * g.node(k);
    CHECK(settled.q[static_cast<std::size_t>(k)](0) == doctest::Approx(0.1 - 0.5 * x + a(0) / 2 * x * x));
    CHECK(settled.v[static_cast<std::size_t>(k)](0) == doctest::Approx(-0.5 + a(0) * x));
  }
  // A law that is wrong in shape leaves its shape on the near row, and nothing on the far one.
  model::Flight bent = f;
  for (MatrixXd& q : bent.path.q) q.array() += 0.01;
  const model::Path path = settle_path(t, bent, h, g.node, scale), curve = hermite(t, h, g.node);
  CHECK(path.q[1](0) == doctest::Approx(settled.q[1](0) + 0.01));
  CHECK(path.q[1](1) == curve.q[1](1));
}

TEST_CASE("harmonics are the cosines and sines of whole-numbered phases") {
  VectorXd scale(3);
  scale << 1.0, 0.7, 1.0;
  const model::Harmonics f = model::make_harmonics(scale, 4, 2);
  random::Stream s({3, 0, random::Purpose::test, 0});
  MatrixXd q(5, 3), c, sn;
  for (double& x : q.reshaped()) x = 3.0 * s.normal();
  f.phases(q, c, sn);
  for (int w = 0; w < f.waves(); ++w) {
    CHECK(f.wave.row(w).cwiseAbs().sum() <= 4);
    CHECK(f.wave.row(w).cwiseAbs().maxCoeff() <= 2);
    for (int k = 0; k < 5; ++k) {
      const double phase = q.row(k).dot(f.phase_gradient(w));
      CHECK(std::abs(c(k, w) - std::cos(phase)) < 1e-13);
      CHECK(std::abs(sn(k, w) - std::sin(phase)) < 1e-13);
    }
  }
  // All integer points with |k|_1 <= K in the plane are 2 K^2 + 2 K + 1; of each pair +-k one is kept.
  for (int order = 0; order < 6; ++order)
    CHECK(model::make_harmonics(VectorXd::Ones(2), order, order).waves() == order * order + order + 1);
}
