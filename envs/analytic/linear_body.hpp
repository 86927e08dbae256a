// Linear bodies that a learner can know everything about: the optimal input and the bits that it buys are computed
// (core/inference/optimal_input.hpp), so a learner's data use is measured against the limit itself.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/inference/optimal_input.hpp"
#include "envs/analytic/task_world.hpp"

namespace infans::envs {

// dx/dt = rate x + gain u; u is the command, held for a period. After each step every element of x gets process noise:
// x(t+1) = A x(t) + B u(t) + noise N(0, I).
struct LinearBody {
  std::string name;
  Eigen::MatrixXd rate;           // nx x nx, stable
  Eigen::VectorXd gain;           // nx, per unit of u
  double period = 0.05;           // s
  double noise = 0.0;             // standard deviation per step, in the units of x
  std::vector<Joint> joints;      // x holds their positions, then their velocities; empty: x is a bare state
  std::vector<std::string> unit;  // of the positions and velocities, or of the state

  inference::LinearSystem system() const { return inference::held_input(rate, gain, period, noise); }
};

// linear-pendulum, linear-cartpole, linear-poles, linear-modes (definitions: README.md).
const std::vector<LinearBody>& linear_bodies();

// Starts at x = 0; no reward, no end. |u| <= 1 at every step: the mean square of any input is at most the 1 that
// inference::DesignOptions::power counts by default, and reaches it with commands of -1 and 1 only. Observation: x
// without noise. The process noise is a function of {seed drawn at reset, step}.
std::unique_ptr<TaskWorld> make_linear_body(const LinearBody& body);

}  // namespace infans::envs
