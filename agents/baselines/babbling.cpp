#include "agents/baselines/babbling.hpp"

#include <algorithm>

#include "core/base/archive.hpp"

namespace infans::agents {

namespace {

// A longer episode babbles the same sequence again: the noise's basis grows with the square of its length.
constexpr int longest = 1024;

}  // namespace

Babbling::Babbling(double colour, double spread, int actions, int length, bool uniform)
    : noise_(std::min(length, longest), colour),
      spread_(spread),
      uniform_(uniform),
      plan_(actions, std::min(length, longest)) {}

void Babbling::begin(random::Stream& stream) {
  step_ = 0;
  Eigen::VectorXd sequence(plan_.cols());
  for (Eigen::Index i = 0; i < plan_.rows(); ++i) {
    if (uniform_)
      for (double& u : sequence) u = stream.uniform(-1.0, 1.0);
    else
      noise_.sample(stream, sequence);
    plan_.row(i) = (uniform_ ? 1.0 : spread_) * sequence.transpose();
  }
  plan_ = plan_.cwiseMax(-1.0).cwiseMin(1.0);
}

Eigen::VectorXd Babbling::next() { return plan_.col(step_++ % plan_.cols()); }

void Babbling::describe(base::Archive& archive) { archive("plan", plan_)("step", step_); }

}  // namespace infans::agents
