// Other solvers of the hierarchy: errors as variables reach the same equilibrium; fixed predictions are
// backpropagation.
#include <doctest/doctest.h>

#include <cmath>

#include "core/inference/error_settle.hpp"

using namespace infans;
using Eigen::MatrixXd;

namespace {

struct Net {
  model::Hierarchy model;
  model::HierarchyState state;
};

Net make_net(int hidden_levels, int width, std::uint64_t seed) {
  random::Stream s({seed, 0, random::Purpose::test, static_cast<std::uint64_t>(hidden_levels)});
  std::vector<int> widths{4};
  widths.insert(widths.end(), static_cast<std::size_t>(hidden_levels), width);
  widths.push_back(3);
  model::Hierarchy m({widths, model::Activation::tanh}, s);
  for (auto& p : m.precision)
    for (double& x : p) x = s.uniform(0.7, 1.5);
  Net net{m, model::HierarchyState(m, 6)};
  for (double& x : net.state.activity.front().reshaped()) x = s.normal();
  for (double& x : net.state.activity.back().reshaped()) x = s.normal();
  net.state.clamped.back() = true;
  model::predict_all(net.model, net.state);
  return net;
}

// dF/dW_l = -Pi e_{l+1} f(x_l)', summed over the batch.
MatrixXd weight_gradient(const Net& n, int l) { return -n.state.weighted[l + 1] * n.state.rate[l].transpose(); }

// 1/2 e' Pi e at the bottom of a plain feedforward pass, written without the model's own code.
double feedforward_loss(const model::Hierarchy& m, const MatrixXd& x, const MatrixXd& y) {
  MatrixXd a = x;
  for (std::size_t l = 0; l < m.weight.size(); ++l) {
    if (l > 0) a = a.array().tanh().matrix().eval();
    a = ((m.weight[l] * a).colwise() + m.bias[l]).eval();
  }
  const MatrixXd e = y - a;
  return 0.5 * e.cwiseProduct(m.precision.back().asDiagonal() * e).sum();
}

}  // namespace

TEST_CASE("error-based and state-based settling end at the same energy and weight gradients") {
  for (const int depth : {1, 2, 4}) {
    Net by_state = make_net(depth, 5, 3), by_error = by_state;
    const double f_state = inference::settle(by_state.model, by_state.state, {40000, 0.2, 0.9, 0.0}).energy;
    const double f_error = inference::settle_errors(by_error.model, by_error.state, {40000, 0.1, 0.9, 0.0}).energy;
    CHECK(f_state == doctest::Approx(f_error).epsilon(1e-8));
    for (int l = 0; l <= depth; ++l)
      CHECK((weight_gradient(by_state, l) - weight_gradient(by_error, l)).cwiseAbs().maxCoeff() < 1e-8);
  }
}

TEST_CASE("the steps that error-based settling needs hardly grow with depth") {
  int state_steps[3] = {}, error_steps[3] = {};
  const int depths[] = {2, 8, 32};
  for (int d = 0; d < 3; ++d) {
    Net by_state = make_net(depths[d], 8, 5), by_error = by_state;
    // Same rule for both: stop when F falls by less than 1e-7 (1 + |F|) in a step.
    state_steps[d] = inference::settle(by_state.model, by_state.state, {20000, 0.3, 0.0, 1e-7}).steps;
    error_steps[d] = inference::settle_errors(by_error.model, by_error.state, {20000, 0.3, 0.0, 1e-7}).steps;
    MESSAGE("depth ", depths[d], ": state-based ", state_steps[d], " steps, error-based ", error_steps[d]);
  }
  CHECK(error_steps[2] < state_steps[2]);
}

// Richardson extrapolation of central differences (h = 1e-3 and 2e-3) leaves errors of order h^4 = 1e-12.
TEST_CASE("fixed-prediction settling gives the gradients of backpropagation to 1e-9") {
  Net net = make_net(3, 5, 7);
  inference::settle_fixed_prediction(net.model, net.state);
  const MatrixXd x = net.state.activity.front(), y = net.state.activity.back();
  for (std::size_t l = 0; l < net.model.weight.size(); ++l) {
    const MatrixXd gradient = weight_gradient(net, static_cast<int>(l));
    for (const auto& [i, j] : {std::pair{0, 0}, {2, 3}, {1, 2}}) {
      const auto slope = [&](double h) {
        model::Hierarchy low = net.model, high = net.model;
        low.weight[l](i, j) -= h;
        high.weight[l](i, j) += h;
        return (feedforward_loss(high, x, y) - feedforward_loss(low, x, y)) / (2 * h);
      };
      const double derivative = (4 * slope(1e-3) - slope(2e-3)) / 3;
      CHECK(std::abs(gradient(i, j) - derivative) < 1e-9 * (1 + std::abs(derivative)));
    }
  }
}

TEST_CASE("what a solver cannot do is refused") {
  Net net = make_net(2, 5, 9);
  net.state.clamped[1] = true;
  CHECK_THROWS_AS(inference::settle_errors(net.model, net.state, {}), std::logic_error);
  net.state.clamped.back() = false;
  CHECK_THROWS_AS(inference::settle_fixed_prediction(net.model, net.state), std::logic_error);
}
