#include "agents/planning/spontaneous_policy.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

namespace infans::agents {

using Eigen::VectorXd;

SpontaneousPolicy::SpontaneousPolicy(VectorXd rate, const SpontaneousPolicyOptions& options) : rate_(std::move(rate)) {
  if (rate_.size() < 1 || !(rate_.minCoeff() >= 0.0 && rate_.maxCoeff() <= 1.0))
    throw std::logic_error("SpontaneousPolicy: every limb needs a rate between 0 and 1");
  set_options(options);
}

void SpontaneousPolicy::set_options(const SpontaneousPolicyOptions& o) {
  if (!(o.candidates >= 1 && o.precision >= 0.0 && o.epistemic_weight >= 0.0 && o.width > 0.0))
    throw std::logic_error("SpontaneousPolicy: candidates, precision, weight and width must be positive");
  options_ = o;
}

VectorXd SpontaneousPolicy::movement(random::Stream& stream) const {
  VectorXd command(rate_.size());
  for (Eigen::Index i = 0; i < command.size(); ++i) {
    const bool moves = stream.uniform() < rate_(i);
    const double vigour = stream.uniform();
    command(i) = moves ? vigour : 0.0;
  }
  return command;
}

SpontaneousDecision SpontaneousPolicy::judge(const inference::ContingencyModel& model, const VectorXd& command) const {
  const inference::EffectBelief effect = model.predict(command);
  const double away = effect.mean - options_.goal;
  SpontaneousDecision d;
  d.command = command;
  d.pragmatic = -0.5 * (away * away + effect.variance) / (options_.width * options_.width);
  d.epistemic = effect.information_gain();
  d.expected_free_energy = -d.pragmatic - options_.epistemic_weight * d.epistemic;
  return d;
}

SpontaneousDecision SpontaneousPolicy::decide(const inference::ContingencyModel& model, random::Stream& stream) const {
  SpontaneousChoice choice = choose(model, stream);
  return std::move(choice.considered[choice.chosen]);
}

SpontaneousChoice SpontaneousPolicy::choose(const inference::ContingencyModel& model, random::Stream& stream) const {
  SpontaneousChoice choice;
  std::vector<SpontaneousDecision>& all = choice.considered;
  all.reserve(static_cast<std::size_t>(options_.candidates));
  double best = 0.0;
  for (int k = 0; k < options_.candidates; ++k) {
    all.push_back(judge(model, movement(stream)));
    best = k == 0 ? all[0].expected_free_energy : std::min(best, all.back().expected_free_energy);
  }
  double sum = 0.0;
  for (const SpontaneousDecision& d : all) {
    choice.q.push_back(std::exp(-options_.precision * (d.expected_free_energy - best)));
    sum += choice.q.back();
  }
  double left = sum * stream.uniform();
  choice.chosen = all.size() - 1;
  for (std::size_t k = 0; k < all.size(); ++k) {
    left -= choice.q[k];
    if (left > 0.0) continue;
    choice.chosen = k;
    break;
  }
  for (double& q : choice.q) q /= sum;
  return choice;
}

}  // namespace infans::agents
