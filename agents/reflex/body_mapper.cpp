#include "agents/reflex/body_mapper.hpp"

#include <cmath>
#include <numbers>
#include <stdexcept>

#include "agents/drives/own_goals.hpp"
#include "core/base/archive_store.hpp"

namespace infans::agents {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector3d;
using Eigen::VectorXd;

double square(double x) { return x * x; }

double gaussian(double x, double variance) {
  return std::exp(-0.5 * x * x / variance) / std::sqrt(2.0 * std::numbers::pi * variance);
}

double log_determinant(const Matrix3d& m) { return std::log(m.determinant()); }

// -ln N(error | 0, covariance), nats.
double energy(const Vector3d& error, const Matrix3d& covariance) {
  return 0.5 * (error.dot(covariance.llt().solve(error)) + log_determinant(covariance) +
                3.0 * std::log(2.0 * std::numbers::pi));
}

void check(const BodyMapperOptions& o) {
  if (!(o.proprioceptive_sd > 0.0 && o.command_sd > 0.0 && o.blocked_sd > 0.0 && o.vision_sd > 0.0 &&
        o.touch_sd >= o.vision_sd && o.sensory_precision > 0.0 && o.memory > 0.0 && o.blocked >= 0.0 &&
        o.blocked < 1.0))
    throw std::logic_error("BodyMapper: widths and precisions are positive, and touch is no finer than sight");
}

}  // namespace

BodyMapper::BodyMapper(std::unique_ptr<inference::HandModel> map, const VectorXd& low, const VectorXd& high,
                       const BodyMapperOptions& o)
    : map_(std::move(map)), planner_(low, high, o.planner), low_(low), high_(high), options_(o) {
  if (!map_ || map_->joints() != low.size()) throw std::logic_error("BodyMapper: the map has other joints");
  check(o);
  command_offset_ = VectorXd::Zero(low_.size());
}

void BodyMapper::set_options(const BodyMapperOptions& o) {
  check(o);
  options_ = o;
  planner_ = PosturePlanner(low_, high_, o.planner);
}

void BodyMapper::set_ranges(const VectorXd& low, const VectorXd& high) {
  planner_ = PosturePlanner(low, high, options_.planner);
  low_ = low;
  high_ = high;
}

BodyMapper::BodyMapper(const BodyMapper& o)
    : map_(o.map_->clone()),
      planner_(o.planner_),
      low_(o.low_),
      high_(o.high_),
      options_(o.options_),
      hand_offset_(o.hand_offset_),
      command_offset_(o.command_offset_) {}

void BodyMapper::begin_reach() {
  hand_offset_.setZero();
  command_offset_.setZero();
}

PosturePlan BodyMapper::plan(const Vector3d& goal, const VectorXd& now, random::Stream& stream,
                             std::vector<PosturePlan>* considered) const {
  if (considered != nullptr) considered->clear();
  if (map_->samples() == 0) return {planner_.near_posture(now, stream), {}, 0.0};
  return planner_.plan(*map_, goal - hand_offset_, now, stream, considered);
}

VectorXd BodyMapper::command(const VectorXd& posture) const {
  return (posture - command_offset_).cwiseMax(low_).cwiseMin(high_);
}

// Joint by joint a mixture of two causes: the command was fulfilled but for its offset, or the joint was blocked.
BodyMapper::Angles BodyMapper::infer_angles(const VectorXd& command, const VectorXd& felt) {
  const double felt_variance = square(options_.proprioceptive_sd) / options_.sensory_precision;
  if (!options_.efference_copy) {
    const double chance = 1.0 / (std::numbers::pi);  // any angle of a joint's about half turn
    const double energy = -static_cast<double>(felt.size()) * std::log(chance);
    return {felt, energy, -energy, {}};
  }
  const double own = square(options_.command_sd), wide = square(options_.blocked_sd);
  const auto accuracy = [&](double error, double prior) {  // of N(gain error, (1 - gain) prior) about what was expected
    const double gain = prior / (prior + felt_variance);
    return -0.5 * (std::log(2.0 * std::numbers::pi * felt_variance) +
                   (square((1.0 - gain) * error) + (1.0 - gain) * prior) / felt_variance);
  };
  Angles a{felt, 0.0, 0.0, command + command_offset_};
  for (Eigen::Index j = 0; j < felt.size(); ++j) {
    const double expected = command(j) + command_offset_(j), error = felt(j) - expected;
    const double free = (1.0 - options_.blocked) * gaussian(error, own + felt_variance);
    const double stuck = options_.blocked * gaussian(error, wide + felt_variance);
    const double share = free / (free + stuck);
    const double gain = share * own / (own + felt_variance) + (1.0 - share) * wide / (wide + felt_variance);
    a.q(j) = expected + gain * error;
    a.energy -= std::log(free + stuck);
    a.accuracy += share * accuracy(error, own) + (1.0 - share) * accuracy(error, wide);
    command_offset_(j) += share * own / (own + felt_variance) * error;
  }
  return a;
}

std::optional<Vector3d> BodyMapper::fuse(const Feeling& felt, double& weight) const {
  const double touch = square(options_.vision_sd / options_.touch_sd);
  weight = felt.seen ? 1.0 : touch;
  if (felt.seen && felt.touched) return (*felt.seen + touch * *felt.touched) / (1.0 + touch);
  return felt.seen ? felt.seen : felt.touched;
}

Percept BodyMapper::perceive(const VectorXd& command, const Feeling& felt, bool learn) {
  const Angles angles = infer_angles(command, felt.q);
  const inference::HandBelief belief = map_->predict(angles.q);
  Percept p;
  p.q = angles.q;
  p.expected_q = angles.expected;
  p.predicted = p.believed = belief.mean + hand_offset_;
  p.epistemic = belief.covariance;
  p.total = belief.covariance + Matrix3d(belief.noise.asDiagonal());
  p.vfe = angles.energy;
  p.accuracy = angles.accuracy;
  p.complexity = angles.energy + angles.accuracy;
  double weight = 1.0;
  p.hand = fuse(felt, weight);
  if (!p.hand) {
    if (learn) map_->miss(angles.q);
    return p;
  }

  const Vector3d error = *p.hand - p.predicted;
  inference::HandBelief seen = belief;
  seen.noise /= weight;
  const Matrix3d total = belief.covariance + Matrix3d(seen.noise.asDiagonal());
  const Matrix3d gain = belief.covariance * total.inverse();
  p.surprise = energy(error, total);
  p.vfe += p.surprise;
  p.information = expected_information(seen);
  // Of N(f + K e, V - K V) against N(f, V).
  p.kl = 0.5 * (error.dot(total.llt().solve(gain * error)) - gain.trace()) + p.information;
  p.total = total;
  p.believed += gain * error;
  p.complexity += p.kl;
  p.accuracy += p.kl - p.surprise;
  if (learn) {
    if (std::isfinite(options_.memory) && map_->samples() > 0) map_->discount(std::exp(-1.0 / options_.memory));
    map_->add(angles.q, *p.hand, weight);
  } else {
    hand_offset_ += gain * error;
  }
  return p;
}

void BodyMapper::describe(base::Archive& archive) {
  VectorXd low = low_, high = high_;
  archive("map", *map_)("low", low)("high", high)("hand_offset", hand_offset_)("command_offset", command_offset_);
  base::require_state(low.size() == low_.size() && high.size() == low_.size() &&
                          command_offset_.size() == low_.size() && (high - low).minCoeff() > 0.0,
                      "low", "the ranges are not those of " + std::to_string(low_.size()) + " joints");
  if (archive.restoring()) set_ranges(low, high);
}

}  // namespace infans::agents
