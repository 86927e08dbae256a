#include "agents/drives/own_goals.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "core/base/archive_store.hpp"

namespace infans::agents {
namespace {

using Eigen::Vector3d;

constexpr int most_draws = 1000;
constexpr int least_errors = 2;  // that a change can be told from

}  // namespace

double expected_information(const inference::HandBelief& b) {
  const Eigen::Matrix3d ratio = b.noise.cwiseInverse().asDiagonal() * b.covariance;
  return 0.5 * std::log(std::max(1.0, (Eigen::Matrix3d::Identity() + ratio).determinant()));
}

bool GoalSpace::holds(const Vector3d& place) const {
  const double distance = place.norm();
  return (place - centre).norm() <= radius && distance >= least && place.dot(gaze) >= distance * std::cos(half_field);
}

Vector3d GoalSpace::draw(random::Stream& stream) const {
  for (int k = 0; k < most_draws; ++k) {
    Vector3d place = centre;
    for (double& x : place) x += stream.uniform(-radius, radius);
    if (holds(place)) return place;
  }
  return centre + radius * gaze;
}

OwnGoals::OwnGoals(const OwnGoalsOptions& o, const GoalSpace& space) : space_(space) { configure(o); }

void OwnGoals::configure(const OwnGoalsOptions& o) {
  if (o.candidates < 1 || o.cells < 1 || o.window < 2 || o.window % 2 != 0)
    throw std::logic_error("OwnGoals: candidates and cells are at least 1, the window is even");
  if ((o.source == GoalSource::task || o.source == GoalSource::caregiver) && o.given.empty())
    throw std::logic_error("OwnGoals: others' goals need places");
  options_ = o;
  errors_.resize(static_cast<std::size_t>(o.cells * o.cells * o.cells));
}

Vector3d OwnGoals::next(const Knowledge& known, random::Stream& stream) {
  switch (options_.source) {
    case GoalSource::information:
      return informative(known, stream);
    case GoalSource::progress:
      return changing(stream);
    case GoalSource::caregiver:
      return held_out(known, stream);
    case GoalSource::task:
      return options_.given[given_++ % options_.given.size()];
    case GoalSource::random:
      break;
  }
  return space_.draw(stream);
}

Vector3d OwnGoals::informative(const Knowledge& known, random::Stream& stream) const {
  Vector3d best = space_.draw(stream);
  double most = -1.0;
  for (int k = 0; k < options_.candidates; ++k) {
    const inference::HandBelief hand = known.map.predict(known.posture(stream));
    if (!space_.holds(hand.mean)) continue;
    const double information = hand.told * expected_information(hand);
    if (information <= most) continue;
    most = information;
    best = hand.mean;
  }
  return best;
}

Vector3d OwnGoals::changing(random::Stream& stream) const {
  if (stream.uniform() >= options_.curious) return space_.draw(stream);
  std::vector<double> sums;
  double sum = 0.0;
  for (int r = 0; r < regions(); ++r) sums.push_back(sum += interest(r));
  if (!(sum > 0.0)) return space_.draw(stream);
  const double wanted = sum * stream.uniform();
  const auto chosen = static_cast<int>(std::lower_bound(sums.begin(), sums.end(), wanted) - sums.begin());
  for (int k = 0; k < most_draws; ++k) {
    const Vector3d place = space_.draw(stream);
    if (region(place) == chosen) return place;
  }
  return space_.draw(stream);  // a region that holds none of the space
}

Vector3d OwnGoals::held_out(const Knowledge& known, random::Stream& stream) const {
  const auto distance = [&](const Vector3d& place) { return (place - known.hand).norm(); };
  std::vector<Vector3d> near;
  for (const Vector3d& place : options_.given)
    if (distance(place) <= options_.near) near.push_back(place);
  if (!near.empty()) return near[stream.index(static_cast<std::uint32_t>(near.size()))];
  return *std::min_element(options_.given.begin(), options_.given.end(),
                           [&](const Vector3d& a, const Vector3d& b) { return distance(a) < distance(b); });
}

void OwnGoals::outcome(const Vector3d& goal, double error) {
  auto& errors = errors_[static_cast<std::size_t>(region(goal))];
  errors.push_back(error);
  if (std::ssize(errors) > options_.window) errors.pop_front();
}

int OwnGoals::region(const Vector3d& place) const {
  int index = 0;
  for (int axis = 0; axis < 3; ++axis) {
    const double part = 0.5 + 0.5 * (place(axis) - space_.centre(axis)) / space_.radius;
    index = index * options_.cells + std::clamp(static_cast<int>(part * options_.cells), 0, options_.cells - 1);
  }
  return index;
}

void OwnGoals::describe(base::Archive& archive) {
  const std::size_t regions = errors_.size(), places = options_.given.size();
  archive("space", space_)("errors", errors_)("given", options_.given)("given_next", given_);
  base::require_state(
      errors_.size() == regions, "errors",
      std::to_string(errors_.size()) + " regions were saved, this program has " + std::to_string(regions));
  base::require_state(places == 0 || !options_.given.empty(), "given", "others' goals need places");
}

double OwnGoals::progress(int region) const {
  const auto& errors = errors_[static_cast<std::size_t>(region)];
  if (std::ssize(errors) < least_errors) return -1.0;
  const auto half = std::ssize(errors) / 2;
  const double older = std::accumulate(errors.begin(), errors.begin() + half, 0.0) / static_cast<double>(half);
  const double newer = std::accumulate(errors.end() - half, errors.end(), 0.0) / static_cast<double>(half);
  return std::abs(newer - older) * static_cast<double>(half) / options_.window;
}

double OwnGoals::interest(int region) const {
  const double own = progress(region);
  if (own >= 0.0) return own;
  double largest = 0.0;
  for (int r = 0; r < regions(); ++r) largest = std::max(largest, progress(r));
  return largest;
}

}  // namespace infans::agents
