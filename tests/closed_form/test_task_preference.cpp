// Preferences against the rewards that they come from.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

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
