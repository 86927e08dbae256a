// The generative model of a body: readout weights with exact uncertainty <- features (random Fourier, and learned by a
// predictive-coding hierarchy) <- length scales and precisions (ascent of the same evidence).
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/inference/feature_imagination.hpp"
#include "core/inference/learn.hpp"
#include "core/inference/world_model.hpp"
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
  int draws = 8;  // posterior directions that estimate information gain in rollouts; as many as features: it is exact
  std::vector<double> length_scales = {};  // first length scale of each input; empty: length_scale
};

class TransitionModel final : public WorldModel {
 public:
  // Every random number comes from streams keyed by {seed, agent}.
  TransitionModel(model::Encoding encoding, const TransitionOptions& options, std::uint64_t seed, std::uint32_t agent);

  Belief predict(const Eigen::VectorXd& state, const Eigen::VectorXd& action) const override;
  Surprise observe(const Eigen::VectorXd& state, const Eigen::VectorXd& action, const Eigen::VectorXd& next) override;
  void replace(const model::Transitions& lived) override;
  // Target scales, hierarchy, evidence, then the exact posterior.
  void refit() override;
  Imagination& imagine(bool curious, random::Stream& draws) override;
  Imagination& imagine_draw(random::Stream& stream) override;

  // Readout mean and `draws` fresh posterior directions as tables for imagined rollouts.
  RolloutTables tables(int draws, random::Stream& stream) const;

  const model::Encoding& encoding() const override { return encoding_; }
  double log_evidence() const override { return readout_.log_evidence(); }
  Eigen::VectorXd length_scale() const override { return fourier_.length_scale; }
  void describe(base::Archive& archive) override;

 private:
  // Weights D x O of standardised outputs, and directions D x K (K may be 0).
  RolloutTables packed(const Eigen::MatrixXd& weights, const Eigen::MatrixXd& directions) const;
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
  FeatureImagination imagination_;
};

}  // namespace infans::inference
