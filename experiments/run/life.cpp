#include "experiments/run/life.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "experiments/run/clocks.hpp"
#include "experiments/run/options.hpp"

namespace infans::experiments {
namespace {

// What a killed process can lose of a long episode.
constexpr std::size_t block_rows = 64;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> to_vector(const Eigen::VectorXd& v) { return {v.begin(), v.end()}; }

Eigen::VectorXd to_eigen(std::span<const double> v) {
  return Eigen::Map<const Eigen::VectorXd>(v.data(), static_cast<Eigen::Index>(v.size()));
}

std::shared_ptr<agents::PlanarTip> make_preference(const config::Options& o) {
  return std::make_shared<agents::PlanarTip>(o.number("preference.length"), o.number("preference.goal_x"),
                                             o.number("preference.goal_z"), o.number("preference.width"),
                                             kernels::best());
}

}  // namespace

ModelProbe make_probe(const config::Options& o, envs::Environment& world) {
  ModelProbe probe;
  const envs::Spec& body = world.spec();
  const auto n = static_cast<Eigen::Index>(body.joints.size());
  // The same states for every agent of every study: model errors are comparable.
  random::Stream stream({0, 0, random::Purpose::probe, 0});
  for (long k = 0; k < o.integer("probe.states"); ++k) {
    Eigen::VectorXd state(2 * n), action(body.action_size);
    for (Eigen::Index i = 0; i < n; ++i) {
      const bool hinge = body.joints[static_cast<std::size_t>(i)] == envs::Joint::hinge;
      const double q = hinge ? std::numbers::pi : o.number("probe.slide_range");
      const double v = o.number(hinge ? "probe.hinge_velocity_range" : "probe.slide_velocity_range");
      state(i) = stream.uniform(-q, q);
      state(n + i) = stream.uniform(-v, v);
    }
    for (double& u : action) u = stream.uniform(-1.0, 1.0);
    world.set_joints({state.data(), static_cast<std::size_t>(n)}, {state.data() + n, static_cast<std::size_t>(n)});
    probe.next.push_back(to_eigen(world.step({action.data(), static_cast<std::size_t>(action.size())})));
    probe.state.push_back(state);
    probe.action.push_back(action);
  }
  return probe;
}

Life::Life(const config::Options& o, int agent, std::unique_ptr<envs::Environment> world, const ModelProbe& probe,
           RowLog& log)
    : probe_(probe),
      log_(log),
      world_(std::move(world)),
      preference_(make_preference(o)),
      agent_(world_->spec(), agent_options(o), preference_,
             static_cast<std::uint64_t>(o.integer("population.seed") + agent),
             static_cast<int>(o.integer("world.episode_steps"))),
      episode_steps_(static_cast<int>(o.integer("world.episode_steps"))),
      babbling_steps_(static_cast<int>(o.integer("agent.babbling_decisions"))),
      success_steps_(static_cast<int>(o.integer("success.steps"))),
      successes_wanted_(static_cast<int>(o.integer("life.successes"))),
      babbling_episodes_(static_cast<int>(o.integer("agent.babbling_episodes"))),
      rejected_(static_cast<int>(o.integer("record.rejected"))),
      consolidate_every_(static_cast<int>(o.integer("agent.consolidate_every"))),
      budget_(o.integer("life.decisions")),
      tolerance_(o.number("success.tolerance")),
      learn_share_(o.number("agent.learn_share")),
      random_data_(o.text("agent.data") == "random"),
      senses_(senses_options(o), static_cast<std::uint64_t>(o.integer("population.seed") + agent)),
      physics_(static_cast<std::size_t>(world_->spec().state_size)),
      started_wall_(wall_seconds()),
      started_cpu_(thread_cpu_seconds()) {
  progress_.agent = agent;
  progress_.seed = static_cast<std::uint64_t>(o.integer("population.seed") + agent);
  begin_episode();
}

void Life::begin_episode() {
  random::Stream stream({progress_.seed, 0, random::Purpose::reset, static_cast<std::uint64_t>(progress_.episode)});
  const Eigen::VectorXd state = to_eigen(world_->reset(stream));
  const bool babble = random_data_ ? !evaluation_ : progress_.episode < babbling_episodes_;
  agent_.begin_episode(progress_.episode, babble);
  senses_.begin_episode();
  perceive(state);
  length_ = babble && babbling_steps_ > 0 ? std::min(babbling_steps_, episode_steps_) : episode_steps_;
  index_ = 0;
  best_distance_ = std::numeric_limits<double>::infinity();
  hold_distance_ = vfe_sum_ = 0.0;
}

void Life::perceive(const Eigen::VectorXd& state) {
  observation_ = senses_.sense(state);
  const bool came = !std::isnan(observation_(0));
  belief_ = agent_.perceive({observation_.data(), came ? static_cast<std::size_t>(observation_.size()) : 0});
}

// One turn of the loop that everything else serves. Invariants: belief_ is of the present; the agent learns a
// transition at most once, after it decided; the record gets the belief from before the outcome came; a test episode
// leaves the agent's parameters as they were; only the record and the judge see the state itself.
bool Life::next_step() {
  world_->save(physics_);
  const Eigen::VectorXd observed = observation_, believed = belief_;
  const double before = wall_seconds();
  const agents::Decision decision = agent_.decide(believed);
  if (decision.planned) {
    plan_seconds_ += wall_seconds() - before;
    ++planned_;
  }
  const Eigen::VectorXd state =
      to_eigen(world_->step({decision.action.data(), static_cast<std::size_t>(decision.action.size())}));
  ++samples_;
  perceive(state);
  inference::Surprise surprise{observation_ - decision.belief.mean, nan, nan, nan, 0.0};
  const bool pair = agent_.filter() != nullptr || !(std::isnan(observed(0)) || std::isnan(observation_(0)));
  if (learns_next() && pair) surprise = agent_.learn(believed, decision.action, belief_);
  if (!evaluation_) ++progress_.decisions;
  record(observed, decision, surprise);
  watch(state);
  if (++index_ == length_)
    end_episode();
  else if (!evaluation_ && agent_.consolidation_due(consolidate_every_))
    consolidate();
  const bool grown_up = successes_wanted_ > 0 && in_a_row_ >= successes_wanted_ && index_ == 0;
  const bool spent = progress_.decisions >= budget_ && !(evaluation_ && random_data_);
  return !(grown_up || spent);
}

void Life::consolidate() {
  agent_.consolidate();
  belief_ = agent_.state();
}

// Evenly spread, the first one included: decision n is learned from where ceil(n share) steps up.
bool Life::learns_next() const {
  const auto n = static_cast<double>(progress_.decisions);
  return !evaluation_ && std::ceil((n + 1.0) * learn_share_) > std::ceil(n * learn_share_);
}

void Life::record(const Eigen::VectorXd& before, const agents::Decision& d, const inference::Surprise& surprise) {
  StepRow row;
  row.episode = progress_.episode;
  row.index = index_;
  row.observation = to_vector(before);
  row.next_observation = to_vector(observation_);
  row.action = to_vector(d.action);
  row.prediction = to_vector(d.belief.mean);
  row.prediction_error = to_vector(surprise.prediction_error);
  row.predictive_std = to_vector(d.belief.standard_deviation);
  row.precision = to_vector(d.belief.precision);
  row.physics = physics_;
  row.vfe = surprise.vfe;
  row.accuracy = surprise.accuracy;
  row.complexity = surprise.complexity;
  row.information_gain = surprise.information_gain;
  row.planned = evaluation_ ? 2 : d.planned ? 1 : 0;
  row.efe = d.planned ? d.plan.expected_free_energy : nan;
  row.pragmatic = d.planned ? d.plan.pragmatic : nan;
  row.epistemic = d.planned ? d.plan.epistemic : nan;
  const auto k_max = static_cast<std::size_t>(rejected_);
  row.rejected_action.assign(k_max * row.action.size(), nan);
  row.rejected_pragmatic.assign(k_max, nan);
  row.rejected_epistemic.assign(k_max, nan);
  for (std::size_t k = 0; k < std::min(k_max, d.plan.rejected.size()); ++k) {
    const auto& r = d.plan.rejected[k];
    std::copy(r.action.begin(), r.action.end(),
              row.rejected_action.begin() + static_cast<std::ptrdiff_t>(k * row.action.size()));
    row.rejected_pragmatic[k] = r.pragmatic;
    row.rejected_epistemic[k] = r.epistemic;
  }
  steps_.push_back(std::move(row));
  if (steps_.size() == block_rows) commit();
  if (!std::isnan(surprise.vfe)) vfe_sum_ += surprise.vfe;
}

void Life::watch(const Eigen::VectorXd& state) {
  const double distance = preference_->distance(state);
  best_distance_ = std::min(best_distance_, distance);
  if (index_ >= length_ - success_steps_) hold_distance_ = std::max(hold_distance_, distance);
}

void Life::judge(bool counts) {
  progress_.success = length_ >= success_steps_ && hold_distance_ < tolerance_;
  if (!counts) return;
  in_a_row_ = progress_.success ? in_a_row_ + 1 : 0;
  progress_.successes += progress_.success ? 1 : 0;
  if (progress_.success && progress_.first_success < 0) progress_.first_success = progress_.decisions;
  if (in_a_row_ == 3 && progress_.three_in_a_row < 0) progress_.three_in_a_row = progress_.decisions;
}

void Life::end_episode() {
  if (!evaluation_) agent_.consolidate();
  judge(!random_data_ || evaluation_);
  EpisodeRow row;
  row.success = progress_.success ? 1 : 0;
  row.evaluation = evaluation_ ? 1 : 0;
  row.decisions = progress_.decisions;
  row.best_distance = best_distance_;
  row.hold_distance = hold_distance_;
  row.log_evidence = agent_.model().log_evidence();
  row.model_error = model_error();
  row.length_scale = to_vector(agent_.model().length_scale());
  log_.commit(progress_.agent, steps_, {row});
  steps_.clear();
  if (!evaluation_) progress_.mean_vfe = vfe_sum_ / length_;
  progress_.hold_distance = hold_distance_;
  progress_.seconds = wall_seconds() - started_wall_;
  ++progress_.episode;
  if (random_data_) evaluation_ = !evaluation_;
  begin_episode();
}

// RMSE over the standard deviation of the target (what is left after constant velocity), mean over the state.
double Life::model_error() const {
  const auto n = static_cast<double>(probe_.state.size());
  if (n == 0.0) return nan;
  const model::Encoding& encoding = agent_.model().encoding();
  const Eigen::Index s = encoding.state_size();
  Eigen::ArrayXd square = Eigen::ArrayXd::Zero(s), sum = square, sum_square = square;
  for (std::size_t k = 0; k < probe_.state.size(); ++k) {
    const Eigen::ArrayXd error = agent_.model().predict(probe_.state[k], probe_.action[k]).mean - probe_.next[k];
    const Eigen::ArrayXd target = encoding.target(probe_.state[k], probe_.next[k]);
    square += error.square();
    sum += target;
    sum_square += target.square();
  }
  const Eigen::ArrayXd variance = sum_square / n - (sum / n).square();
  return variance.minCoeff() > 0.0 ? (square / n / variance).sqrt().mean() : nan;
}

void Life::commit() {
  if (!steps_.empty()) log_.commit(progress_.agent, steps_, {});
  steps_.clear();
}

void Life::finalize() {
  commit();
  progress_.seconds = wall_seconds() - started_wall_;
  const agents::Agent::Work work = agent_.work();
  log_.commit_ledger(progress_.agent, {progress_.seconds, thread_cpu_seconds() - started_cpu_,
                                       planned_ > 0 ? plan_seconds_ / static_cast<double>(planned_) : nan,
                                       static_cast<double>(samples_), work.belief_updates, work.operations});
}

}  // namespace infans::experiments
