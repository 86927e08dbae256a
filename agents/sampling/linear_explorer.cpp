#include "agents/sampling/linear_explorer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

#include "core/model/symmetric.hpp"

namespace infans::agents {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

constexpr int shortest_plan = 50;     // steps
constexpr int restart_interval = 20;  // steps between plans from scratch, against poor local optima
constexpr int restart_iterations = 30;

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
      case InputRule::one_step:
        return one_step();
      case InputRule::flex:
        return flex();
      case InputRule::design:
        return design();
      case InputRule::planned:
        return plan();
      case InputRule::white:
        break;
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
    o.known = belief_.precision().reconstructedMatrix() / step_;
    o.tolerance = 1e-2;
    design_ = inference::optimal_input(believed(), o);
    phase_.resize(design_.frequency.size());
    for (double& p : phase_) p = stream_.uniform(0.0, 2.0 * std::numbers::pi);
  }
  return sign((design_.power.array().sqrt() * (design_.frequency * step_ + phase_).array().cos()).sum());
}

// As far ahead as it has lived: what it believes of a body just met carries no long plan.
int LinearExplorer::horizon() const {
  const int steps = std::clamp(step_, std::min(shortest_plan, options_.horizon), options_.horizon);
  return options_.budget > 0 ? std::clamp(steps, 1, std::max(1, options_.budget - step_)) : steps;
}

// Steps of the whole life, past or still to come, that the plan stands for: the longer of both; without a budget as
// much is expected to come as has been. The past counts `horizon` such steps, so that the plan balances it once and not
// at once: a long past would leave the plan to whatever lags behind, one direction at a time.
double LinearExplorer::plan() {
  const Index steps = horizon(), before = inputs_.size();
  inputs_.conservativeResize(steps);
  for (Index k = before; k < steps; ++k) inputs_(k) = coin();
  const int left = options_.budget > 0 ? options_.budget - step_ : step_;
  const double share = std::min(1.0, static_cast<double>(steps) / std::max({step_, left, 1}));
  const inference::LinearSystem s = believed();
  const MatrixXd precision = belief_.precision().reconstructedMatrix();
  const MatrixXd noise = static_cast<double>(steps) * inference::noise_information(s);
  const MatrixXd known = share * precision + noise;
  InputPlan plan(s, options_.budget <= 0 || left > steps);
  const bool restart = step_ % restart_interval == 0;
  const double best = plan.ascend(state_, known, inputs_, restart ? restart_iterations : options_.iterations);
  if (restart) {
    VectorXd other(steps);
    for (double& u : other) u = coin();
    if (plan.ascend(state_, known, other, restart_iterations) > best) inputs_ = other;
    plan.value(state_, known, inputs_);
  }
  surplus_ = surplus(plan, precision, noise / static_cast<double>(steps));
  return sign(inputs_(0));
}

double LinearExplorer::surplus(const InputPlan& plan, const MatrixXd& precision, const MatrixXd& noise) const {
  double most = -std::numeric_limits<double>::infinity();
  const Index last = inputs_.size();
  for (Index steps = 1;; steps = std::min(2 * steps, last)) {
    const double count = static_cast<double>(steps);
    const Eigen::LLT<MatrixXd> after(precision + count * noise + plan.taught(steps));
    const double nats = 0.5 * belief_.outputs() * (model::log_det(after) - belief_.log_det_precision());
    most = std::max(most, nats - count * options_.price);
    if (steps == last) return most;
  }
}

double LinearExplorer::expected_information(const VectorXd& sample) const {
  return belief_.information_gain(regressors(sample(0)));
}

bool LinearExplorer::worth_it(const VectorXd& sample) const {
  if (options_.rule != InputRule::planned) return Sampler::worth_it(sample);
  return surplus_ > 0.0;
}

double LinearExplorer::observe(const VectorXd& sample, const VectorXd& seen) {
  const double bought = belief_.update(regressors(sample(0)), seen - state_).information_gain;
  state_ = seen;
  ++step_;
  if (inputs_.size() > 0) inputs_ = inputs_.tail(inputs_.size() - 1).eval();
  return bought;
}

}  // namespace infans::agents
