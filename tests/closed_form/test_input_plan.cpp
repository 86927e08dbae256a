// Oracle: the information of a rollout summed step by step, finite differences, and the rules' own definitions.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "agents/sampling/input_plan.hpp"
#include "agents/sampling/linear_explorer.hpp"
#include "core/inference/optimal_input.hpp"
#include "envs/analytic/linear_body.hpp"
#include "tests/random_matrix.hpp"

namespace {

using namespace infans;
using namespace infans::agents;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

random::Stream stream(std::uint64_t seed) { return random::Stream({seed, 0, random::Purpose::test, 0}); }

// A pendulum that swings a while: eigenvalues of modulus 0.97.
inference::LinearSystem swing() {
  MatrixXd a(2, 2);
  a << 0.9, 0.4, -0.3, 0.9129;
  return {0.97 / std::sqrt(a.determinant()) * a, Eigen::Vector2d(0.05, 0.2), 0.01};
}

double log_det_of_rollout(const inference::LinearSystem& s, VectorXd x, MatrixXd sum, const VectorXd& u) {
  for (const double input : u) {
    VectorXd z(x.size() + 1);
    z << x, input;
    sum += z * z.transpose();
    x = s.a * x + s.b * input;
  }
  return std::log(sum.determinant());
}

VectorXd inputs(Index count, random::Stream& s) {
  VectorXd u(count);
  for (double& v : u) v = s.uniform(-1.0, 1.0);
  return u;
}

}  // namespace

TEST_CASE("a plan is worth the information of its steps, its tail that of the free swing after it") {
  random::Stream draws = stream(1);
  const inference::LinearSystem s = swing();
  const VectorXd x = Eigen::Vector2d(0.3, -0.2), u = inputs(12, draws);
  const MatrixXd known = 0.1 * MatrixXd::Identity(3, 3);
  CHECK(InputPlan(s, false).value(x, known, u) == doctest::Approx(log_det_of_rollout(s, x, known, u)).epsilon(1e-12));
  // 2,000 steps of rest leave 0.97^4000 < 1e-50 of the swing.
  VectorXd rest = VectorXd::Zero(2012);
  rest.head(12) = u;
  CHECK(InputPlan(s, true).value(x, known, u) == doctest::Approx(log_det_of_rollout(s, x, known, rest)).epsilon(1e-12));
}

TEST_CASE("the gradient of a plan is that of finite differences") {
  random::Stream draws = stream(2);
  const inference::LinearSystem s = swing();
  const VectorXd x = Eigen::Vector2d(0.1, 0.2), u = inputs(9, draws);
  const MatrixXd known = 0.05 * MatrixXd::Identity(3, 3);
  for (const bool tail : {false, true}) {
    InputPlan plan(s, tail), other(s, tail);
    plan.value(x, known, u);
    const VectorXd slope = plan.gradient();
    for (Index k = 0; k < u.size(); ++k) {
      constexpr double h = 1e-5;  // error of h^2 from curvature, 1e-16 / h from rounding
      VectorXd up = u, down = u;
      up(k) += h;
      down(k) -= h;
      CHECK(slope(k) ==
            doctest::Approx((other.value(x, known, up) - other.value(x, known, down)) / (2 * h)).epsilon(1e-7));
    }
  }
}

TEST_CASE("an ascent rises, obeys the bound and comes near the best of all bang-bang inputs") {
  const inference::LinearSystem s = swing();
  const VectorXd x = VectorXd::Zero(2);
  const MatrixXd known = 1e-3 * MatrixXd::Identity(3, 3);
  constexpr int steps = 12;
  double best = -1e9;
  for (int word = 0; word < 1 << steps; ++word) {
    VectorXd u(steps);
    for (int k = 0; k < steps; ++k) u(k) = word >> k & 1 ? 1.0 : -1.0;
    best = std::max(best, log_det_of_rollout(s, x, known, u));
  }
  InputPlan plan(s, false);
  double reached = -1e9;
  for (std::uint64_t start = 0; start < 5; ++start) {
    random::Stream draws = stream(start);
    VectorXd u = inputs(steps, draws);
    double before = plan.value(x, known, u);
    for (int i = 0; i < 30; ++i) {
      const double after = plan.ascend(x, known, u, 1);
      CHECK(after >= before);
      CHECK(plan.value(x, known, u) == after);
      before = after;
    }
    CHECK(u.cwiseAbs().maxCoeff() <= 1.0);
    reached = std::max(reached, before);
  }
  // A tenth of a nat: local optima are few for 12 steps, but there are some.
  CHECK(reached > best - 0.1);
}

TEST_CASE("one_step and flex take the input whose regressors, now or next, the belief knows least") {
  const envs::LinearBody& body = envs::linear_bodies().front();
  for (const InputRule rule : {InputRule::one_step, InputRule::flex}) {
    LinearExplorerOptions o;
    o.rule = rule;
    const auto world = envs::make_linear_body(body);
    random::Stream starts = stream(3);
    VectorXd x = VectorXd::Map(world->reset(starts).data(), 2);
    LinearExplorer explorer(x, o, stream(4));
    MatrixXd precision = o.prior_precision * MatrixXd::Identity(3, 3);
    for (int t = 0; t < 60; ++t) {
      const VectorXd u = explorer.propose();
      REQUIRE(std::abs(u(0)) == 1.0);
      const auto unknown = [&](double input) {
        VectorXd z(3);
        const inference::LinearSystem s = explorer.believed();
        if (rule == InputRule::flex)
          z << s.a * x + s.b * input, 0.0;
        else
          z << x, input;
        return z.dot(precision.inverse() * z);
      };
      CHECK(unknown(u(0)) >= unknown(-u(0)) * (1.0 - 1e-9));
      VectorXd z(3);
      z << x, u(0);
      const double before = std::log(precision.determinant());
      precision += z * z.transpose();
      const double command = u(0);
      x = VectorXd::Map(world->step({&command, 1}).data(), 2);
      const Purchase line = explorer.buy(u, x);
      // Two rows of W: half a nat of ln det each. Expected and bought agree: a Gaussian belief narrows the same
      // whatever is seen.
      CHECK(line.bought == doctest::Approx(std::log(precision.determinant()) - before).epsilon(1e-6));
      CHECK(line.expected == doctest::Approx(line.bought).epsilon(1e-6));
    }
  }
}
