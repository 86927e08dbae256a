// A trajectory of hidden states under a law of motion, settled by Gauss-Newton on one free energy: the law is made
// linear about the trajectory, a Kalman filter and a Rauch-Tung-Striebel smoother solve that problem exactly, and the
// result is the next trajectory to be linear about (the iterated smoother: Bell 1994).
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/inference/temporal_filter.hpp"
#include "core/inference/world_model.hpp"

namespace infans::inference {

// T moves x_{t+1} = end_t + jacobian_t (x_t - point_t) + w_t, w_t ~ N(0, covariance_t); SI units.
struct Moves {
  Eigen::MatrixXd point, end;                         // S x T
  std::vector<Eigen::MatrixXd> jacobian, covariance;  // T of S x S
  Eigen::Index count() const { return point.cols(); }
};

// A world model's moves from states (S x T) under commands (U x T): its mean, and the covariance of its weights and
// its noise.
Moves linearise(WorldModel& world, const Eigen::MatrixXd& state, const Eigen::MatrixXd& action);
// Moves of bodies of which nothing is known: a constant acceleration in every step, of the given standard deviation
// (n), which positions follow up to what a change of acceleration inside the step would do.
Moves coast(const model::Encoding& encoding, const Eigen::MatrixXd& state, const Eigen::VectorXd& acceleration);

// Noisy readings of the states of one stretch of life. Column t of observation is o_t = x_t + v, v ~ N(0, diag noise).
struct Readings {
  Eigen::MatrixXd observation;       // S x (T + 1)
  Mask seen;                         // T + 1
  Eigen::VectorXd noise;             // S: variances
  Eigen::VectorXd first_mean;        // S: belief about x_0 before o_0
  Eigen::MatrixXd first_covariance;  // S x S
};

// Beliefs about x_t, t = 0..T, each of S elements; exact for the moves at hand.
struct FilteredStates {
  // Given o_0..o_t, and given those before o_t.
  const Eigen::VectorXd& mean(Eigen::Index t) const { return trace.mean[index(t) + 1]; }
  const Eigen::MatrixXd& covariance(Eigen::Index t) const { return trace.covariance[index(t) + 1]; }
  const Eigen::VectorXd& predicted_mean(Eigen::Index t) const { return trace.predicted[index(t)]; }
  const Eigen::MatrixXd& predicted_covariance(Eigen::Index t) const { return trace.predicted_covariance[index(t)]; }

  TemporalTrace trace;        // its first move stands still: x_0 before o_0
  double log_evidence = 0.0;  // ln p(o_0..o_T), nats

 private:
  static std::size_t index(Eigen::Index t) { return static_cast<std::size_t>(t); }
};
// Throws as TemporalFilter::step.
FilteredStates filter_states(const Moves& moves, const Readings& readings);
// Given all readings.
Smoothed smooth_states(const FilteredStates& filtered);

}  // namespace infans::inference
