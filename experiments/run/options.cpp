#include "experiments/run/options.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "core/base/error.hpp"
#include "envs/mujoco/body_table.hpp"
#include "experiments/run/fault_options.hpp"
#include "experiments/run/life_file.hpp"

namespace infans::experiments {
namespace {

using config::Options;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw base::FileError(path, "cannot be read; check its permissions");
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

config::OptionTable life_options() {
  const auto whole = [](long x) { return config::Value(x); };
  config::OptionTable table = {
      {"study.name", std::string("life"), 0, 0, {}, "", "name of the study, written into its files"},
      {"study.summary", std::string(""), 0, 0, {}, "", "one sentence on what it asks"},
      {"population.agents", whole(8), 1, 100000, {}, "agents", "how many agents live"},
      {"population.seed",
       whole(1),
       0,
       2147483647,
       {},
       "",
       "seed of the first agent; agent k has this seed + k - 1, which is its identity in every run"},
      {"body.mjcf", std::string("cartpole"), 0, 0, {}, "", "a shipped body or the path of an MJCF file"},
      {"world.episode_steps", whole(30), 2, 100000, {}, "decisions", "length of an episode"},
      {"senses.noise",
       0.0,
       0,
       1000,
       {},
       "SI",
       "standard deviation of white noise on every observed position and velocity (m, rad, m/s, rad/s)"},
      {"senses.delay",
       whole(0),
       0,
       1000,
       {},
       "decisions",
       "how late observations come; until the first one is that late, it is repeated"},
      {"senses.missing", 0.0, 0, 0.99, {}, "", "probability that an observation never comes"},
      {"preference.length", 0.6, 0.001, 100, {}, "m", "from the hinge to the tip that the preference is about"},
      {"preference.goal_x", 0.0, -100, 100, {}, "m", "preferred place of the tip, along the slide"},
      {"preference.goal_z", 0.6, -100, 100, {}, "m", "preferred height of the tip over the hinge"},
      {"preference.width",
       0.03,
       1e-4,
       100,
       {},
       "m",
       "standard deviation of the preference; at most a third of the accuracy wanted, or curiosity outbids it"},
      {"success.tolerance", 0.10, 1e-4, 100, {}, "m", "an episode succeeds if the tip stays this close to the goal"},
      {"success.steps", whole(10), 1, 100000, {}, "decisions", "for this long, at its end"},
      {"life.decisions", whole(600), 1, 100000000, {}, "decisions", "a life ends after this many, all counted"},
      {"life.successes",
       whole(3),
       0,
       1000000,
       {},
       "episodes",
       "or after this many successful episodes in a row; 0: only the budget ends it"},
      {"agent.policy",
       std::string("efe"),
       0,
       0,
       {"efe", "greedy", "thompson", "flex", "uncertainty", "yoked", "babbling", "random"},
       "",
       "efe plans with curiosity, greedy without it, thompson by a posterior draw; flex (one step, D-optimal) and "
       "uncertainty (sum of variances) plan to learn only; yoked lives and learns what a partner decides; babbling and "
       "random never plan"},
      {"agent.partner",
       std::string("efe"),
       0,
       0,
       {"efe", "greedy", "thompson", "flex", "uncertainty", "babbling", "random"},
       "",
       "policy of the partner whose life a yoked learner lives"},
      {"agent.draw_decisions",
       whole(0),
       0,
       1000000,
       {},
       "decisions",
       "how long thompson holds a draw; 0: for an episode"},
      {"agent.model",
       std::string("harmonics"),
       0,
       0,
       {"harmonics", "mechanics", "gate", "fourier", "ensemble"},
       "",
       "world model: harmonics and mechanics learn the law of motion inside a control step, mechanics with the "
       "structure of bodies; gate pools mechanics, its residual and a plain readout; fourier reads features of a whole "
       "step; "
       "ensemble: hierarchies that learn the step each and disagree where they do not know"},
      {"agent.filter",
       std::string("none"),
       0,
       0,
       {"none", "smoothed"},
       "",
       "none: an observation is the state; smoothed: beliefs about the state by the world model, which learns from "
       "smoothed beliefs"},
      {"agent.sensor_noise",
       0.03,
       1e-6,
       1000,
       {},
       "SI",
       "smoothed: first guess of the standard deviation of an observation; it is learned"},
      {"agent.data",
       std::string("own"),
       0,
       0,
       {"own", "random"},
       "",
       "own: learns from what it does; random: learns from babbling, and the planner is only tested after each "
       "episode (test episodes are neither learned from nor counted)"},
      {"agent.babbling_episodes", whole(0), 0, 1000000, {}, "episodes", "first episodes that only babble"},
      {"agent.babbling_decisions",
       whole(0),
       0,
       100000,
       {},
       "decisions",
       "length of an episode that only babbles; 0: as long as any other"},
      {"agent.consolidate_every",
       whole(10),
       0,
       1000000,
       {},
       "decisions",
       "how often everything lived is learned anew inside an episode, and sooner whenever it has grown by half; 0: "
       "only at its end. Between, rank-1 updates"},
      {"agent.learn_share",
       1.0,
       0.001,
       1,
       {},
       "",
       "share of its decisions that it learns from; all count. Below 1 plants a slow-down, to check a gate"},
      {"agent.babbling_spread", 0.6, 0, 10, {}, "", "standard deviation of babbled commands"},
      {"agent.babbling_colour", 1.0, 0, 4, {}, "", "power of babbling ~ 1 / frequency^colour: 0 white, 1 pink, 2 red"},
      {"model.fourier_features", whole(200), 0, 4096, {}, "", "random Fourier features"},
      {"model.hierarchy_features",
       whole(16),
       0,
       512,
       {},
       "",
       "units a layer of the feature-learning hierarchy; 0: none"},
      {"model.hierarchy_epochs",
       whole(5),
       0,
       10000,
       {},
       "",
       "passes of the hierarchy over the data, each consolidation"},
      {"model.evidence_steps",
       whole(25),
       0,
       1000,
       {},
       "",
       "ascent of the evidence, each consolidation; 0: scales stay fixed"},
      {"model.length_scale", 1.5, 0.01, 100, {}, "", "first length scale of every input"},
      {"model.length_scales",
       std::string(""),
       0,
       0,
       {},
       "",
       "first length scale of each input, as 1,0.5,...; empty: model.length_scale for all"},
      {"model.prior_precision", 1e-3, 1e-6, 10, {}, "", "first ratio of noise variance to weight variance"},
      {"model.noise_floor", 0.01, 1e-4, 1, {}, "", "smallest noise, as a part of a target's root mean square"},
      {"model.draws", whole(8), 1, 256, {}, "", "posterior directions that estimate information gain in rollouts"},
      {"model.harmonic_order",
       whole(0),
       0,
       16,
       {},
       "",
       "harmonics: largest sum of wave numbers; 0: 4 up to two joints, 3 for three, 2 beyond"},
      {"model.ensemble_members", whole(5), 2, 64, {}, "", "ensemble: hierarchies"},
      {"model.ensemble_units", whole(64), 1, 512, {}, "", "ensemble: units of each of their two hidden layers"},
      {"model.ensemble_epochs", whole(10), 0, 10000, {}, "", "ensemble: passes over the data, each consolidation"},
      {"model.slide_scale", 1.0, 1e-3, 1e3, {}, "m", "position that counts as 1"},
      {"model.slide_velocity_scale", 2.0, 1e-3, 1e3, {}, "m/s", "velocity that counts as 1"},
      {"model.hinge_velocity_scale", 6.0, 1e-3, 1e3, {}, "rad/s", "angular velocity that counts as 1"},
      {"planner.horizon", whole(15), 1, 1000, {}, "decisions", "how far a plan looks ahead"},
      {"planner.candidates", whole(200), 2, 100000, {}, "", "plans of the first CEM iteration"},
      {"planner.iterations", whole(3), 1, 100, {}, "", "CEM iterations"},
      {"planner.candidate_decay",
       1.3,
       1,
       10,
       {},
       "",
       "candidates shrink by this factor an iteration, never below twice the elites"},
      {"planner.elites", whole(10), 1, 10000, {}, "", "best plans that shape the next iteration"},
      {"planner.spread", 0.6, 0, 10, {}, "", "first standard deviation of planned commands"},
      {"planner.momentum", 0.1, 0, 0.99, {}, "", "share of the old mean and spread that an iteration keeps"},
      {"planner.noise_colour", 1.0, 0, 4, {}, "", "beta of candidate noise"},
      {"planner.ilqr_iterations", whole(5), 0, 1000, {}, "", "iLQR steps on the best plan"},
      {"planner.ilqr_starts", whole(1), 1, 100, {}, "", "plans that are refined; the best result is kept"},
      {"planner.feedback", true, 0, 0, {}, "", "shape imagined rollouts by the previous decision's feedback gains"},
      {"planner.epistemic_weight", 1.0, 0, 1e6, {}, "", "1: expected free energy; 0: no curiosity"},
      {"planner.update",
       std::string("elites"),
       0,
       0,
       {"elites", "weighted"},
       "",
       "what shapes the next iteration: the best plans (CEM), or all, weighted by exp(-G / temperature) (MPPI)"},
      {"planner.temperature", 1.0, 1e-6, 1e6, {}, "nats", "of weighted updates"},
      {"planner.replan_interval",
       whole(1),
       1,
       1000,
       {},
       "decisions",
       "how long one plan is lived by, corrected by its own feedback gains"},
      {"planner.replan_surprise",
       3.0,
       0,
       1e6,
       {},
       "",
       "a state this many predicted standard deviations off ends a plan before"},
      {"planner.information",
       std::string("summed"),
       0,
       0,
       {"summed", "joint", "variance"},
       "",
       "what a plan teaches: summed over its steps, or joint, where what two steps both teach counts once; variance: "
       "the sum of predictive variances, no information"},
      {"planner.pragmatic_weight", 1.0, 0, 1e6, {}, "", "1: expected free energy; 0: plans only to learn"},
      {"record.rejected", whole(4), 1, 1000, {}, "candidates", "rejected plans on record, a decision"},
      {"record.checkpoint_seconds",
       60.0,
       0,
       1e9,
       {},
       "s",
       "wall time between two checkpoints of a life, from which `infans resume` goes on; 0: only where it is stopped"},
      {"probe.states",
       whole(200),
       0,
       100000,
       {},
       "states",
       "uniform states on which the model is compared with the real body after each episode; the agent never sees "
       "them"},
      {"probe.slide_range", 1.0, 0, 1000, {}, "m", "half width of the box: position"},
      {"probe.slide_velocity_range", 4.0, 0, 1000, {}, "m/s", "half width of the box: velocity"},
      {"probe.hinge_velocity_range",
       14.0,
       0,
       1000,
       {},
       "rad/s",
       "half width of the box: angular velocity; angles are uniform on a turn"},
  };
  const auto mjcf =
      std::find_if(table.begin(), table.end(), [](const config::Option& o) { return o.key == "body.mjcf"; });
  const config::OptionTable body = envs::body_table();
  table.insert(mjcf + 1, body.begin(), body.end());
  const config::OptionTable debug = fault_options();
  table.insert(table.end(), debug.begin(), debug.end());
  return table;
}

StudyText study_text(const std::string& spec) {
  if (spec.find('\n') != std::string::npos) return {"study", spec};
  std::vector<std::string> names;
  for (const ShippedStudy& s : shipped_studies()) {
    if (s.name == spec) return {s.name + ".toml", s.toml};
    names.push_back(s.name);
  }
  std::error_code ignored;
  if (std::filesystem::is_regular_file(spec, ignored)) return {spec, read_file(spec)};
  throw base::FileError(spec, "neither a shipped study nor a TOML file; did you mean '" + config::nearest(spec, names) +
                                  "'? `infans list` shows all studies");
}

Options load_study(const std::string& spec, std::vector<base::OptionError>* mistakes) {
  Options options(life_options());
  const StudyText study = study_text(spec);
  read_life_file(study.text, study.source, options, mistakes);
  return options;
}

namespace {

agents::Policy policy_of(const std::string& name) {
  using agents::Policy;
  static const std::map<std::string, Policy> all = {
      {"efe", Policy::efe},       {"greedy", Policy::greedy},           {"thompson", Policy::thompson},
      {"flex", Policy::flex},     {"uncertainty", Policy::uncertainty}, {"yoked", Policy::yoked},
      {"random", Policy::random}, {"babbling", Policy::babbling}};
  return all.at(name);
}

std::vector<double> numbers_of(const std::string& key, const std::string& text) {
  std::vector<double> numbers;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    double value = 0.0;
    const auto end = std::from_chars(part.data(), part.data() + part.size(), value);
    if (end.ec != std::errc() || end.ptr != part.data() + part.size() || !(value >= 0.01 && value <= 100.0))
      throw base::OptionError(key, key + " = '" + text + "': '" + part + "' is no number between 0.01 and 100");
    numbers.push_back(value);
  }
  return numbers;
}

}  // namespace

SensesOptions senses_options(const Options& o) {
  return {o.number("senses.noise"), static_cast<int>(o.integer("senses.delay")), o.number("senses.missing")};
}

agents::AgentOptions agent_options(const Options& o) {
  agents::AgentOptions a;
  const auto count = [&](const char* key) { return static_cast<int>(o.integer(key)); };
  a.policy = policy_of(o.text("agent.policy"));
  a.partner = policy_of(o.text("agent.partner"));
  a.draw_decisions = count("agent.draw_decisions");
  a.babbling_spread = o.number("agent.babbling_spread");
  a.babbling_colour = o.number("agent.babbling_colour");
  a.filter = o.text("agent.filter") == "smoothed" ? agents::Filter::smoothed : agents::Filter::none;
  a.senses.delay = count("senses.delay");
  a.senses.noise = o.number("agent.sensor_noise");
  a.slide_scale = o.number("model.slide_scale");
  a.slide_velocity_scale = o.number("model.slide_velocity_scale");
  a.hinge_velocity_scale = o.number("model.hinge_velocity_scale");
  const std::string& kind = o.text("agent.model");
  a.model.kind = kind == "harmonics"   ? inference::WorldKind::harmonics
                 : kind == "mechanics" ? inference::WorldKind::mechanics
                 : kind == "ensemble"  ? inference::WorldKind::ensemble
                 : kind == "gate"      ? inference::WorldKind::gate
                                       : inference::WorldKind::fourier;
  inference::TransitionOptions& fourier = a.model.transition;
  fourier = {count("model.fourier_features"), count("model.hierarchy_features"),
             count("model.hierarchy_epochs"), count("model.evidence_steps"),
             o.number("model.length_scale"),  o.number("model.prior_precision"),
             o.number("model.noise_floor"),   count("model.draws")};
  a.model.ensemble = {count("model.ensemble_members"), count("model.ensemble_units"), count("model.ensemble_epochs"),
                      o.number("model.noise_floor")};
  fourier.length_scales = numbers_of("model.length_scales", o.text("model.length_scales"));
  a.model.harmonic_order = count("model.harmonic_order");
  a.planner = {count("planner.horizon"),
               count("planner.candidates"),
               count("planner.iterations"),
               o.number("planner.candidate_decay"),
               count("planner.elites"),
               o.number("planner.spread"),
               o.number("planner.momentum"),
               o.number("planner.noise_colour"),
               count("planner.ilqr_iterations"),
               count("planner.ilqr_starts"),
               o.flag("planner.feedback"),
               o.number("planner.epistemic_weight"),
               count("record.rejected"),
               o.text("planner.update") == "weighted" ? agents::Update::weighted : agents::Update::elites,
               o.number("planner.temperature"),
               count("planner.replan_interval"),
               o.number("planner.replan_surprise")};
  const std::string& information = o.text("planner.information");
  a.planner.information = information == "joint"      ? agents::Information::joint
                          : information == "variance" ? agents::Information::variance
                                                      : agents::Information::summed;
  a.planner.pragmatic_weight = o.number("planner.pragmatic_weight");
  if (fourier.fourier_features + fourier.hierarchy_features == 0)
    throw base::OptionError("model.fourier_features",
                            "model.fourier_features = 0 and model.hierarchy_features = 0: a model needs features; set "
                            "one of them to at least 1");
  return a;
}

}  // namespace infans::experiments
