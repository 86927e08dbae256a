#include "core/inference/hierarchy_regression.hpp"

#include <cmath>

#include "core/inference/settle.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

constexpr int minibatch = 32;
constexpr double last_rate = 0.05;

}  // namespace

// Tanh layers lose variance: the first gets a gain of 1.5; the last starts near zero predictions.
model::Hierarchy<double> make_regression(int inputs, int hidden, int outputs, random::Stream& stream) {
  model::HierarchySpec spec = model::chain({inputs, hidden, hidden, outputs}, model::Activation::tanh);
  spec.edges[0].deviation = 1.5 / std::sqrt(inputs);
  spec.edges[1].deviation = 1.0 / std::sqrt(hidden);
  spec.edges[2].deviation = 0.3 / std::sqrt(hidden);
  spec.nodes[1].bias_deviation = 0.5;
  return {spec, stream};
}

void train_regression(model::Hierarchy<double>& hierarchy, Adam<double>& learner, const MatrixXd& inputs,
                      const MatrixXd& outputs, int epochs, random::Stream& stream) {
  const Index n = inputs.rows();
  const int updates = epochs * static_cast<int>((n + minibatch - 1) / minibatch);
  model::HierarchyState<double> state(hierarchy, minibatch);
  MatrixXd causes(inputs.cols(), minibatch), effects(outputs.cols(), minibatch);
  const SettleOptions settling{5, 0.2};
  for (int u = 0; u < updates; ++u) {
    for (int b = 0; b < minibatch; ++b) {
      const Index row = stream.index(static_cast<std::uint32_t>(n));
      causes.col(b) = inputs.row(row).transpose();
      effects.col(b) = outputs.row(row).transpose();
    }
    state.clamp(hierarchy, 0, causes);
    state.clamp(hierarchy, 3, effects);
    model::predict_all(hierarchy, state);
    settle(hierarchy, state, settling);
    learner.learn(hierarchy, state, 1.0 - (1.0 - last_rate) * u / updates);
  }
}

MatrixXd regression_features(const model::Hierarchy<double>& hierarchy, const MatrixXd& inputs) {
  MatrixXd lower = (hierarchy.weight[0] * inputs.transpose()).colwise() + hierarchy.bias[1];
  lower.array() = lower.array().tanh();
  MatrixXd upper = (hierarchy.weight[1] * lower).colwise() + hierarchy.bias[2];
  upper.array() = upper.array().tanh();
  return upper;
}

}  // namespace infans::inference
