// A life that was put aside after any step and is taken up by another program lives on with the same bits. Every life
// here is 50 decisions long and put aside after each of them; INFANS_FULL=1 tries all combinations of minds and lets
// every checkpoint live to the end.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/state.hpp"
#include "envs/analytic/cartpole.hpp"
#include "envs/analytic/tasks.hpp"
#include "envs/api/joint_view.hpp"
#include "envs/bodies/bodies.hpp"
#include "envs/mujoco/body.hpp"
#include "envs/mujoco/world.hpp"
#include "experiments/run/life.hpp"
#include "experiments/run/options.hpp"
#include "tests/full_tier.hpp"
#include "tests/lives.hpp"

namespace {

using namespace infans;
using namespace infans::experiments;
using namespace infans::tests;

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
Effort usual() { return {1, tests::full_tier() ? steps_lived : 5}; }

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

TEST_CASE("a life refuses what another kind of mind or world left") {
  const config::Options o = small_life({}), ensemble = small_life({{"agent.model", "ensemble"}});
  const ModelProbe none;
  Rows rows;
  Life life(o, 0, bare("cartpole")(), none, rows), other(ensemble, 0, bare("cartpole")(), none, rows);
  CHECK_THROWS_AS(base::restore_state(other, base::state_of(life)), base::StateError);
  Life elsewhere(o, 0, envs::make_pilco_cartpole(), none, rows);
  const auto error = caught<base::StateError>([&] { base::restore_state(elsewhere, base::state_of(life)); });
  CHECK(contains(error.what(), "numbers were saved"));
  std::vector<std::uint8_t> half = base::state_of(life);
  half.resize(half.size() / 2);
  CHECK_THROWS_AS(base::restore_state(life, half), base::StateError);
}
