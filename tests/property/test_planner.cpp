// What a plan must do whatever the model: obey the bounds, be the best of what was tried, and depend on its key only.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>

#include "agents/planning/planner.hpp"
#include "core/inference/transition_model.hpp"
#include "core/kernels/kernels.hpp"
#include "tests/cart_and_pole.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using tests::cart_and_pole;

namespace {

VectorXd cart_pushed(const VectorXd& x, double u) {
  VectorXd next = x;
  next.head(2) += 0.1 * x.tail(2);
  next(2) += u;
  next(3) -= 0.5 * std::sin(x(1));
  return next;
}

inference::TransitionModel lived_model(int transitions) {
  inference::TransitionOptions o;
  o.fourier_features = 80;
  o.hierarchy_features = 0;
  inference::TransitionModel m(cart_and_pole(), o, 5, 0);
  random::Stream s({9, 0, random::Purpose::test, 0});
  for (int n = 0; n < transitions; ++n) {
    VectorXd x(4);
    x << s.uniform(-1, 1), s.uniform(-0.5, 0.5), s.uniform(-2, 2), s.uniform(-1, 1);
    const double u = s.uniform(-1, 1);
    m.observe(x, VectorXd::Constant(1, u), cart_pushed(x, u));
  }
  m.refit();
  return m;
}

agents::Planner make_planner(const agents::PlannerOptions& o, double goal_x = 0.0) {
  // Tip of a hanging pole: preferring (goal_x, -0.6) moves the cart only.
  return {4, 1, o, std::make_shared<agents::PlanarTip>(0.6, goal_x, -0.6, 0.03, kernels::best())};
}

}  // namespace

TEST_CASE("a plan is bounded, no worse than what it rejected, and its terms add up") {
  auto model = lived_model(150);
  for (std::uint64_t k = 0; k < 20; ++k) {
    agents::Planner planner = make_planner({}, 1.0);
    random::Stream draws({k, 0, random::Purpose::posterior_draws, 0}),
        candidates({k, 0, random::Purpose::candidates, 0});
    const agents::Plan plan = planner.plan(VectorXd::Zero(4), model.imagine(true, draws), candidates);
    CHECK(std::abs(plan.action(0)) <= 1.0);
    CHECK(plan.expected_free_energy == doctest::Approx(-(plan.pragmatic + plan.epistemic)));
    CHECK(plan.epistemic >= 0.0);
    CHECK(plan.pragmatic <= 0.0);
    CHECK(plan.rejected.size() == 4);
    for (const auto& r : plan.rejected)
      CHECK(plan.expected_free_energy <= -(r.pragmatic + r.epistemic) + 1e-3 * std::abs(plan.expected_free_energy));
  }
}

TEST_CASE("equal keys give equal plans, other keys other candidates") {
  auto model = lived_model(150);
  const auto first_action = [&](std::uint64_t seed) {
    agents::PlannerOptions o;
    o.ilqr_iterations = 0;
    agents::Planner planner = make_planner(o, 0.4);
    random::Stream draws({1, 0, random::Purpose::posterior_draws, 0}),
        candidates({seed, 0, random::Purpose::candidates, 0});
    return planner.plan(VectorXd::Zero(4), model.imagine(true, draws), candidates).action(0);
  };
  CHECK(first_action(1) == first_action(1));
  CHECK(first_action(1) != first_action(2));
}

TEST_CASE("it pushes towards the goal") {
  auto model = lived_model(150);
  for (const double goal : {-1.0, 1.0}) {
    agents::Planner planner = make_planner({}, goal);
    random::Stream draws({1, 0, random::Purpose::posterior_draws, 0}),
        candidates({1, 0, random::Purpose::candidates, 0});
    CHECK(planner.plan(VectorXd::Zero(4), model.imagine(true, draws), candidates).action(0) * goal > 0.0);
  }
}

// Koudahl, Kouw & de Vries 2021: with fixed noise and known parameters the epistemic term is the same for every policy.
// Here parameters are uncertain, so it must differ between plans, and must fall as data come in.
TEST_CASE("curiosity is not vacuous, and fades with what is known") {
  double last = 1e300;
  for (const int transitions : {5, 50, 500}) {
    auto model = lived_model(transitions);
    agents::Planner planner = make_planner({}, 0.0);
    random::Stream draws({1, 0, random::Purpose::posterior_draws, 0}),
        candidates({1, 0, random::Purpose::candidates, 0});
    const agents::Plan plan = planner.plan(VectorXd::Zero(4), model.imagine(true, draws), candidates);
    CHECK(plan.epistemic != doctest::Approx(plan.rejected.back().epistemic).epsilon(1e-3));
    CHECK(plan.epistemic < last);
    last = plan.epistemic;
  }
}

TEST_CASE("weighted updates push towards the goal, at any temperature") {
  auto model = lived_model(150);
  for (const double temperature : {0.01, 1.0, 100.0})
    for (const double goal : {-1.0, 1.0}) {
      agents::PlannerOptions o;
      o.update = agents::Update::weighted;
      o.temperature = temperature;
      o.ilqr_iterations = 0;
      agents::Planner planner = make_planner(o, goal);
      random::Stream draws({1, 0, random::Purpose::posterior_draws, 0}),
          candidates({1, 0, random::Purpose::candidates, 0});
      CHECK(planner.plan(VectorXd::Zero(4), model.imagine(true, draws), candidates).action(0) * goal > 0.0);
    }
}

TEST_CASE("a plan is followed for its interval, unless it is surprised") {
  auto model = lived_model(150);
  agents::PlannerOptions o;
  o.replan_interval = 3;
  o.epistemic_weight = 0.0;
  agents::Planner planner = make_planner(o, 0.4);
  CHECK(!planner.follows(0.0));  // nothing is planned yet
  random::Stream draws({1, 0, random::Purpose::posterior_draws, 0}), candidates({1, 0, random::Purpose::candidates, 0});
  VectorXd state = VectorXd::Zero(4);
  const auto act = [&](const VectorXd& u) { state = model.predict(state, u).mean; };
  act(planner.plan(state, model.imagine(false, draws), candidates).action);
  CHECK(planner.follows(2.9));
  CHECK(!planner.follows(3.1));
  const VectorXd start = state;
  act(planner.follow(state));
  CHECK(state != start);
  CHECK(planner.follows(0.0));
  act(planner.follow(state));
  CHECK(!planner.follows(0.0));  // three decisions were lived by it
  planner.reset();
  CHECK(!planner.follows(0.0));
}

// The path of the plan is where its gains correct nothing: a state a little aside gets another command.
TEST_CASE("a followed plan is corrected by its gains") {
  auto model = lived_model(150);
  agents::PlannerOptions o;
  o.replan_interval = 2;
  o.epistemic_weight = 0.0;
  const auto second = [&](double aside) {
    agents::Planner planner = make_planner(o, 0.05);  // near: commands stay inside their bounds, gains alive
    random::Stream draws({1, 0, random::Purpose::posterior_draws, 0}),
        candidates({1, 0, random::Purpose::candidates, 0});
    const VectorXd u = planner.plan(VectorXd::Zero(4), model.imagine(false, draws), candidates).action;
    VectorXd state = model.predict(VectorXd::Zero(4), u).mean;
    state(0) += aside;
    return planner.follow(state)(0);
  };
  CHECK(second(0.02) < second(0.0));  // too far to the goal's side: less push
  CHECK(second(0.0) < second(-0.02));
}

// Second moments of 4000 sequences of variance near 1 have standard errors below 0.035: two samples differ by less than
// 5 sqrt 2 of them.
TEST_CASE("sequences drawn many at once have the moments of those drawn one by one") {
  constexpr int length = 9, count = 4000;
  for (const double beta : {0.0, 1.0, 2.0}) {
    CAPTURE(beta);
    random::Stream s({12, 0, random::Purpose::test, 0});
    agents::ColouredNoise noise(length, beta);
    inference::Batch batch;
    noise.sample(s, count, batch);
    MatrixXd together(length, count), alone(length, count);
    VectorXd one(length);
    for (int k = 0; k < count; ++k) {
      for (int t = 0; t < length; ++t) together(t, k) = double{batch.row(t)[k]};
      noise.sample(s, one);
      alone.col(k) = one;
    }
    const MatrixXd difference = (together * together.transpose() - alone * alone.transpose()) / count;
    CHECK(difference.cwiseAbs().maxCoeff() < 0.25);
    CHECK((together.rowwise().mean()).cwiseAbs().maxCoeff() < 0.1);
  }
}
