// What an agent wants: a log density over states, as a sum of squares so that planners know its curvature.
#pragma once

#include <Eigen/Dense>

#include "core/inference/world_model.hpp"
#include "core/kernels/kernels.hpp"

namespace infans::agents {

using inference::Batch;

// ln C(s) = -1/2 |r(s)|^2 (+ const): a Gaussian preference over an outcome of the state.
class Preference {
 public:
  virtual ~Preference() = default;
  // Adds ln C of n states to sum[0..n).
  virtual void add_log_density(const Batch& state, int n, float* sum) = 0;
  // r (R) and its Jacobian (R x S) at one state.
  virtual void residual(const Eigen::VectorXd& state, Eigen::VectorXd& r, Eigen::MatrixXd& jacobian) const = 0;
  // Typical curvature of -ln C, 1/unit^2: the scale of a planner's regularisation.
  virtual double curvature() const = 0;
};

// The tip of a pole on a sliding cart at a point of the plane: (x - length sin q, -length cos q) near (goal_x, goal_z),
// with a standard deviation of `width` metres. State = [x, q, dx, dq]; q = 0 hangs down.
class PlanarTip final : public Preference {
 public:
  PlanarTip(double length, double goal_x, double goal_z, double width, const kernels::Table& kernels);
  void add_log_density(const Batch& state, int n, float* sum) override;
  void residual(const Eigen::VectorXd& state, Eigen::VectorXd& r, Eigen::MatrixXd& jacobian) const override;
  double curvature() const override { return 1.0 / (width_ * width_); }

  // Distance of the tip to the goal, m.
  double distance(const Eigen::VectorXd& state) const;

 private:
  double length_, goal_x_, goal_z_, width_;
  const kernels::Table& kernels_;
  Batch trigonometry_;
};

}  // namespace infans::agents
