// Preferences against the rewards that they come from.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <vector>

#include "agents/drives/saturating.hpp"
#include "agents/drives/task_preference.hpp"
#include "core/base/error.hpp"
#include "envs/analytic/tasks.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

struct Seen {
  VectorXd state;
  double reward;
};

// States that random commands lead to, with what the task paid for each; `cost`: the command's own part of the reward.
std::vector<Seen> visit(envs::Environment& world, double cost) {
  std::vector<Seen> all;
  for (std::uint64_t episode = 0; episode < 10; ++episode) {
    random::Stream start({episode, 0, random::Purpose::reset, 0}), s({episode, 0, random::Purpose::test, 0});
    world.reset(start);
    for (int t = 0; t < 20; ++t) {
      const double u = s.uniform(-1, 1);
      const auto o = world.step({&u, 1});
      all.push_back({Eigen::Map<const VectorXd>(o.data(), static_cast<Eigen::Index>(o.size())),
                     world.outcome().reward + cost * u * u});
    }
  }
  return all;
}

double log_density(agents::Preference& p, const VectorXd& state) {
  inference::Batch b;
  b.resize(static_cast<int>(state.size()), 1);
  for (int i = 0; i < state.size(); ++i) b.row(i)[0] = static_cast<float>(state(i));
  std::vector<float> sum(static_cast<std::size_t>(b.stride), 0.0F);
  p.add_log_density(b, 1, sum.data());
  return double{sum[0]};
}

void check_residual(agents::Preference& p, const VectorXd& x) {
  VectorXd r, high, low;
  MatrixXd jacobian, ignored;
  p.residual(x, r, jacobian);
  CHECK(-0.5 * r.squaredNorm() == doctest::Approx(log_density(p, x)).epsilon(1e-4));
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    VectorXd d = VectorXd::Zero(x.size());
    d(i) = 1e-6;
    p.residual(x + d, high, ignored);
    p.residual(x - d, low, ignored);
    CHECK((jacobian.col(i) - (high - low) / 2e-6).norm() < 1e-6 * (1.0 + jacobian.norm()));
  }
}

}  // namespace

// The reward leaves out 0.001 (2 u)^2. Floats: 1e-5 relative.
TEST_CASE("the pendulum's preference is its reward over the temperature") {
  const auto p = agents::task_preference("tip-pendulum-v0");
  const auto world = envs::make_tip_pendulum();
  for (const Seen& s : visit(*world, 0.004)) {
    CHECK(log_density(*p, s.state) == doctest::Approx(s.reward / 0.1).epsilon(1e-4));
    check_residual(*p, s.state);
  }
}

TEST_CASE("the cart-pole's preference is the logarithm of its reward plus one") {
  const auto p = agents::task_preference("pilco-cartpole-v0");
  const auto world = envs::make_pilco_cartpole();
  for (const Seen& s : visit(*world, 0.0)) {
    CHECK(std::expm1(log_density(*p, s.state)) == doctest::Approx(s.reward).epsilon(1e-4));
    check_residual(*p, s.state);
  }
}

// The tip of a pole of 0.6 m, its reward exp(-d^2 / 0.36), worth 10 nats; half a nat for a metre from the middle.
TEST_CASE("the saturating cart-pole's preference is its reward in nats, with the residual's slope everywhere") {
  const auto p = agents::task_preference("pets-cartpole-v0");
  CHECK(0.5 * p->command_precision() == doctest::Approx(0.01 * 9.0 / 0.1));
  // Off the goal, hanging far away (where nothing but the rail pulls), and so near the goal that the series is used.
  for (const Eigen::Vector4d& s : {Eigen::Vector4d(0.3, 2.0, 1.0, -4.0), Eigen::Vector4d(-2.4, 0.1, 0.0, 0.0),
                                   Eigen::Vector4d(1e-3, 3.1412, 0.0, 0.0)}) {
    const double across = s(0) - 0.6 * std::sin(s(1)), below = -0.6 * std::cos(s(1)) - 0.6;
    const double reward = std::exp(-(across * across + below * below) / 0.36);
    CHECK(log_density(*p, s) == doctest::Approx((reward - 1.0) / 0.1 - 0.5 * s(0) * s(0)).epsilon(1e-4));
    check_residual(*p, s);
  }
  CHECK(log_density(*p->clone(), Eigen::Vector4d(0.3, 2.0, 1.0, -4.0)) ==
        log_density(*p, Eigen::Vector4d(0.3, 2.0, 1.0, -4.0)));
  CHECK_THROWS_AS(agents::Saturating(p, 0.0, VectorXd::Zero(4)), std::logic_error);
}

// Angles from upright; the tip of the pole of 1 m at (x + sin, cos). The goal costs nothing.
TEST_CASE("preferences of dm_control's swing-ups are best at rest upright, the short way round") {
  const auto pendulum = agents::task_preference("dmc-pendulum-swingup-v0");
  CHECK(log_density(*pendulum, Eigen::Vector2d(0.0, 0.0)) == 0.0);
  const double late = log_density(*pendulum, Eigen::Vector2d(0.2, 0.0));
  CHECK(log_density(*pendulum, Eigen::Vector2d(0.2 - 4.0 * std::numbers::pi, 0.0)) ==
        doctest::Approx(late).epsilon(1e-4));
  CHECK(log_density(*pendulum, Eigen::Vector2d(0.2, 3.0)) < late);
  check_residual(*pendulum, Eigen::Vector2d(3.0 * std::numbers::pi + 0.5, -2.0));
  for (const char* task : {"dmc-cartpole-swingup-v0", "dmc-cartpole-swingup_sparse-v0"}) {
    const auto p = agents::task_preference(task);
    CHECK(log_density(*p, Eigen::Vector4d(0.0, 0.0, 1.0, 1.0)) == 0.0);
    const double across = 0.3 + std::sin(0.7), below = 1.0 - std::cos(0.7);
    CHECK(log_density(*p, Eigen::Vector4d(0.3, 0.7, 0.0, 0.0)) ==
          doctest::Approx(-0.5 * (across * across + below * below) / (0.25 * 0.25)).epsilon(1e-4));
    check_residual(*p, Eigen::Vector4d(0.3, 0.7, 0.0, 0.0));
  }
}

TEST_CASE("a task without a preference is named with its nearest") {
  CHECK_THROWS_WITH_AS(agents::task_preference("tip-pendulum"), doctest::Contains("tip-pendulum-v0"),
                       base::OptionError);
}

// At the goal and beyond it ln(1 + floor), far away ln floor; the residual has the slope of -ln C.
TEST_CASE("a sparse place is flat far away and at the goal, and its residual has the slope of its density") {
  agents::SparsePlace place(0, 0.45, 0.05, 0.01);
  const double at[] = {-1.2, 0.0, 0.3, 0.38, 0.42, 0.45, 0.6};
  const auto log_density = [&](double x) {
    inference::Batch state;
    state.resize(2, 1);
    state.row(0)[0] = static_cast<float>(x);
    float sum = 0.0F;
    place.add_log_density(state, 1, &sum);
    return double{sum};
  };
  CHECK(log_density(-1.2) == doctest::Approx(std::log(0.01)));
  CHECK(log_density(0.0) == doctest::Approx(log_density(-0.5)));
  CHECK(log_density(0.45) == doctest::Approx(std::log(1.01)));
  CHECK(log_density(0.6) == log_density(0.45));
  for (const double x : at) {
    Eigen::VectorXd r;
    Eigen::MatrixXd jacobian;
    place.residual(Eigen::Vector2d(x, 0.0), r, jacobian);
    const double d = std::max(0.0, 0.45 - x), density = std::exp(-0.5 * d * d / 0.0025);
    CHECK((jacobian.transpose() * r)(0) == doctest::Approx(-density / (density + 0.01) * d / 0.0025));
    CHECK((jacobian.transpose() * r)(1) == 0.0);
  }
}
