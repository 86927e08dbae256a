// Parts of lives that are put aside and go on with the same bits: every task's world, and what of a mind no life of the
// program has: wishes with a memory, a model of contact. INFANS_FULL=1: to the end, and into worlds that are new.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "agents/agent.hpp"
#include "agents/drives/gap_preference.hpp"
#include "agents/drives/joint_stops.hpp"
#include "agents/drives/saturating.hpp"
#include "core/base/state.hpp"
#include "core/inference/contact_model.hpp"
#include "core/kernels/kernels.hpp"
#include "envs/worlds/worlds.hpp"
#include "tests/full_tier.hpp"
#include "tests/lives.hpp"

namespace {

using namespace infans;
using namespace infans::tests;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int steps_lived = 50;

}  // namespace

TEST_CASE("every task's world is put aside after any step and goes on in another") {
  const envs::TaskTable tasks = envs::all_tasks();
  const char* const packages = std::getenv("INFANS_SITE_PACKAGES");  // where the bodies of other packages are
  for (const std::string& id : tasks.ids()) {
    CAPTURE(id);
    const envs::TaskInfo& info = tasks.info(id);
    envs::TaskOptions options;
    if (!info.package.empty()) {
      if (packages == nullptr) continue;
      options.assets = std::string(packages) + "/" + info.package + "/" + info.folder;
    }
    const auto make = [&] { return tasks.make(id, options).world; };
    const auto world = make(), other = make();
    random::Stream start({1, 0, random::Purpose::reset, 0});
    world->reset(start);
    episode(*other, 9, 5);  // it lived before
    for (int k = 0; k < steps_lived; ++k) {
      const std::vector<double> state = envs::saved(*world);
      const Bits next = steps(*world, static_cast<std::uint64_t>(k), 2);
      const auto fresh = tests::full_tier() ? make() : nullptr;
      for (envs::Environment* const w : {other.get(), fresh.get()}) {
        if (w == nullptr) continue;
        w->restore(state);
        CHECK(steps(*w, static_cast<std::uint64_t>(k), 2) == next);
      }
      world->restore(state);
      steps(*world, static_cast<std::uint64_t>(k), 1);
      if (world->outcome().terminated) world->reset(start);
    }
  }
}

// What a preference has seen and learned is the agent's state; Life has none with a memory.
TEST_CASE("a wish that is learned goes on with its agent") {
  const auto wish = [] {
    return std::make_shared<agents::Saturating>(
        std::make_shared<agents::GapPreference>(2, 2, agents::GapPreferenceOptions{}, kernels::best()), 0.5,
        VectorXd::Ones(2));
  };
  const auto make = [&] {
    agents::AgentOptions o;
    o.model.transition.fourier_features = 16;
    o.model.transition.hierarchy_features = 4;
    o.model.transition.evidence_steps = 3;
    o.planner.horizon = 4;
    o.planner.candidates = 16;
    o.planner.iterations = 2;
    o.planner.elites = 3;
    envs::Spec body;
    body.joints = {envs::Joint::hinge, envs::Joint::hinge};
    body.action_size = 2;
    body.control_period = 0.05;
    return std::make_unique<agents::Agent>(body, o, wish(), 1, 8);
  };
  // A point of two links of 0.1 m, that has joints without inertia, stops at 0.6 rad and a goal at (0.1, 0.1).
  VectorXd x = VectorXd::Zero(6);
  const auto move = [](VectorXd at, const VectorXd& u) {
    for (int i = 0; i < 2; ++i) {
      const double q = std::clamp(at(i) + 0.3 * u(i), -0.6, 0.6);
      at(2 + i) = (q - at(i)) / 0.05;
      at(i) = q;
    }
    at(4) = 0.1 * std::cos(at(0)) + 0.1 * std::cos(at(0) + at(1)) - 0.1;
    at(5) = 0.1 * std::sin(at(0)) + 0.1 * std::sin(at(0) + at(1)) - 0.1;
    return at;
  };
  x = move(x, VectorXd::Zero(2));
  const auto live = [&](agents::Agent& agent, VectorXd& at, int n) {
    if (n % 8 == 0) agent.begin_episode(n / 8, false);
    const VectorXd before = agent.perceive({at.data(), 6});
    const VectorXd u = agent.decide(before).action;
    at = move(at, u);
    agent.learn(before, u, at.head(4));
    if (agent.consolidation_due(3)) agent.consolidate();
  };
  const auto agent = make();
  std::vector<std::vector<std::uint8_t>> states;
  std::vector<VectorXd> places;
  for (int n = 0; n <= steps_lived; ++n) {
    states.push_back(base::state_of(*agent));
    places.push_back(x);
    live(*agent, x, n);
  }
  for (int n = 0; n < steps_lived; ++n) {
    CAPTURE(n);
    const auto other = make();
    base::restore_state(*other, states[static_cast<std::size_t>(n)]);
    VectorXd at = places[static_cast<std::size_t>(n)];
    const int until = tests::full_tier() ? steps_lived : std::min(n + 9, steps_lived);
    for (int m = n; m < until; ++m) live(*other, at, m);
    CHECK(at == places[static_cast<std::size_t>(until)]);
    CHECK(base::state_of(*other) == states[static_cast<std::size_t>(until)]);
  }
}

// It takes `patience` decisions in a row to feel a stop: in the middle of them it is taken for none yet.
TEST_CASE("a stop that is half felt is felt on") {
  constexpr double place = 0.3, nothing = std::numeric_limits<double>::infinity();
  const auto push = [](agents::JointStops& stops) {
    stops.expect(VectorXd::Constant(2, place + 0.1));
    stops.see(std::array{place, 0.0});
  };
  agents::JointStops stops(1);
  stops.see(std::array{place, 0.0});
  for (int n = 1; n <= agents::JointStops::patience; ++n) {
    agents::JointStops other(1);
    base::restore_state(other, base::state_of(stops));
    push(stops);
    push(other);
    const double high = n < agents::JointStops::patience ? nothing : place;
    CHECK(stops.high(0) == high);
    CHECK(other.high(0) == high);
  }
}

// A model of motion that no life takes: what holds a body, on a slider between two walls.
TEST_CASE("a model of contact goes on with the same bits") {
  model::Encoding e;
  e.coordinates = {model::Coordinate::linear};
  e.position_scale = e.velocity_scale = VectorXd::Ones(1);
  e.actions = 1;
  e.dt = 0.1;
  random::Stream s({3, 0, random::Purpose::test, 0});
  const auto some = [&](int count) {
    model::Transitions t{MatrixXd(count, 1), MatrixXd(count, 1), MatrixXd(count, 1), MatrixXd(count, 1),
                         MatrixXd(count, 1)};
    for (int k = 0; k < count; ++k) {
      double q = t.q0(k, 0) = s.uniform(-0.5, 0.5), v = t.v0(k, 0) = s.uniform(-1.0, 1.0);
      const double u = t.u(k, 0) = s.uniform(-1.0, 1.0);
      for (int i = 0; i < 100; ++i) {
        const double depth = std::max(std::abs(q) - 0.4, 0.0), wall = q > 0.0 ? -1.0 : 1.0;
        v += 0.001 * (3.0 * u - 0.3 * v + (depth > 0.0 ? wall * 4000.0 * depth - 60.0 * v : 0.0));
        q += 0.001 * v;
      }
      t.q1(k, 0) = q;
      t.v1(k, 0) = v;
    }
    return t;
  };
  inference::ContactModelOptions o;
  o.kinds = {false, true, false};
  o.iterations = 5;
  inference::ContactModel model(e, o);
  model.fit(some(40));
  for (int n = 0; n < 5; ++n) {
    inference::ContactModel other(e, o);
    base::restore_state(other, base::state_of(model));
    const model::Transitions next = some(2);
    model.add(next);
    other.add(next);
    CHECK(model.contact().kinds() == other.contact().kinds());
    CHECK(base::state_of(other) == base::state_of(model));
    const inference::MotionBatch a = model.predict(next.q0, next.v0, next.u),
                                 b = other.predict(next.q0, next.v0, next.u);
    CHECK(a.mean == b.mean);
    CHECK(a.covariance == b.covariance);
  }
  CHECK(model.contact().kinds().stops);  // else this test would test mechanics
}
