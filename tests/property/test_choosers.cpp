// Who chooses the samples: policies depend on their keys only, a yoked learner is its partner where their streams are
// the same, and information that counts twice is not counted twice.
#include <doctest/doctest.h>

#include <memory>

#include "agents/agent.hpp"
#include "core/base/error.hpp"
#include "experiments/benchmarks/explore.hpp"
#include "experiments/run/options.hpp"

using namespace infans;
using agents::Information;
using agents::Policy;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

constexpr Policy choosers[] = {Policy::efe,         Policy::greedy, Policy::thompson, Policy::flex,
                               Policy::uncertainty, Policy::yoked,  Policy::babbling, Policy::random};

agents::AgentOptions small(Policy policy) {
  agents::AgentOptions o;
  o.policy = policy;
  o.model.transition.fourier_features = 40;
  o.model.transition.hierarchy_features = 0;
  o.model.transition.evidence_steps = 3;
  o.planner.horizon = 6;
  o.planner.candidates = 24;
  o.planner.iterations = 2;
  o.planner.elites = 6;
  o.planner.ilqr_iterations = 1;
  return o;
}

struct Life {
  MatrixXd actions;  // U x decisions
  VectorXd predicted;
};

// `decisions` of the weak arm in two episodes; what the agent then predicts at one place.
Life live(const agents::AgentOptions& o, int decisions, std::uint64_t seed, std::uint32_t who = 0) {
  experiments::ExploreBody body = experiments::explore_body("weak-arm");
  const auto box = std::make_shared<experiments::VelocityBox>(body.high.tail(2));
  agents::Agent agent(body.world->spec(), o, box, seed, decisions, who);
  Life life{MatrixXd(2, decisions), {}};
  VectorXd state;
  for (int t = 0; t < decisions; ++t) {
    if (t % (decisions / 2) == 0) {
      agent.begin_episode(2 * t / decisions, false);
      random::Stream start({seed, 0, random::Purpose::reset, static_cast<std::uint64_t>(t)});
      state = agent.perceive(body.world->reset(start));
    }
    const VectorXd action = agent.decide(state).action;
    life.actions.col(t) = action;
    const VectorXd next = agent.perceive(body.world->step({action.data(), 2}));
    agent.learn(state, action, next);
    state = next;
    if (t % 6 == 5) agent.consolidate();
  }
  life.predicted = agent.model().predict(Eigen::Vector4d(0.3, -0.8, 1.0, 2.0), Eigen::Vector2d(0.5, -0.5)).mean;
  return life;
}

}  // namespace

TEST_CASE("equal keys live equal lives, other seeds others, whoever chooses") {
  for (const Policy policy : choosers) {
    CAPTURE(static_cast<int>(policy));
    const Life a = live(small(policy), 16, 5), again = live(small(policy), 16, 5), other = live(small(policy), 16, 6);
    CHECK(a.actions == again.actions);
    CHECK(a.predicted == again.predicted);
    CHECK(a.actions != other.actions);
    CHECK(a.actions.cwiseAbs().maxCoeff() <= 1.0);
  }
}

TEST_CASE("a yoked learner lives its partner's life, and with the partner's streams it is the partner") {
  agents::AgentOptions yoked = small(Policy::yoked);
  yoked.partner_agent = 2;
  const Life partner = live(small(Policy::efe), 16, 5, 2), apart = live(yoked, 16, 5, 0), same = live(yoked, 16, 5, 2);
  CHECK(apart.actions == partner.actions);
  CHECK(same.actions == partner.actions);
  CHECK(same.predicted == partner.predicted);
  CHECK(apart.predicted != partner.predicted);  // other features
  yoked.partner = Policy::yoked;
  CHECK_THROWS_AS(live(yoked, 4, 5), base::OptionError);
}

TEST_CASE("a held posterior draw stays for an episode and is not the mean") {
  agents::AgentOptions o = small(Policy::thompson);
  const Life episode = live(o, 16, 5);
  o.draw_decisions = 1;
  const Life fresh = live(o, 16, 5);
  CHECK(episode.actions != fresh.actions);
  CHECK(episode.actions != live(small(Policy::greedy), 16, 5).actions);
}

TEST_CASE("every world model that an agent can choose draws, or says that it does not") {
  for (const auto kind : {inference::WorldKind::harmonics, inference::WorldKind::mechanics}) {
    agents::AgentOptions o = small(Policy::thompson);
    o.model.kind = kind;
    CHECK(live(o, 14, 5).actions.allFinite());
  }
  agents::AgentOptions gate = small(Policy::thompson);
  gate.model.kind = inference::WorldKind::gate;
  CHECK_THROWS_AS(live(gate, 14, 5), base::UserError);
}

TEST_CASE("a plan's joint information is at most the sum of its steps") {
  const auto best = [&](Information information) {
    agents::AgentOptions o = small(Policy::efe);
    o.planner.information = information;
    o.planner.pragmatic_weight = 0.0;
    experiments::ExploreBody body = experiments::explore_body("weak-arm");
    agents::Agent agent(body.world->spec(), o, std::make_shared<experiments::VelocityBox>(body.high.tail(2)), 4, 20);
    agent.begin_episode(0, false);
    const agents::Plan plan = agent.decide(VectorXd::Zero(4)).plan;
    CHECK(plan.expected_free_energy == doctest::Approx(-plan.epistemic));
    return plan.epistemic;
  };
  const double summed = best(Information::summed), joint = best(Information::joint);
  CHECK(joint > 0.0);
  CHECK(joint < summed);
}

TEST_CASE("bodies and agents of exploration are named, something is learned, and equal seeds give equal curves") {
  CHECK_THROWS_WITH_AS(experiments::explore_body("weak-am"), doctest::Contains("'weak-arm'"), base::OptionError);
  CHECK_THROWS_WITH_AS(experiments::explore_options("actve"), doctest::Contains("'active'"), base::OptionError);
  for (const char* agent : {"active", "yoked"}) {
    experiments::ExploreOptions o = experiments::explore_options(agent);
    o.decisions = 60;
    o.tests = 50;
    o.learner.model.transition.fourier_features = o.learner.model.transition.draws = 50;
    const experiments::ExploreCurve a = experiments::explore("infant-arm", o, 3),
                                    again = experiments::explore("infant-arm", o, 3);
    CHECK(a.decisions == std::vector<int>{20, 40, 60});
    CHECK(a.one_step == again.one_step);
    CHECK(a.ten_step == again.ten_step);
    CHECK(a.one_step.back() < 0.8);  // 1: as bad as expecting the average change
  }
}

TEST_CASE("policies and informations are options by name") {
  config::Options options(experiments::life_options());
  options.set_text("agent.policy", "yoked", "here");
  options.set_text("agent.partner", "flex", "here");
  options.set_text("planner.information", "joint", "here");
  const agents::AgentOptions o = experiments::agent_options(options);
  CHECK(o.policy == Policy::yoked);
  CHECK(o.partner == Policy::flex);
  CHECK(o.planner.information == Information::joint);
  CHECK_THROWS_AS(options.set_text("agent.partner", "yoked", "here"), base::OptionError);
}
