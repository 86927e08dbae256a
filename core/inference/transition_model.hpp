// The generative model of a body: readout weights with exact uncertainty <- features (random Fourier, and learned by a
// predictive-coding hierarchy) <- length scales and precisions (ascent of the same evidence).
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/inference/learn.hpp"
#include "core/kernels/kernels.hpp"
#include "core/model/bayesian_readout.hpp"
#include "core/model/encoding.hpp"
#include "core/model/fourier_features.hpp"
#include "core/model/hierarchy.hpp"

namespace infans::inference {

struct TransitionOptions {
  int fourier_features = 200;
  int hierarchy_features = 16;    // units of each hidden layer of the hierarchy; 0: none
  int hierarchy_epochs = 5;       // passes over the data a refit
  int evidence_steps = 25;        // L-BFGS iterations a refit; 0: length scales and precisions stay
  double length_scale = 1.5;      // first length scale of every input
  double prior_precision = 1e-3;  // first lambda: noise variance / weight variance
  double noise_floor = 0.01;      // smallest noise, fraction of a target's standard deviation
  int draws = 8;                  // posterior directions that estimate information gain in rollouts
};

// Belief about the next state before it is seen; vectors of state_size, SI units.
struct Belief {
  Eigen::VectorXd mean, standard_deviation, precision;  // precision: of the learned sensory noise, 1/unit^2
};

// What one transition did, in SI units and nats (the free energy is of the next state's density in SI units).
struct Surprise {
  Eigen::VectorXd prediction_error;
  double vfe = 0, accuracy = 0, complexity = 0, information_gain = 0;
};

// Packed float tables for rollouts: const while many candidates are imagined.
struct RolloutTables {
  std::vector<float> frequency, phase, weight1, bias1, weight2, bias2, readout;
  kernels::FeatureModel model() const;
  int inputs = 0, fourier = 0, hidden = 0, outputs = 0, draws = 0;
};

class TransitionModel {
 public:
  // Every random number comes from streams keyed by {seed, agent}.
  TransitionModel(model::Encoding encoding, const TransitionOptions& options, std::uint64_t seed, std::uint32_t agent);

  Belief predict(const Eigen::VectorXd& state, const Eigen::VectorXd& action) const;
  // Stores the transition and updates the weights (rank 1).
  Surprise observe(const Eigen::VectorXd& state, const Eigen::VectorXd& action, const Eigen::VectorXd& next);
  // Learns from all stored transitions: target scales, hierarchy, evidence, then the exact posterior.
  void refit();

  // Readout mean and `draws` fresh posterior directions as tables for imagined rollouts.
  RolloutTables tables(random::Stream& stream) const;

  const model::Encoding& encoding() const { return encoding_; }
  const model::FourierFeatures& fourier() const { return fourier_; }
  const model::BayesianReadout& readout() const { return readout_; }

 private:
  Eigen::VectorXd features(const Eigen::VectorXd& z) const;
  Eigen::MatrixXd hierarchy_features(const Eigen::MatrixXd& inputs) const;  // N x H
  Eigen::VectorXd prior() const;
  void train_hierarchy(const Eigen::MatrixXd& inputs, const Eigen::MatrixXd& outputs);

  model::Encoding encoding_;
  TransitionOptions options_;
  std::uint64_t seed_;
  std::uint32_t agent_;
  model::FourierFeatures fourier_;
  double fourier_precision_, hierarchy_precision_;
  model::Hierarchy<double> hierarchy_;
  Adam<double> adam_;
  model::BayesianReadout readout_;
  Eigen::VectorXd target_scale_;      // SI units of a standardised output
  Eigen::MatrixXd inputs_, targets_;  // rows_ x I, rows_ x O: every transition lived, SI targets
  Eigen::Index rows_ = 0;
  std::uint64_t refits_ = 0;
};

}  // namespace infans::inference
