// What mechanics and its kernels share: features of friction and the harmonic scale of a joint. Internal to core.
#pragma once

#include <Eigen/Dense>
#include <numbers>

#include "core/model/encoding.hpp"

namespace infans::model {

inline constexpr double dry_friction_width = 0.02;  // velocity scales

// v, tanh(v / width), v |v| of a velocity in velocity scales.
inline Eigen::ArrayXd friction_feature(const Eigen::ArrayXd& v, int term) {
  if (term == 0) return v;
  if (term == 1) return (v / dry_friction_width).tanh();
  return v * v.abs();
}

// Hinges turn by their angle; a sliding joint's wave of |k| = 1 has a period of eight position scales.
inline Eigen::VectorXd harmonic_scale(const Encoding& e) {
  Eigen::VectorXd scale(e.positions());
  for (int i = 0; i < e.positions(); ++i)
    scale(i) = e.coordinates[static_cast<std::size_t>(i)] == Coordinate::circular
                   ? 1.0
                   : std::numbers::pi / (4.0 * e.position_scale(i));
  return scale;
}

}  // namespace infans::model
