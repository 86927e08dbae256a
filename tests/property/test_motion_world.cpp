// Models of motion as models of the world: what they imagine, what a transition does to them, and when they begin.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>

#include "core/inference/make_world.hpp"
#include "core/inference/motion_world.hpp"
#include "tests/cart_and_pole.hpp"

using namespace infans;
using namespace infans::inference;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

constexpr WorldKind path_level[] = {WorldKind::harmonics, WorldKind::mechanics, WorldKind::gate};

VectorXd random_state(random::Stream& s) {
  VectorXd x(4);
  x << s.uniform(-1, 1), s.uniform(-3, 3), s.uniform(-2, 2), s.uniform(-6, 6);
  return x;
}

// A pole on a cart that is pushed, integrated in small steps: close to a law of mechanics and to gated harmonics.
VectorXd moved(VectorXd x, double u) {
  for (int i = 0; i < 200; ++i) {
    const double sine = std::sin(x(1)), cosine = std::cos(x(1));
    Eigen::Matrix2d inertia;
    inertia << 1.0, -0.15 * cosine, -0.15 * cosine, 0.06;
    const Eigen::Vector2d force(10.0 * u - 0.1 * x(2) - 0.15 * sine * x(3) * x(3), -1.47 * sine);
    x.tail(2) += 0.0005 * inertia.ldlt().solve(force);
    x.head(2) += 0.0005 * x.tail(2);
  }
  return x;
}

std::unique_ptr<WorldModel> lived(WorldKind kind, int transitions, bool consolidated = true) {
  WorldOptions o;
  o.kind = kind;
  o.harmonic_order = 2;
  o.transition.draws = 64;
  auto m = make_world_model(tests::cart_and_pole(), o, 3, 0);
  random::Stream s({6, 0, random::Purpose::test, 0});
  for (int n = 0; n < transitions; ++n) {
    const VectorXd x = random_state(s);
    const double u = s.uniform(-1, 1);
    m->observe(x, VectorXd::Constant(1, u), moved(x, u));
  }
  if (consolidated) m->refit();
  return m;
}

struct Scene {
  Batch state, action, next;
  MatrixXd x, u;  // 4 x n, 1 x n: what the batches hold
};

Scene make_scene(int n) {
  Scene scene;
  random::Stream s({8, 0, random::Purpose::test, 0});
  scene.state.resize(4, n);
  scene.action.resize(1, n);
  scene.x.resize(4, n);
  scene.u.resize(1, n);
  for (int k = 0; k < n; ++k) {
    scene.x.col(k) = random_state(s).cast<float>().cast<double>();
    scene.u(0, k) = static_cast<float>(s.uniform(-1, 1));
    for (int i = 0; i < 4; ++i) scene.state.row(i)[k] = static_cast<float>(scene.x(i, k));
    scene.action.row(0)[k] = static_cast<float>(scene.u(0, k));
  }
  return scene;
}

}  // namespace

// Floats of size up to 10 over some hundred roundings: 1e-4 leaves a margin of five.
TEST_CASE("an imagined step is the prediction, and its Jacobian the derivative") {
  for (const WorldKind kind : path_level) {
    CAPTURE(static_cast<int>(kind));
    auto m = lived(kind, 60);
    random::Stream draws({1, 0, random::Purpose::test, 0});
    Imagination& thought = m->imagine(false, draws);
    Scene scene = make_scene(19);
    thought.step(scene.state, scene.action, 19, scene.next, nullptr);
    for (int k = 0; k < 19; ++k) {
      const VectorXd expected = m->predict(scene.x.col(k), scene.u.col(k)).mean;
      for (int i = 0; i < 4; ++i) CHECK(std::abs(scene.next.row(i)[k] - expected(i)) < 1e-4);
    }
    Linearisation linear;
    thought.linearise(scene.x, scene.u, false, linear);
    random::Stream s({2, 0, random::Purpose::test, 0});
    for (int k = 0; k < 19; ++k) {
      // Along one random direction; what is left is of the order of its square.
      VectorXd d(5);
      for (double& value : d) value = 1e-4 * s.normal();
      const VectorXd high = m->predict(scene.x.col(k) + d.head(4), scene.u.col(k) + d.tail(1)).mean,
                     low = m->predict(scene.x.col(k) - d.head(4), scene.u.col(k) - d.tail(1)).mean;
      const VectorXd difference = 0.5 * (high - low);
      CHECK((linear.jacobian[static_cast<std::size_t>(k)] * d - difference).norm() < 1e-3 * difference.norm());
    }
    CHECK(linear.gain_gradient.isZero(0.0));
  }
}

// The exact information of a predicted end, (ln det C - ln det N) / 2, against what 64 posterior draws in mid-step say:
// each estimate is a chi-squared of 64, off by 18 % of its argument, and mid-step stands for the whole path. So the
// mean agrees within 20 % and the order of the states is the same.
TEST_CASE("imagined information gain is that of the exact posterior") {
  for (const WorldKind kind : path_level) {
    CAPTURE(static_cast<int>(kind));
    auto m = lived(kind, 40);
    random::Stream draws({1, 0, random::Purpose::test, 0});
    Imagination& thought = m->imagine(true, draws);
    const int n = 64;
    Scene scene = make_scene(n);
    std::vector<float> gain(static_cast<std::size_t>(padded(n)));
    thought.step(scene.state, scene.action, n, scene.next, gain.data());
    VectorXd imagined(n);
    for (int k = 0; k < n; ++k) imagined(k) = gain[static_cast<std::size_t>(k)];
    const VectorXd exact =
        dynamic_cast<MotionWorld&>(*m)
            .motion()
            .predict(scene.x.topRows(2).transpose(), scene.x.bottomRows(2).transpose(), scene.u.transpose())
            .information();
    CHECK(std::abs(imagined.mean() / exact.mean() - 1.0) < 0.2);
    const VectorXd a = imagined.array() - imagined.mean(), b = exact.array() - exact.mean();
    CHECK(a.dot(b) > 0.9 * a.norm() * b.norm());
  }
}

TEST_CASE("before it has seen two transitions a world coasts") {
  for (const WorldKind kind : path_level) {
    auto m = lived(kind, 1);
    const VectorXd x = Eigen::Vector4d(0.5, 1.0, -1.0, 2.0);
    const VectorXd mean = m->predict(x, VectorXd::Constant(1, 0.3)).mean;
    CHECK(mean.isApprox(Eigen::Vector4d(0.4, 1.2, -1.0, 2.0)));
    random::Stream draws({1, 0, random::Purpose::test, 0});
    Scene scene = make_scene(3);
    std::vector<float> gain(static_cast<std::size_t>(padded(3)), 1.0F);
    m->imagine(true, draws).step(scene.state, scene.action, 3, scene.next, gain.data());
    CHECK(gain[0] == 0.0F);
    CHECK(scene.next.row(0)[1] == doctest::Approx(scene.x(0, 1) + 0.1 * scene.x(2, 1)));
    Linearisation linear;
    m->imagine(true, draws).linearise(scene.x, scene.u, true, linear);
    CHECK(linear.jacobian[2](1, 3) == doctest::Approx(0.1));
    CHECK(linear.jacobian[2].rightCols(1).isZero(0.0));
  }
}

// For one number seen with variance n whose prediction has variance n + s: ln evidence, its Bayesian split and the
// expected information are one-line formulas.
TEST_CASE("the surprise of a Gaussian is evidence, accuracy and complexity") {
  const double n = 0.3, w = 0.5, e = 0.7, pi = 3.14159265358979323846;
  const Surprise s =
      gaussian_surprise(VectorXd::Constant(1, e), MatrixXd::Constant(1, 1, n + w), VectorXd::Constant(1, n));
  CHECK(s.vfe == doctest::Approx(0.5 * (e * e / (n + w) + std::log(2 * pi * (n + w)))));
  // The belief about what the weights add: N(0, w) before, mean m and variance c after.
  const double m = e * w / (n + w), c = n * w / (n + w);
  CHECK(s.complexity == doctest::Approx(0.5 * ((c + m * m) / w - 1.0 + std::log(w / c))));
  CHECK(s.accuracy == doctest::Approx(-0.5 * (((e - m) * (e - m) + c) / n + std::log(2 * pi * n))));
  CHECK(s.information_gain == doctest::Approx(0.5 * std::log((n + w) / n)));
}

TEST_CASE("what was lived is kept in order, and single transitions move a fitted model") {
  auto m = lived(WorldKind::mechanics, 30);
  auto& world = dynamic_cast<MotionWorld&>(*m);
  CHECK(world.fitted());
  const VectorXd x = Eigen::Vector4d(0.2, 2.0, 1.0, -3.0), u = VectorXd::Constant(1, -0.4), next = moved(x, -0.4);
  const double before = world.predict(x, u).standard_deviation.sum();
  world.observe(x, u, next);
  CHECK(world.predict(x, u).standard_deviation.sum() < before);
  const model::Transitions t = world.lived();
  CHECK(t.count() == 31);
  CHECK(t.q0.row(30).transpose() == x.head(2));
  CHECK(t.v1.row(30).transpose() == next.tail(2));
  CHECK(t.u(30, 0) == -0.4);
  CHECK(std::isfinite(world.log_evidence()));
}
