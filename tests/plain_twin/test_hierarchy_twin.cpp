// The free energy of any hierarchy against one written as loops over units, and its gradients against differences of
// it.
#include <doctest/doctest.h>

#include <cmath>

#include "core/inference/learn.hpp"
#include "core/inference/settle.hpp"
#include "tests/random_hierarchy.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Net = model::Hierarchy<double>;
using State = model::HierarchyState<double>;

namespace {

double function(model::Activation f, double x) {
  switch (f) {
    case model::Activation::identity:
      return x;
    case model::Activation::tanh:
      return std::tanh(x);
    case model::Activation::sigmoid:
      return 1.0 / (1.0 + std::exp(-x));
    case model::Activation::relu:
      return x > 0 ? x : 0.0;
    case model::Activation::leaky_relu:
      return x > 0 ? x : 0.01 * x;
    case model::Activation::gelu:
      return 0.5 * x * (1.0 + std::erf(x / std::sqrt(2.0)));
    case model::Activation::softplus:
      return std::log(1.0 + std::exp(x));
  }
  return 0.0;
}

double net_input(const Net& m, const std::vector<MatrixXd>& x, int j, int unit, int b) {
  double a = m.bias[j](unit);
  for (int k = 0; k < m.edges(); ++k) {
    const auto& e = m.spec.edges[k];
    if (e.to != j || e.kind != model::EdgeKind::dense) continue;
    for (int i = 0; i < x[e.from].rows(); ++i) {
      const double sent = m.spec.form == model::Form::amb ? function(m.spec.nodes[e.from].activation, x[e.from](i, b))
                                                          : x[e.from](i, b);
      a += e.scale * m.weight[k](unit, i) * sent;
    }
  }
  return a;
}

double plain_energy(const Net& m, const std::vector<MatrixXd>& x, const std::vector<bool>& free_label) {
  double energy = 0.0;
  for (int j = 0; j < m.nodes(); ++j) {
    const auto& node = m.spec.nodes[j];
    bool has_parent = false;
    for (const auto& e : m.spec.edges) has_parent = has_parent || e.to == j;
    const MatrixXd pi = m.precision[j].matrix();
    for (int b = 0; b < x[j].cols(); ++b) {
      Eigen::VectorXd a(node.width), e(node.width);
      for (int i = 0; i < node.width; ++i) a(i) = net_input(m, x, j, i, b);
      if (node.likelihood == model::Likelihood::categorical) {
        double z = 0.0;
        for (int i = 0; i < node.width; ++i) z += std::exp(a(i));
        for (int i = 0; i < node.width && !free_label[j]; ++i)
          energy += x[j](i, b) * std::log(x[j](i, b) / (std::exp(a(i)) / z));
        continue;
      }
      for (int i = 0; i < node.width; ++i) energy += 0.5 * node.decay * x[j](i, b) * x[j](i, b);
      if (!has_parent && !node.prior) continue;
      for (int i = 0; i < node.width; ++i) {
        double mu = m.spec.form == model::Form::mba ? function(node.activation, a(i)) : a(i);
        for (const auto& edge : m.spec.edges)
          if (edge.to == j && edge.kind == model::EdgeKind::residual) mu += edge.scale * x[edge.from](i, b);
        e(i) = x[j](i, b) - mu;
      }
      energy += 0.5 * e.dot(pi * e) - 0.5 * std::log(pi.determinant());
    }
  }
  return energy;
}

}  // namespace

// Rounding of some hundred terms: 1e-12 of the largest.
TEST_CASE("the free energy of random hierarchies equals the plain twin's") {
  for (std::uint64_t number = 0; number < 500; ++number) {
    random::Stream s({number, 0, random::Purpose::test, 10});
    Net m(tests::random_spec(s), s);
    tests::random_precisions(m, s);
    State state(m, 3);
    tests::random_clamps(m, state, s);
    const double energy = model::free_energy(m, state);
    const double plain = plain_energy(m, state.activity, state.settles);
    CHECK(std::abs(energy - plain) < 1e-12 * (10.0 + std::abs(plain)));
  }
}

// Central differences of step 1e-5: truncation about 1e-10 times a third derivative, rounding 1e-16 |F| / 1e-5; kinks
// of relu within the step are left out by comparing the two one-sided slopes first.
TEST_CASE("gradients of random hierarchies in activities, weights and biases equal differences of the plain twin") {
  constexpr double h = 1e-5;
  int compared = 0;
  for (std::uint64_t number = 0; number < 200; ++number) {
    random::Stream s({number, 0, random::Purpose::test, 11});
    Net m(tests::random_spec(s), s);
    tests::random_precisions(m, s);
    State state(m, 2);
    tests::random_clamps(m, state, s);
    model::free_energy(m, state);
    const double middle = plain_energy(m, state.activity, state.settles);
    const auto compare = [&](double& value, double gradient, const Net& model_now) {
      const double kept = value;
      value = kept + h;
      const double up = plain_energy(model_now, state.activity, state.settles);
      value = kept - h;
      const double down = plain_energy(model_now, state.activity, state.settles);
      value = kept;
      const double scale = 1.0 + std::abs(gradient) + std::abs(middle);
      if (std::abs((up - middle) - (middle - down)) / h > 1e-3 * scale) return;  // a kink
      CHECK(std::abs((up - down) / (2 * h) - gradient) < 1e-6 * scale);
      ++compared;
    };
    inference::LocalGradient<double> gradient(m);
    inference::local_gradient(m, state, gradient);
    // One step of size 1e-300 leaves the gradient of the activities in the state.
    inference::settle(m, state, {1, 1e-300});
    for (int j = 0; j < m.nodes(); ++j) {
      if (m.categorical(j)) continue;
      for (Eigen::Index i = 0; i < state.activity[j].size(); ++i) {
        if (state.free[j](i) == 0.0)
          CHECK(state.gradient[j](i) == 0.0);
        else
          compare(state.activity[j](i), state.gradient[j](i), m);
      }
      if (m.predicted(j))
        for (Eigen::Index i = 0; i < m.bias[j].size(); ++i) compare(m.bias[j](i), 2.0 * gradient.bias[j](i), m);
    }
    for (int k = 0; k < m.edges(); ++k)
      for (Eigen::Index i = 0; i < m.weight[k].size(); ++i) compare(m.weight[k](i), 2.0 * gradient.weight[k](i), m);
  }
  CHECK(compared > 5000);
}
