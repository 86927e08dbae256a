// What an own movement does to something seen: one effect a sample, learned by a conjugate linear-Gaussian readout that
// forgets.
//   effect_t / unit = w_0 + w_1 effect_{t-1} / unit + sum_i w_{2+i} command_i + noise,  w ~ N(0, 1) a priori
// Before each sample the evidence so far counts keep = exp(-1 / memory) times as much (BayesianReadout::discount): the
// contingency may change at any time. The noise is learned and at least that of the senses.
#pragma once

#include <Eigen/Dense>

#include "core/model/bayesian_readout.hpp"

namespace infans::inference {

struct ContingencyOptions {
  int commands = 1;       // numbers in a command, each 0 (rest) to 1
  double memory = 180.0;  // samples; older ones count less than 1/e
  double unit = 0.1;      // of effects: what a whole command might do
  double noise = 0.02;    // standard deviation of the senses, in the effect's unit
  // Times the precision that the senses are believed to have.
  double sensory_precision = 1.0;
  // Whether the command is known to the model; else the effect is only explained by itself.
  bool efference_copy = true;
};

// Of an effect that has not been seen yet; in the effect's unit.
struct EffectBelief {
  double mean = 0.0;
  double variance = 0.0;            // of the effect, noise and weights
  double epistemic = 0.0;           // variance by the weights in units of the noise's
  double information_gain() const;  // that seeing it would bring about the weights, nats
};

// What a seen effect did to the belief, nats.
struct EffectUpdate {
  double surprise = 0.0;          // -ln p(effect / unit | past), noise integrated out
  double information_gain = 0.0;  // about the weights; 0 if nothing was learned
  double vfe = 0.0;               // complexity - accuracy of this sample at the noise in use
  double accuracy = 0.0, complexity = 0.0;
};

class ContingencyModel {
 public:
  // Throws std::logic_error for options that are not positive.
  explicit ContingencyModel(const ContingencyOptions& options);

  // After a command, given the last effect seen.
  EffectBelief predict(const Eigen::VectorXd& command) const;
  // The effect of that command was seen. Without learning only the last effect changes.
  EffectUpdate observe(const Eigen::VectorXd& command, double effect, bool learn);

  // Believed effect of a whole command of each, in the effect's unit; 0 without efference copy.
  Eigen::VectorXd contingency() const;
  const model::BayesianReadout& readout() const { return readout_; }
  void describe(base::Archive& archive);
  // 1, last effect, command: what the readout is fed.
  Eigen::VectorXd features(const Eigen::VectorXd& command) const;

 private:
  ContingencyOptions options_;
  model::BayesianReadout readout_;
  double last_ = 0.0;  // effect, in units
};

}  // namespace infans::inference
