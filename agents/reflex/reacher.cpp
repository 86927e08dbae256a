#include "agents/reflex/reacher.hpp"

#include <algorithm>
#include <stdexcept>

#include "core/base/archive.hpp"

namespace infans::agents {
namespace {

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  const std::size_t half = x.size() / 2;
  return x.size() % 2 == 1 ? x[half] : 0.5 * (x[half - 1] + x[half]);
}

}  // namespace

Reacher::Reacher(std::unique_ptr<inference::HandModel> model, const Eigen::VectorXd& low, const Eigen::VectorXd& high,
                 const ReacherOptions& options, std::uint64_t seed)
    : model_(std::move(model)),
      planner_(low, high, options.planner),
      options_(options),
      seed_(seed),
      babbling_(options.babble) {
  if (!model_ || model_->joints() != low.size()) throw std::logic_error("Reacher: the model has other joints");
}

PosturePlan Reacher::decide(const Eigen::Vector3d& goal, const Eigen::VectorXd& now) {
  random::Stream stream({seed_, 0, random::Purpose::candidates, static_cast<std::uint64_t>(decisions_++)});
  if (babbling_ || model_->samples() == 0) return {planner_.random_posture(stream), {}, 0.0};
  return planner_.plan(*model_, goal, now, stream);
}

void Reacher::learn(const Eigen::VectorXd& q, const Eigen::Vector3d& hand) {
  if (babbling_ && model_->samples() > 0) {
    errors_.push_back((model_->predict(q).mean - hand).norm());
    const std::ptrdiff_t window = options_.babble_window;
    if (std::ssize(errors_) >= window && median({errors_.end() - window, errors_.end()}) < options_.babble_until)
      babbling_ = false;
  }
  model_->add(q, hand);
}

void Reacher::describe(base::Archive& archive) {
  archive("model", *model_)("decisions", decisions_)("babbling", babbling_)("errors", errors_);
}

}  // namespace infans::agents
