// Oracle: the scalar body, whose optimal design is a formula; the theorems of optimal design; the body itself in time.
#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

#include "core/inference/optimal_input.hpp"
#include "tests/random_matrix.hpp"

namespace {

using namespace infans;
using namespace infans::inference;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using tests::worst;

const double kPi = std::acos(-1.0);

random::Stream stream(std::uint64_t seed) { return random::Stream({seed, 0, random::Purpose::test, 0}); }

// A pendulum of 0.7 Hz with friction, in steps of 0.05 s.
LinearSystem pendulum() {
  MatrixXd rate(2, 2);
  rate << 0.0, 1.0, -19.62, -0.4;
  return held_input(rate, Eigen::Vector2d(0.0, 4.0), 0.05, 1e-2);
}

LinearSystem scalar(double a, double b, double noise) {
  return {MatrixXd::Constant(1, 1, a), VectorXd::Constant(1, b), noise};
}

double root_det(const MatrixXd& m) { return std::pow(m.determinant(), 1.0 / static_cast<double>(m.rows())); }

// Sum z z' from rest without noise.
MatrixXd taught(const LinearSystem& s, const VectorXd& u) {
  const Eigen::Index n = s.b.size();
  VectorXd z = VectorXd::Zero(n + 1);
  MatrixXd sum = MatrixXd::Zero(n + 1, n + 1);
  for (const double command : u) {
    z(n) = command;
    sum += z * z.transpose();
    z.head(n) = s.a * z.head(n) + s.b * command;
  }
  return sum;
}

// Sines of random phases with the powers of a design.
VectorXd multisine(const InputDesign& design, int steps, random::Stream& draws) {
  VectorXd u = VectorXd::Zero(steps);
  for (Eigen::Index k = 0; k < design.frequency.size(); ++k) {
    const double f = design.frequency(k), phase = draws.uniform(0.0, 2.0 * kPi);
    const bool real = f == 0.0 || f == design.frequency.maxCoeff();  // cos^2 of a constant or alternating sine is 1
    const double amplitude = std::sqrt(design.power(k) * (real ? 1.0 : 2.0));
    for (int t = 0; t < steps; ++t) u(t) += amplitude * std::cos(f * t + (real ? 0.0 : phase));
  }
  return u;
}

// Any spectrum of mean square 1.
MatrixXd random_design(const LinearSystem& s, random::Stream& draws) {
  MatrixXd m = noise_information(s);
  VectorXd power(3);
  for (double& p : power) p = draws.uniform();
  power /= power.sum();
  for (const double p : power) m += p * tone_information(s, draws.uniform(0.0, kPi));
  return m;
}

}  // namespace

TEST_CASE("a held input moves an undamped spring by its sine and cosine") {
  const double w = 3.0, h = 0.2;
  MatrixXd rate(2, 2);
  rate << 0.0, 1.0, -w * w, 0.0;
  const LinearSystem s = held_input(rate, Eigen::Vector2d(0.0, 2.0), h, 1.0);
  MatrixXd a(2, 2);
  a << std::cos(w * h), std::sin(w * h) / w, -w * std::sin(w * h), std::cos(w * h);
  CHECK(worst(s.a, a) < 1e-14);
  CHECK(worst(s.b, 2.0 * Eigen::Vector2d((1.0 - std::cos(w * h)) / (w * w), std::sin(w * h) / w)) < 1e-14);
}

TEST_CASE("stationary covariances solve their equation; what is not stable has none") {
  auto draws = stream(1);
  for (int trial = 0; trial < 20; ++trial) {
    MatrixXd a = tests::normal(4, 4, draws);
    a *= draws.uniform(0.5, 0.999) / a.eigenvalues().cwiseAbs().maxCoeff();
    const MatrixXd half = tests::normal(4, 4, draws), q = half * half.transpose();
    const MatrixXd x = stationary_covariance(a, q);
    CHECK(worst(x, a * x * a.transpose() + q) < 1e-12 * x.norm());
  }
  CHECK_THROWS_AS(stationary_covariance(MatrixXd::Identity(2, 2), MatrixXd::Identity(2, 2)), std::logic_error);
  CHECK_THROWS_AS(optimal_input(scalar(1.01, 1.0, 0.1), {}), std::logic_error);
  CHECK_THROWS_AS(optimal_input(scalar(0.5, 1.0, 0.0), {}), std::logic_error);
  DesignOptions wrong;
  wrong.power = -1.0;
  CHECK_THROWS_AS(optimal_input(scalar(0.5, 1.0, 0.1), wrong), std::logic_error);
}

TEST_CASE("white input: the sum of its echoes, and all tones alike") {
  const LinearSystem s = pendulum();
  const MatrixXd white = white_information(s);
  MatrixXd echoes = MatrixXd::Zero(3, 3);
  echoes(2, 2) = 1.0;
  VectorXd echo = s.b;
  for (int k = 0; k < 5000; ++k, echo = s.a * echo) echoes.topLeftCorner(2, 2) += echo * echo.transpose();
  CHECK(worst(white, echoes) < 1e-12 * white.norm());
  // Equally spaced tones: the error falls as exp(-count * damping a step), here exp(-100).
  MatrixXd tones = MatrixXd::Zero(3, 3);
  const int count = 10000;
  for (int k = 0; k < count; ++k) tones += tone_information(s, 2.0 * kPi * k / count) / count;
  CHECK(worst(white, tones) < 1e-11 * white.norm());
}

TEST_CASE("a tone's information is what a sine does in time") {
  const LinearSystem s = pendulum();
  const int period = 25, start = 5000 * period, count = 4 * period;  // the start has died to exp(-1250)
  const double f = 2.0 * kPi / period;
  VectorXd u(start + count);
  for (int t = 0; t < u.size(); ++t) u(t) = std::sqrt(2.0) * std::cos(f * t + 0.3);
  const MatrixXd mean = (taught(s, u) - taught(s, u.head(start))) / count;
  CHECK(worst(mean, tone_information(s, f)) < 1e-9 * mean.norm());  // a difference of sums 1,000 times as large
}

// With k = 1 / |exp(if) - a|^2 of a tone, |H|^2 = b^2 k and Re H = b ((1 - a^2) k - 1) / (2 a): M depends on the mean
// of k alone. det M is largest at k = (1 + a^2) / (1 - a^2)^2 and is then v + b^2 / (1 - a^2)^2, v = noise^2 / (1 -
// a^2).
TEST_CASE("the scalar body has its optimum in closed form") {
  for (const double a : {0.3, 0.9, 0.99}) {
    CAPTURE(a);
    const double b = 0.7, noise = 0.1, v = noise * noise / (1.0 - a * a);
    const LinearSystem s = scalar(a, b, noise);
    DesignOptions options;
    options.tolerance = 1e-7;
    const InputDesign best = optimal_input(s, options);
    const double wanted = v + std::pow(b / (1.0 - a * a), 2);
    CHECK(best.information.determinant() <= wanted * (1.0 + 1e-12));
    CHECK(best.information.determinant() >= wanted * (1.0 - 2e-7));
    CHECK(best.power.sum() == doctest::Approx(1.0).epsilon(1e-12));
    CHECK((noise_information(s) + white_information(s)).determinant() ==
          doctest::Approx(v + b * b / (1.0 - a * a)).epsilon(1e-12));
    options.optimality = Optimality::trace;
    const InputDesign least = optimal_input(s, options);
    double lowest = INFINITY;
    const double low = 1.0 / std::pow(1.0 + a, 2), high = 1.0 / std::pow(1.0 - a, 2);
    for (int i = 0; i <= 100000; ++i) {
      const double k = low + (high - low) * i / 100000.0, m12 = b * ((1.0 - a * a) * k - 1.0) / (2.0 * a);
      lowest = std::fmin(lowest, (v + b * b * k + 1.0) / (v + b * b * k - m12 * m12));
    }
    CHECK(least.information.inverse().trace() == doctest::Approx(lowest).epsilon(1e-6));
  }
}

TEST_CASE("at the optimum no tone is worth more than the mean, and none in use less (Kiefer & Wolfowitz)") {
  const LinearSystem s = pendulum();
  DesignOptions options;
  options.tolerance = 1e-6;
  for (const Optimality optimality : {Optimality::determinant, Optimality::trace}) {
    options.optimality = optimality;
    const InputDesign best = optimal_input(s, options);
    CHECK(best.efficiency >= 1.0 - options.tolerance);
    MatrixXd g = best.information.inverse();
    if (optimality == Optimality::trace) g = (g * g).eval();
    const double mean = (g * (best.information - noise_information(s))).trace();  // 3 - the noise's own share, for D
    for (int k = 0; k <= 20000; ++k) CHECK((g * tone_information(s, kPi * k / 20000.0)).trace() <= mean * (1.0 + 1e-5));
    double misplaced = 0.0;
    for (Eigen::Index k = 0; k < best.power.size(); ++k)
      misplaced += best.power(k) * std::fmax(0.0, 1.0 - (g * tone_information(s, best.frequency(k))).trace() / mean);
    CHECK(misplaced < 1e-5);
  }
}

TEST_CASE("the certificate never promises more than is true") {
  const LinearSystem s = pendulum();
  auto draws = stream(3);
  DesignOptions d, a;
  a.optimality = Optimality::trace;
  d.tolerance = a.tolerance = 1e-6;
  const MatrixXd best = optimal_input(s, d).information, least = optimal_input(s, a).information;
  for (int trial = 0; trial < 200; ++trial) {
    const MatrixXd m = random_design(s, draws);
    const double reached = root_det(m) / root_det(best), spread = least.inverse().trace() / m.inverse().trace();
    CHECK(reached <= 1.0 + 1e-6);
    CHECK(spread <= 1.0 + 1e-6);
    CHECK(design_efficiency(s, m, d) <= reached * (1.0 + 1e-6));
    CHECK(design_efficiency(s, m, a) <= spread * (1.0 + 1e-6));
  }
}

// Tones 7e-4 rad a step apart beat 20 times in the run, which leaves some 1 % of their product; the process noise,
// less.
TEST_CASE("the optimal sines buy their information in time") {
  const LinearSystem s = pendulum();
  const InputDesign best = optimal_input(s, {});
  auto draws = stream(4);
  const int steps = 200000;
  const VectorXd u = multisine(best, steps, draws);
  VectorXd z = VectorXd::Zero(3);
  MatrixXd sum = MatrixXd::Zero(3, 3);
  for (int t = 0; t < steps; ++t) {
    z(2) = u(t);
    sum += z * z.transpose();
    z.head(2) = s.a * z.head(2) + s.b * u(t) + s.noise * tests::normal(2, 1, draws);
  }
  const MatrixXd root = best.information.llt().matrixL().solve(MatrixXd::Identity(3, 3));
  const MatrixXd ratio = root * (sum / steps) * root.transpose();
  const VectorXd extremes = Eigen::SelfAdjointEigenSolver<MatrixXd>(ratio).eigenvalues();
  CHECK(extremes.minCoeff() > 0.97);
  CHECK(extremes.maxCoeff() < 1.03);
}

TEST_CASE("steps and information are each other's inverse") {
  const LinearSystem s = pendulum();
  const MatrixXd prior = Eigen::Vector3d(2.0, 1.0, 0.5).asDiagonal();
  const MatrixXd m = noise_information(s) + white_information(s);
  const double nats = information_nats(prior, m, 137.0, s.noise);
  const MatrixXd ratio = prior.inverse() * (prior + 137.0 / (s.noise * s.noise) * m);
  CHECK(nats == doctest::Approx(0.5 * std::log(ratio.determinant())).epsilon(1e-12));
  CHECK(steps_for(nats, prior, m, s.noise) == doctest::Approx(137.0).epsilon(1e-8));
  CHECK(steps_for(0.0, prior, m, s.noise) < 1e-6);
}

// The scalar case with c = noise^2 p / T added to the diagonal: the best k has (1 - a^2) ((1 - a^2) k - 1) = 2 a^2 (1 +
// c), as long as a tone has such a k.
TEST_CASE("the fewest steps of the scalar body are those of the formula") {
  const double a = 0.9, b = 0.7, noise = 0.1, p = 3.0, v = noise * noise / (1.0 - a * a);
  const auto nats_after = [&](double steps) {
    const double c = noise * noise * p / steps, over = 2.0 * a * a * (1.0 + c) / (1.0 - a * a);
    const double k = (1.0 + over) / (1.0 - a * a), m12 = b * over / (2.0 * a);
    return 0.5 * std::log(((v + c + b * b * k) * (1.0 + c) - m12 * m12) / (c * c));
  };
  const LinearSystem s = scalar(a, b, noise);
  DesignOptions options;
  options.tolerance = 1e-7;
  for (const double steps : {3.0, 50.0, 1000.0}) {
    CHECK(fewest_steps(nats_after(steps), p * MatrixXd::Identity(2, 2), s, options) ==
          doctest::Approx(steps).epsilon(1e-6));
  }
}

TEST_CASE("no input beats the fewest steps, however short the life") {
  const LinearSystem s = pendulum();
  const MatrixXd prior = 0.1 * MatrixXd::Identity(3, 3);
  auto draws = stream(5);
  const InputDesign best = optimal_input(s, {});
  for (const int steps : {5, 20, 100, 400}) {
    CAPTURE(steps);
    MatrixXd stirred = MatrixXd::Zero(3, 3), now = MatrixXd::Zero(2, 2);  // by the noise, expected
    for (int t = 0; t < steps; ++t) {
      stirred.topLeftCorner(2, 2) += now;
      now = (s.a * now * s.a.transpose() + s.noise * s.noise * MatrixXd::Identity(2, 2)).eval();
    }
    std::vector<VectorXd> inputs = {tests::normal(steps, 1, draws), multisine(best, steps, draws)};
    for (const double f : {0.0, 0.1, 0.2217, 0.23, 0.5}) {
      VectorXd u(steps);
      for (int t = 0; t < steps; ++t) u(t) = std::cos(f * t + 0.2);
      inputs.push_back(u);
      inputs.push_back(u.cwiseSign());
    }
    for (VectorXd& u : inputs) {
      u *= std::sqrt(steps) / u.norm();
      const double nats = information_nats(prior, taught(s, u) + stirred, 1.0, s.noise);
      CHECK(fewest_steps(nats, prior, s, {}) <= steps * (1.0 + 1e-3));
    }
  }
}
