// A predictive-coding hierarchy that learns a regression from minibatches: inputs on top, two tanh layers, outputs.
#pragma once

#include <Eigen/Dense>

#include "core/inference/learn.hpp"
#include "core/model/hierarchy.hpp"
#include "core/random/stream.hpp"

namespace infans::inference {

// Inputs and outputs of about unit variance. First predictions are near zero.
model::Hierarchy<double> make_regression(int inputs, int hidden, int outputs, random::Stream& stream);

// `epochs` passes over rows of inputs (N x I) and outputs (N x O) in minibatches of 32 drawn with replacement: clamp
// both ends, settle for 5 steps of 0.2, learn; the learning rate falls to 5 % along the way.
void train_regression(model::Hierarchy<double>& hierarchy, Adam<double>& learner, const Eigen::MatrixXd& inputs,
                      const Eigen::MatrixXd& outputs, int epochs, random::Stream& stream);

// Activities of the upper hidden layer by the feedforward pass, a column a row of inputs: H x N.
Eigen::MatrixXd regression_features(const model::Hierarchy<double>& hierarchy, const Eigen::MatrixXd& inputs);

}  // namespace infans::inference
