// The tests of a participant that reaches: on a copy, with the streams of agent 1.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <numeric>

#include "experiments/protocols/reaching_participant.hpp"

namespace infans::experiments {
namespace {

using Eigen::Vector3d;
using Eigen::VectorXd;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
constexpr double degree = std::numbers::pi / 180.0;
constexpr double period = SeatedReacher::period;
constexpr int presentations = 20;  // places tried until the eye sees the ball
constexpr int choices = 12;        // places that a pair is taken from
constexpr double cube = 0.03;      // m

double mean_of(const std::vector<double>& x) {
  return x.empty() ? nothing : std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

}  // namespace

std::vector<double> ReachingParticipant::test(const Trial& trial) {
  agent_ = 1;
  occasion_ = (trial.occasion << 16) + static_cast<std::uint64_t>(trial.index) + 1;
  decisions_ = 0;
  use(trial.options);
  if (trial.kind == "forced_choice") return choose(trial);
  if (trial.kind == "free_play") return play(trial);
  return reach(trial);
}

// As the seated infant rests (envs/bodies/infant_joints.cpp), as the mind means it.
VectorXd ReachingParticipant::home() const {
  VectorXd q(7);
  q << 25.0, 20.0, 20.0, 60.0, 30.0, 0.0, 0.0;
  return as_meant(q * degree);
}

// Shows a ball there; where the eye sees it, if it does.
std::optional<Vector3d> ReachingParticipant::present(const Vector3d& place) {
  body_->show(place);
  const ReachOutcome now = body_->at(as_meant(home()));
  if (!now.target) return std::nullopt;
  random::Stream noise = stream(random::Purpose::sense_noise, 1);
  return seen(*now.target, noise);
}

ReachingParticipant::Reach ReachingParticipant::reach_for(const Vector3d& target, const Vector3d& wanted) {
  Reach r;
  r.path.push_back(body_->hand_now());
  mind_->begin_reach();
  for (int k = 0; k < settings_.reach.decisions && !r.hit; ++k) {
    const Lived lived = act(towards(wanted), false, &r.path);
    r.errors.push_back((body_->hand_now() - target).norm());
    r.percepts.push_back(lived.percept);
    r.misses.push_back((lived.percept.predicted - lived.outcome.hand).norm());
    r.touched = r.touched || lived.outcome.touch.part >= 0;
    r.hit = r.errors.back() < settings_.reach.width;
  }
  return r;
}

void ReachingParticipant::go_home() {
  body_->show(std::nullopt);
  for (int k = 0; k < 2; ++k) body_->fulfil(as_meant(home()));
  believed_ = as_meant(body_->joints_now());
  last_hand_ = body_->hand_now();
}

std::vector<double> ReachingParticipant::reach(const Trial&) {
  go_home();
  random::Stream places = stream(random::Purpose::probe);
  std::optional<Vector3d> wanted;
  Vector3d target = Vector3d::Zero();
  for (int k = 0; k < presentations && !wanted; ++k) {
    const auto found = reachable(1, places);
    if (found.empty()) continue;
    target = found.front();
    wanted = present(target);
  }
  if (!wanted) return std::vector<double>(12, nothing);
  const Reach r = reach_for(target, *wanted);
  std::vector<double> kl;
  for (const agents::Percept& p : r.percepts) kl.push_back(p.kl);
  return {onset_of(r.path, period),
          time_within(r.path, period, target, settings_.reach.width),
          r.hit ? 1.0 : 0.0,
          r.errors.back(),
          r.errors.front(),
          mean_of(r.misses),
          static_cast<double>(movement_units(r.path, period)),
          straightness(r.path),
          normalised_jerk(r.path, period),
          mean_of(kl),
          r.touched ? 1.0 : 0.0,
          static_cast<double>(r.errors.size())};
}

std::vector<double> ReachingParticipant::choose(const Trial&) {
  go_home();
  random::Stream places = stream(random::Purpose::probe);
  std::vector<Vector3d> found = reachable(choices, places);
  if (found.size() < 2) return std::vector<double>(6, nothing);
  const auto strange = [&](const Vector3d& place) {
    if (settings_.choice.kind == ChoiceKind::distance) return (place - body_->hand_now()).norm();
    double least = std::numeric_limits<double>::infinity();
    for (const Vector3d& been : been_) least = std::min(least, (place - been).norm());
    return least;
  };
  std::stable_sort(found.begin(), found.end(), [&](const auto& a, const auto& b) { return strange(a) < strange(b); });
  const Vector3d pair[] = {found.front(), found.back()};
  double energy[2];
  mind_->begin_reach();
  for (int k = 0; k < 2; ++k) {
    random::Stream candidates = stream(random::Purpose::candidates, 2);  // the same for both
    random::Stream noise = stream(random::Purpose::sense_noise, 1 + k);
    energy[k] = mind_->plan(seen(pair[k], noise), believed_, candidates).expected_free_energy;
  }
  const double difference = energy[1] - energy[0], second = 1.0 / (1.0 + std::exp(difference));
  const int chosen = places.uniform() < second ? 1 : 0;
  body_->show(pair[chosen]);
  random::Stream noise = stream(random::Purpose::sense_noise, 1 + chosen);
  const Reach r = reach_for(pair[chosen], seen(pair[chosen], noise));
  return {static_cast<double>(chosen),
          second,
          difference,
          time_within(r.path, period, pair[chosen], settings_.reach.width),
          r.hit ? 1.0 : 0.0,
          r.errors.back()};
}

std::vector<double> ReachingParticipant::play(const Trial&) {
  go_home();
  Path path{body_->hand_now()};
  std::map<std::array<long, 3>, int> cubes;
  int touched = 0;
  aim_.reset();
  for (int k = 0; k < settings_.play.decisions; ++k) {
    const Lived lived = act(own_choice(), false, &path);
    if (aim_ && ++aim_->decisions >= settings_.mind.patience) aim_.reset();
    touched += lived.outcome.touch.part >= 0 ? 1 : 0;
    const Vector3d cell = (body_->hand_now() / cube).array().floor();
    ++cubes[{std::lround(cell.x()), std::lround(cell.y()), std::lround(cell.z())}];
  }
  const double all = settings_.play.decisions;
  double entropy = 0.0;
  for (const auto& [cell, count] : cubes) entropy -= count / all * std::log(count / all);
  return {path_length(path), static_cast<double>(cubes.size()), entropy, touched / all,
          static_cast<double>(movement_units(path, period))};
}

}  // namespace infans::experiments
