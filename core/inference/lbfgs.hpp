// Minimiser for the few hyper-parameters of a model: limited-memory BFGS with box bounds by projection
// (Nocedal & Wright 2006, algorithms 7.4 and 3.1; active bounds leave the search space of a step).
#pragma once

#include <Eigen/Dense>
#include <functional>

namespace infans::inference {

// value(x, gradient) -> f; fills gradient.
using Objective = std::function<double(const Eigen::VectorXd&, Eigen::VectorXd&)>;

struct LbfgsResult {
  double value = 0.0;
  int iterations = 0;
  int evaluations = 0;
};

// Moves x downhill for at most `iterations` steps; x stays inside [low, high]; f never rises.
LbfgsResult minimise(const Objective& f, Eigen::VectorXd& x, const Eigen::VectorXd& low, const Eigen::VectorXd& high,
                     int iterations);

}  // namespace infans::inference
