// A fitted law of mechanics packed for the flight kernel: many ends of control steps in float, means only.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/kernels/mechanics.hpp"
#include "core/model/mechanics.hpp"

namespace infans::inference {

struct MechanicsTables {
  // Throws std::logic_error for more joints or waves than the kernel takes, or a law with forces of another level.
  MechanicsTables(const model::MechanicsLaw& law, double period, int steps);

  // Points into this object.
  kernels::BodyModel model() const;
  // Rows of (q, v, u) to rows [q1, v1], N x 2n; packs, flies with `table` and unpacks.
  Eigen::MatrixXd ends(const kernels::BodyTable& table, const Eigen::MatrixXd& q, const Eigen::MatrixXd& v,
                       const Eigen::MatrixXd& u) const;

  int joints = 0, commands = 0, steps = 1, waves = 0;
  float period = 0, pivot_floor = 0;
  std::vector<float> constant, scale, back, slope, potential, friction, velocity_scale, command, limit;
  std::vector<int> parent, turn, first_term;
  std::vector<kernels::InertiaTerm> terms;
};

}  // namespace infans::inference
