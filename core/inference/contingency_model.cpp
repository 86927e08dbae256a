#include "core/inference/contingency_model.hpp"

#include <cmath>
#include <numbers>
#include <stdexcept>

#include "core/base/archive.hpp"

namespace infans::inference {
namespace {

using Eigen::VectorXd;
constexpr int own_features = 2;  // 1 and the last effect

// Standard deviation that the senses are believed to have, in units of the effect.
double believed_noise(const ContingencyOptions& o) { return o.noise / o.unit / std::sqrt(o.sensory_precision); }

model::BayesianReadout readout_of(const ContingencyOptions& o) {
  if (!(o.commands >= 1 && o.memory > 0.0 && o.unit > 0.0 && o.noise > 0.0 && o.sensory_precision > 0.0))
    throw std::logic_error("ContingencyModel: commands, memory, unit, noise and precision must be positive");
  const double noise = believed_noise(o);
  // Of weights of variance 1, in units of the noise's precision.
  const VectorXd prior = VectorXd::Constant(own_features + (o.efference_copy ? o.commands : 0), noise * noise);
  return {prior, 1, noise, model::BayesianReadout::NoiseLearning::at_every_update};
}

}  // namespace

double EffectBelief::information_gain() const { return 0.5 * std::log1p(epistemic); }

ContingencyModel::ContingencyModel(const ContingencyOptions& options)
    : options_(options), readout_(readout_of(options)) {}

VectorXd ContingencyModel::features(const VectorXd& command) const {
  if (command.size() != options_.commands) throw std::logic_error("ContingencyModel: a command of another size");
  VectorXd phi(readout_.features());
  phi(0) = 1.0;
  phi(1) = last_;
  if (options_.efference_copy) phi.tail(command.size()) = command;
  return phi;
}

EffectBelief ContingencyModel::predict(const VectorXd& command) const {
  const VectorXd phi = features(command);
  EffectBelief belief;
  belief.mean = options_.unit * readout_.predict(phi)(0);
  belief.epistemic = readout_.epistemic_variance(phi);
  belief.variance = options_.unit * options_.unit * readout_.noise_variance()(0) * (1.0 + belief.epistemic);
  return belief;
}

EffectUpdate ContingencyModel::observe(const VectorXd& command, double effect, bool learn) {
  const VectorXd phi = features(command);
  last_ = effect / options_.unit;
  const VectorXd seen = VectorXd::Constant(1, last_);
  if (learn) readout_.discount(std::exp(-1.0 / options_.memory));
  EffectUpdate result;
  result.surprise = -readout_.predict_student(phi).log_density(seen);
  if (learn) {
    const model::ReadoutUpdate update = readout_.update(phi, seen);
    result.information_gain = update.information_gain;
    result.vfe = update.vfe;
    result.accuracy = update.accuracy;
    result.complexity = update.complexity;
  } else {
    const double variance = readout_.predictive_variance(phi)(0), error = last_ - readout_.predict(phi)(0);
    result.vfe = 0.5 * (std::log(2.0 * std::numbers::pi * variance) + error * error / variance);
    result.accuracy = -result.vfe;  // the belief is what it was
  }
  return result;
}

void ContingencyModel::describe(base::Archive& archive) { archive("readout", readout_)("last", last_); }

VectorXd ContingencyModel::contingency() const {
  if (!options_.efference_copy) return VectorXd::Zero(options_.commands);
  return options_.unit * readout_.mean().col(0).tail(options_.commands);
}

}  // namespace infans::inference
