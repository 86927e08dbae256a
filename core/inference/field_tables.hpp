// Gated harmonics with their weights, packed for the field kernel.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/kernels/field.hpp"
#include "core/model/field.hpp"

namespace infans::inference {

struct FieldTables {
  // weights: features x outputs; limit: largest size of every output, or empty. Throws std::logic_error for more
  // joints, commands or outputs than the kernel takes.
  FieldTables(const model::GatedHarmonics& features, int commands, const Eigen::MatrixXd& weights,
              const Eigen::VectorXd& limit, double period, int steps);
  static bool fits(const model::GatedHarmonics& features, int commands, int outputs);

  // Points into this object.
  kernels::FieldModel model() const;

  int joints = 0, commands = 0, steps = 1, waves = 0, outputs = 0;
  float period = 0;
  std::vector<float> scale, velocity_scale, back, weight, limit;
  std::vector<int> parent, turn;
};

}  // namespace infans::inference
