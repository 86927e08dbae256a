#include "core/inference/temporal_filter.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/base/error.hpp"
#include "core/model/symmetric.hpp"

namespace infans::inference {
namespace {
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::log_det;
using model::log_two_pi;
using model::symmetrise;

// F is a sum of many squares: differences below this share of it are rounding, not a rise.
constexpr double rounding = 1e-14;

void check_size(const char* name, Index size, Index wanted) {
  if (size != wanted)
    throw base::UserError("TemporalFilter: " + std::string(name) + " has " + std::to_string(size) +
                          " elements; the model has " + std::to_string(wanted));
}

bool is_seen(const Mask* seen, Index i) { return !seen || (*seen)(i); }

}  // namespace

TemporalFilter::TemporalFilter(const model::TemporalModel& model, const TemporalOptions& options)
    : model_(&model), options_(options) {
  if (options.max_steps < 1 || !(options.tolerance > 0.0))
    throw base::UserError("TemporalFilter: max_steps must be at least 1 and tolerance above 0");
  const Index n = model.states(), m = model.observations();
  for (auto* v :
       {&mean_, &predicted_, &x_, &weighted_, &weighted_before_, &change_, &change_before_, &bend_, &secant_, &spread_})
    v->setZero(n);
  for (auto* v : {&covariance_, &predicted_cov_, &jacobian_, &work_, &work2_}) v->setZero(n, n);
  error_ = innovation_ = VectorXd::Zero(m);
  for (auto* v : {&observation_jacobian_, &gain_t_}) v->setZero(m, n);
  noise_ = innovation_cov_ = MatrixXd::Zero(m, m);
  noise_factor_ = innovation_factor_ = Eigen::LLT<MatrixXd>(m);
  predicted_factor_ = Eigen::LLT<MatrixXd>(n);
  reset();
}

void TemporalFilter::reset() {
  mean_ = model_->initial_mean;
  covariance_ = model_->initial.covariance;
  steps_ = 0;
}

void TemporalFilter::predict(const VectorXd& a) {
  model_->transition_at(steps_, mean_, a, predicted_, &jacobian_);
  work_.noalias() = jacobian_ * covariance_;
  predicted_cov_ = model_->state_covariance_at(steps_);
  predicted_cov_.noalias() += work_ * jacobian_.transpose();
  symmetrise(predicted_cov_);
}

// R of the seen elements; a missing one becomes a unit block of its own, which adds nothing to errors, gain or ln|R|.
void TemporalFilter::mask_noise(const Mask* seen) {
  noise_ = model_->observation_noise.covariance;
  for (Index i = 0; i < noise_.rows(); ++i) {
    if (is_seen(seen, i)) continue;
    noise_.row(i).setZero();
    noise_.col(i).setZero();
    noise_(i, i) = 1.0;
  }
  noise_factor_.compute(noise_);
}

// Sets x, its error and (if asked) the Jacobian there from the weighted error; returns F without the volumes.
double TemporalFilter::quadratic(const VectorXd& o, const Mask* seen, MatrixXd* jacobian) {
  spread_.noalias() = predicted_cov_ * weighted_;
  x_ = predicted_ + spread_;
  model_->observation(x_, error_, jacobian);
  for (Index i = 0; i < error_.size(); ++i) {
    if (is_seen(seen, i)) {
      error_(i) = o(i) - error_(i);
      continue;
    }
    error_(i) = 0.0;
    if (jacobian) jacobian->row(i).setZero();
  }
  innovation_ = error_;
  noise_factor_.matrixL().solveInPlace(innovation_);
  return 0.5 * weighted_.dot(spread_) + 0.5 * innovation_.squaredNorm();
}

// Leaves x_, the Jacobian, S and gain_t_ = G P of the settled state.
TemporalReport TemporalFilter::settle(const VectorXd& o, const Mask* seen) {
  TemporalReport report;
  weighted_.setZero();
  for (;;) {
    report.energy = quadratic(o, seen, &observation_jacobian_);
    const double length = weighted_.dot(spread_);
    gain_t_.noalias() = observation_jacobian_ * predicted_cov_;
    innovation_cov_ = noise_;
    innovation_cov_.noalias() += gain_t_ * observation_jacobian_.transpose();
    innovation_factor_.compute(innovation_cov_);
    innovation_ = error_;
    innovation_.noalias() += observation_jacobian_ * spread_;
    innovation_factor_.solveInPlace(innovation_);
    change_.noalias() = observation_jacobian_.transpose() * innovation_;
    change_ -= weighted_;
    bend_.noalias() = predicted_cov_ * change_;
    const double size = change_.dot(bend_);
    report.converged = size <= options_.tolerance * options_.tolerance * (1.0 + length);
    if (report.converged || report.steps == options_.max_steps || !std::isfinite(size)) return report;
    // Where g bends strongly, a step leaves a constant share of the way; the secant through two steps takes it out.
    if (report.steps > 0) {
      bend_ = change_ - change_before_;
      spread_.noalias() = predicted_cov_ * bend_;
      const double theta = spread_.dot(change_) / std::max(spread_.dot(bend_), 1e-300);
      secant_ = weighted_ + change_ - theta * (weighted_ - weighted_before_ + bend_);
    }
    weighted_before_ = weighted_;
    change_before_ = change_;
    double energy = 0.0, share = 1.0;
    for (;; share *= 0.5) {
      weighted_ = weighted_before_ + share * change_;
      energy = quadratic(o, seen, nullptr);
      if (energy <= report.energy + rounding * (1.0 + report.energy)) break;
      if (share > 1e-9) continue;
      weighted_ = weighted_before_;
      report.energy = quadratic(o, seen, nullptr);
      return report;
    }
    if (report.steps > 0) {
      std::swap(weighted_, secant_);
      if (!(quadratic(o, seen, nullptr) < energy)) std::swap(weighted_, secant_);
    }
    ++report.steps;
  }
}

TemporalReport TemporalFilter::step(const VectorXd& a, const VectorXd& o, const Mask* seen) {
  check_size("the action", a.size(), model_->actions());
  check_size("the observation", o.size(), model_->observations());
  if (seen) check_size("the mask", seen->size(), model_->observations());
  if (!a.allFinite()) throw base::UserError("TemporalFilter: the action is not finite");
  Index count = 0;
  for (Index i = 0; i < o.size(); ++i) {
    if (!is_seen(seen, i)) continue;
    ++count;
    if (!std::isfinite(o(i)))
      throw base::UserError("TemporalFilter: observation element " + std::to_string(i) +
                            " is not finite; mark it as missing in `seen`");
  }
  predict(a);
  mask_noise(seen);
  predicted_factor_.compute(predicted_cov_);
  TemporalReport report = settle(o, seen);
  const double volume = log_det(innovation_factor_), constant = static_cast<double>(count) * log_two_pi;
  report.log_evidence = -report.energy - 0.5 * (volume + constant);
  report.energy += 0.5 * (log_det(predicted_factor_) + log_det(noise_factor_));
  const bool factored = predicted_factor_.info() == Eigen::Success && innovation_factor_.info() == Eigen::Success;
  if (!factored || !std::isfinite(report.energy) || !std::isfinite(report.log_evidence))
    throw base::Error("TemporalFilter, step " + std::to_string(steps_) +
                      ": the prediction is not finite or its covariance is singular; check the model's scale");
  innovation_factor_.solveInPlace(gain_t_);
  work_.setIdentity();
  work_.noalias() -= gain_t_.transpose() * observation_jacobian_;
  work2_.noalias() = work_ * predicted_cov_;
  covariance_.noalias() = work2_ * work_.transpose();
  observation_jacobian_.noalias() = noise_ * gain_t_;
  covariance_.noalias() += gain_t_.transpose() * observation_jacobian_;
  symmetrise(covariance_);
  mean_ = x_;
  ++steps_;
  return report;
}

void TemporalTrace::start(const TemporalFilter& filter) {
  first = filter.steps();
  for (auto* v : {&predicted, &mean, &actions, &observations}) v->clear();
  for (auto* v : {&predicted_covariance, &jacobian, &covariance, &noise}) v->clear();
  seen.clear();
  mean.push_back(filter.mean());
  covariance.push_back(filter.covariance());
}

void TemporalTrace::add(const model::TemporalModel& model, const TemporalFilter& filter, const VectorXd& a,
                        const VectorXd& o, const Mask* mask) {
  noise.push_back(model.state_covariance_at(filter.steps() - 1));
  predicted.push_back(filter.predicted_mean());
  predicted_covariance.push_back(filter.predicted_covariance());
  jacobian.push_back(filter.transition_jacobian());
  mean.push_back(filter.mean());
  covariance.push_back(filter.covariance());
  actions.push_back(a);
  observations.push_back(o);
  seen.push_back(mask ? *mask : Mask::Constant(o.size(), true));
}

void TemporalTrace::drop(int steps) {
  const auto cut = [&](auto& v) { v.erase(v.begin(), v.begin() + steps); };
  for (auto* v : {&predicted, &mean, &actions, &observations}) cut(*v);
  for (auto* v : {&predicted_covariance, &jacobian, &covariance, &noise}) cut(*v);
  cut(seen);
  first += steps;
}

Smoothed smooth(const TemporalTrace& trace) {
  Smoothed out;
  out.mean = trace.mean;
  out.covariance = trace.covariance;
  const Index n = trace.mean.front().size(), steps = static_cast<Index>(trace.predicted.size());
  out.cross.resize(steps);
  MatrixXd back(n, n), rest(n, n), sum(n, n);
  for (Index t = steps - 1; t >= 0; --t) {
    // J = P F' (F P F' + Q)^-1, transposed.
    const MatrixXd& jacobian = trace.jacobian[t];
    back = Eigen::LLT<MatrixXd>(trace.predicted_covariance[t]).solve(jacobian * out.covariance[t]);
    rest.setIdentity();
    rest.noalias() -= back.transpose() * jacobian;
    sum = out.covariance[t + 1] + trace.noise[t];
    out.cross[t].noalias() = out.covariance[t + 1] * back;
    out.mean[t] += back.transpose() * (out.mean[t + 1] - trace.predicted[t]);
    out.covariance[t] = (rest * out.covariance[t] * rest.transpose() + back.transpose() * sum * back).eval();
    symmetrise(out.covariance[t]);
  }
  return out;
}

Smoothed smooth(const model::TemporalModel& model, const TemporalSequence& s, const TemporalOptions& options) {
  const Index steps = s.observations.cols();
  if (s.actions.cols() != steps || (s.seen.size() > 0 && s.seen.cols() != steps))
    throw base::UserError("smooth: actions, observations and seen must have the same number of columns");
  TemporalFilter filter(model, options);
  TemporalTrace trace;
  trace.start(filter);
  double evidence = 0.0;
  Mask seen;
  VectorXd a, o;
  for (Index t = 0; t < steps; ++t) {
    if (s.seen.size() > 0) seen = s.seen.col(t);
    a = s.actions.col(t);
    o = s.observations.col(t);
    const Mask* mask = s.seen.size() > 0 ? &seen : nullptr;
    evidence += filter.step(a, o, mask).log_evidence;
    trace.add(model, filter, a, o, mask);
  }
  Smoothed out = smooth(trace);
  out.log_evidence = evidence;
  return out;
}

}  // namespace infans::inference
