// Hierarchies in generalised coordinates against a dense minimum of F, an equal flat model, differences, and the
// published deconvolution.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <unsupported/Eigen/MatrixFunctions>

#include "core/base/error.hpp"
#include "core/inference/generalised_hierarchy.hpp"
#include "core/inference/recursive_generalised_filter.hpp"
#include "core/model/generalised_precision.hpp"
#include "tests/random_matrix.hpp"
#include "tests/smooth_life.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using tests::normal;
using tests::worst;

namespace {

MatrixXd spd(int n, random::Stream& s) {
  const MatrixXd l = normal(n, n, s);
  return l * l.transpose() / n + MatrixXd::Identity(n, n);
}

// Two levels: 2 states, 2 causes, 3 outputs; above 3 states, 1 cause, whose 2 outputs are the causes below.
struct Stack {
  MatrixXd a0, b0, c0, h0, a1, b1, c1, h1;
  explicit Stack(random::Stream& s)
      : a0(0.3 * normal(2, 2, s) - MatrixXd::Identity(2, 2)),
        b0(normal(2, 2, s)),
        c0(normal(3, 2, s)),
        h0(normal(3, 2, s)),
        a1(0.3 * normal(3, 3, s) - MatrixXd::Identity(3, 3)),
        b1(normal(3, 1, s)),
        c1(normal(2, 3, s)),
        h1(normal(2, 1, s)) {}
  inference::LinearGeneralisedModel low{a0, b0, c0, h0}, high{a1, b1, c1, h1};
  inference::GeneralisedHierarchy model{{&low, &high}};
};

// F of the stack as one weighted least squares, written out order by order: 1/2 z' H z - right' z + const.
// Unknowns: order k of x_0 at 5 k, of x_1 at 5 k + 2, of v_0 at 5 n + 3 k, of v_1 at 5 n + 3 k + 2.
struct Dense {
  int n, d, size;
  MatrixXd hessian;
  VectorXd right;

  // e_k = rows[k] z - target[k], all orders weighed by R kron Pi.
  void add(const std::vector<MatrixXd>& rows, const std::vector<VectorXd>& target, double smoothness,
           const MatrixXd& pi) {
    const MatrixXd r = model::temporal_precision(static_cast<int>(rows.size()), smoothness);
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (std::size_t j = 0; j < rows.size(); ++j) {
        hessian += r(i, j) * rows[i].transpose() * pi * rows[j];
        right += r(i, j) * rows[i].transpose() * pi * target[j];
      }
  }

  Dense(const Stack& m, const std::vector<MatrixXd>& pi, const MatrixXd& y, const MatrixXd& eta)
      : n(static_cast<int>(y.cols())), d(static_cast<int>(eta.cols())), size(5 * n + 3 * d) {
    hessian = MatrixXd::Zero(size, size);
    right = VectorXd::Zero(size);
    std::vector<MatrixXd> e_x0, e_x1, e_y, e_v0, e_v1;
    std::vector<VectorXd> t_x0, t_x1, t_y, t_v0, t_v1;
    for (int k = 0; k < n; ++k) {
      const int x0 = 5 * k, x1 = x0 + 2, v0 = 5 * n + 3 * k, v1 = v0 + 2;
      MatrixXd a = MatrixXd::Zero(2, size), b = MatrixXd::Zero(3, size), c = MatrixXd::Zero(3, size);
      if (k + 1 < n) {
        a.middleCols(x0 + 5, 2).setIdentity();
        b.middleCols(x1 + 5, 3).setIdentity();
      }
      a.middleCols(x0, 2) = -m.a0;
      b.middleCols(x1, 3) = -m.a1;
      c.middleCols(x0, 2) = m.c0;
      if (k < d) {
        a.middleCols(v0, 2) = -m.b0;
        b.middleCols(v1, 1) = -m.b1;
        c.middleCols(v0, 2) = m.h0;
        MatrixXd e = MatrixXd::Zero(2, size), f = MatrixXd::Zero(1, size);
        e.middleCols(v0, 2).setIdentity();
        e.middleCols(x1, 3) = -m.c1;
        e.middleCols(v1, 1) = -m.h1;
        f(0, v1) = 1.0;
        e_v0.push_back(e);
        e_v1.push_back(f);
        t_v0.push_back(VectorXd::Zero(2));
        t_v1.push_back(eta.col(k).tail(1));
      }
      e_x0.push_back(a);
      e_x1.push_back(b);
      e_y.push_back(c);
      t_x0.push_back(VectorXd::Zero(2));
      t_x1.push_back(VectorXd::Zero(3));
      t_y.push_back(y.col(k));
    }
    add(e_x0, t_x0, 0.4, pi[0]);
    add(e_x1, t_x1, 0.4, pi[1]);
    add(e_v0, t_v0, 0.5, pi[2]);
    add(e_v1, t_v1, 0.5, pi[3]);
    add(e_y, t_y, 0.7, pi[4]);
  }
  VectorXd minimum() const { return hessian.ldlt().solve(right); }
};

VectorXd stacked(const inference::GeneralisedBelief& b) {
  VectorXd z(b.states.size() + b.causes.size());
  z << b.states.reshaped(), b.causes.reshaped();
  return z;
}

MatrixXd layer(int rows, int cols, random::Stream& s) { return normal(rows, cols, s) / std::sqrt(1.0 * cols); }

// y = tanh of a mixture of 2 states and a cause; the states flow through a layer of 4; the cause is predicted by a
// level without states, from 2 causes.
struct Nets {
  inference::DenseChain f, g, top;
  inference::MapModel low, high;
  inference::GeneralisedHierarchy model;
  explicit Nets(random::Stream& s)
      : f({layer(4, 3, s), layer(2, 4, s)}, {normal(4, 1, s), normal(2, 1, s)}),
        g({layer(5, 3, s), layer(3, 5, s), layer(3, 3, s)}, {normal(5, 1, s), normal(3, 1, s), normal(3, 1, s)}),
        top({layer(3, 2, s), layer(1, 3, s)}, {normal(3, 1, s), normal(1, 1, s)}),
        low(2, 1, &f, g),
        high(0, 2, nullptr, top),
        model({&low, &high}) {}
};

}  // namespace

TEST_CASE("a linear hierarchy: the minimum of F is the dense weighted least squares over all levels and orders") {
  for (const auto& [n, d] : {std::pair{1, 1}, {4, 2}, {5, 5}}) {
    random::Stream s({static_cast<std::uint64_t>(n), 0, random::Purpose::test, 60});
    const Stack stack(s);
    const std::vector<MatrixXd> pi{spd(2, s), spd(3, s), spd(2, s), spd(1, s), spd(3, s)};
    const MatrixXd y = normal(3, n, s);
    MatrixXd eta = MatrixXd::Zero(3, d);
    eta.row(2) = normal(1, d, s);
    // A steep descent, so that the flow sits at the minimum while y~ and eta~ move.
    const inference::GeneralisedFilter filter(
        stack.model, {n, d, 0.4, 0.7, 0.5, 1e9, inference::block_diagonal({pi[0], pi[1]}), pi[4],
                      inference::block_diagonal({pi[2], pi[3]})});
    auto belief = filter.start(VectorXd::Zero(5), VectorXd::Zero(3));
    belief.states = normal(5, n, s);
    belief.causes = normal(3, d, s);
    filter.evaluate(belief, y, eta);
    const Dense dense(stack, pi, y, eta);
    const VectorXd minimum = dense.minimum();
    CHECK(worst(belief.curvature, dense.hessian) < 1e-12 * dense.hessian.cwiseAbs().maxCoeff());
    CHECK(worst(belief.gradient, dense.hessian * stacked(belief) - dense.right) <
          1e-12 * dense.hessian.cwiseAbs().maxCoeff() * dense.size);
    // One Newton step ends at the minimum, to the condition number (below 1e6 here) times rounding.
    const VectorXd newton = stacked(belief) - belief.curvature.ldlt().solve(belief.gradient);
    CHECK(worst(newton, minimum) < 1e-9 * (1 + minimum.cwiseAbs().maxCoeff()));

    const double interval = 0.1;
    filter.step(belief, y, eta, interval);
    const auto later = [&](const MatrixXd& m) -> MatrixXd {
      return m * MatrixXd((interval * model::shift_operator(static_cast<int>(m.cols()))).exp()).transpose();
    };
    const Dense end(stack, pi, later(y), later(eta));
    const double least = end.hessian.selfadjointView<Eigen::Lower>().eigenvalues().minCoeff();
    const VectorXd there = end.minimum();
    // mu~ lags by |D mu~ - d mu~*/dt| / (rate x least curvature); exp() of a flow this stiff costs about 1e-6 of mu~.
    CHECK(worst(stacked(belief), there) < (1e-6 + 10 / (1e9 * least)) * (1 + there.cwiseAbs().maxCoeff()));
  }
}

TEST_CASE("dense layers as f, g and causes: Jacobians, and the gradient of F, by differences") {
  random::Stream s({2, 0, random::Purpose::test, 61});
  const Nets nets(s);
  const VectorXd in = normal(3, 1, s);
  VectorXd out(3), high(3), low(3);
  MatrixXd jacobian(3, 3), scratch(3, 3);
  nets.g.evaluate(in, out, jacobian);
  for (int i = 0; i < 3; ++i) {
    nets.g.evaluate(in + 1e-5 * VectorXd::Unit(3, i), high, scratch);
    nets.g.evaluate(in - 1e-5 * VectorXd::Unit(3, i), low, scratch);
    CHECK(worst((high - low) / 2e-5, jacobian.col(i)) < 1e-7);  // third derivatives are below 1e3
  }
  const inference::GeneralisedFilter filter(
      nets.model, {1, 1, 0.5, 0.5, 0.5, 1.0, spd(2, s), spd(3, s), inference::block_diagonal({spd(1, s), spd(2, s)})});
  auto belief = filter.start(normal(2, 1, s), normal(3, 1, s));
  const MatrixXd y = normal(3, 1, s), eta{{0.0}, {0.3}, {-0.4}};
  filter.evaluate(belief, y, eta);
  const VectorXd gradient = belief.gradient;
  const auto energy = [&](int i, double h) {
    auto moved = belief;
    (i < 2 ? moved.states(i) : moved.causes(i - 2)) += h;
    return filter.evaluate(moved, y, eta);
  };
  for (int i = 0; i < 5; ++i)  // at order 1 no term of local linearity is dropped
    CHECK((energy(i, 1e-5) - energy(i, -1e-5)) / 2e-5 == doctest::Approx(gradient(i)).epsilon(1e-6));
}

TEST_CASE("recursive filter: a linear hierarchy is the flat model with its causes put in") {
  random::Stream s({3, 0, random::Purpose::test, 62});
  const Stack m(s);
  // v_0 = C1 x_1 + H1 v_1 + r_0, so the flat model has causes (r_0, v_1).
  MatrixXd a = MatrixXd::Zero(5, 5), b = MatrixXd::Zero(5, 3), c(3, 5), h(3, 3);
  a << m.a0, m.b0 * m.c1, MatrixXd::Zero(3, 2), m.a1;
  b << m.b0, m.b0 * m.h1, MatrixXd::Zero(3, 2), m.b1;
  c << m.c0, m.h0 * m.c1;
  h << m.h0, m.h0 * m.h1;
  const inference::LinearGeneralisedModel flat(a, b, c, h);
  inference::RecursiveGeneralisedOptions o{3,         2,
                                           0.4,       0.7,
                                           0.5,       inference::block_diagonal({spd(2, s), spd(3, s)}),
                                           spd(3, s), inference::block_diagonal({spd(2, s), spd(1, s)}),
                                           1e-3};
  const inference::RecursiveGeneralisedFilter one(m.model, o), two(flat, o);
  auto stack = one.start(VectorXd::Zero(5), MatrixXd::Identity(5, 5)), single = stack;
  const VectorXd eta{{0.0, 0.0, 0.6}};
  for (int t = 0; t < 20; ++t) {
    const VectorXd y = normal(3, 1, s);
    const auto first = one.step(stack, y, eta, 0.2), second = two.step(single, y, eta, 0.2);
    CHECK(first.steps == 1);
    CHECK(first.log_evidence == doctest::Approx(second.log_evidence).epsilon(1e-9));
    CHECK(worst(stack.mean, single.mean) < 1e-9);
    CHECK(worst(stack.states, single.states) < 1e-7);  // the last motion is a thousand times the value here
    const VectorXd v0 = m.c1 * stack.mean.segment(2, 3) + m.h1 * stack.causes(2, 0) + stack.mean.segment(20, 2);
    CHECK(worst(stack.causes.col(0).head(2), v0) < 1e-9);
  }
}

// F = 1/2 (s - s_pred)' P^-1 (s - s_pred) + 1/2 e' R^-1 e by its definition, with the prediction of one short interval
// from a known start; its gradient by differences vanishes at the settled belief.
TEST_CASE("recursive filter: a nonlinear hierarchy settles where the gradient of F vanishes") {
  random::Stream s({4, 0, random::Purpose::test, 63});
  const Nets nets(s);
  inference::RecursiveGeneralisedOptions o{
      2, 1, 0.5, 0.5, 0.5, spd(2, s), spd(3, s), inference::block_diagonal({spd(1, s), spd(2, s)}), 0.3};
  const inference::RecursiveGeneralisedFilter filter(nets.model, o);
  const VectorXd eta{{0.0, 0.3, -0.4}};
  int most = 0;
  for (int t = 0; t < 50; ++t) {
    auto belief = filter.start(normal(2, 1, s), 0.5 * MatrixXd::Identity(2, 2));
    const VectorXd y = normal(3, 1, s);
    const auto report = filter.step(belief, y, eta, 0.1);
    CHECK(report.converged);
    most = std::max(most, report.steps);
    const Eigen::LLT<MatrixXd> prior(belief.predicted_covariance);
    const MatrixXd r = 0.3 * o.output_precision.inverse();
    // s: x (2), w~ (4), r~ (3), z~ (6).
    const auto energy = [&](const VectorXd& at) {
      VectorXd in(2), v1(1), all(3), out(3);
      MatrixXd j(1, 2), k(3, 3);
      in = eta.tail(2) + at.segment(7, 2);
      nets.top.evaluate(in, v1, j);
      all << at.head(2), v1(0) + at(6);
      nets.g.evaluate(all, out, k);
      const VectorXd e = y - out - at.segment(9, 3), d = at - belief.predicted;
      return 0.5 * d.dot(prior.solve(d)) + 0.5 * e.dot(r.inverse() * e);
    };
    const VectorXd deviation = belief.predicted_covariance.diagonal().cwiseSqrt();
    for (int i = 0; i < 15; ++i) {
      const VectorXd h = 1e-4 * deviation(i) * VectorXd::Unit(15, i);
      // Per deviation: differences leave h^2 of the third derivative, about 1e-6, and 1e-12 / h of rounding.
      CHECK(std::abs(energy(belief.mean + h) - energy(belief.mean - h)) / 2e-4 < 1e-4);
    }
  }
  MESSAGE("most Gauss-Newton steps " << most);
}

// Friston 2008, the linear convolution model: 2 states, 1 cause, 4 outputs, 32 bins, a Gaussian bump at bin 12; outputs
// of log precision 8, states of 16, the cause has a unit prior of mean 0, s = 1/2 bin, n = 6, d = 2. The prior alone
// gives 0 everywhere. The bump fills about 6 of the 32 bins' worth of independent values: an estimate that knows
// nothing of y correlates above 0.9 with a probability below 0.01 a seed, above 0.6 below 0.11; 20 seeds must all. The
// descent estimates one bin ago: at the newest sample a polynomial through 6 of them one smoothness x 2 apart is mostly
// noise (correlation 0.2).
TEST_CASE("the published deconvolution: the cause comes back") {
  const MatrixXd a{{-0.25, 1.0}, {-0.5, -0.25}}, b{{1.0}, {0.0}}, h = MatrixXd::Zero(4, 1);
  MatrixXd c(4, 2);  // a quarter of the first two columns of the discrete cosine transform
  for (int i = 0; i < 4; ++i) c.row(i) << 0.125, std::cos(M_PI * (2 * i + 1) / 8) / std::sqrt(2.0) / 4;
  const inference::LinearGeneralisedModel model(a, b, c, h);
  const int bins = 32, fine = 20, order = 6;
  const double dt = 1.0;
  const auto bump = [](double t) { return std::exp(-std::pow((t - 12) / 2, 2)); };
  MatrixXd step = MatrixXd::Zero(3, 3);
  step.topRows(2) << a * dt / fine, b * dt / fine;
  step = step.exp().eval();
  const MatrixXd output_precision = std::exp(8.0) * MatrixXd::Identity(4, 4),
                 state_precision = std::exp(16.0) * MatrixXd::Identity(2, 2);
  const inference::GeneralisedFilter descent(
      model, {order, 2, 0.5, 0.5, 0.5, 1.0, state_precision, output_precision, MatrixXd{{1.0}}});
  const inference::RecursiveGeneralisedFilter recursive(
      model, {4, 2, 0.5, 0.5, 0.5, state_precision, output_precision, MatrixXd{{1.0}}});
  const auto correlation = [](const VectorXd& p, const VectorXd& q) {
    const VectorXd u = p.array() - p.mean(), w = q.array() - q.mean();
    return u.dot(w) / (u.norm() * w.norm());
  };
  double least[2] = {1, 1}, mean[2] = {0, 0}, explained[2] = {0, 0};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    random::Stream s({seed, 0, random::Purpose::test, 64});
    MatrixXd y(4, bins);
    VectorXd x = VectorXd::Zero(2), cause(bins), found[2] = {VectorXd::Zero(bins), VectorXd::Zero(bins)};
    const MatrixXd z = std::exp(-4.0) * tests::smooth_noise(4, bins, dt, 0.5, s);
    for (int t = 0; t < bins; ++t) {
      for (int i = 0; i < fine; ++i)
        x = (step.topLeftCorner(2, 2) * x + step.topRightCorner(2, 1) * bump(t + (i + 0.5) / fine)).eval();
      y.col(t) = c * x + z.col(t);  // bin t ends at time t + 1
      cause(t) = bump(t + 1);
    }
    auto first = descent.start(VectorXd::Zero(2), VectorXd::Zero(1));
    auto second = recursive.start(VectorXd::Zero(2), MatrixXd::Zero(2, 2));
    const int lag = 1;
    const MatrixXd embedding = model::embedding_matrix(order, dt, lag + 1.0);
    for (int t = order - 1; t < bins; ++t) {
      descent.step(first, y.middleCols(t - order + 1, order) * embedding, MatrixXd::Zero(1, 2), dt);
      found[0](t - lag) = first.causes(0, 0);
    }
    for (int t = 0; t < bins; ++t) {
      recursive.step(second, y.col(t), VectorXd::Zero(1), dt);
      found[1](t) = second.causes(0, 0);
    }
    for (int i = 0; i < 2; ++i) {
      const double r = correlation(found[i], cause);
      least[i] = std::min(least[i], r);
      mean[i] += r / 20;
      explained[i] += (1 - (found[i] - cause).squaredNorm() / cause.squaredNorm()) / 20;
    }
  }
  const std::string name[2] = {"descent, 1 bin late", "recursive, at once"};
  for (int i = 0; i < 2; ++i)
    MESSAGE(name[i] << ": correlation with the cause, mean of 20 seeds " << mean[i] << ", least " << least[i]
                    << ", share of its square explained " << explained[i]);
  CHECK(least[0] > 0.9);
  CHECK(least[1] > 0.6);
}

TEST_CASE("levels and layers that do not fit are refused") {
  random::Stream s({5, 0, random::Purpose::test, 65});
  const Stack m(s);
  CHECK_THROWS_AS(inference::GeneralisedHierarchy({}), base::UserError);
  CHECK_THROWS_AS(inference::GeneralisedHierarchy({&m.high, &m.low}), base::UserError);
  CHECK_THROWS_AS(inference::DenseChain({normal(2, 3, s), normal(2, 3, s)}, {normal(2, 1, s), normal(2, 1, s)}),
                  base::UserError);
  const inference::DenseChain map({normal(2, 3, s)}, {normal(2, 1, s)});
  CHECK_THROWS_AS(inference::MapModel(3, 0, &map, map), base::UserError);
  CHECK_THROWS_AS(inference::MapModel(2, 1, nullptr, map), base::UserError);
}
