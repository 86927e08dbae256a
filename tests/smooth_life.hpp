// A damped pair of states under smooth noise, seen twice with smooth noise: lives for filters to race over, and the
// Kalman filter of white noise that they race against.
#pragma once

#include <Eigen/Dense>
#include <cmath>
#include <unsupported/Eigen/MatrixFunctions>

#include "core/random/stream.hpp"

namespace infans::tests {

inline Eigen::MatrixXd damped_pair() { return Eigen::MatrixXd{{-0.25, 1.0}, {-0.5, -0.25}}; }
inline Eigen::MatrixXd damped_pair_outputs() { return Eigen::MatrixXd{{1.0, 0.2}, {0.0, 1.0}}; }

// Noise of unit variance on a grid of spacing dt: white numbers under exp(-t^2 / (2 s^2)). s = 0: white.
inline Eigen::MatrixXd smooth_noise(int channels, int count, double dt, double smoothness, infans::random::Stream& s) {
  const int half = static_cast<int>(std::ceil(6 * smoothness / dt));
  Eigen::VectorXd kernel(2 * half + 1);
  for (int i = -half; i <= half; ++i)
    kernel(i + half) = smoothness > 0 ? std::exp(-0.5 * std::pow(i * dt / smoothness, 2)) : 1.0;
  kernel.normalize();
  const Eigen::MatrixXd white = Eigen::MatrixXd::NullaryExpr(channels, count + 2 * half, [&] { return s.normal(); });
  Eigen::MatrixXd noise(channels, count);
  for (int t = 0; t < count; ++t) noise.col(t).noalias() = white.middleCols(t, 2 * half + 1) * kernel;
  return noise;
}

// One life of 32 s sampled every 0.1 s.
struct SmoothLife {
  static constexpr double dt = 0.1;
  static constexpr int fine = 10, samples = 320, burn = 40;
  double smoothness, state_noise, output_noise;
  Eigen::MatrixXd x, y;  // 2 x (samples + 1)

  // s of both noises (0: white) and their standard deviations.
  SmoothLife(double s, double state, double output, std::uint64_t seed)
      : smoothness(s), state_noise(state), output_noise(output), x(Eigen::MatrixXd::Zero(2, samples + 1)) {
    infans::random::Stream stream({seed, 0, infans::random::Purpose::test, 4});
    const Eigen::MatrixXd w = state * smooth_noise(2, samples * fine, dt / fine, s, stream);
    const Eigen::MatrixXd z = output * smooth_noise(2, samples + 1, dt, s, stream);
    const Eigen::MatrixXd small = discretise(dt / fine);
    for (int k = 0; k < samples; ++k) {
      Eigen::VectorXd now = x.col(k);
      for (int i = 0; i < fine; ++i) now = small.leftCols(2) * now + small.rightCols(2) * w.col(k * fine + i);
      x.col(k + 1) = now;
    }
    y = damped_pair_outputs() * x + z;
  }

  // White noise of the right variance: of a sample if smooth, of the mean of `fine` numbers if white. The gain depends
  // on Q / R alone, so for smooth noise the right spectral density at 0 (both times 2 sqrt(pi) s / dt) is the same
  // filter.
  Eigen::MatrixXd kalman() const {
    using Eigen::MatrixXd;
    const MatrixXd c = damped_pair_outputs(), large = discretise(dt), a = large.leftCols(2), b = large.rightCols(2);
    const MatrixXd q = std::pow(state_noise, 2) / (smoothness > 0 ? 1 : fine) * b * b.transpose();
    const MatrixXd r = std::pow(output_noise, 2) * MatrixXd::Identity(2, 2);
    MatrixXd estimate = MatrixXd::Zero(2, samples + 1), p = MatrixXd::Zero(2, 2);
    for (int k = 1; k <= samples; ++k) {
      const Eigen::VectorXd m = a * estimate.col(k - 1);
      p = a * p * a.transpose() + q;
      const MatrixXd gain = p * c.transpose() * (c * p * c.transpose() + r).inverse();
      estimate.col(k) = m + gain * (y.col(k) - c * m);
      p -= gain * c * p;
    }
    return estimate;
  }

  // Mean square over both states after the burn-in.
  double error(const Eigen::MatrixXd& estimate) const {
    return (estimate - x).rightCols(samples - burn + 1).squaredNorm() / (2 * (samples - burn + 1));
  }

 private:
  static Eigen::MatrixXd discretise(double step) {  // exact for noise held over a step
    Eigen::MatrixXd m = Eigen::MatrixXd::Zero(4, 4);
    m.topRows(2) << step * damped_pair(), step * Eigen::MatrixXd::Identity(2, 2);
    return m.exp().topRows(2);
  }
};

}  // namespace infans::tests
