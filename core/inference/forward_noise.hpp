// Noise of a prediction's end, learned from errors of transitions that the weights had not seen. Two sources: the same
// for every step (sensor noise, what the law lacks), and the integrator's own error where motion is fast.
#pragma once

#include <Eigen/Dense>
#include <vector>

namespace infans::base {
class Archive;
}

namespace infans::inference {

struct ForwardNoise {
  Eigen::VectorXd variance;  // 2n: variance of each output, its SI unit squared
  Eigen::VectorXd step;      // 2n: standard deviations per unit of the step-doubling difference

  // sqrt(variance) (I + epistemic) sqrt(variance)' + (step difference)^2 on the diagonal.
  Eigen::MatrixXd covariance(const Eigen::MatrixXd& epistemic, const Eigen::VectorXd& difference) const;
  // Its diagonal without the epistemic part, of every row of differences (N x 2n).
  Eigen::MatrixXd diagonal(const Eigen::MatrixXd& difference) const;
  void describe(base::Archive& archive);
};

// Maximum likelihood of errors e ~ N(0, variance * inflation + (step * difference)^2), output by output; all N x 2n.
// variance >= floor (2n). `learned` numbers (precisions, length scales) were fitted to the same N rows, which makes
// errors look smaller than they will be: variances grow by (N + learned) / (N - learned) (Akaike 1969).
ForwardNoise fit_forward_noise(const Eigen::MatrixXd& error, const Eigen::MatrixXd& inflation,
                               const Eigen::MatrixXd& difference, const Eigen::VectorXd& floor, int learned);

}  // namespace infans::inference
