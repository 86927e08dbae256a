// The contact level against what can be worked out on paper: optimality of the settled acceleration, a mass on a soft
// floor, a block with dry friction, the geometry of a gap, ridge regression, and pendulums that this file simulates.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "core/inference/contact_model.hpp"
#include "core/inference/gauss_newton.hpp"
#include "core/model/contact.hpp"
#include "core/model/least_constraint.hpp"
#include "core/random/stream.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::Contact;
using model::LeastConstraint;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

random::Stream stream(std::uint64_t seed) { return random::Stream({seed, 0, random::Purpose::test, 0}); }

VectorXd uniform(random::Stream& s, int n, double low, double high) {
  VectorXd x(n);
  for (double& value : x) value = s.uniform(low, high);
  return x;
}

// A body of one joint with constant inertia m and free acceleration a0(q, v, u).
model::FreeLaw single(double m, std::function<double(double, double, double)> a0) {
  return [m, a0](const MatrixXd& q, const MatrixXd& v, const MatrixXd& u, MatrixXd& a, MatrixXd& inertia) {
    a.resize(q.rows(), 1);
    for (Eigen::Index k = 0; k < q.rows(); ++k) a(k, 0) = a0(q(k, 0), v(k, 0), u.cols() > 0 ? u(k, 0) : 0.0);
    inertia = MatrixXd::Constant(q.rows(), 1, m);
  };
}

void move(const Contact& c, const VectorXd& p, const model::FreeLaw& free, double& q, double& v, double time,
          int steps) {
  MatrixXd position = MatrixXd::Constant(1, 1, q), speed = MatrixXd::Constant(1, 1, v);
  const auto law = [&](const MatrixXd& at, const MatrixXd& rate, const MatrixXd& u, MatrixXd& a) {
    c.acceleration(p, free, at, rate, u, a);
  };
  model::advance(law, position, speed, MatrixXd(1, 0), time, steps);
  q = position(0, 0);
  v = speed(0, 0);
}

// A mass m above a floor at 0 with stiffness k, rate b and compliance R; nothing above it.
struct Floor {
  double m = 2.0, k = 2700.0, b = 100.0, r = 0.03, gravity = 9.81;
  Contact contact{1, {false, true, false}};

  VectorXd parameters() const {
    const model::ContactLayout& l = contact.layout();
    VectorXd p(l.count);
    p(l.stop_low) = 0.0;
    p(l.stop_high) = 1e9;
    p(l.log_stop_stiffness) = std::log(k);
    p(l.log_stop_rate) = std::log(b);
    p(l.log_stop_compliance) = std::log(r);
    return p;
  }
  model::FreeLaw free() const {
    return single(m, [g = gravity](double, double, double) { return -g; });
  }
};

// A pendulum with motor, gravity and damping, and one more force that depends on its free acceleration, moved by this
// file's own integrator.
struct Pendulum {
  double motor = 8.0, gravity = 12.0, damping = 0.4, h = 0.05;
  std::function<double(double, double, double)> force;  // (q, v, free acceleration) -> acceleration

  double acceleration(double q, double v, double u) const {
    const double free = motor * u - gravity * std::sin(q) - damping * v;
    return free + (force ? force(q, v, free) : 0.0);
  }
  void step(double& q, double& v, double u) const {
    constexpr int steps = 200;
    const double d = h / steps;
    for (int k = 0; k < steps; ++k) {
      const double a1 = acceleration(q, v, u), a2 = acceleration(q + d / 2 * v, v + d / 2 * a1, u);
      const double a3 = acceleration(q + d / 2 * (v + d / 2 * a1), v + d / 2 * a2, u);
      const double a4 = acceleration(q + d * (v + d / 2 * a2), v + d * a3, u);
      q += d * v + d * d / 6 * (a1 + a2 + a3);
      v += d / 6 * (a1 + 2 * a2 + 2 * a3 + a4);
    }
  }
  model::Transitions sample(int count, std::uint64_t seed) const {
    random::Stream s = stream(seed);
    model::Transitions t;
    t.q0 = uniform(s, count, -3.1, 3.1);
    t.v0 = uniform(s, count, -4.0, 4.0);
    t.u = uniform(s, count, -1.0, 1.0);
    t.q1 = t.q0;
    t.v1 = t.v0;
    for (int k = 0; k < count; ++k) step(t.q1(k, 0), t.v1(k, 0), t.u(k, 0));
    return t;
  }
  model::Encoding encoding() const {
    return {{model::Coordinate::circular}, VectorXd::Ones(1), VectorXd::Constant(1, 4.0), 1, h};
  }
};

double relative_error(const inference::MotionModel& m, const model::Transitions& t, double h) {
  const MatrixXd error = inference::ends(t) - m.mean(t.q0, t.v0, t.u);
  MatrixXd target = inference::ends(t);
  target.leftCols(1) -= t.q0 + h * t.v0;
  target.rightCols(1) -= t.v0;
  const MatrixXd centred = target.rowwise() - target.colwise().mean();
  return (error.colwise().norm().array() / centred.colwise().norm().array()).mean();
}

// Dry friction of at most F that wants v' = -rate v with compliance R, on unit inertia: least constraint of one force
// in closed form, f = clip((-rate v - a0) / (R + 1), -F, F).
constexpr double dry = 2.0, dry_rate = 90.0, dry_compliance = 0.1;
double dry_friction(double, double v, double free) {
  return std::clamp((-dry_rate * v - free) / (dry_compliance + 1.0), -dry, dry);
}

// A rough floor under a pendulum of length 1, its height over the lowest point 0.1: gap 0.9 - cos q, slip -sin q. Two
// forces push along gap +- grip slip; of the four sets that may act, the one whose forces push and whose others would
// pull is the minimum of the energy.
constexpr double floor_height = 0.9, grip = 0.2;
double floor_push(double q, double v, double free) {
  const double gap = floor_height - std::cos(q);
  if (gap >= 0.0) return 0.0;
  const double slope[2] = {std::sin(q) - grip * std::cos(q), std::sin(q) + grip * std::cos(q)};
  double wanted[2];
  for (int e = 0; e < 2; ++e) wanted[e] = -90.0 * slope[e] * v - 2000.0 * gap;
  for (int set = 0; set < 4; ++set) {
    double sum = free, weight = 1.0;
    for (int e = 0; e < 2; ++e)
      if (set & (1 << e)) {
        sum += slope[e] * wanted[e] / 0.05;
        weight += slope[e] * slope[e] / 0.05;
      }
    const double a = sum / weight;
    bool consistent = true;
    for (int e = 0; e < 2; ++e) consistent = consistent && ((set & (1 << e)) != 0) == (wanted[e] - slope[e] * a > 0.0);
    if (consistent) return a - free;
  }
  return 0.0;
}

}  // namespace

TEST_CASE("the settled acceleration balances every force: the optimality conditions of the convex energy") {
  random::Stream s = stream(1);
  double worst = 0.0;
  for (int trial = 0; trial < 3000; ++trial) {
    const int n = 1 + trial % 4, m = trial % 7;
    const MatrixXd root = MatrixXd::NullaryExpr(n, n, [&] { return s.uniform(-1.0, 1.0); });
    const MatrixXd inertia = root * root.transpose() + 0.05 * MatrixXd::Identity(n, n);
    const VectorXd a0 = uniform(s, n, -5.0, 5.0);
    LeastConstraint c(n, 6);
    MatrixXd jacobian(m, n);
    VectorXd reference = uniform(s, m, -5.0, 5.0), compliance(m), low(m), high(m);
    for (int i = 0; i < m; ++i) {
      jacobian.row(i) = uniform(s, n, -1.0, 1.0).transpose();
      compliance(i) = std::pow(10.0, s.uniform(-4.0, 1.0));
      low(i) = i % 2 == 0 ? 0.0 : -s.uniform(0.0, 3.0);
      high(i) = i % 2 == 0 ? infinite : -low(i);
      const VectorXd row = jacobian.row(i).transpose();
      c.add({row.data(), static_cast<std::size_t>(n)}, reference(i), compliance(i), low(i), high(i));
    }
    VectorXd a(n);
    c.settle(inertia, a0, a);
    VectorXd balance = inertia * (a - a0);
    double scale = 1.0;
    for (int i = 0; i < m; ++i) {
      const double force = std::clamp(-(jacobian.row(i).dot(a) - reference(i)) / compliance(i), low(i), high(i));
      balance -= force * jacobian.row(i).transpose();
      scale = std::max(scale, std::abs(force));
    }
    // Rounding of J a - c (size 10) over a compliance of 1e-4 costs 1e5 ulps of force.
    worst = std::max(worst, balance.cwiseAbs().maxCoeff() / scale);
  }
  CHECK(worst < 1e-9);
}

TEST_CASE("one force has a closed form: (c - J a0) / (R + J P^-1 J'), within its bounds") {
  const MatrixXd inertia = (MatrixXd(2, 2) << 2.0, 0.5, 0.5, 1.0).finished();
  const VectorXd a0 = Eigen::Vector2d(1.0, -2.0), j = Eigen::Vector2d(0.3, 0.8);
  for (const double bound : {infinite, 0.7, 0.0}) {
    LeastConstraint c(2, 1);
    c.add({j.data(), 2}, 4.0, 0.2, 0.0, bound);
    VectorXd a(2);
    c.settle(inertia, a0, a);
    const VectorXd response = inertia.inverse() * j;
    const double force = std::min(bound, (4.0 - j.dot(a0)) / (0.2 + j.dot(response)));
    CHECK((a - a0 - force * response).norm() < 1e-13);
    CHECK(c.force(0) == doctest::Approx(force).epsilon(1e-13));
  }
  LeastConstraint full(2, 0);
  CHECK_THROWS_AS(full.add({j.data(), 2}, 0.0, 1.0, 0.0, 1.0), std::logic_error);
  CHECK_THROWS_AS(Contact(2, {}, MatrixXd::Ones(1, 3)), std::logic_error);
}

TEST_CASE("a mass on a soft floor rests, sinks in and comes up as the linear law says, and flies free above it") {
  const Floor f;
  const VectorXd p = f.parameters();
  // Pushing: (m + 1/R) a = -m g + (-b v - k q) / R, so a = -A - B v - C q.
  const double share = 1.0 / (1.0 + f.m * f.r);
  const double a0 = f.gravity * f.m * f.r * share, rate = f.b * share, stiffness = f.k * share;
  const double rest = -a0 / stiffness;
  SUBCASE("rest") {
    double q = rest, v = 0.0;
    move(f.contact, p, f.free(), q, v, 1.0, 1000);
    CHECK(q == doctest::Approx(rest).epsilon(1e-12));
    CHECK(std::abs(v) < 1e-12);
  }
  SUBCASE("from a penetration of 0.1 m, while it is pushed") {
    const double decay = 0.5 * rate, turn = std::sqrt(stiffness - decay * decay), time = 0.02;
    const double start = -0.1 - rest, sine = decay * start / turn;
    double q = -0.1, v = 0.0;
    move(f.contact, p, f.free(), q, v, time, 1000);
    const double expected =
        rest + std::exp(-decay * time) * (start * std::cos(turn * time) + sine * std::sin(turn * time));
    // Runge-Kutta's error: 1000 steps of (2e-5 s * 50/s)^5 are 1e-12 of the motion.
    CHECK(q == doctest::Approx(expected).epsilon(1e-9));
  }
  SUBCASE("free above the floor") {
    double q = 0.3, v = 0.5;
    move(f.contact, p, f.free(), q, v, 0.1, 10);
    CHECK(q == doctest::Approx(0.3 + 0.05 - 0.5 * f.gravity * 0.01).epsilon(1e-14));
    CHECK(v == doctest::Approx(0.5 - f.gravity * 0.1).epsilon(1e-14));
  }
  SUBCASE("falling onto it loses energy, and the floor never pulls") {
    double q = 0.2, v = 0.0, highest = -1.0;
    bool was_down = false;
    for (int k = 0; k < 4000; ++k) {
      MatrixXd a;
      f.contact.acceleration(p, f.free(), MatrixXd::Constant(1, 1, q), MatrixXd::Constant(1, 1, v), MatrixXd(1, 0), a);
      CHECK(a(0, 0) >= -f.gravity);
      move(f.contact, p, f.free(), q, v, 2.5e-4, 1);
      was_down = was_down || q < 0.0;
      if (was_down) highest = std::max(highest, q);
    }
    CHECK(was_down);
    CHECK(highest < 0.1);
  }
}

TEST_CASE("dry friction slows by F / m, then holds and creeps at R D / rate") {
  const double m = 2.0, most = 3.0, rate = 100.0, r = 0.05;
  const Contact c(1, {true, false, false});
  VectorXd p(3);
  p << std::log(most), std::log(rate), std::log(r);
  double q = 0.0, v = 1.0;
  SUBCASE("sliding") {
    const model::FreeLaw coast = single(m, [](double, double, double) { return 0.0; });
    move(c, p, coast, q, v, 0.1, 10);
    CHECK(v == doctest::Approx(1.0 - most / m * 0.1).epsilon(1e-13));
  }
  SUBCASE("held against a drive of 2") {
    const double drive = 2.0;
    const model::FreeLaw pushed = single(m, [=](double, double, double) { return drive / m; });
    move(c, p, pushed, q, v, 3.0, 3000);
    CHECK(v == doctest::Approx(r * drive / rate).epsilon(1e-9));
  }
  SUBCASE("not held against 5") {
    const model::FreeLaw pushed = single(m, [=](double, double, double) { return 5.0 / m; });
    move(c, p, pushed, q, v, 1.0, 100);
    CHECK(v == doctest::Approx(1.0 + (5.0 - most) / m).epsilon(1e-12));
  }
}

TEST_CASE("the gap of a planar chain is the height of its tip, and its slip the tip's way along the floor") {
  const Contact c(2, {false, false, true});
  const model::ContactLayout& l = c.layout();
  const double length0 = 0.5, length1 = 0.3, height = 0.7;
  VectorXd p = VectorXd::Zero(l.count);
  p.segment(l.gap, 5) << height, -length0, -length1, 0.0, 0.0;
  p(l.lever) = 0.2;
  p(l.lever + 1) = -0.5;
  random::Stream s = stream(2);
  for (int trial = 0; trial < 20; ++trial) {
    const VectorXd q = uniform(s, 2, -3.0, 3.0);
    const double both = q(0) + q(1);
    const model::Gap g = c.gap(p, q);
    const double value = height - length0 * std::cos(q(0)) - length1 * std::cos(both);
    CHECK(g.value == doctest::Approx(value).epsilon(1e-14));
    const double up = length1 * std::sin(both), along = -length1 * std::cos(both);
    CHECK(g.normal(0) == doctest::Approx(length0 * std::sin(q(0)) + up).epsilon(1e-13));
    CHECK(g.normal(1) == doctest::Approx(up).epsilon(1e-13));
    const double unit = std::sqrt((length0 * length0 + length1 * length1) / 2.0), lever = 0.2 * unit - 0.5 * value;
    CHECK(g.tangent(0) == doctest::Approx(-length0 * std::cos(q(0)) + along + lever).epsilon(1e-13));
    CHECK(g.tangent(1) == doctest::Approx(along + lever).epsilon(1e-13));
    CHECK(c.gap_features(q).dot(p.segment(l.gap, 5)) == doctest::Approx(value).epsilon(1e-13));
  }
}

TEST_CASE("Gauss-Newton on a linear model is ridge regression with its own noise") {
  random::Stream s = stream(3);
  const int rows = 60, size = 4;
  const MatrixXd x = MatrixXd::NullaryExpr(rows, size, [&] { return s.uniform(-1.0, 1.0); });
  inference::LeastSquares p;
  p.f = [&x](const VectorXd& w) { return VectorXd(x * w); };
  p.y = x * uniform(s, size, -2.0, 2.0) + 0.1 * uniform(s, rows, -1.0, 1.0);
  p.row_class = Eigen::VectorXi::Zero(rows);
  p.mean = VectorXd::Constant(size, 0.5);
  p.precision = 2.0 * MatrixXd::Identity(size, size);
  p.difference = VectorXd::Constant(size, 1e-4);
  p.largest_step = VectorXd::Constant(size, infinite);
  const inference::LaplacePosterior out = inference::gauss_newton(p, VectorXd::Zero(size));
  const MatrixXd precision = x.transpose() * x / out.noise(0) + p.precision;
  const VectorXd mean = precision.llt().solve(x.transpose() * p.y / out.noise(0) + p.precision * p.mean);
  // The noise is settled to 5 %, so the mean lies within a small share of a standard deviation (here about 0.02).
  CHECK((out.mean - mean).norm() < 1e-3);
  CHECK((out.precision - precision).norm() < 1e-6 * precision.norm());
  CHECK(out.noise(0) == doctest::Approx((p.y - x * out.mean).squaredNorm() / rows).epsilon(0.06));
}

TEST_CASE("without contact the level is mechanics itself") {
  const Pendulum free;
  const model::Transitions t = free.sample(60, 1), other = free.sample(50, 2);
  const inference::ContactModelOptions options;
  inference::ContactModel contact(free.encoding(), options);
  inference::MechanicsModel mechanics(free.encoding(), options.mechanics);
  contact.fit(t);
  mechanics.fit(t);
  CHECK_FALSE(contact.contact().kinds().any());
  CHECK(contact.mean(other.q0, other.v0, other.u) == mechanics.mean(other.q0, other.v0, other.u));
  CHECK(contact.predict(other.q0, other.v0, other.u).covariance[7] ==
        mechanics.predict(other.q0, other.v0, other.u).covariance[7]);
}

TEST_CASE("dry friction is found, its size recovered, and threads do not matter") {
  Pendulum sticky;
  sticky.force = dry_friction;
  const model::Transitions t = sticky.sample(80, 3), other = sticky.sample(200, 4);
  inference::ContactModelOptions options;
  inference::ContactModel m(sticky.encoding(), options);
  m.fit(t);
  CHECK(m.contact().kinds() == model::ContactKinds{true, false, false});
  // The unit of force is a full command, which accelerates by `motor`. 10 Runge-Kutta steps do not follow the kinks of
  // sticking as the 200 of this file do: 1 % covers it.
  CHECK(std::exp(m.parameters()(m.contact().layout().log_friction)) ==
        doctest::Approx(dry / sticky.motor).epsilon(0.01));
  inference::MechanicsModel mechanics(sticky.encoding(), {});
  mechanics.fit(t);
  CHECK(relative_error(m, other, sticky.h) < 0.2 * relative_error(mechanics, other, sticky.h));
  // Few samples and iterations: only the bits matter here.
  options.iterations = 3;
  VectorXd found;
  for (const int threads : {1, 2}) {
    options.threads = threads;
    inference::ContactModel some(sticky.encoding(), options);
    some.fit(sticky.sample(30, 9));
    if (threads == 1) found = some.parameters();
    CHECK(some.parameters() == found);
  }
}

TEST_CASE("a rough floor under a pendulum is found where it is, and more samples refine it") {
  Pendulum above;
  above.force = floor_push;
  const model::Transitions t = above.sample(150, 5), other = above.sample(300, 6), more = above.sample(60, 7);
  inference::ContactModelOptions options;
  options.kinds.stops = false;
  inference::ContactModel m(above.encoding(), options);
  m.fit(t);
  CHECK(m.contact().kinds() == model::ContactKinds{false, false, true});
  const double edge = std::acos(floor_height);
  // Gap of either side: samples lie 0.04 rad apart, and their motion tells more than their places.
  for (const double side : {1.0, -1.0}) {
    CHECK(m.contact().gap(m.parameters(), VectorXd::Constant(1, side * (edge - 0.02))).value < 0.0);
    CHECK(m.contact().gap(m.parameters(), VectorXd::Constant(1, side * (edge + 0.02))).value > 0.0);
  }
  inference::MechanicsModel mechanics(above.encoding(), {});
  mechanics.fit(t);
  CHECK(relative_error(m, other, above.h) < 0.05);
  CHECK(relative_error(m, other, above.h) < 0.1 * relative_error(mechanics, other, above.h));
  // Deep in the floor the level must be less sure than in free flight.
  const MatrixXd q = (MatrixXd(2, 1) << 0.2, 2.5).finished(), rest = MatrixXd::Zero(2, 1);
  const inference::MotionBatch before = m.predict(q, rest, rest);
  CHECK(before.covariance[0](1, 1) > before.covariance[1](1, 1));
  // More samples move the numbers only to explain them better.
  const VectorXd numbers = m.parameters();
  const double error = relative_error(m, other, above.h), new_error = relative_error(m, more, above.h);
  m.add(more);
  CHECK(m.parameters() != numbers);
  CHECK(relative_error(m, more, above.h) < new_error);
  CHECK(relative_error(m, other, above.h) < 1.5 * error);
}

TEST_CASE("the end of a joint is found where samples were pushed") {
  Pendulum stopped;
  stopped.force = [](double q, double v, double free) {
    const double gap = 2.0 - q;
    return gap < 0.0 ? std::min(0.0, (-90.0 * v + 2000.0 * gap - free) / 1.05) : 0.0;
  };
  const model::Transitions all = stopped.sample(200, 8);
  std::vector<Eigen::Index> inside;  // bodies start within their range, or little outside
  for (Eigen::Index k = 0; k < all.count(); ++k)
    if (all.q0(k, 0) < 2.05) inside.push_back(k);
  inference::ContactModelOptions options;
  options.kinds.touch = false;
  inference::ContactModel m(stopped.encoding(), options);
  m.fit(all.rows(inside));
  CHECK(m.contact().kinds() == model::ContactKinds{false, true, false});
  CHECK(m.parameters()(m.contact().layout().stop_high) == doctest::Approx(2.0).epsilon(0.01));
}
