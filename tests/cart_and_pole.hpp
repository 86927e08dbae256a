// The model inputs of a cart and a pole, as several tests need them.
#pragma once

#include "core/model/encoding.hpp"

namespace infans::tests {

inline model::Encoding cart_and_pole() {
  model::Encoding e;
  e.coordinates = {model::Coordinate::linear, model::Coordinate::circular};
  e.position_scale = Eigen::VectorXd::Ones(2);
  e.velocity_scale = Eigen::Vector2d(2.0, 6.0);
  e.actions = 1;
  e.dt = 0.1;
  return e;
}

}  // namespace infans::tests
