// Generalised filter with a memory: the same smooth noise in generalised coordinates, but the past is summed up in one
// Gaussian instead of being forgotten outside the embedding window.
//
//   model    x' = f(x, v) + w,  v = h(x, v) + eta + r,  y_t = g(x, v) + z + e at the samples; e white and small
//   noise    w~, r~, z~: the first n (w, z) and d (r) motions, each a Markov process with the covariance of
//            model::generalised_covariance and the noise's power at frequency 0 (model::smooth_process)
//   belief   q(s) = N(m, P) over s = (x, w~, r~, z~); x~ follows: x' = f + w, x'' = f_x x' + f_v v' + w', ..
//   energy   F = 1/2 (s - s_pred)' P_pred^-1 (s - s_pred) + 1/2 e' R^-1 e + 1/2 ln|P_pred| + 1/2 ln|R|, nats, settled
//            at each sample by Gauss-Newton; between samples m moves by local linearisation (Ozaki 1992), P by the
//            matching Lyapunov equation.
// Friston 2008 evaluates F on y~, a Taylor inverse of the last few samples, with no term for the past: its states have
// no prior but the flow. That is what it loses by where outputs are noisier than states move (2.3 times the error of a
// Kalman filter of white noise, at 0.3 / 1 of tests/smooth_life.hpp): the best linear estimate from the same y~ is
// within a tenth of the best from all samples. Here y~ is not formed: samples enter one by one, z~ has their
// correlation, P the past. With a linear model this is the Kalman filter of coloured noise (Bryson & Johansen 1965),
// exact for the process above; smooth noise as rational spectra: Hartikainen & Sarkka 2010.
// Settling is TemporalFilter's: Gauss-Newton in the weighted error with halving, and the secant from the second step.
// Shapes: N_x states, N_v causes (may be 0), N_y outputs; N = N_x (1 + n) + N_v d + N_y n. Time as in
// generalised_filter.hpp.
#pragma once

#include <Eigen/Dense>

#include "core/inference/generalised_filter.hpp"

namespace infans::inference {

struct RecursiveGeneralisedOptions {
  int order = 4;        // n, 1 .. model::max_generalised_order; 6 adds little and costs digits
  int cause_order = 2;  // d, 1 .. n
  double state_smoothness = 0.5, output_smoothness = 0.5, cause_smoothness = 0.5;  // s of w, z, r; seconds, > 0
  Eigen::MatrixXd state_precision;   // Pi of w, N_x x N_x; symmetric positive definite, as the next two
  Eigen::MatrixXd output_precision;  // Pi of z, N_y x N_y
  Eigen::MatrixXd cause_precision;   // Pi of r, N_v x N_v
  // Variance of e as a share of z's, > 0: samples closer than the smoothness predict each other almost exactly, and
  // this keeps the innovations' covariance away from singular.
  double white_share = 1e-6;
  int max_steps = 50;       // Gauss-Newton steps of one settle, >= 1; a linear model needs one
  double tolerance = 1e-8;  // stop when a step is shorter than this, in standard deviations of the prediction
};

struct RecursiveGeneralisedReport {
  int steps = 0;              // accepted Gauss-Newton steps
  bool converged = false;     // the next step was below the tolerance
  double energy = 0.0;        // F at the belief, nats
  double log_evidence = 0.0;  // ln p(y_t | past), nats: exact if linear, else Laplace's approximation
};

// Belief and scratch of one filter: one per thread, made by RecursiveGeneralisedFilter::start().
struct RecursiveGeneralisedBelief {
  Eigen::VectorXd mean;        // N: x, then w, w', .. (N_x each), r, r', .. (N_v each), z, z', .. (N_y each)
  Eigen::MatrixXd covariance;  // N x N
  Eigen::MatrixXd states;      // x~, N_x x n: column k is the k-th motion, unit / s^k
  Eigen::MatrixXd causes;      // v~, N_v x d

  // Scratch: no meaning between calls.
  GeneralisedTerms terms;
  Eigen::VectorXd x, v, v_before, flow, error, white, predicted, change, spread, moved, weighted, weighted_before,
      change_before, bend, secant;
  Eigen::MatrixXd v_x, v_r;  // dv/dx, dv/dr at the belief
  Eigen::MatrixXd generator, propagated, phi, power, product, diffusion, predicted_covariance;
  Eigen::MatrixXd output_jacobian, gain_t, innovation, work;
  Eigen::LLT<Eigen::MatrixXd> factor;
  double propagated_interval = 0.0;
};

class RecursiveGeneralisedFilter {
 public:
  // The model must outlive the filter. Throws base::OptionError for options outside the ranges above.
  RecursiveGeneralisedFilter(const GeneralisedModel& model, RecursiveGeneralisedOptions options);

  // x ~ N(x, covariance) (N_x, N_x x N_x), noise as it is before any sample. Throws base::UserError on shape.
  RecursiveGeneralisedBelief start(const Eigen::VectorXd& x, const Eigen::MatrixXd& covariance) const;

  // Moves the belief over one interval (seconds, > 0), then settles it on the sample y (N_y) at its end. eta (N_v) is
  // held over the interval. The propagator is kept while the Jacobian and the interval stay the same. Throws
  // base::UserError if a shape does not fit, the interval is not positive or y is not finite; base::Error if the belief
  // stops being finite or the causes of the model depend on themselves.
  RecursiveGeneralisedReport step(RecursiveGeneralisedBelief& belief, const Eigen::VectorXd& y,
                                  const Eigen::VectorXd& eta, double interval) const;

  const RecursiveGeneralisedOptions& options() const { return options_; }

 private:
  void evaluate(RecursiveGeneralisedBelief& b, const Eigen::VectorXd& s, const Eigen::VectorXd& eta) const;
  void predict(RecursiveGeneralisedBelief& b, const Eigen::VectorXd& eta, double interval) const;
  double quadratic(RecursiveGeneralisedBelief& b, const Eigen::VectorXd& y, const Eigen::VectorXd& eta) const;
  RecursiveGeneralisedReport settle(RecursiveGeneralisedBelief& b, const Eigen::VectorXd& y,
                                    const Eigen::VectorXd& eta) const;
  void motions(RecursiveGeneralisedBelief& b, const Eigen::VectorXd& eta) const;

  const GeneralisedModel& model_;
  RecursiveGeneralisedOptions options_;
  Eigen::Index n_, d_, nx_, nv_, ny_, at_r_, at_z_, size_;
  Eigen::MatrixXd drift_;       // N x N, of the noise alone
  Eigen::MatrixXd power_;       // N x N, of the white noise that drives it
  Eigen::MatrixXd stationary_;  // N x N, covariance of the noise; 0 for x
  Eigen::MatrixXd white_;       // N_y x N_y, covariance of e
  Eigen::LLT<Eigen::MatrixXd> white_factor_;
};

}  // namespace infans::inference
