#include "agents/planning/planner.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/archive.hpp"

namespace infans::agents {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd shifted(const MatrixXd& plan, bool repeat_last) {
  MatrixXd out = MatrixXd::Zero(plan.rows(), plan.cols());
  out.leftCols(plan.cols() - 1) = plan.rightCols(plan.cols() - 1);
  if (repeat_last) out.rightCols(1) = plan.rightCols(1);
  return out;
}

MatrixXd clipped(const MatrixXd& m) { return m.cwiseMax(-1.0).cwiseMin(1.0); }

}  // namespace

Planner::Planner(int states, int actions, const PlannerOptions& options, std::shared_ptr<Preference> preference)
    : options_(options),
      preference_(std::move(preference)),
      noise_(options.horizon, options.noise_colour),
      states_(states),
      actions_(actions) {
  reset();
}

void Planner::reset() {
  mean_ = MatrixXd::Zero(actions_, options_.horizon);
  kept_.clear();
  feedback_gain_.clear();
  followed_ = 0;
}

Plan Planner::plan(const VectorXd& state, inference::Imagination& imagination, random::Stream& stream) {
  imagination_ = &imagination;
  price_ = imagination.operations(curious());
  deviation_ = MatrixXd::Constant(actions_, options_.horizon, options_.spread);
  int count = options_.candidates;
  for (int i = 0; i < options_.iterations; ++i) {
    propose(count, i + 1 == options_.iterations, stream);
    evaluate(state);
    refine_distribution();
    count = std::max(static_cast<int>(count / options_.candidate_decay), 2 * options_.elites);
  }
  // Starts spread over the elites: their basins differ more than their scores.
  const bool weighted = options_.update == Update::weighted;
  Trajectory best = ilqr(state, weighted ? clipped(mean_) : plan_of(realised_, order_[0]));
  for (int i = 1; i < options_.ilqr_starts; ++i) {
    const int rank = std::min(i * options_.elites / options_.ilqr_starts, static_cast<int>(order_.size()) - 1);
    Trajectory other = ilqr(state, plan_of(realised_, order_[static_cast<std::size_t>(rank)]));
    if (other.score.total > best.score.total) best = std::move(other);
  }
  Plan plan;
  plan.action = best.action.col(0);
  plan.pragmatic = best.score.pragmatic;
  plan.epistemic = best.score.epistemic;
  plan.expected_free_energy =
      -(options_.pragmatic_weight * plan.pragmatic + options_.epistemic_weight * plan.epistemic);
  const int last = static_cast<int>(order_.size()) - 1, count_rejected = std::min(options_.rejected, last);
  for (int r = 0; r < count_rejected; ++r) {
    const int rank = count_rejected > 1 ? 1 + r * (last - 1) / (count_rejected - 1) : 1;
    const int k = order_[static_cast<std::size_t>(rank)];
    const Score& score = scores_[static_cast<std::size_t>(k)];
    plan.rejected.push_back({plan_of(realised_, k).col(0), score.pragmatic, score.epistemic});
  }
  remember(best);
  return plan;
}

MatrixXd Planner::plan_of(const Batch& plans, int k) const {
  MatrixXd plan(actions_, options_.horizon);
  for (int t = 0; t < options_.horizon; ++t)
    for (int i = 0; i < actions_; ++i) plan(i, t) = double{plans.row(t * actions_ + i)[k]};
  return plan;
}

void Planner::put_plan(const MatrixXd& plan, int k) {
  for (int t = 0; t < options_.horizon; ++t)
    for (int i = 0; i < actions_; ++i) proposed_.row(t * actions_ + i)[k] = static_cast<float>(plan(i, t));
}

void Planner::propose(int count, bool with_mean, random::Stream& stream) {
  candidates_ = count + static_cast<int>(kept_.size()) + (with_mean ? 1 : 0);
  proposed_.resize(actions_ * options_.horizon, candidates_);
  for (int i = 0; i < actions_; ++i) {
    noise_.sample(stream, count, noise_of_one_);
    for (int t = 0; t < options_.horizon; ++t) {
      const auto mean = static_cast<float>(mean_(i, t)), deviation = static_cast<float>(deviation_(i, t));
      const float* noise = noise_of_one_.row(t);
      float* u = proposed_.row(t * actions_ + i);
      for (int k = 0; k < count; ++k) u[k] = std::clamp(mean + deviation * noise[k], -1.0F, 1.0F);
    }
  }
  for (const MatrixXd& plan : kept_) put_plan(plan, count++);
  if (with_mean) put_plan(clipped(mean_), count);
}

void Planner::start_rollout(const VectorXd& start, int n) {
  state_.resize(states_, n);
  next_.resize(states_, n);
  action_.resize(actions_, n);
  const auto width = static_cast<std::size_t>(state_.stride);
  gain_.assign(width, 0.0F);
  pragmatic_.assign(width, 0.0F);
  epistemic_.assign(width, 0.0F);
  rollout_.begin(options_.horizon, n);
  for (int i = 0; i < states_; ++i)
    std::fill(state_.row(i), state_.row(i) + state_.stride, static_cast<float>(start(i)));
}

void Planner::imagine_step(int n) {
  imagination_->step(state_, action_, n, next_, curious() ? gain_.data() : nullptr);
  operations_ += n * price_.step;
  for (int k = 0; curious() && k < n; ++k)
    epistemic_[static_cast<std::size_t>(k)] += gain_[static_cast<std::size_t>(k)];
  whole_ = curious() && options_.information != Information::summed && imagination_->deviations().rows != nullptr;
  if (whole_) rollout_.add(imagination_->deviations());
  std::swap(state_, next_);
  preference_->add_log_density(state_, n, pragmatic_.data());
  const float half = 0.5F * static_cast<float>(preference_->command_precision());
  for (int i = 0; half > 0.0F && i < actions_; ++i)
    for (int k = 0; k < n; ++k) pragmatic_[static_cast<std::size_t>(k)] -= half * action_.row(i)[k] * action_.row(i)[k];
}

void Planner::end_rollout() {
  if (!whole_) return;
  if (options_.information == Information::variance) return rollout_.variance(epistemic_.data());
  if (options_.information == Information::joint || targets_ == 0) return rollout_.joint(epistemic_.data());
  gain_.resize(std::max(gain_.size(), static_cast<std::size_t>(target_state_.stride)));
  imagination_->step(target_state_, target_action_, targets_, next_, gain_.data());
  rollout_.foresight(imagination_->deviations(), targets_, epistemic_.data());
}

void Planner::set_targets(const MatrixXd& state, const MatrixXd& action) {
  targets_ = static_cast<int>(state.cols());
  const auto fill = [&](const MatrixXd& from, Batch& to) {
    to.resize(static_cast<int>(from.rows()), targets_);
    for (int i = 0; i < from.rows(); ++i)
      for (int k = 0; k < targets_; ++k) to.row(i)[k] = static_cast<float>(from(i, k));
  };
  fill(state, target_state_);
  fill(action, target_action_);
}

// A rollout that left the numbers is worse than any other.
Planner::Score Planner::score_of(std::size_t k) const {
  const double total = options_.pragmatic_weight * pragmatic_[k] + options_.epistemic_weight * epistemic_[k];
  return {pragmatic_[k], epistemic_[k], std::isfinite(total) ? total : -std::numeric_limits<double>::max()};
}

// The commands of time t: as proposed, moved by the feedback around the previous plan.
void Planner::command_candidates(int t) {
  const auto now = static_cast<std::size_t>(t);
  for (int i = 0; i < actions_; ++i) {
    const float* wanted = proposed_.row(t * actions_ + i);
    float *u = action_.row(i), *realised = realised_.row(t * actions_ + i);
    std::copy(wanted, wanted + candidates_, u);
    for (int j = 0; !feedback_gain_.empty() && j < states_; ++j) {
      const auto gain = static_cast<float>(feedback_gain_[now](i, j)), at = static_cast<float>(feedback_state_(j, t));
      const float* state = state_.row(j);
      for (int k = 0; k < candidates_; ++k) u[k] += gain * (state[k] - at);
    }
    for (int k = 0; k < candidates_; ++k) realised[k] = u[k] = std::clamp(u[k], -1.0F, 1.0F);
  }
}

void Planner::evaluate(const VectorXd& start) {
  const int n = candidates_;
  start_rollout(start, n);
  realised_.resize(actions_ * options_.horizon, n);
  for (int t = 0; t < options_.horizon; ++t) {
    command_candidates(t);
    imagine_step(n);
  }
  end_rollout();
  scores_.resize(static_cast<std::size_t>(n));
  for (std::size_t k = 0; k < scores_.size(); ++k) scores_[k] = score_of(k);
  order_.resize(scores_.size());
  std::iota(order_.begin(), order_.end(), 0);
  // Equal scores keep their order: the ranking never depends on the sort's implementation.
  std::sort(order_.begin(), order_.end(), [&](int a, int b) {
    const double left = scores_[static_cast<std::size_t>(a)].total, right = scores_[static_cast<std::size_t>(b)].total;
    return left != right ? left > right : a < b;
  });
}

void Planner::refine_distribution() {
  if (options_.update == Update::elites)
    refine_by_elites();
  else
    refine_by_weights();
}

void Planner::refine_by_weights() {
  const double best = scores_[static_cast<std::size_t>(order_[0])].total;
  MatrixXd mean = MatrixXd::Zero(actions_, options_.horizon);
  double sum = 0.0;
  for (std::size_t k = 0; k < scores_.size(); ++k) {
    const double weight = std::exp((scores_[k].total - best) / options_.temperature);
    mean += weight * plan_of(realised_, static_cast<int>(k));
    sum += weight;
  }
  mean_ = mean / sum;
  kept_.clear();
}

void Planner::refine_by_elites() {
  const int elites = std::min(options_.elites, static_cast<int>(order_.size()));
  MatrixXd mean = MatrixXd::Zero(actions_, options_.horizon), square = mean;
  kept_.clear();
  for (int e = 0; e < elites; ++e) {
    const MatrixXd plan = plan_of(proposed_, order_[static_cast<std::size_t>(e)]);
    mean += plan / elites;
    square += plan.cwiseProduct(plan) / elites;
    if (e < std::max(1, elites / 3)) kept_.push_back(plan);
  }
  const double m = options_.momentum;
  const MatrixXd deviation = (square - mean.cwiseProduct(mean)).cwiseMax(0.0).cwiseSqrt();
  mean_ = m * mean_ + (1.0 - m) * mean;
  deviation_ = m * deviation_ + (1.0 - m) * deviation;
}

void Planner::remember(const Trajectory& best) {
  if (options_.update == Update::elites) kept_.insert(kept_.begin(), best.action);
  mean_ = best.action;
  feedback_gain_.clear();
  if (options_.feedback && !best.gain.empty()) {
    feedback_gain_ = best.gain;
    feedback_state_ = best.state.leftCols(options_.horizon);
  }
  shift();
  if (!feedback_gain_.empty()) feedback_state_.rightCols(1) = best.state.rightCols(1);
  followed_ = 1;
}

// One decision on: what was planned for later is now nearer.
void Planner::shift() {
  for (MatrixXd& plan : kept_) plan = shifted(plan, true);
  mean_ = shifted(mean_, false);
  if (feedback_gain_.empty()) return;
  feedback_gain_.erase(feedback_gain_.begin());
  feedback_gain_.push_back(MatrixXd::Zero(actions_, states_));
  feedback_state_ = shifted(feedback_state_, true);
}

bool Planner::follows(double surprise) const {
  return followed_ > 0 && followed_ < std::min(options_.replan_interval, options_.horizon) &&
         surprise <= options_.replan_surprise;
}

VectorXd Planner::follow(const VectorXd& state) {
  VectorXd u = mean_.col(0);
  if (!feedback_gain_.empty()) u += feedback_gain_.front() * (state - feedback_state_.col(0));
  shift();
  ++followed_;
  return u.cwiseMax(-1.0).cwiseMin(1.0);
}

void Planner::describe(base::Archive& archive) {
  archive("mean", mean_)("kept", kept_)("feedback_state", feedback_state_)("feedback_gain", feedback_gain_);
  archive("followed", followed_)("target_state", target_state_)("target_action", target_action_)("targets", targets_);
  archive("operations", operations_);
}

}  // namespace infans::agents
