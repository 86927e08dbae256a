#include "agents/habit/habit.hpp"

#include <cmath>
#include <numbers>
#include <string>

#include "core/base/archive_store.hpp"

namespace infans::agents {
namespace {

constexpr int rhythm_inputs = 4;  // sine and cosine of the rhythm and of its half

model::Hierarchy<float> make_model(int causes, int senses, std::uint64_t seed) {
  random::Stream stream({seed, 0, random::Purpose::hierarchy_init, 0});
  return {model::chain({causes, senses}, model::Activation::tanh), stream};
}

Eigen::MatrixXf innate(Eigen::Index rows, Eigen::Index columns, double scale, random::Stream& stream) {
  Eigen::MatrixXf w(rows, columns);
  for (float& x : w.reshaped()) x = static_cast<float>(scale * stream.normal());
  return w;
}

}  // namespace

Habit::Habit(const Eigen::VectorXd& scale, int commands, const HabitOptions& options, std::uint64_t seed)
    : options_(options),
      inverse_scale_(scale.cwiseInverse().cast<float>()),
      model_(make_model(options.causes, static_cast<int>(scale.size()), seed)),
      state_(model_, 1),
      learning_(model_, {options.rate, 0.0, 0.0}),
      sensed_(scale.size(), 1),
      inputs_(scale.size() + rhythm_inputs, 1),
      command_(commands) {
  random::Stream stream({seed, 0, random::Purpose::features, 0});
  guess_ = innate(options.causes, inputs_.rows(), 0.5 / std::sqrt(static_cast<double>(scale.size())), stream);
  guess_.rightCols(rhythm_inputs) = innate(options.causes, rhythm_inputs, 1.0, stream);
  commands_ = innate(commands, options.causes, options.vigour / std::sqrt(options.causes), stream);
}

const Eigen::VectorXd& Habit::act(std::span<const double> senses, double time) {
  const double phase = 2.0 * std::numbers::pi * options_.rhythm * time;
  sensed_.col(0) = Eigen::Map<const Eigen::VectorXd>(senses.data(), sensed_.rows()).cast<float>();
  sensed_.col(0).array() *= inverse_scale_.array();
  inputs_.topRows(sensed_.rows()) = sensed_;
  inputs_.bottomRows(rhythm_inputs) << static_cast<float>(std::sin(phase)), static_cast<float>(std::cos(phase)),
      static_cast<float>(std::sin(0.5 * phase)), static_cast<float>(std::cos(0.5 * phase));
  state_.clamp(model_, 1, sensed_);
  state_.activity[0].noalias() = guess_ * inputs_;
  inference::SettleOptions settling;
  settling.max_steps = options_.settle_steps;
  const inference::SettleReport report = inference::settle(model_, state_, settling);
  vfe_ = report.energy;
  error_ = std::sqrt(state_.error[1].squaredNorm() / static_cast<double>(sensed_.rows()));
  command_ = (commands_ * state_.activity[0].array().tanh().matrix()).array().tanh().cast<double>().matrix();
  // Two a weight of every product: guess, F at the start and after every step tried, gradient of every step, command.
  const double evaluations = 1.0 + report.steps + report.rejected, synapses = 2.0 * static_cast<double>(weights());
  operations_ +=
      2.0 * static_cast<double>(guess_.size() + commands_.size()) + evaluations * synapses + report.steps * synapses;
  updates_ += 1.0 + report.steps;
  return command_;
}

void Habit::learn() {
  learning_.learn(model_, state_);
  operations_ += 5.0 * static_cast<double>(weights());  // outer product, velocity, weight
}

void Habit::describe(base::Archive& archive) {
  const auto shape = [&] {
    const Matrix w = model_.weight.empty() ? Matrix() : model_.weight.front();
    return std::to_string(w.cols()) + " causes of " + std::to_string(w.rows()) + " senses";
  };
  const std::string here = shape();
  archive("model", model_)("learning", learning_)("updates", updates_)("operations", operations_);
  base::require_state(shape() == here, "model", shape() + " were saved, this program has " + here);
}

}  // namespace infans::agents
