#include <doctest/doctest.h>

#include <cmath>
#include <deque>
#include <unsupported/Eigen/MatrixFunctions>

#include "core/base/error.hpp"
#include "core/inference/generalised_filter.hpp"
#include "core/model/generalised_precision.hpp"
#include "core/random/stream.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

double worst(const MatrixXd& a, const MatrixXd& b) { return (a - b).cwiseAbs().maxCoeff(); }

MatrixXd normals(int rows, int cols, random::Stream& s) {
  MatrixXd m(rows, cols);
  for (double& x : m.reshaped()) x = s.normal();
  return m;
}

// A damped pair of states, seen twice; the cause pushes the first.
struct System {
  MatrixXd a{{-0.25, 1.0}, {-0.5, -0.25}}, b{{1.0}, {0.0}}, c{{1.0, 0.2}, {0.0, 1.0}}, h{{0.0}, {0.0}};
  inference::LinearGeneralisedModel model{a, b, c, h};
};

inference::GeneralisedFilterOptions options(int nx, int ny, int nv) {
  inference::GeneralisedFilterOptions o;
  o.order = 4;
  o.state_smoothness = 0.4;
  o.output_smoothness = 0.7;
  o.state_precision = 2.0 * MatrixXd::Identity(nx, nx);
  if (nx == 2) o.state_precision(0, 1) = o.state_precision(1, 0) = 0.5;
  o.output_precision = 3.0 * MatrixXd::Identity(ny, ny);
  o.cause_precision = 1.5 * MatrixXd::Identity(nv, nv);
  return o;
}

// Gradient by central differences; F is quadratic in a linear model, so h may be large and only rounding is left.
VectorXd difference_gradient(const inference::GeneralisedFilter& filter, inference::GeneralisedBelief belief,
                             const MatrixXd& y, const MatrixXd& eta, double h) {
  const Eigen::Index sx = belief.states.size(), size = belief.gradient.size();
  VectorXd gradient(size);
  for (Eigen::Index i = 0; i < size; ++i) {
    double& entry = i < sx ? belief.states.reshaped()(i) : belief.causes.reshaped()(i - sx);
    const double kept = entry;
    entry = kept + h;
    const double up = filter.evaluate(belief, y, eta);
    entry = kept - h;
    gradient(i) = (up - filter.evaluate(belief, y, eta)) / (2 * h);
    entry = kept;
  }
  return gradient;
}

// Noise of unit variance on a grid of spacing dt: white numbers under exp(-t^2 / (2 s^2)). s = 0: white.
MatrixXd smooth_noise(int channels, int count, double dt, double smoothness, random::Stream& s) {
  const int half = static_cast<int>(std::ceil(6 * smoothness / dt));
  VectorXd kernel(2 * half + 1);
  for (int i = -half; i <= half; ++i)
    kernel(i + half) = smoothness > 0 ? std::exp(-0.5 * std::pow(i * dt / smoothness, 2)) : 1.0;
  kernel.normalize();
  const MatrixXd white = normals(channels, count + 2 * half, s);
  MatrixXd noise(channels, count);
  for (int t = 0; t < count; ++t) noise.col(t) = white.middleCols(t, 2 * half + 1) * kernel;
  return noise;
}

struct Errors {
  double generalised = 0, kalman_variance = 0, kalman_intensity = 0;  // mean squared error of both states
};

struct Setting {
  double smoothness = 0.5, state_noise = 1.0, output_noise = 1.0, rate = 1.0;
  int order = 4;
  double lag = 0;
};

// One life of 32 s sampled every 0.1 s; every filter is causal: the estimate at t knows y up to t.
Errors race(const Setting& set, std::uint64_t seed) {
  const System sys;
  const double dt = 0.1;
  const int fine = 10, samples = 320, burn = 40;
  random::Stream s({seed, 0, random::Purpose::test, 4});
  const MatrixXd w = set.state_noise * smooth_noise(2, samples * fine, dt / fine, set.smoothness, s);
  const MatrixXd z = set.output_noise * smooth_noise(2, samples + 1, dt, set.smoothness, s);
  const auto cause = [](double t) { return std::exp(-0.25 * std::pow(t - 12, 2)); };

  // Exact for noise held over a hundredth of a second.
  const auto discretise = [&](double step) {
    MatrixXd m = MatrixXd::Zero(4, 4);
    m.topLeftCorner(2, 2) = sys.a;
    m.topRightCorner(2, 2).setIdentity();
    const MatrixXd e = (m * step).exp();
    return std::pair<MatrixXd, MatrixXd>(e.topLeftCorner(2, 2), e.topRightCorner(2, 2));
  };
  const auto [fine_a, fine_b] = discretise(dt / fine);
  const auto [a, b] = discretise(dt);
  MatrixXd x = MatrixXd::Zero(2, samples + 1), y(2, samples + 1);
  for (int k = 0; k < samples; ++k) {
    VectorXd now = x.col(k);
    for (int i = 0; i < fine; ++i)
      now = fine_a * now + fine_b * (w.col(k * fine + i) + sys.b * cause((k + (i + 0.5) / fine) * dt));
    x.col(k + 1) = now;
  }
  y = sys.c * x + z;

  const auto kalman = [&](double variance_scale) {
    const MatrixXd q = variance_scale * std::pow(set.state_noise, 2) * b * b.transpose();
    const MatrixXd r = variance_scale * std::pow(set.output_noise, 2) * MatrixXd::Identity(2, 2);
    VectorXd m = VectorXd::Zero(2);
    MatrixXd p = MatrixXd::Zero(2, 2);
    double sum = 0;
    for (int k = 1; k <= samples; ++k) {
      m = a * m + b * sys.b * cause((k - 0.5) * dt);
      p = a * p * a.transpose() + q;
      const MatrixXd gain = p * sys.c.transpose() * (sys.c * p * sys.c.transpose() + r).inverse();
      m += gain * (y.col(k) - sys.c * m);
      p -= gain * sys.c * p;
      if (k >= burn) sum += (m - x.col(k)).squaredNorm();
    }
    return sum / (2 * (samples - burn + 1));
  };

  inference::GeneralisedFilterOptions o;
  o.order = set.order;
  o.state_smoothness = o.output_smoothness = o.cause_smoothness = set.smoothness;
  o.rate = set.rate;
  o.state_precision = MatrixXd::Identity(2, 2) / std::pow(set.state_noise, 2);
  o.output_precision = MatrixXd::Identity(2, 2) / std::pow(set.output_noise, 2);
  o.cause_precision = MatrixXd::Constant(1, 1, 1e6);
  const inference::GeneralisedFilter filter(sys.model, o);
  auto belief = filter.start(VectorXd::Zero(2), VectorXd::Zero(1));
  const MatrixXd embedding = model::embedding_matrix(o.order, dt, 1.0 + set.lag);
  double sum = 0;
  for (int k = o.order - 1; k <= samples; ++k) {
    const double t = (k - 1 - set.lag) * dt;
    const MatrixXd eta{{cause(t), -0.5 * (t - 12) * cause(t)}};
    filter.step(belief, y.middleCols(k - o.order + 1, o.order) * embedding, eta, dt);
    if (k >= burn) sum += (belief.states.col(0) - x.col(k - static_cast<int>(set.lag))).squaredNorm();
  }
  return {sum / (2 * (samples - burn + 1)), kalman(1.0), kalman(2 * std::sqrt(M_PI) * set.smoothness / dt)};
}

}  // namespace

TEST_CASE("covariance and precision of motions are the published closed form to 1e-12") {
  // n = 4, s = 0.5: the numbers that follow from rho(t) = exp(-t^2 / (4 s^2)) (Friston 2008).
  const MatrixXd v{{1, 0, -2, 0}, {0, 2, 0, -12}, {-2, 0, 12, 0}, {0, -12, 0, 120}};
  const MatrixXd r{{1.5, 0, 0.25, 0}, {0, 1.25, 0, 0.125}, {0.25, 0, 0.125, 0}, {0, 0.125, 0, 1.0 / 48}};
  CHECK(worst(model::generalised_covariance(4, 0.5), v) < 1e-12);
  CHECK(worst(model::temporal_precision(4, 0.5), r) < 1e-12);
  for (const int n : {1, 2, 5, 6}) {
    const MatrixXd product = model::temporal_precision(n, 0.8) * model::generalised_covariance(n, 0.8);
    CHECK(worst(product, MatrixXd::Identity(n, n)) < 1e-11);
    CHECK(model::temporal_log_det(n, 0.8) ==
          doctest::Approx(std::log(model::temporal_precision(n, 0.8).determinant())));
  }
  CHECK_THROWS_AS(model::temporal_precision(0, 0.5), base::OptionError);
  CHECK_THROWS_AS(model::temporal_precision(4, 0.0), base::OptionError);
}

TEST_CASE("the shift operator takes each motion to the next, and embedding is exact for polynomials") {
  VectorXd x(6);
  x << 1, 2, 3, 4, 5, 6;  // two channels, three orders
  VectorXd shifted(6);
  shifted << 3, 4, 5, 6, 0, 0;
  CHECK(model::shift_operator(3, 2) * x == shifted);
  // y = t^3 - t around t = 2, sampled every 0.1 s up to 0.1 s later.
  MatrixXd window(1, 4);
  for (int i = 0; i < 4; ++i) {
    const double t = 2.0 + 0.1 * (i - 2);
    window(0, i) = t * t * t - t;
  }
  const MatrixXd motions = window * model::embedding_matrix(4, 0.1, 1.0);
  CHECK(worst(motions, MatrixXd{{6, 11, 12, 6}}) < 1e-9);
}

TEST_CASE("the gradient of F is its derivative: exactly in a linear model") {
  const System sys;
  const inference::GeneralisedFilter filter(sys.model, options(2, 2, 1));
  random::Stream s({3, 0, random::Purpose::test, 0});
  auto belief = filter.start(normals(2, 1, s), normals(1, 1, s));
  belief.states += normals(2, 4, s);
  const MatrixXd y = normals(2, 4, s), eta = normals(1, 2, s);
  filter.evaluate(belief, y, eta);
  const VectorXd gradient = belief.gradient;
  CHECK((gradient - difference_gradient(filter, belief, y, eta, 1e-2)).cwiseAbs().maxCoeff() <
        1e-9 * (1 + gradient.cwiseAbs().maxCoeff()));
}

// Smooth noise of known smoothness on states and outputs. The Kalman filter has the right variance, or the right
// intensity, but believes in white noise. If both were equally good, winning 40 of 50 would have probability 1e-5.
TEST_CASE("on smooth noise the generalised filter beats a Kalman filter over 50 seeds") {
  Setting set;
  set.output_noise = 0.1;
  set.rate = 10;
  double generalised = 0, kalman = 0;
  int wins = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Errors e = race(set, seed);
    const double rival = std::min(e.kalman_variance, e.kalman_intensity);
    generalised += e.generalised;
    kalman += rival;
    wins += e.generalised < rival ? 1 : 0;
  }
  MESSAGE("mean squared error, generalised / Kalman: ", generalised / kalman, "; wins ", wins, " of 50");
  CHECK(wins >= 40);
  CHECK(generalised < kalman);
}
