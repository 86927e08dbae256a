// How much an input of limited power can teach about a linear body: the optimal input spectrum, the information it buys
// per step, and a certificate of how far any information is from the best (Mehra 1974, "Optimal inputs for linear
// system identification"; Kiefer & Wolfowitz 1960; Atwood 1969).
//
// Body       x(t+1) = a x(t) + b u(t) + w, w ~ N(0, noise^2 I), stable; regressors z = (x, u), nz = nx + 1 of them.
// Learner    x(t+1) = W z(t) + w: each row of W has posterior precision P + sum z z' / noise^2.
// Information (per step, units of z z'): M = E[z z'] = M_w + sum over tones of power_k M(frequency_k), M_w what the
// process noise stirs up by itself, M(f) what a sine of frequency f (rad a step) and mean square 1 adds.
// Input      chosen without looking at w. From rest, T steps of any input of mean square p give a sum z z' of at most
// T (M_w + p times a mean of M(f)) in expectation: the optimum below bounds every such input at every T. An input that
// follows the noise (feedback) may add up to twice the geometric mean of both parts to it.
#pragma once

#include <Eigen/Dense>

namespace infans::inference {

struct LinearSystem {
  Eigen::MatrixXd a;   // nx x nx, eigenvalues inside the unit circle
  Eigen::VectorXd b;   // nx
  double noise = 0.0;  // standard deviation of each element of w, > 0
};

// What dx/dt = rate x + gain u becomes when u is held for `period` s: exact.
LinearSystem held_input(const Eigen::MatrixXd& rate, const Eigen::VectorXd& gain, double period, double noise);

// The stationary X = a X a' + q of a stable a, by doubling (Smith 1968). Throws std::logic_error when a is not stable.
Eigen::MatrixXd stationary_covariance(const Eigen::MatrixXd& a, const Eigen::MatrixXd& q);

// M_w.
Eigen::MatrixXd noise_information(const LinearSystem& system);
// What white input of mean square 1 adds.
Eigen::MatrixXd white_information(const LinearSystem& system);
// M(frequency); 0 is a constant input, pi alternates.
Eigen::MatrixXd tone_information(const LinearSystem& system, double frequency);

// What is made large: D, ln det M; A, -tr M^-1 (the summed variance bound of a row of W, in noise^2 a step).
enum class Optimality { determinant, trace };

struct DesignOptions {
  double power = 1.0;  // mean square of the input
  Optimality optimality = Optimality::determinant;
  Eigen::MatrixXd known;    // nz x nz, added to every M: prior precision noise^2 / T for T steps; empty: zero
  int tones = 160;          // of the grid to begin with; more are added where the spectrum wants them
  double tolerance = 1e-4;  // the efficiency reached is at least 1 - tolerance
};

struct InputDesign {
  Eigen::VectorXd frequency;    // rad a step, in [0, pi], rising
  Eigen::VectorXd power;        // mean square of each tone, > 0, together DesignOptions::power
  Eigen::MatrixXd information;  // M, without `known`
  double efficiency = 0.0;      // design_efficiency of it
};

// By the multiplicative algorithm (Silvey, Titterington & Torsney 1978; Yu 2010), its tones refined by the highest
// points of the continuous spectrum. Throws std::logic_error for a system or options outside their range.
InputDesign optimal_input(const LinearSystem& system, const DesignOptions& options);

// A lower bound on how close `information` (M, without `known`; of whatever input, or measured) is to the best that the
// power can buy, 1 exactly at the optimum. D: nz / max tr(M^-1 M') <= (det M / det M_best)^(1 / nz); A: tr M^-1 / max
// tr(M^-2 M') <= tr M_best^-1 / tr M^-1; the maxima over every spectrum of the power, all frequencies.
double design_efficiency(const LinearSystem& system, const Eigen::MatrixXd& information, const DesignOptions& options);

// Nats that `steps` steps of information M give about one row of W under prior precision P: 1/2 ln det(1 + P^-1 steps M
// / noise^2). All rows together: nx times that; bits: divided by ln 2.
double information_nats(const Eigen::MatrixXd& prior_precision, const Eigen::MatrixXd& information, double steps,
                        double noise);
// The steps at which that is `nats`.
double steps_for(double nats, const Eigen::MatrixXd& prior_precision, const Eigen::MatrixXd& information, double noise);
// T_opt: the fewest steps in which inputs of options.power can give one row `nats`, the spectrum chosen for that T and
// prior (options.known and optimality are not used). eta(T) = T_opt / T of a learner that holds `nats` after T.
double fewest_steps(double nats, const Eigen::MatrixXd& prior_precision, const LinearSystem& system,
                    const DesignOptions& options);

}  // namespace infans::inference
