// Other solvers of the hierarchy: errors as variables reach the same equilibrium; fixed predictions are
// backpropagation.
#include <doctest/doctest.h>

#include <cmath>
#include <complex>

#include "core/inference/amortised.hpp"
#include "core/inference/incremental.hpp"
#include "core/inference/learn.hpp"
#include "core/inference/settle.hpp"
#include "tests/random_matrix.hpp"

using namespace infans;
using Eigen::MatrixXcd;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using tests::normal;
using Net = model::Hierarchy<double>;
using State = model::HierarchyState<double>;

namespace {

// 0 -> 1 -> 2 -> 3 with skips 0 -> 2, 1 -> 3, 0 -> 3 and a residual edge 1 -> 2.
model::HierarchySpec with_skips(model::Form form, bool categorical) {
  model::HierarchySpec spec = model::chain({4, 5, 5, 3}, model::Activation::tanh, form);
  spec.edges.push_back({0, 2, model::EdgeKind::dense, 0.7});
  spec.edges.push_back({1, 3});
  spec.edges.push_back({0, 3, model::EdgeKind::dense, 1.3});
  spec.edges.push_back({1, 2, model::EdgeKind::residual, 0.6});
  if (categorical) spec.nodes[3].likelihood = model::Likelihood::categorical;
  return spec;
}

void randomise(Net& m, random::Stream& s) {
  for (int j = 1; j < m.nodes(); ++j) {
    m.bias[j] = 0.3 * normal(m.bias[j].size(), 1, s);
    VectorXd pi(m.bias[j].size());
    for (double& x : pi) x = s.uniform(0.7, 1.5);
    m.precision[j].set(pi);
  }
}

MatrixXd one_hot(int classes, int batch, random::Stream& s) {
  MatrixXd y = MatrixXd::Zero(classes, batch);
  for (int b = 0; b < batch; ++b) y(s.index(static_cast<std::uint32_t>(classes)), b) = 1.0;
  return y;
}

// The energy of the bottom after a plain feedforward pass through the graph above, in complex arithmetic and without
// the model's own code: Im F(w + i h) / h is the derivative to rounding (no subtraction; Squire & Trapp 1998).
double derivative(const Net& m, const MatrixXd& top, const MatrixXd& y, int edge, int row, int column) {
  constexpr double h = 1e-30;
  std::vector<MatrixXcd> w;
  for (const auto& real : m.weight) w.push_back(real.cast<std::complex<double>>());
  w[edge](row, column) += std::complex<double>(0.0, h);
  const bool amb = m.spec.form == model::Form::amb;
  const auto f = [](const MatrixXcd& x) { return MatrixXcd(x.array().tanh()); };
  const auto net = [&](const MatrixXcd& a, int j) {
    return MatrixXcd(a.colwise() + m.bias[j].cast<std::complex<double>>());
  };
  const MatrixXcd x0 = top.cast<std::complex<double>>();
  MatrixXcd x1 = net(w[0] * x0, 1);
  if (!amb) x1 = f(x1);
  const MatrixXcd r1 = amb ? f(x1) : x1;
  MatrixXcd x2 = net(w[1] * r1 + 0.7 * w[3] * x0, 2);
  if (!amb) x2 = f(x2);
  x2 += 0.6 * x1;
  const MatrixXcd r2 = amb ? f(x2) : x2;
  const MatrixXcd x3 = net(w[2] * r2 + w[4] * r1 + 1.3 * w[5] * x0, 3);
  std::complex<double> energy = 0.0;
  for (Eigen::Index b = 0; b < y.cols(); ++b) {
    const std::complex<double> log_sum = std::log(x3.col(b).array().exp().sum());
    for (Eigen::Index i = 0; i < y.rows(); ++i) {
      const std::complex<double> e = y(i, b) - x3(i, b);
      energy += m.categorical(3) ? -y(i, b) * (x3(i, b) - log_sum) : 0.5 * m.precision[3].diagonal()(i) * e * e;
    }
  }
  return energy.imag() / h;
}

struct Settled {
  Net model;
  State state;
};

Settled deep(int hidden_levels, int width, std::uint64_t seed) {
  random::Stream s({seed, 0, random::Purpose::test, static_cast<std::uint64_t>(hidden_levels)});
  std::vector<int> widths{4};
  widths.insert(widths.end(), static_cast<std::size_t>(hidden_levels), width);
  widths.push_back(3);
  Net m(model::chain(widths, model::Activation::tanh), s);
  randomise(m, s);
  State state(m, 6);
  state.clamp(m, 0, normal(4, 6, s));
  state.clamp(m, m.nodes() - 1, normal(3, 6, s));
  model::predict_all(m, state);
  return {m, state};
}

}  // namespace

TEST_CASE("fixed-prediction settling gives the gradients of backpropagation on a tanh net with skips to 1e-10") {
  for (const model::Form form : {model::Form::amb, model::Form::mba}) {
    for (const bool categorical : {false, true}) {
      random::Stream s({7, 0, random::Purpose::test, 0});
      Net m(with_skips(form, categorical), s);
      randomise(m, s);
      const MatrixXd top = normal(4, 6, s), y = categorical ? one_hot(3, 6, s) : normal(3, 6, s);
      State state(m, 6);
      state.clamp(m, 0, top);
      state.clamp(m, 3, y);
      inference::settle_fixed_prediction(m, state);
      inference::LocalGradient<double> gradient(m);
      inference::local_gradient(m, state, gradient);
      for (int k = 0; k < 6; ++k)
        for (Eigen::Index i = 0; i < m.weight[k].rows(); ++i)
          for (Eigen::Index j = 0; j < m.weight[k].cols(); ++j) {
            const double expected = derivative(m, top, y, k, static_cast<int>(i), static_cast<int>(j)) / 6;
            CHECK(std::abs(gradient.weight[k](i, j) - expected) < 1e-10 * (1.0 + std::abs(expected)));
          }
    }
  }
}

TEST_CASE("error-based and state-based settling end at the same energy and weight gradients, on graphs too") {
  std::vector<Settled> nets{deep(1, 5, 3), deep(2, 5, 3), deep(4, 5, 3)};
  for (const model::Form form : {model::Form::amb, model::Form::mba})
    for (const bool categorical : {false, true}) {
      random::Stream s({8, 0, random::Purpose::test, 0});
      Net m(with_skips(form, categorical), s);
      randomise(m, s);
      State state(m, 6);
      state.clamp(m, 0, normal(4, 6, s));
      state.clamp(m, 3, categorical ? one_hot(3, 6, s) : normal(3, 6, s));
      state.clamp_units(m, 1, {1, 4}, normal(2, 6, s));  // part of a hidden node is seen as well
      model::predict_all(m, state);
      nets.push_back({m, state});
    }
  for (Settled& net : nets) {
    State by_error = net.state;
    const inference::SettleOptions o{100000, 0.2, 0.9, 0.0, 1e-11};
    const auto a = inference::settle(net.model, net.state, o), b = inference::settle_errors(net.model, by_error, o);
    CHECK(a.energy == doctest::Approx(b.energy).epsilon(1e-8));
    inference::LocalGradient<double> ga(net.model), gb(net.model);
    inference::local_gradient(net.model, net.state, ga);
    inference::local_gradient(net.model, by_error, gb);
    for (std::size_t k = 0; k < ga.weight.size(); ++k)
      if (ga.weight[k].size() > 0) CHECK((ga.weight[k] - gb.weight[k]).cwiseAbs().maxCoeff() < 1e-8);
  }
}

TEST_CASE("the steps that error-based settling needs hardly grow with depth") {
  int state_steps[3] = {}, error_steps[3] = {};
  const int depths[] = {2, 8, 32};
  for (int d = 0; d < 3; ++d) {
    Settled by_state = deep(depths[d], 8, 5), by_error = by_state;
    // Same rule for both: stop when F falls by less than 1e-7 (1 + |F|) in a step.
    state_steps[d] = inference::settle(by_state.model, by_state.state, {20000, 0.3, 0.0, 1e-7}).steps;
    error_steps[d] = inference::settle_errors(by_error.model, by_error.state, {20000, 0.3, 0.0, 1e-7}).steps;
    MESSAGE("depth ", depths[d], ": state-based ", state_steps[d], " steps, error-based ", error_steps[d]);
  }
  CHECK(error_steps[2] < state_steps[2]);
}

TEST_CASE("a solver says why it ended") {
  Settled net = deep(2, 5, 9);
  CHECK(inference::settle(net.model, net.state, {2}).end == inference::SettleEnd::max_steps);
  CHECK(inference::settle(net.model, net.state, {5000, 0.2, 0.0, 1e-6}).end == inference::SettleEnd::slope);
  CHECK(inference::settle(net.model, net.state, {50000, 0.2, 0.5, 0.0, 1e-9}).end == inference::SettleEnd::gradient);
  net.state.clamp_units(net.model, 1, {1}, MatrixXd::Zero(1, 6));
  CHECK_THROWS_AS(inference::settle_fixed_prediction(net.model, net.state), std::invalid_argument);
}

TEST_CASE("every learner lowers the free energy of a batch") {
  for (int learner = 0; learner < 3; ++learner) {
    Settled net = deep(2, 9, 5);
    inference::Adam<double> adam(net.model, {1e-2, 0.0});
    inference::Sgd<double> sgd(net.model, {2e-2, 0.9});
    State start = net.state;
    const double before = inference::settle(net.model, start, {200}).energy;
    for (int i = 0; i < 200; ++i) {
      model::predict_all(net.model, net.state);
      if (learner == 2) {
        inference::settle_and_learn(net.model, net.state, sgd, {5});
        continue;
      }
      inference::settle(net.model, net.state, {20});
      learner == 0 ? adam.learn(net.model, net.state) : sgd.learn(net.model, net.state);
    }
    model::predict_all(net.model, net.state);
    CHECK(inference::settle(net.model, net.state, {200}).energy < before - 1.0);
  }
}

// Data from the model itself, so the equilibrium can be guessed from the bottom: the guess must beat the start it
// replaces, zero activities, in the free energy before any settling.
TEST_CASE("an amortised guess starts nearer to the equilibrium") {
  random::Stream s({21, 0, random::Purpose::test, 0});
  model::HierarchySpec spec = model::chain({2, 6, 8}, model::Activation::tanh);
  spec.nodes[0].prior = true;
  const Net m(spec, s);
  constexpr int batch = 64;
  State state(m, batch), plain(m, batch);
  inference::Amortiser<double> amortiser(m, {2, 1, 0}, batch, s, {1e-2, 0.0});
  double guessed = 0.0, from_zero = 0.0, settled = 0.0;
  for (int i = 0; i < 300; ++i) {
    MatrixXd x = normal(2, batch, s);
    MatrixXd y = m.weight[1] * MatrixXd((m.weight[0] * x).array().tanh()) + 0.1 * normal(8, batch, s);
    state.clamp(m, 2, y);
    amortiser.initialise(state);
    guessed = model::free_energy(m, state);
    settled = inference::settle(m, state, {100, 0.2, 0.5}).energy;
    amortiser.learn(state);
    plain.clamp(m, 2, y);
    for (int j = 0; j < 2; ++j) plain.activity[j].setZero();
    from_zero = model::free_energy(m, plain);
  }
  CHECK(guessed - settled < 0.2 * (from_zero - settled));
}
