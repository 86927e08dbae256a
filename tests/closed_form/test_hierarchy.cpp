// A settled linear hierarchy against its closed form. Clamped at the bottom, the equilibrium energy of a deep linear
// chain is 1/2 sum r' S^-1 r + const (Innocenti et al. 2024). Decay lambda of a node is one more observation, 0 = x +
// noise of variance 1/lambda; a free top with a prior is one more noise. So one Gaussian covers every case: with all
// noises w stacked, x_l = m_l + G_l w, observations o = H w + offset, S = H Q H', E[x_l | o] = m_l + G_l Q H' S^-1 (o -
// offset).
#include <doctest/doctest.h>

#include <cmath>

#include "core/inference/learn.hpp"
#include "core/inference/settle.hpp"
#include "tests/random_matrix.hpp"

using namespace infans;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using tests::normal;
using Net = model::Hierarchy<double>;
using State = model::HierarchyState<double>;

namespace {

struct Case {
  std::vector<int> widths;
  bool free_top = false;
  double decay = 0.0;
  model::Form form = model::Form::amb;
};

Net make_net(const Case& c, random::Stream& s) {
  model::HierarchySpec spec = model::chain(c.widths, model::Activation::identity, c.form);
  spec.nodes[0].prior = c.free_top;
  for (std::size_t l = 1; l + 1 < c.widths.size(); ++l) spec.nodes[l].decay = c.decay;
  Net m(spec, s);
  for (int l = 0; l < m.nodes(); ++l) {
    m.bias[l] = 0.3 * normal(c.widths[l], 1, s);
    if (l % 3 == 1) continue;  // unit
    if (l % 3 == 2) {
      VectorXd pi(c.widths[l]);
      for (double& x : pi) x = s.uniform(0.5, 2.0);
      m.precision[l].set(pi);
    } else {
      const MatrixXd a = 0.4 * normal(c.widths[l], c.widths[l], s);
      m.precision[l].set(MatrixXd(MatrixXd::Identity(c.widths[l], c.widths[l]) + a * a.transpose()));
    }
  }
  return m;
}

struct Equilibrium {
  double energy = 0.0;
  std::vector<MatrixXd> activity;
};

Equilibrium closed_form(const Case& c, const Net& m, const MatrixXd& top, const MatrixXd& bottom) {
  const int nodes = m.nodes();
  const Index batch = bottom.cols();
  std::vector<Index> start;
  Index noises = 0;
  for (int l = 0; l < nodes; ++l) {
    start.push_back(noises);
    if (l > 0 || c.free_top) noises += c.widths[l];
    if (l > 0 && l + 1 < nodes && c.decay > 0.0) noises += c.widths[l];
  }
  MatrixXd q = MatrixXd::Zero(noises, noises);
  std::vector<MatrixXd> mean, gain;
  double constant = 0.0;
  std::vector<MatrixXd> h, residual;
  for (int l = 0; l < nodes; ++l) {
    const Index w = c.widths[l];
    MatrixXd g = MatrixXd::Zero(w, noises), mu;
    if (l == 0) {
      mu = c.free_top ? MatrixXd(m.bias[0].replicate(1, batch)) : top;
    } else {
      mu = (m.weight[l - 1] * mean.back()).colwise() + m.bias[l];
      g = m.weight[l - 1] * gain.back();
    }
    if (l > 0 || c.free_top) {
      const MatrixXd pi = m.precision[l].matrix();
      q.block(start[l], start[l], w, w) = pi.inverse();
      g.block(0, start[l], w, w).setIdentity();
      constant -= 0.5 * static_cast<double>(batch) * std::log(pi.determinant());
    }
    mean.push_back(mu);
    gain.push_back(g);
    if (l + 1 == nodes) {
      h.push_back(g);
      residual.push_back(bottom - mu);
    } else if (l > 0 && c.decay > 0.0) {
      const Index s = start[l] + w;
      q.block(s, s, w, w) = MatrixXd::Identity(w, w) / c.decay;
      MatrixXd o = g;
      o.block(0, s, w, w).setIdentity();
      h.push_back(o);
      residual.push_back(-mu);
    }
  }
  Index rows = 0;
  for (const MatrixXd& x : h) rows += x.rows();
  MatrixXd hh(rows, noises), r(rows, batch);
  rows = 0;
  for (std::size_t i = 0; i < h.size(); ++i) {
    hh.middleRows(rows, h[i].rows()) = h[i];
    r.middleRows(rows, h[i].rows()) = residual[i];
    rows += h[i].rows();
  }
  const MatrixXd s = hh * q * hh.transpose(), solved = s.ldlt().solve(r);
  Equilibrium e;
  e.energy = 0.5 * r.cwiseProduct(solved).sum() + constant;
  for (int l = 0; l < nodes; ++l) e.activity.push_back(mean[l] + gain[l] * q * hh.transpose() * solved);
  return e;
}

const std::vector<Case> cases{{{3, 4, 2}},
                              {{5, 6, 4, 3}, false, 0.0, model::Form::mba},
                              {{4, 5, 5, 5, 2}},
                              {{3, 2, 7, 1, 4, 2}},
                              {{4, 5, 5, 5, 2}, true},
                              {{5, 6, 4, 3}, false, 0.7},
                              {{2, 3, 8, 3}, true, 0.2, model::Form::mba}};

}  // namespace

// 1e-10 relative: F and x are sums of some hundred products, so rounding stays below 1e-13; the rest is how far the
// solver went (|dF/dx| <= 1e-12 here, and no curvature is below 0.05).
TEST_CASE("a settled linear hierarchy equals its closed form to 1e-10, by every solver") {
  std::uint64_t number = 0;
  for (const Case& c : cases) {
    random::Stream s({number++, 0, random::Purpose::test, 0});
    const Net m = make_net(c, s);
    const MatrixXd top = normal(c.widths.front(), 7, s), bottom = normal(c.widths.back(), 7, s);
    const Equilibrium closed = closed_form(c, m, top, bottom);
    for (int solver = 0; solver < 3; ++solver) {
      State state(m, 7);
      if (!c.free_top) state.clamp(m, 0, top);
      state.clamp(m, m.nodes() - 1, bottom);
      model::predict_all(m, state);
      const inference::SettleOptions o{200000, 0.3, 0.9, 0.0, 1e-12};
      const auto report = solver == 0   ? inference::settle(m, state, o)
                          : solver == 1 ? inference::settle_errors(m, state, o)
                                        : inference::settle_gauss_newton(m, state, o);
      CAPTURE(number);
      CAPTURE(solver);
      CHECK(report.converged);
      CHECK(std::abs(report.energy - closed.energy) < 1e-10 * std::abs(closed.energy));
      for (int l = 0; l < m.nodes(); ++l)
        CHECK((state.activity[l] - closed.activity[l]).norm() < 1e-10 * closed.activity[l].norm());
    }
  }
}

TEST_CASE("the parts of F add up to it") {
  random::Stream s({1, 0, random::Purpose::test, 1});
  const Net m = make_net({{3, 4, 4, 2}, false, 0.5}, s);
  State state(m, 3);
  state.clamp(m, 0, normal(3, 3, s));
  state.clamp(m, 3, normal(2, 3, s));
  const auto report = inference::settle(m, state, {30});
  double sum = 0.0;
  for (const double part : state.energy) sum += part;
  CHECK(sum == doctest::Approx(report.energy).epsilon(1e-14));
}

TEST_CASE("without a clamp at the bottom, the settled state is the prediction and F is only its constant") {
  random::Stream s({11, 0, random::Purpose::test, 2});
  const Net m = make_net({{4, 9, 3}}, s);
  State state(m, 5);
  state.clamp(m, 0, normal(4, 5, s));
  model::predict_all(m, state);
  double constant = 0.0;
  for (int l = 1; l < 3; ++l) constant -= 2.5 * std::log(m.precision[l].matrix().determinant());
  CHECK(model::free_energy(m, state) == doctest::Approx(constant));
}

TEST_CASE("what is missing is completed: the settled free part of a node is its conditional mean") {
  // One hidden cause x0 ~ N(0, 1), y = w x0 + noise; half of y is observed.
  random::Stream s({13, 0, random::Purpose::test, 3});
  model::HierarchySpec spec = model::chain({1, 4}, model::Activation::identity);
  spec.nodes[0].prior = true;
  const Net m(spec, s);
  const MatrixXd seen = normal(2, 6, s);
  State state(m, 6);
  state.clamp_units(m, 1, {0, 2}, seen);
  inference::settle_gauss_newton(m, state, {3});
  const VectorXd w = m.weight[0].col(0), part{{w(0), w(2)}};
  // Posterior of x0: precision 1 + w'w of the seen part; the missing outputs are w times its mean.
  const MatrixXd cause = part.transpose() * seen / (1.0 + part.squaredNorm());
  CHECK((state.activity[1].row(1) - w(1) * cause).norm() < 1e-12 * cause.norm());
  CHECK((state.activity[1].row(3) - w(3) * cause).norm() < 1e-12 * cause.norm());
  CHECK((state.activity[1].row(0) - seen.row(0)).norm() == 0.0);
}

TEST_CASE("float settles to the double equilibrium within its precision") {
  random::Stream s({17, 0, random::Purpose::test, 4});
  const model::HierarchySpec spec = model::chain({4, 9, 7, 3}, model::Activation::tanh, model::Form::mba);
  random::Stream a({1, 0, random::Purpose::test, 5}), b = a;
  const model::Hierarchy<double> exact(spec, a);
  const model::Hierarchy<float> single(spec, b);
  const MatrixXd top = normal(4, 5, s), bottom = normal(3, 5, s);
  State in_double(exact, 5);
  model::HierarchyState<float> in_float(single, 5);
  in_double.clamp(exact, 0, top);
  in_double.clamp(exact, 3, bottom);
  in_float.clamp(single, 0, top.cast<float>());
  in_float.clamp(single, 3, bottom.cast<float>());
  model::predict_all(exact, in_double);
  model::predict_all(single, in_float);
  const double reference = inference::settle(exact, in_double, {500, 0.2, 0.5}).energy;
  // Some 50 roundings of 6e-8 each.
  CHECK(inference::settle(single, in_float, {500, 0.2, 0.5}).energy == doctest::Approx(reference).epsilon(1e-5));
}

TEST_CASE("bad graphs and clamps are refused with the place") {
  random::Stream s({1, 0, random::Purpose::test, 6});
  const auto refused = [&](auto change) {
    model::HierarchySpec spec = model::chain({2, 3, 2}, model::Activation::tanh);
    change(spec);
    CHECK_THROWS_AS(Net(spec, s), std::invalid_argument);
  };
  refused([](auto& spec) { spec.nodes[1].width = 0; });
  refused([](auto& spec) { spec.edges[0].to = 7; });
  refused([](auto& spec) { spec.edges.push_back({2, 0}); });
  refused([](auto& spec) { spec.edges.push_back({0, 1, model::EdgeKind::residual}); });
  refused([](auto& spec) { spec.nodes[1].likelihood = model::Likelihood::categorical; });
  refused([](auto& spec) { spec.nodes.clear(); });
  refused([](auto& spec) { spec.edges[0].scale = std::nan(""); });
  refused([](auto& spec) { spec.nodes[1].decay = -1.0; });

  Net m(model::chain({2, 3, 2}, model::Activation::tanh), s);
  State state(m, 4);
  CHECK_THROWS_AS(state.clamp(m, 0, MatrixXd::Zero(2, 3)), std::invalid_argument);
  CHECK_THROWS_AS(state.clamp(m, 5, MatrixXd::Zero(2, 4)), std::invalid_argument);
  CHECK_THROWS_AS(state.clamp(m, 0, MatrixXd::Constant(2, 4, std::nan(""))), std::invalid_argument);
  CHECK_THROWS_AS(state.clamp_units(m, 0, {2}, MatrixXd::Zero(1, 4)), std::invalid_argument);
  CHECK_THROWS_AS(State(m, 0), std::invalid_argument);
  CHECK_THROWS_AS(m.precision[0].set(VectorXd(VectorXd::Zero(2))), std::invalid_argument);
  CHECK_THROWS_AS(m.precision[0].set(MatrixXd(-MatrixXd::Identity(2, 2))), std::invalid_argument);
  CHECK_THROWS_WITH_AS(m.node("x7"), doctest::Contains("x0, x1, x2"), std::invalid_argument);
}
