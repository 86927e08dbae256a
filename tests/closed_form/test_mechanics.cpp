// Mechanics against bodies whose equations of motion are written down by hand.
#include <doctest/doctest.h>

#include <cmath>

#include "core/inference/mechanics_model.hpp"
#include "core/model/mechanics.hpp"
#include "core/random/stream.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::Transitions;

namespace {

model::Encoding hinges(int n, double dt) {
  model::Encoding e;
  e.coordinates.assign(static_cast<std::size_t>(n), model::Coordinate::circular);
  e.position_scale = VectorXd::Ones(n);
  e.velocity_scale = VectorXd::Constant(n, 4.0);
  e.actions = n;
  e.dt = dt;
  return e;
}

// Pendulum: I q'' = b u - m g l sin q - c q' - k sin 2q (a spring that turns with the joint), all over b.
constexpr double inertia = 0.3, gravity = 4.0, damping = 0.2, spring = 0.5;
void pendulum(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u, MatrixXd& a) {
  a = (u.array() - gravity * q.array().sin() - damping * v.array()) / inertia;
}
void sprung(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u, MatrixXd& a) {
  pendulum(q, v, u, a);
  a.array() -= spring * (2.0 * q.array()).sin() / inertia;
}

// Cart and pole of envs/bodies, force 10 u, in units of the command.
void cart_and_pole(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u, MatrixXd& a) {
  const Eigen::ArrayXd c = q.col(1).array().cos(), s = q.col(1).array().sin(), w = v.col(1).array();
  const double m11 = 1.0, ma = 0.15, m22 = 0.5 * 0.36 / 3.0;
  const Eigen::ArrayXd f1 = 10.0 * u.col(0).array() - 0.1 * v.col(0).array() - ma * s * w * w, f2 = -9.81 * ma * s;
  const Eigen::ArrayXd det = m11 * m22 - ma * ma * c * c;
  a.resize(q.rows(), 2);
  a.col(0) = (m22 * f1 + ma * c * f2) / det;
  a.col(1) = (m11 * f2 + ma * c * f1) / det;
}

Transitions lived(const model::Acceleration& law, int n, int commands, int count, double dt, double speed,
                  std::uint64_t seed) {
  random::Stream s({seed, 0, random::Purpose::test, 0});
  Transitions t{MatrixXd(count, n), MatrixXd(count, n), MatrixXd(count, commands), {}, {}};
  for (double& x : t.q0.reshaped()) x = s.uniform(-3.0, 3.0);
  for (double& x : t.v0.reshaped()) x = s.uniform(-speed, speed);
  for (double& x : t.u.reshaped()) x = s.uniform(-1.0, 1.0);
  t.q1 = t.q0;
  t.v1 = t.v0;
  model::advance(law, t.q1, t.v1, t.u, dt, 200);
  return t;
}

// A body of n hinges with random series; the constant part of P dominates, so it is positive everywhere.
model::MechanicsLaw random_body(const model::Mechanics& m, int n, bool friction, std::uint64_t seed) {
  random::Stream s({seed, 0, random::Purpose::test, 0});
  VectorXd w = m.prior_mean(VectorXd::Ones(n));
  const int series = m.inertia_weight(model::pair_count(n));
  for (int k = 0; k < series; ++k) w(k) += 0.15 / series * model::pair_count(n) * s.normal();
  for (int k = series; k < m.weights(); ++k) w(k) += 0.3 * s.normal();
  model::MechanicsLaw law = m.law(w);
  if (!friction) law.friction.setZero();
  law.pivot_floor = 1e-6;
  return law;
}

class DoubleAngle final : public model::ForceFeatures {
 public:
  int count() const override { return 1; }
  void evaluate(const MatrixXd& q, const MatrixXd&, const MatrixXd&, std::vector<MatrixXd>& f) const override {
    f = {(2.0 * q.array()).sin().matrix()};
  }
};

}  // namespace

// The law is not refitted to noise: what is left is three nodes and Runge-Kutta on smooth motions, below 1e-4 here.
TEST_CASE("a pendulum's inertia, weight and friction are recovered from fifty steps") {
  const model::Encoding e = hinges(1, 0.05);
  inference::MechanicsModel m(e, {});
  const Transitions t = lived(pendulum, 1, 1, 50, e.dt, 4.0, 1);
  m.fit(t);
  const model::MechanicsLaw& law = m.law();
  MatrixXd q(3, 1);
  q << 0.0, 1.0, 2.5;
  const MatrixXd p = law.inertia(q);
  for (int k = 0; k < 3; ++k) CHECK(p(k, 0) == doctest::Approx(inertia).epsilon(1e-3));
  // V = -m g l cos q.
  const VectorXd energy = law.energy(q, MatrixXd::Zero(3, 1));
  CHECK(energy(2) - energy(0) == doctest::Approx(gravity * (1.0 - std::cos(2.5))).epsilon(1e-3));
  CHECK(law.friction(0, 0) == doctest::Approx(damping * 4.0).epsilon(0.02));
  const Transitions fresh = lived(pendulum, 1, 1, 200, e.dt, 4.0, 2);
  const MatrixXd error = m.mean(fresh.q0, fresh.v0, fresh.u) - inference::ends(fresh);
  const double spread = std::sqrt((fresh.v1 - fresh.v0).squaredNorm() / 200.0);
  CHECK(std::sqrt(error.col(1).squaredNorm() / 200.0) < 1e-3 * spread);
}

TEST_CASE("a force of another level is a weight among the others") {
  const model::Encoding e = hinges(1, 0.05);
  inference::MechanicsModelOptions o;
  o.mechanics.potential_box = 1;  // V cannot hold sin 2q
  const Transitions t = lived(sprung, 1, 1, 60, e.dt, 4.0, 3), fresh = lived(sprung, 1, 1, 200, e.dt, 4.0, 4);
  inference::MechanicsModel alone(e, o), with(e, o, std::make_shared<DoubleAngle>());
  alone.fit(t);
  with.fit(t);
  CHECK(with.law().force_weight(0) == doctest::Approx(-spring).epsilon(1e-2));
  const auto error = [&](const inference::MechanicsModel& m) {
    return (m.mean(fresh.q0, fresh.v0, fresh.u) - inference::ends(fresh)).norm();
  };
  CHECK(error(with) < 0.05 * error(alone));
}

// The forward law comes from Lagrange's equations, the design from the same in weak form: along a motion of the former
// the latter balances, up to the quadrature (five nodes, 0.05 s: below 1e-8 of terms of size 1 to 10).
TEST_CASE("the weak form balances along the motions of the forward law") {
  for (int n = 1; n <= 4; ++n) {
    const model::Encoding e = hinges(n, 0.05);
    model::MechanicsOptions o;
    o.friction_terms = 3;
    o.inertia_order = 2;
    const model::Mechanics m(e, o);
    random::Stream s({static_cast<std::uint64_t>(20 + n), 0, random::Purpose::test, 0});
    VectorXd w = m.prior_mean(VectorXd::Constant(n, 3.0));
    for (int k = 0; k < m.weights(); ++k)
      if (w(k) == 0.0) w(k) = 0.02 * s.normal();
    // Dry friction has a kink that no quadrature of five nodes sees through.
    for (int i = 0; i < n; ++i) w(m.inertia_weight(model::pair_count(n)) + m.potential_weights() + n + i) = 0.0;
    model::MechanicsLaw law = m.law(w);
    law.pivot_floor = 1e-6;
    const model::Acceleration a = [&](const MatrixXd& q, const MatrixXd& v, const MatrixXd& u, MatrixXd& out) {
      law.acceleration(q, v, u, out);
    };
    Transitions t{MatrixXd(6, n), MatrixXd(6, n), MatrixXd(6, n), {}, {}};
    for (MatrixXd* x : {&t.q0, &t.v0, &t.u})
      for (double& value : x->reshaped()) value = s.uniform(-1.5, 1.5);
    const model::Quadrature g = model::gauss_legendre(5);
    const model::Flight f = model::fly(a, t.q0, t.v0, t.u, e.dt, g.node, 60);
    t.q1 = f.q1;
    t.v1 = f.v1;
    std::vector<int> all(static_cast<std::size_t>(m.weights()));
    for (int k = 0; k < m.weights(); ++k) all[static_cast<std::size_t>(k)] = k;
    const VectorXd known = m.known_force(t.u).reshaped();
    for (int test = 0; test < 2; ++test) {
      const VectorXd balance = m.design(t, f.path, g, e.dt, test, all) * w - known;
      CHECK(balance.cwiseAbs().maxCoeff() < 1e-6);
    }
  }
}

TEST_CASE("written in the weights of the cart and pole, the law is its equation of motion") {
  model::Encoding e;
  e.coordinates = {model::Coordinate::linear, model::Coordinate::circular};
  e.position_scale = VectorXd::Ones(2);
  e.velocity_scale = Eigen::Vector2d(2.0, 6.0);
  e.actions = 1;
  e.dt = 0.1;
  inference::MechanicsModelOptions o;
  o.mechanics.commands = model::CommandMatrix::full;
  inference::MechanicsModel m(e, o);
  const Transitions t = lived(cart_and_pole, 2, 1, 100, e.dt, 4.0, 5);
  m.fit(t);
  // P / 10 N: total mass, -m a cos, inertia about the hinge; the hinge has no motor.
  MatrixXd q(2, 2), truth(2, 3);
  q << 0.4, 0.0, -0.3, 2.0;
  truth << 0.1, -0.015, 0.006, 0.1, -0.015 * std::cos(2.0), 0.006;
  CHECK((m.law().inertia(q) - truth).cwiseAbs().maxCoeff() < 1e-4);
  CHECK(std::abs(m.law().command(1, 0)) < 1e-3);
  // 95 % intervals of fresh steps: 200 x 4 numbers, so 0.90 is six standard errors below 0.95.
  const Transitions fresh = lived(cart_and_pole, 2, 1, 200, e.dt, 4.0, 6);
  const inference::MotionBatch p = m.predict(fresh.q0, fresh.v0, fresh.u);
  const MatrixXd z = (inference::ends(fresh) - p.mean).cwiseQuotient(p.standard_deviation());
  CHECK((z.array().abs() < 1.96).cast<double>().mean() > 0.85);
}

// Runge-Kutta loses energy as h^4 over a fixed time (h^5 where the leading term vanishes): halving wins 16 at least.
TEST_CASE("without friction and command a body keeps its energy to the order of the integrator") {
  for (int n = 1; n <= 3; ++n) {
    const model::Mechanics m(hinges(n, 0.05), {});
    const model::MechanicsLaw law = random_body(m, n, false, static_cast<std::uint64_t>(30 + n));
    const model::Acceleration a = [&](const MatrixXd& q, const MatrixXd& v, const MatrixXd& u, MatrixXd& out) {
      law.acceleration(q, v, u, out);
    };
    const MatrixXd u = MatrixXd::Zero(1, n);
    const auto drift = [&](int steps) {
      MatrixXd q = MatrixXd::Constant(1, n, 0.7), v = MatrixXd::Constant(1, n, 1.1);
      const double before = law.energy(q, v)(0);
      model::advance(a, q, v, u, 2.0, steps);
      return std::abs(law.energy(q, v)(0) - before);
    };
    CHECK(drift(200) < 1e-6);
    CHECK(drift(40) > 8.0 * drift(80));
  }
}

TEST_CASE("the same data give the same bits") {
  const model::Encoding e = hinges(1, 0.05);
  const Transitions t = lived(pendulum, 1, 1, 40, e.dt, 4.0, 7);
  inference::MechanicsModel a(e, {}), b(e, {});
  a.fit(t);
  b.fit(lived(pendulum, 1, 1, 30, e.dt, 4.0, 8));  // fit() forgets
  b.fit(t);
  CHECK(a.weights() == b.weights());
  CHECK(a.predict(t.q0, t.v0, t.u).covariance[3] == b.predict(t.q0, t.v0, t.u).covariance[3]);
}
