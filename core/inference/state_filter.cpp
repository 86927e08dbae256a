#include "core/inference/state_filter.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "core/base/archive.hpp"
#include "core/inference/motion_world.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double smallest = 1e-10;  // variance of a move over the squared scale of a state
// Of the variance that smoothing leaves: expectation maximisation shrinks a variance towards 0 ever more slowly, a
// share of it at the pace of a geometric series (Salakhutdinov & Roweis 2003 overrelax alike).
constexpr double unknown_share = 0.5;
constexpr double wide = 3.0;  // standard deviation of an unknown first state, in scales

VectorXd scales(const model::Encoding& e) {
  VectorXd s(e.state_size());
  s << e.position_scale, e.velocity_scale;
  return s;
}

Surprise no_surprise(Index states) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  return {VectorXd::Constant(states, nan), nan, nan, nan, 0.0};
}

std::size_t at(Index t) { return static_cast<std::size_t>(t); }

}  // namespace

StateFilter::StateFilter(WorldModel& world, const StateFilterOptions& options) : world_(world), options_(options) {
  if (options.delay < 0 || !(options.noise > 0.0) || options.window < 1 || options.iterations < 1 || options.passes < 1)
    throw std::logic_error("StateFilter: delay below 0, or noise, window, iterations or passes not above 0");
  const VectorXd scale = scales(world.encoding()), nothing = VectorXd::Zero(scale.size());
  prior_.reading = options.noise * options.noise;
  noise_ = {VectorXd::Constant(scale.size(), prior_.reading), nothing};
  unknown_ = first_mean_ = nothing;
  acceleration_ = 0.5 * world.encoding().velocity_scale / world.encoding().dt;
  first_covariance_ = (wide * scale).cwiseAbs2().asDiagonal();
}

void StateFilter::begin_episode() {
  const auto useless = [](const Episode& e) { return std::find(e.kept.begin(), e.kept.end(), true) == e.kept.end(); };
  if (!episodes_.empty() && useless(episodes_.back())) episodes_.pop_back();
  episodes_.emplace_back();
}

void StateFilter::keep() { episodes_.back().kept.back() = true; }

void StateFilter::perceive(const VectorXd* command, const VectorXd* reading) {
  Episode& e = episodes_.back();
  const auto now = static_cast<Index>(e.reading.size());
  if (command != nullptr) {
    e.command.push_back(*command);
    e.kept.push_back(false);
    e.state.emplace_back(moves(e, now - 1, now).end.col(0));
  } else {
    e.state.push_back(reading != nullptr ? *reading : first_mean_);
  }
  e.reading.emplace_back();
  const Index of = now == 0 ? 0 : now - options_.delay;
  const bool repeated = now > 0 && of <= 0, came = reading != nullptr && !repeated;
  if (!repeated) e.due = of + 1;
  if (came) e.reading[at(of)] = *reading;
  const FilteredStates present = settle_present();
  surprise_ = no_surprise(noise_.reading.size());
  if (!came) return;
  const Index t = of - (now + 1 - static_cast<Index>(present.trace.predicted.size()));
  surprise_ =
      gaussian_surprise(*reading - present.predicted_mean(t),
                        present.predicted_covariance(t) + MatrixXd(noise_.reading.asDiagonal()), noise_.reading);
}

Moves StateFilter::moves(const Episode& e, Index from, Index to) {
  MatrixXd state(noise_.reading.size(), to - from), action(world_.encoding().actions, to - from);
  for (Index t = from; t < to; ++t) {
    state.col(t - from) = e.state[at(t)];
    action.col(t - from) = e.command[at(t)];
  }
  return learned_ ? linearise(world_, state, action) : coast(world_.encoding(), state, acceleration_);
}

VectorXd StateFilter::smallest_move() const { return smallest * scales(world_.encoding()).cwiseAbs2(); }

VectorXd StateFilter::floor() const { return unknown_ + smallest_move(); }

Readings StateFilter::readings(const Episode& e, Index from) const {
  const Index count = e.moves() + 1 - from;
  Readings r{MatrixXd::Zero(noise_.reading.size(), count), Mask(count), noise_.reading,
             from == 0 ? first_mean_ : e.filtered[at(from)],
             from == 0 ? first_covariance_ : e.filtered_covariance[at(from)]};
  for (Index t = 0; t < count; ++t) {
    // A belief from before the window already knows the reading there.
    r.seen(t) = e.has(from + t) && (from == 0 || t > 0);
    if (r.seen(t)) r.observation.col(t) = e.reading[at(from + t)];
  }
  return r;
}

FilteredStates StateFilter::settle(Episode& e, Moves moves, Index from, Smoothed& smoothed) const {
  if (learned_) noise_.scale(moves, floor());
  FilteredStates filtered = filter_states(moves, readings(e, from));
  smoothed = smooth_states(filtered);
  e.filtered.resize(e.state.size());
  e.filtered_covariance.resize(e.state.size());
  for (Index t = 0; from + t <= e.moves(); ++t) {
    e.state[at(from + t)] = smoothed.mean[at(t)];
    e.filtered[at(from + t)] = filtered.mean(t);
    e.filtered_covariance[at(from + t)] = filtered.covariance(t);
  }
  return filtered;
}

FilteredStates StateFilter::settle_present() {
  Episode& e = episodes_.back();
  const Index from = std::max<Index>(0, e.moves() - options_.window - options_.delay);
  Smoothed smoothed;
  FilteredStates filtered;
  for (int i = 0; i < options_.iterations; ++i) filtered = settle(e, moves(e, from, e.moves()), from, smoothed);
  covariance_ = smoothed.covariance.back();
  return filtered;
}

void StateFilter::consolidate() {
  for (int pass = 0; pass < options_.passes; ++pass) {
    guess_acceleration();
    settle_all(pass == 0);
    if (!learn_model()) return;
    learn_start();
  }
  settle_present();
}

// The moves of all episodes under the law that explains the readings better, and its noises: the model, or, where
// `compare` asks, a mere guess of the acceleration. So a model that took its own imagination for data begins anew.
std::vector<Moves> StateFilter::best_law(bool compare) {
  std::vector<Moves> law, none;
  std::vector<Readings> seen;
  for (const Episode& e : episodes_) {
    law.push_back(moves(e, 0, e.moves()));
    none.push_back(coast(world_.encoding(), law.back().point, acceleration_));
    seen.push_back(readings(e, 0));
  }
  if (!learned_) return none;
  const double learned = learn_noise(law, seen, prior_, floor(), noise_);
  if (!compare) return law;
  const Index n = unknown_.size();
  StateNoise start{VectorXd::Constant(n, prior_.reading), VectorXd::Zero(n)};
  if (learn_noise(none, seen, prior_, smallest_move(), start) <= learned) return law;
  noise_ = start;
  unknown_.setZero();
  return none;
}

// The noises first: under those of the last model the states would follow it too closely, or not at all.
void StateFilter::settle_all(bool compare) {
  const std::vector<Moves> law = best_law(compare);
  VectorXd unknown = VectorXd::Zero(unknown_.size());
  Index count = 0;
  Smoothed s;
  for (std::size_t k = 0; k < law.size(); ++k) {
    settle(episodes_[k], law[k], 0, s);
    for (Index t = 0; t + 1 < episodes_[k].due; ++t, ++count) {
      const MatrixXd& f = law[k].jacobian[at(t)];
      const MatrixXd across = s.cross[at(t)] * f.transpose();
      const MatrixXd move =
          s.covariance[at(t + 1)] - across - across.transpose() + f * s.covariance[at(t)] * f.transpose();
      unknown += move.diagonal().cwiseMax(0.0);
    }
  }
  if (count > 0) unknown_ = unknown_share * unknown / static_cast<double>(count);
}

// Standard deviation of the acceleration, from readings of velocities that follow each other.
void StateFilter::guess_acceleration() {
  const model::Encoding& encoding = world_.encoding();
  const Index n = encoding.positions();
  VectorXd sum = (0.5 * encoding.velocity_scale).cwiseAbs2();
  double count = 1.0;
  for (const Episode& e : episodes_)
    for (Index t = 0; t < e.moves(); ++t) {
      if (!e.has(t) || !e.has(t + 1)) continue;
      sum += (e.reading[at(t + 1)] - e.reading[at(t)]).tail(n).cwiseAbs2();
      ++count;
    }
  const VectorXd noise = 2.0 * noise_.reading.tail(n);
  acceleration_ = (sum / count - noise).cwiseMax(noise).cwiseSqrt() / encoding.dt;
}

// How episodes begin: their mean and spread, with one unknown beginning among them.
void StateFilter::learn_start() {
  const auto count = static_cast<double>(episodes_.size());
  VectorXd sum = VectorXd::Zero(first_mean_.size());
  for (const Episode& e : episodes_) sum += e.state.front();
  first_mean_ = sum / count;
  VectorXd spread = (wide * scales(world_.encoding())).cwiseAbs2();
  for (const Episode& e : episodes_) spread += (e.state.front() - first_mean_).cwiseAbs2();
  first_covariance_ = (spread / (1.0 + count)).asDiagonal();
}

// From the moves between settled states; false: too few.
bool StateFilter::learn_model() {
  std::vector<std::pair<const Episode*, std::size_t>> rows;
  for (const Episode& e : episodes_)
    for (Index t = 0; t + 1 < e.due; ++t) {
      // What nothing but a guess of the acceleration says of a gap teaches nothing.
      const bool known = learned_ || (e.has(t) && e.has(t + 1));
      if (e.kept[at(t)] && known) rows.emplace_back(&e, at(t));
    }
  if (rows.size() < 2) return learned_;
  const Index n = world_.encoding().positions(), m = world_.encoding().actions, count = static_cast<Index>(rows.size());
  model::Transitions lived{MatrixXd(count, n), MatrixXd(count, n), MatrixXd(count, m), MatrixXd(count, n),
                           MatrixXd(count, n)};
  for (Index k = 0; k < count; ++k) {
    const auto& [e, t] = rows[at(k)];
    lived.q0.row(k) = e->state[t].head(n).transpose();
    lived.v0.row(k) = e->state[t].tail(n).transpose();
    lived.u.row(k) = e->command[t].transpose();
    lived.q1.row(k) = e->state[t + 1].head(n).transpose();
    lived.v1.row(k) = e->state[t + 1].tail(n).transpose();
  }
  world_.replace(lived);
  world_.refit();
  return learned_ = true;
}

void StateFilter::Episode::describe(base::Archive& archive) {
  archive("command", command)("reading", reading)("kept", kept)("state", state)("filtered", filtered);
  archive("filtered_covariance", filtered_covariance)("due", due);
}

void StateFilter::describe(base::Archive& archive) {
  archive("episodes", episodes_)("learned", learned_)("noise", noise_)("unknown", unknown_);
  archive("acceleration", acceleration_)("first_mean", first_mean_)("first_covariance", first_covariance_);
  archive("covariance", covariance_)("surprise", surprise_);
}

}  // namespace infans::inference
