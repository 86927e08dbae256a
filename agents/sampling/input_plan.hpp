// Inputs that teach most about a linear body over a horizon, in time: what the spectrum of inference/optimal_input is
// for a body that has swung for ever, for one that starts here, knows something already and obeys |u| <= 1.
//   maximise ln det( known + sum_k z_k z_k' + tail ),  z_k = (x_k, u_k),  x_{k+1} = a x_k + b u_k
// tail: sum x x' of the free motion after the horizon, so that energy put into the body late is not thrown away.
// The gradient runs backwards through the rollout; each iteration moves towards the corner of the cube that it points
// to (Frank & Wolfe 1956), as far as the objective rises: inputs become bang-bang by themselves.
#pragma once

#include <Eigen/Dense>

#include "core/inference/optimal_input.hpp"

namespace infans::agents {

// Columns z_k of the rollout from x, nz x H; `end`: x_H, unless null.
Eigen::MatrixXd rollout(const inference::LinearSystem& system, const Eigen::VectorXd& x, const Eigen::VectorXd& inputs,
                        Eigen::VectorXd* end = nullptr);
// d (sum_k z_k' g z_k + f(x_H)) / d inputs of a rollout z, g symmetric, `later` d f / d x_H.
Eigen::VectorXd input_slope(const inference::LinearSystem& system, const Eigen::MatrixXd& z, const Eigen::MatrixXd& g,
                            Eigen::VectorXd later);

class InputPlan {
 public:
  // a must be stable (else std::logic_error from its Lyapunov equations).
  InputPlan(const inference::LinearSystem& system, bool tail);

  // ln det of the information that `inputs` (H, |u| <= 1) from state x would leave; known nz x nz, positive definite.
  double value(const Eigen::VectorXd& x, const Eigen::MatrixXd& known, const Eigen::VectorXd& inputs);
  // Improves the inputs in place, at most `iterations` times; returns their value.
  double ascend(const Eigen::VectorXd& x, const Eigen::MatrixXd& known, Eigen::VectorXd& inputs, int iterations);
  // Of the inputs valued last: d value / d inputs, and sum z z' of the first steps.
  Eigen::VectorXd gradient() const;
  Eigen::MatrixXd taught(Eigen::Index steps) const { return z_.leftCols(steps) * z_.leftCols(steps).transpose(); }

 private:
  const inference::LinearSystem& system_;
  bool tail_;
  Eigen::MatrixXd z_;            // nz x H of the rollout valued last
  Eigen::VectorXd end_;          // x_H
  Eigen::MatrixXd information_;  // nz x nz
};

}  // namespace infans::agents
