// A life that was put aside after any step and is taken up by another program lives on with the same bits. Every life
// here is 50 decisions long and put aside after each of them; INFANS_FULL=1 tries all combinations of minds and lets
// every checkpoint live to the end.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agents/drives/gap_preference.hpp"
#include "agents/drives/joint_stops.hpp"
#include "agents/drives/saturating.hpp"
#include "core/base/state.hpp"
#include "core/inference/contact_model.hpp"
#include "core/kernels/kernels.hpp"
#include "envs/analytic/cartpole.hpp"
#include "envs/analytic/tasks.hpp"
#include "envs/api/joint_view.hpp"
#include "envs/api/task.hpp"
#include "envs/bodies/bodies.hpp"
#include "envs/mujoco/body.hpp"
#include "envs/mujoco/world.hpp"
#include "envs/worlds/worlds.hpp"
#include "experiments/run/life.hpp"
#include "experiments/run/options.hpp"
#include "tests/full_tier.hpp"
#include "tests/lives.hpp"

namespace {

using namespace infans;
using namespace infans::experiments;
using namespace infans::tests;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int steps_lived = 50;

using Settings = std::vector<std::pair<std::string, std::string>>;
using MakeWorld = std::function<std::unique_ptr<envs::Environment>()>;

// Everything that a record would get, in order.
class Rows final : public RowLog {
 public:
  void commit(int, const std::vector<StepRow>& rows, const std::vector<EpisodeRow>& ends) override {
    for (const StepRow& r : rows) {
      Bits& bits = steps.emplace_back();
      for (const std::vector<double>* part :
           {&r.observation, &r.next_observation, &r.action, &r.prediction, &r.prediction_error, &r.predictive_std,
            &r.precision, &r.physics, &r.rejected_action, &r.rejected_pragmatic, &r.rejected_epistemic})
        append(bits, *part);
      append(bits, std::vector{r.vfe, r.accuracy, r.complexity, r.information_gain, r.efe, r.pragmatic, r.epistemic,
                               double(r.planned), double(r.episode), double(r.index)});
    }
    for (const EpisodeRow& r : ends) {
      Bits& bits = episodes.emplace_back();
      append(bits, r.length_scale);
      append(bits, std::vector{r.best_distance, r.hold_distance, r.log_evidence, r.model_error, double(r.success),
                               double(r.evaluation), double(r.decisions)});
    }
  }
  void commit_ledger(int, const LedgerRow&) override {}

  std::vector<Bits> steps, episodes;
};

// Small, and such that consolidations and ends of episodes come every few decisions.
config::Options small_life(const Settings& settings) {
  config::Options o(life_options());
  const Settings small = {{"world.episode_steps", "7"},
                          {"success.steps", "2"},
                          {"life.decisions", "100000"},
                          {"life.successes", "0"},
                          {"agent.consolidate_every", "4"},
                          {"planner.horizon", "4"},
                          {"planner.candidates", "16"},
                          {"planner.iterations", "2"},
                          {"planner.elites", "3"},
                          {"planner.ilqr_iterations", "1"},
                          {"model.fourier_features", "16"},
                          {"model.hierarchy_features", "4"},
                          {"model.hierarchy_epochs", "1"},
                          {"model.evidence_steps", "3"},
                          {"model.draws", "2"},
                          {"model.harmonic_order", "1"},
                          {"model.ensemble_members", "2"},
                          {"model.ensemble_units", "4"},
                          {"model.ensemble_epochs", "1"},
                          {"probe.states", "5"}};
  for (const Settings& all : {small, settings})
    for (const auto& [key, value] : all) o.set_text(key, value, "test");
  return o;
}

// The state without its clocks, which tick on.
std::vector<std::uint8_t> without_clocks(std::vector<std::uint8_t> state) {
  for (const std::string name : {"wall_seconds", "cpu_seconds", "plan_seconds"}) {
    const auto at = std::search(state.begin(), state.end(), name.begin(), name.end());
    REQUIRE(at != state.end());
    std::fill_n(at + static_cast<std::ptrdiff_t>(name.size()), sizeof(double), std::uint8_t{0});
  }
  return state;
}

// Which checkpoints go on (every so many), and for how many decisions.
struct Effort {
  int every, onwards;
};
Effort usual() { return {1, tests::full_tier() ? steps_lived : 9}; }

// The gate's readouts of 600 features take as long as all other models together: without INFANS_FULL every tenth
// checkpoint of it lives on, for two decisions, and it plans and consolidates less; with it, all do for nine.
Effort thorough(const std::string& model) {
  if (model != "gate") return usual();
  return tests::full_tier() ? Effort{1, 9} : Effort{10, 2};
}
Settings with_model(const std::string& model) {
  Settings settings = {{"agent.model", model}};
  if (model == "gate" && !tests::full_tier())
    settings.insert(settings.end(), {{"world.episode_steps", "20"},
                                     {"agent.consolidate_every", "20"},
                                     {"planner.horizon", "2"},
                                     {"planner.candidates", "4"},
                                     {"planner.iterations", "1"},
                                     {"planner.elites", "2"}});
  return settings;
}

// Lives `steps_lived` decisions, put aside after each; checkpoints go on in fresh lives.
void check_life(const config::Options& o, const MakeWorld& make, Effort effort = usual()) {
  const ModelProbe probe = make_probe(o, *make());
  Rows whole;
  Life life(o, 0, make(), probe, whole);
  std::vector<std::vector<std::uint8_t>> states;
  std::vector<std::size_t> ended;
  for (int k = 0; k <= steps_lived; ++k) {
    life.commit();
    states.push_back(base::state_of(life));
    ended.push_back(whole.episodes.size());
    REQUIRE(life.next_step());
  }
  life.finalize();
  for (int k = 0; k < steps_lived; k += effort.every) {
    CAPTURE(k);
    Rows rest;
    Life other(o, 0, make(), probe, rest);
    base::restore_state(other, states[static_cast<std::size_t>(k)]);
    const int until = std::min(k + effort.onwards, steps_lived);
    for (int n = k; n < until; ++n) other.next_step();
    other.commit();
    CHECK(without_clocks(base::state_of(other)) == without_clocks(states[static_cast<std::size_t>(until)]));
    REQUIRE(rest.steps.size() == static_cast<std::size_t>(until - k));
    CHECK(std::equal(rest.steps.begin(), rest.steps.end(), whole.steps.begin() + k));
    REQUIRE(whole.episodes.size() >= rest.episodes.size() + ended[static_cast<std::size_t>(k)]);
    CHECK(std::equal(rest.episodes.begin(), rest.episodes.end(),
                     whole.episodes.begin() + static_cast<std::ptrdiff_t>(ended[static_cast<std::size_t>(k)])));
  }
}

MakeWorld bare(const std::string& body) {
  return [body] { return envs::make_mujoco_world(body, envs::load_mjcf(body), body, {}); };
}

void check_mind(const Settings& settings, Effort effort = usual()) {
  std::string words;
  for (const auto& [key, value] : settings) words += key + " = " + value + " ";
  CAPTURE(words);
  static const std::string cartpole = envs::load_mjcf("cartpole");
  check_life(
      small_life(settings), [] { return envs::make_mujoco_world("cartpole", cartpole, "cartpole", {}); }, effort);
}

std::vector<std::string> choices(const std::string& key) {
  const config::OptionTable table = life_options();
  const auto found = std::find_if(table.begin(), table.end(), [&](const config::Option& o) { return o.key == key; });
  REQUIRE(found != table.end());
  return found->choices;
}

}  // namespace

TEST_CASE("every world model goes on from any step with the same bits") {
  for (const std::string& model : choices("agent.model")) check_mind(with_model(model), thorough(model));
}

TEST_CASE("every world model goes on behind noisy, late and silent senses") {
  for (const std::string& model : choices("agent.model")) {
    Settings settings = with_model(model);
    settings.insert(
        settings.end(),
        {{"agent.filter", "smoothed"}, {"senses.noise", "0.02"}, {"senses.delay", "1"}, {"senses.missing", "0.2"}});
    check_mind(settings, thorough(model));
  }
}

TEST_CASE("every policy goes on, and every partner of a yoked learner") {
  for (const std::string& policy : choices("agent.policy"))
    if (policy != "efe" && policy != "yoked") check_mind({{"agent.model", "fourier"}, {"agent.policy", policy}});
  for (const std::string& partner : choices("agent.partner"))
    check_mind({{"agent.model", "fourier"}, {"agent.policy", "yoked"}, {"agent.partner", partner}});
  check_mind({{"agent.model", "fourier"}, {"agent.policy", "yoked"}, {"agent.filter", "smoothed"}});
}

TEST_CASE("every way to plan and to learn goes on") {
  const std::vector<Settings> ways = {
      {{"planner.update", "weighted"}},
      {{"planner.replan_interval", "3"}, {"planner.replan_surprise", "1"}},
      {{"planner.feedback", "false"}, {"planner.ilqr_iterations", "0"}},
      {{"planner.information", "joint"}, {"planner.ilqr_starts", "2"}},
      {{"planner.information", "variance"}, {"planner.noise_colour", "0"}},
      {{"agent.data", "random"}, {"agent.babbling_decisions", "5"}},
      {{"agent.babbling_episodes", "3"}, {"agent.learn_share", "0.5"}},
      {{"agent.policy", "thompson"}, {"agent.draw_decisions", "3"}},
      {{"senses.noise", "0.02"}, {"senses.delay", "2"}, {"senses.missing", "0.2"}},
  };
  for (Settings way : ways) {
    way.emplace_back("agent.model", "fourier");
    check_mind(way);
  }
}

TEST_CASE("every combination of model, filter and policy goes on" * doctest::skip(!tests::full_tier())) {
  for (const std::string& model : choices("agent.model"))
    for (const std::string& policy : choices("agent.policy"))
      for (const std::string& filter : choices("agent.filter"))
        if (policy != "thompson" || (model != "ensemble" && model != "gate"))  // these draw no weights
          check_mind({{"agent.model", model}, {"agent.policy", policy}, {"agent.filter", filter}}, thorough(model));
}

TEST_CASE("a life goes on in every world that it can have") {
  std::map<std::string, MakeWorld> worlds;
  for (const std::string body : {"cartpole", "cartpole_dmc", "cartpole_pets", "cartpole_pilco"})
    worlds[body] = bare(body);
  worlds["sensed"] = [] {
    envs::BodyOptions o;
    o.proprioception.front().channel.noise = 0.01;
    o.proprioception.front().channel.delay = 2;
    o.motors.push_back({{}, {.signal_noise = 0.1, .delay = 1}});
    return envs::make_body_world("sensed", envs::load_mjcf("cartpole"), "cartpole", o);
  };
  worlds["analytic"] = [] { return envs::make_analytic_cartpole({}); };
  worlds["pilco"] = [] { return envs::make_pilco_cartpole(); };
  worlds["held"] = [] {
    auto world = envs::make_analytic_cartpole({});
    const envs::JointReading reading = envs::joint_reading(world->spec());
    return std::make_unique<envs::JointView>(std::move(world), reading, 2);
  };
  for (const auto& [name, make] : worlds) {
    CAPTURE(name);
    check_life(small_life({{"agent.model", "fourier"}}), make);
  }
}

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
    agents::AgentOptions o = agent_options(small_life({{"agent.model", "fourier"}}));
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

TEST_CASE("a life refuses what another kind of mind or world left") {
  const config::Options o = small_life({}), ensemble = small_life({{"agent.model", "ensemble"}});
  const ModelProbe none;
  Rows rows;
  Life life(o, 0, bare("cartpole")(), none, rows), other(ensemble, 0, bare("cartpole")(), none, rows);
  CHECK_THROWS_AS(base::restore_state(other, base::state_of(life)), base::StateError);
  Life elsewhere(o, 0, envs::make_pilco_cartpole(), none, rows);
  const auto error = caught<base::StateError>([&] { base::restore_state(elsewhere, base::state_of(life)); });
  CHECK(contains(error.what(), "world"));
  std::vector<std::uint8_t> half = base::state_of(life);
  half.resize(half.size() / 2);
  CHECK_THROWS_AS(base::restore_state(life, half), base::StateError);
}
