#include "experiments/protocols/movement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace infans::experiments {
namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double path_length(const Path& path) {
  double length = 0.0;
  for (std::size_t k = 1; k < path.size(); ++k) length += (path[k] - path[k - 1]).norm();
  return length;
}

std::vector<double> speeds(const Path& path, double period) {
  std::vector<double> speed;
  for (std::size_t k = 1; k < path.size(); ++k) speed.push_back((path[k] - path[k - 1]).norm() / period);
  return speed;
}

int movement_units(const Path& path, double period, double least) {
  std::vector<double> speed = speeds(path, period);
  speed.push_back(0.0);
  int units = 0;
  bool rising = false;  // by `least` since the last valley
  double low = 0.0, high = 0.0;
  for (const double v : speed) {
    if (!rising) {
      low = std::min(low, v);
      rising = v - low >= least;
      high = v;
    } else {
      high = std::max(high, v);
      if (high - v < least) continue;
      ++units;
      rising = false;
      low = v;
    }
  }
  return units;
}

double straightness(const Path& path) {
  const double distance = path.empty() ? 0.0 : (path.back() - path.front()).norm();
  return distance > 0.0 ? path_length(path) / distance : nothing;
}

double normalised_jerk(const Path& path, double period) {
  const double length = path_length(path);
  if (path.size() < 4 || !(length > 0.0)) return nothing;
  double sum = 0.0;
  for (std::size_t k = 3; k < path.size(); ++k)
    sum += (path[k] - 3.0 * path[k - 1] + 3.0 * path[k - 2] - path[k - 3]).squaredNorm();
  const double integral = sum / std::pow(period, 5), time = period * static_cast<double>(path.size() - 1);
  return std::sqrt(0.5 * integral * std::pow(time, 5)) / length;
}

double onset_of(const Path& path, double period, double least) {
  for (std::size_t k = 1; k < path.size(); ++k)
    if ((path[k] - path[k - 1]).norm() > least * period) return period * static_cast<double>(k);
  return nothing;
}

double time_within(const Path& path, double period, const Eigen::Vector3d& place, double width) {
  for (std::size_t k = 0; k < path.size(); ++k)
    if ((path[k] - place).norm() <= width) return period * static_cast<double>(k);
  return nothing;
}

}  // namespace infans::experiments
