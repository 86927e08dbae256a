#include "envs/bodies/changes.hpp"

#include <cmath>

namespace infans::envs {
namespace {

std::array<double, 2> turned(const std::array<double, 2>& point, const std::array<double, 2>& centre, double angle,
                             double gain) {
  const double x = point[0] - centre[0];
  const double y = point[1] - centre[1];
  const double c = gain * std::cos(angle);
  const double s = gain * std::sin(angle);
  return {centre[0] + c * x - s * y, centre[1] + s * x + c * y};
}

}  // namespace

std::array<double, 3> ForceField::force(const std::array<double, 3>& velocity) const {
  std::array<double, 3> f{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) f[i] += B[i][j] * velocity[j];
  }
  return f;
}

ForceField curl_field(double strength, const std::array<double, 3>& n) {
  return {{{{0.0, -strength * n[2], strength * n[1]},
            {strength * n[2], 0.0, -strength * n[0]},
            {-strength * n[1], strength * n[0], 0.0}}}};
}

ForceField viscous_field(double strength) {
  return {{{{-strength, 0.0, 0.0}, {0.0, -strength, 0.0}, {0.0, 0.0, -strength}}}};
}

std::array<double, 2> RotatedCursor::shown(const std::array<double, 2>& hand) const {
  return turned(hand, centre, angle, gain);
}

std::array<double, 2> RotatedCursor::hand(const std::array<double, 2>& shown) const {
  return turned(shown, centre, -angle, 1.0 / gain);
}

}  // namespace infans::envs
