// Generalised coordinates of motion: a signal at one instant as its value, velocity, acceleration, ... and what smooth
// noise believes about them (Friston 2008, "Hierarchical models in the brain", PLoS Comput Biol 4(11), its temporal
// precision; Cox & Miller 1965 for the covariance of derivatives).
//
// Order n counts the coordinates, value included: n = 4 is value, velocity, acceleration, jerk.
// A generalised vector x~ of m channels is stored m x n, one column an order; stacked, [x; x'; x''; ..] (m n).
// Time may be in any unit as long as smoothness, sampling interval and motions share it; here it is written as s.
#pragma once

#include <Eigen/Dense>

namespace infans::model {

// Largest order served: beyond it factorials and powers of the sampling interval have no meaning in double.
inline constexpr int max_generalised_order = 16;

// Covariance V (n x n, unit s^-(i+j)) of the motions of a unit-variance noise of smoothness s (seconds, > 0), that is
// of autocorrelation rho(t) = exp(-t^2 / (4 s^2)): white noise convolved with exp(-t^2 / (2 s^2)).
// V_ij = (-1)^j rho^(i+j)(0); zero when i + j is odd. Throws base::OptionError if n or s is out of range.
Eigen::MatrixXd generalised_covariance(int order, double smoothness);

// Precision R = V^-1 (n x n), by the Hermite expansion of the spectrum: with sigma = sqrt(2) s,
//   R_ij = sum_k h_ki h_kj / k! sigma^(i+j),  h_ki = k! / (2^m m! i!),  m = (k - i) / 2 whole and >= 0.
// Every term is positive: nothing cancels, and each entry is right to a few ULP. Throws as above.
Eigen::MatrixXd temporal_precision(int order, double smoothness);

// ln|R| = n (n - 1) / 2 ln(2 s^2) - sum_{k<n} ln k!, nats. Throws as above.
double temporal_log_det(int order, double smoothness);

// Precision of m channels in generalised coordinates, R kron Pi (m n x m n). Pi (m x m): inverse covariance of the
// noise itself, 1/unit^2. Throws base::OptionError if n or s is out of range, Pi is not square, or not symmetric
// positive definite.
Eigen::MatrixXd generalised_precision(int order, double smoothness, const Eigen::MatrixXd& precision);

// ln|R kron Pi| = m ln|R| + n ln|Pi|, nats. Throws as above.
double generalised_log_det(int order, double smoothness, const Eigen::MatrixXd& precision);

// Noise of smoothness s as a Markov process in its first n motions: d w~ = drift w~ dt + (0, .., 0, 1) sqrt(power) dB.
struct SmoothProcess {
  Eigen::MatrixXd drift;  // n x n, companion form: the shift operator but for its last row; stable
  double power = 0.0;     // of the white noise that drives the last motion
};

// The process of unit variance whose stationary covariance is generalised_covariance(n, s) and whose spectral density
// at 0 is that of the noise, 2 sqrt(pi) s. The first demand (Lyapunov's equation) leaves one number of the last row
// free, the second takes it. Throws base::OptionError if n or s is out of range.
SmoothProcess smooth_process(int order, double smoothness);

// D kron I_m (m n x m n): (x, x', .., x^(n-1)) -> (x', x'', .., 0). Throws base::OptionError if n is out of range or
// channels is negative.
Eigen::MatrixXd shift_operator(int order, int channels = 1);

// From the last n samples to generalised coordinates, n x n: column-wise, y~ (m x n) = window (m x n) * result, where
// the window's columns are equally spaced samples, oldest first. The inverse of the local Taylor matrix
//   window_i = sum_k (t_i - t)^k / k! y^(k)(t)          (Friston 2008, its embedding of data)
// in closed form (derivatives of Lagrange polynomials). interval: seconds between samples, > 0. lag: t lies lag
// samples before the newest one, any real number (0: now, 1: one sample ago, (n-1)/2: the middle of the window).
// Exact for polynomials of degree n - 1. Throws base::OptionError if n, interval or lag is out of range.
Eigen::MatrixXd embedding_matrix(int order, double interval, double lag);

}  // namespace infans::model
