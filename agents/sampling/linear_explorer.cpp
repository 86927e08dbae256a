#include "agents/sampling/linear_explorer.hpp"

#include <cmath>
#include <numbers>
#include <stdexcept>

#include "core/model/symmetric.hpp"

namespace infans::agents {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

double sign(double v) { return v >= 0.0 ? 1.0 : -1.0; }

}  // namespace

LinearExplorer::LinearExplorer(const VectorXd& state, const LinearExplorerOptions& options,
                               const random::Stream& stream)
    : options_(options),
      stream_(stream),
      belief_(VectorXd::Constant(state.size() + 1, options.prior_precision), static_cast<int>(state.size()),
              options.noise_floor, model::BayesianReadout::NoiseLearning::at_every_update),
      state_(state) {
  if (!(options.fading > 0.0 && options.fading < 1.0)) throw std::logic_error("fading must be between 0 and 1");
  if (options.horizon < 1 || options.redesign < 1) throw std::logic_error("a plan and a design last one step or more");
  inputs_.resize(options.horizon);
  for (double& u : inputs_) u = coin();
}

VectorXd LinearExplorer::regressors(double input) const {
  VectorXd z(state_.size() + 1);
  z << state_, input;
  return z;
}

inference::LinearSystem LinearExplorer::believed() const {
  const Index n = state_.size();
  const MatrixXd w = belief_.mean().transpose();
  inference::LinearSystem s{MatrixXd::Identity(n, n) + w.leftCols(n), w.col(n),
                            std::sqrt(belief_.noise_variance().mean())};
  const double slowest = s.a.eigenvalues().cwiseAbs().maxCoeff();
  if (slowest > options_.fading) s.a *= options_.fading / slowest;
  return s;
}

VectorXd LinearExplorer::propose() {
  const auto input = [this] {
    switch (options_.rule) {
      case InputRule::one_step: return one_step();
      case InputRule::flex: return flex();
      case InputRule::design: return design();
      case InputRule::planned: return plan();
      case InputRule::white: break;
    }
    return coin();
  };
  return VectorXd::Constant(1, input());
}

// Convex in u: an end of [-1, 1].
double LinearExplorer::one_step() const {
  return belief_.epistemic_variance(regressors(1.0)) >= belief_.epistemic_variance(regressors(-1.0)) ? 1.0 : -1.0;
}

double LinearExplorer::flex() const {
  const inference::LinearSystem s = believed();
  const VectorXd drift = s.a * state_;
  const auto taught = [&](double u) {
    VectorXd next = VectorXd::Zero(state_.size() + 1);
    next.head(state_.size()) = drift + u * s.b;
    return belief_.epistemic_variance(next);
  };
  return taught(1.0) >= taught(-1.0) ? 1.0 : -1.0;
}

double LinearExplorer::design() {
  const Index parameters = state_.size() + 1;
  if (step_ < 2 * parameters) return coin();
  if (step_ % options_.redesign == 0 || phase_.size() == 0) {
    inference::DesignOptions o;
    o.known = precision() / step_;
    o.tolerance = 1e-2;
    design_ = inference::optimal_input(believed(), o);
    phase_.resize(design_.frequency.size());
    for (double& p : phase_) p = stream_.uniform(0.0, 2.0 * std::numbers::pi);
  }
  return sign((design_.power.array().sqrt() * (design_.frequency * step_ + phase_).array().cos()).sum());
}

double LinearExplorer::plan() {
  const inference::LinearSystem s = believed();
  const double horizon = options_.horizon;
  const MatrixXd known = precision(), noise = horizon * inference::noise_information(s);
  InputPlan plan(s, true);
  plan.ascend(state_, known + noise, inputs_, options_.iterations);
  planned_information_ = 0.5 * static_cast<double>(state_.size()) *
                         (model::log_det(Eigen::LLT<MatrixXd>(known + noise + plan.taught())) -
                          belief_.log_det_precision());
  return sign(inputs_(0));
}

double LinearExplorer::expected_information(const VectorXd& sample) const {
  return belief_.information_gain(regressors(sample(0)));
}

bool LinearExplorer::worth_it(const VectorXd& sample) const {
  if (options_.rule != InputRule::planned) return Sampler::worth_it(sample);
  return planned_information_ > options_.price * options_.horizon;
}

double LinearExplorer::observe(const VectorXd& sample, const VectorXd& seen) {
  const double bought = belief_.update(regressors(sample(0)), seen - state_).information_gain;
  state_ = seen;
  ++step_;
  const Index last = inputs_.size() - 1;
  inputs_.head(last) = inputs_.tail(last).eval();
  inputs_(last) = coin();
  return bought;
}

}  // namespace infans::agents
