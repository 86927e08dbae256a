// Where another level (contact, muscles, a residual) adds to mechanics: generalised forces that are linear in weights.
#pragma once

#include <Eigen/Dense>
#include <vector>

namespace infans::model {

// Adds sum_k w_k f_k(q, v, u) to the forces of the momentum balance. The weights share its posterior and predictions.
class ForceFeatures {
 public:
  virtual ~ForceFeatures() = default;

  virtual int count() const = 0;
  // One precision group of its own for every value, counted from 0; count() numbers.
  virtual Eigen::VectorXi group() const { return Eigen::VectorXi::Zero(count()); }
  // f[k] of all N samples, N x n each: the force of feature k on every joint, in units of the first actuator's command.
  virtual void evaluate(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u,
                        std::vector<Eigen::MatrixXd>& f) const = 0;
};

}  // namespace infans::model
