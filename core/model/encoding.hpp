// How a state (q, v) and a command u become inputs of a transition model, and what that model has to explain.
//
//   inputs  z = [q / position_scale or (sin q, cos q), v / velocity_scale, u]
//   targets y = [q' - q - dt v, v' - v]: what is left of a step after constant velocity
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/model/transitions.hpp"

namespace infans::model {

enum class Coordinate { linear, circular };

struct Encoding {
  std::vector<Coordinate> coordinates;  // nq
  Eigen::VectorXd position_scale;       // nq, m (unused for circular)
  Eigen::VectorXd velocity_scale;       // nq, m/s or rad/s
  int actions = 0;
  double dt = 0.0;  // s

  int positions() const { return static_cast<int>(coordinates.size()); }
  int state_size() const { return 2 * positions(); }
  int inputs() const;

  void encode(const Eigen::VectorXd& state, const Eigen::VectorXd& action, Eigen::VectorXd& z) const;
  Eigen::VectorXd target(const Eigen::VectorXd& state, const Eigen::VectorXd& next) const;
  // Both of all transitions, a row each: N x I and N x O.
  void encode(const Transitions& t, Eigen::MatrixXd& inputs, Eigen::MatrixXd& targets) const;
  // The inverse: the next state that a target means.
  Eigen::VectorXd next_state(const Eigen::VectorXd& state, const Eigen::VectorXd& target) const;
};

}  // namespace infans::model
