// A settled linear hierarchy against its closed form (Innocenti et al. 2024): clamped at both ends, the equilibrium
// energy is 1/2 sum r' S^-1 r - 1/2 sum ln|Pi|, r = y - W_L..W_1 x, S = sum_l P_l Pi_l^-1 P_l', P_l = W_L..W_{l+1}.
#include <doctest/doctest.h>

#include <cmath>

#include "core/inference/learn.hpp"
#include "core/inference/settle.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

void randomise(MatrixXd& m, random::Stream& s) {
  for (double& x : m.reshaped()) x = s.normal();
}

struct Net {
  model::Hierarchy model;
  model::HierarchyState state;
};

Net make_net(const std::vector<int>& widths, model::Activation activation, int batch, std::uint64_t seed) {
  random::Stream s({seed, 0, random::Purpose::test, 0});
  model::Hierarchy m({widths, activation}, s);
  for (auto& b : m.bias)
    for (double& x : b) x = 0.3 * s.normal();
  for (auto& p : m.precision)
    for (double& x : p) x = s.uniform(0.5, 2.0);
  Net net{m, model::HierarchyState(m, batch)};
  randomise(net.state.activity.front(), s);
  randomise(net.state.activity.back(), s);
  net.state.clamped.back() = true;
  model::predict_all(net.model, net.state);
  return net;
}

}  // namespace

TEST_CASE("settled linear hierarchy equals its closed form to 1e-8") {
  for (const std::vector<int>& widths : {std::vector{3, 4, 2}, {5, 6, 4, 3}, {4, 5, 5, 5, 2}}) {
    Net net = make_net(widths, model::Activation::identity, 7, widths.size());
    const int levels = net.model.levels();
    // The closed form.
    MatrixXd predicted = net.state.activity.front();
    double constant = 0.0;
    MatrixXd s = MatrixXd::Zero(widths.back(), widths.back());
    for (int l = 0; l + 1 < levels; ++l) {
      predicted = ((net.model.weight[l] * predicted).colwise() + net.model.bias[l]).eval();
      MatrixXd path = MatrixXd::Identity(widths.back(), widths.back());
      for (int k = levels - 2; k > l; --k) path = path * net.model.weight[k];
      s += path * net.model.precision[l].cwiseInverse().asDiagonal() * path.transpose();
      constant -= 0.5 * 7 * net.model.precision[l].array().log().sum();
    }
    const MatrixXd r = net.state.activity.back() - predicted;
    const double closed = 0.5 * (r.transpose() * s.inverse() * r).trace() + constant;

    const auto report = inference::settle(net.model, net.state, {20000, 0.1, 0.9, 0.0});
    CHECK(std::abs(report.energy - closed) < 1e-8 * std::max(1.0, std::abs(closed)));
    // Activities: x_1 = W_0 x_0 + b + Pi_0^-1 P_0' S^-1 r.
    MatrixXd path = MatrixXd::Identity(widths.back(), widths.back());
    for (int k = levels - 2; k > 0; --k) path = path * net.model.weight[k];
    MatrixXd x1 = ((net.model.weight[0] * net.state.activity[0]).colwise() + net.model.bias[0]).eval();
    x1 += net.model.precision[0].cwiseInverse().asDiagonal() * path.transpose() * s.inverse() * r;
    CHECK((x1 - net.state.activity[1]).cwiseAbs().maxCoeff() < 1e-8);
  }
}

TEST_CASE("free energy never rises while activities settle, whatever the first step size") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (const double step : {0.01, 0.5, 30.0}) {
      Net net = make_net({4, 9, 7, 3}, model::Activation::tanh, 5, seed);
      double energy = model::free_energy(net.model, net.state);
      for (int i = 0; i < 10; ++i) {
        const auto report = inference::settle(net.model, net.state, {3, step, 0.5, 0.0});
        CHECK(report.energy <= energy + 3e-14 * (1 + std::abs(energy)));  // the rounding of F, over three steps
        energy = report.energy;
      }
    }
  }
}

TEST_CASE("without a clamp at the bottom, the settled state is the prediction and F is only its constant") {
  Net net = make_net({4, 9, 3}, model::Activation::tanh, 5, 11);
  net.state.clamped.back() = false;
  model::predict_all(net.model, net.state);
  double constant = 0.0;
  for (const auto& p : net.model.precision) constant -= 2.5 * p.array().log().sum();
  CHECK(model::free_energy(net.model, net.state) == doctest::Approx(constant));
}

TEST_CASE("learning a settled batch lowers its free energy") {
  Net net = make_net({4, 9, 7, 3}, model::Activation::tanh, 20, 5);
  inference::Adam adam(net.model, {1e-2, 0.0});
  const double before = inference::settle(net.model, net.state, {50, 0.2, 0.0, 0.0}).energy;
  for (int i = 0; i < 200; ++i) {
    model::predict_all(net.model, net.state);
    inference::settle(net.model, net.state, {20, 0.2, 0.0, 0.0});
    adam.learn(net.model, net.state);
  }
  model::predict_all(net.model, net.state);
  CHECK(inference::settle(net.model, net.state, {50, 0.2, 0.0, 0.0}).energy < before);
}
