// Imagined steps against the model's own double-precision prediction, and their Jacobians against differences.
#include <doctest/doctest.h>

#include <cmath>

#include "core/inference/transition_model.hpp"
#include "tests/cart_and_pole.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using tests::cart_and_pole;

namespace {

VectorXd random_state(random::Stream& s) {
  VectorXd x(4);
  x << s.uniform(-1, 1), s.uniform(-4, 4), s.uniform(-2, 2), s.uniform(-6, 6);
  return x;
}

inference::TransitionModel lived_model() {
  inference::TransitionOptions o;
  o.fourier_features = 60;
  o.hierarchy_features = 12;
  inference::TransitionModel m(cart_and_pole(), o, 3, 0);
  random::Stream s({6, 0, random::Purpose::test, 0});
  for (int n = 0; n < 80; ++n) {
    const VectorXd x = random_state(s), u = VectorXd::Constant(1, s.uniform(-1, 1));
    VectorXd next = x;
    next.head(2) += 0.1 * x.tail(2);
    next(2) += 0.5 * u(0) + 0.1 * std::sin(x(1));
    next(3) += -0.8 * std::sin(x(1)) + 0.4 * u(0) * std::cos(x(1));
    m.observe(x, u, next);
  }
  m.refit();
  return m;
}

struct Scene {
  inference::Batch state, action;
  std::vector<VectorXd> states, actions;
};

Scene make_scene(int n) {
  Scene scene;
  random::Stream s({8, 0, random::Purpose::test, 0});
  scene.state.resize(4, n);
  scene.action.resize(1, n);
  for (int k = 0; k < n; ++k) {
    scene.states.push_back(random_state(s));
    scene.actions.push_back(VectorXd::Constant(1, s.uniform(-1, 1)));
    for (int i = 0; i < 4; ++i) scene.state.row(i)[k] = static_cast<float>(scene.states.back()(i));
    scene.action.row(0)[k] = static_cast<float>(scene.actions.back()(0));
  }
  return scene;
}

}  // namespace

// float32 features (72) and weights of size up to ~10: 1e-4 relative to states of size ~6 leaves a factor of ten.
TEST_CASE("an imagined step is the model's prediction") {
  inference::TransitionModel m = lived_model();
  random::Stream draws({1, 0, random::Purpose::test, 0});
  inference::Imagination& imagination = m.imagine(true, draws);
  Scene scene = make_scene(21);
  inference::Batch next;
  std::vector<float> gain(static_cast<std::size_t>(scene.state.stride));
  imagination.step(scene.state, scene.action, 21, next, gain.data());
  for (int k = 0; k < 21; ++k) {
    const VectorXd expected =
        m.predict(scene.states[static_cast<std::size_t>(k)], scene.actions[static_cast<std::size_t>(k)]).mean;
    for (int i = 0; i < 4; ++i) CHECK(std::abs(next.row(i)[k] - expected(i)) < 6e-4);
    CHECK(gain[static_cast<std::size_t>(k)] > 0.0F);
  }
}

// Central differences in float32 with h = 1e-2: rounding 1e-6 / h = 1e-4 and curvature h^2 / 6 times third derivatives
// of order 10 (frequencies near 1) give errors up to 5e-3 on entries of order 1.
TEST_CASE("analytic Jacobians of state and information gain equal differences") {
  inference::TransitionModel m = lived_model();
  random::Stream draws({1, 0, random::Purpose::test, 0});
  inference::Imagination& imagination = m.imagine(true, draws);
  Scene scene = make_scene(16);
  inference::Batch low, high;
  MatrixXd states(4, 16), actions(1, 16);
  for (int k = 0; k < 16; ++k) {
    states.col(k) = scene.states[static_cast<std::size_t>(k)];
    actions.col(k) = scene.actions[static_cast<std::size_t>(k)];
  }
  inference::Linearisation linear;
  imagination.linearise(states, actions, true, linear);
  const float h = 1e-2F;
  for (int v = 0; v < 5; ++v) {
    std::vector<float> gain_low(16), gain_high(16);
    for (const float sign : {-1.0F, 1.0F}) {
      Scene moved = make_scene(16);
      float* row = v < 4 ? moved.state.row(v) : moved.action.row(0);
      for (int k = 0; k < 16; ++k) row[k] += sign * h;
      imagination.step(moved.state, moved.action, 16, sign < 0 ? low : high, (sign < 0 ? gain_low : gain_high).data());
    }
    for (int k = 0; k < 16; ++k) {
      for (int i = 0; i < 4; ++i) {
        const double difference = (high.row(i)[k] - low.row(i)[k]) / (2 * h);
        CHECK(std::abs(linear.jacobian[static_cast<std::size_t>(k)](i, v) - difference) <
              5e-3 + 5e-3 * std::abs(difference));
      }
      const auto n = static_cast<std::size_t>(k);
      const double difference = (gain_high[n] - gain_low[n]) / (2 * h);
      CHECK(std::abs(linear.gain_gradient(v, k) - difference) < 2e-2 + 2e-2 * std::abs(difference));
    }
  }
}
