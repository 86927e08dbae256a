#include "core/inference/temporal_filter.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/base/error.hpp"

namespace infans::inference {
namespace {
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double log_two_pi = 1.8378770664093454836;
// F is a sum of many squares: differences below this share of it are rounding, not a rise.
constexpr double rounding = 1e-14;

double log_det(const Eigen::LLT<MatrixXd>& factor) { return 2.0 * factor.matrixLLT().diagonal().array().log().sum(); }

void symmetrise(MatrixXd& m) {
  for (Index j = 0; j < m.cols(); ++j)
    for (Index i = 0; i < j; ++i) m(i, j) = m(j, i) = 0.5 * (m(i, j) + m(j, i));
}

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
  model_->transition(mean_, a, predicted_, &jacobian_);
  work_.noalias() = jacobian_ * covariance_;
  predicted_cov_ = model_->state_noise.covariance;
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

Smoothed smooth(const model::TemporalModel& model, const TemporalSequence& s, const TemporalOptions& options) {
  const Index steps = s.observations.cols();
  if (s.actions.cols() != steps || (s.seen.size() > 0 && s.seen.cols() != steps))
    throw base::UserError("smooth: actions, observations and seen must have the same number of columns");
  TemporalFilter filter(model, options);
  Smoothed out;
  std::vector<VectorXd> predicted;
  std::vector<MatrixXd> predicted_cov, jacobian;
  out.mean.push_back(filter.mean());
  out.covariance.push_back(filter.covariance());
  Mask seen;
  VectorXd a, o;
  for (Index t = 0; t < steps; ++t) {
    if (s.seen.size() > 0) seen = s.seen.col(t);
    a = s.actions.col(t);
    o = s.observations.col(t);
    out.log_evidence += filter.step(a, o, s.seen.size() > 0 ? &seen : nullptr).log_evidence;
    predicted.push_back(filter.predicted_mean());
    predicted_cov.push_back(filter.predicted_covariance());
    jacobian.push_back(filter.transition_jacobian());
    out.mean.push_back(filter.mean());
    out.covariance.push_back(filter.covariance());
  }
  out.cross.resize(steps);
  const Index n = model.states();
  MatrixXd back(n, n), rest(n, n), sum(n, n);
  for (Index t = steps - 1; t >= 0; --t) {
    // J = P F' (F P F' + Q)^-1, transposed.
    back = Eigen::LLT<MatrixXd>(predicted_cov[t]).solve(jacobian[t] * out.covariance[t]);
    rest.setIdentity();
    rest.noalias() -= back.transpose() * jacobian[t];
    sum = out.covariance[t + 1] + model.state_noise.covariance;
    out.cross[t].noalias() = out.covariance[t + 1] * back;
    out.mean[t] += back.transpose() * (out.mean[t + 1] - predicted[t]);
    out.covariance[t] = (rest * out.covariance[t] * rest.transpose() + back.transpose() * sum * back).eval();
    symmetrise(out.covariance[t]);
  }
  return out;
}

namespace {

void add_transition(const Smoothed& q, Index t, const VectorXd& a, model::Moments& sums) {
  const Index n = q.mean[t].size(), k = a.size();
  sums.yy += q.covariance[t + 1] + q.mean[t + 1] * q.mean[t + 1].transpose();
  sums.yz.leftCols(n) += q.cross[t] + q.mean[t + 1] * q.mean[t].transpose();
  sums.yz.rightCols(k) += q.mean[t + 1] * a.transpose();
  sums.zz.topLeftCorner(n, n) += q.covariance[t] + q.mean[t] * q.mean[t].transpose();
  sums.zz.topRightCorner(n, k) += q.mean[t] * a.transpose();
  sums.zz.bottomRightCorner(k, k) += a * a.transpose();
  sums.zz.bottomLeftCorner(k, n) = sums.zz.topRightCorner(n, k).transpose();
  sums.count += 1.0;
}

double prior_energy(const model::GaussianNoise& noise, const MatrixXd& prior, double weight) {
  return 0.5 * weight * (prior.cwiseProduct(noise.precision).sum() - noise.log_det_precision);
}

// The step of maximisation; returns the model that minimises F under the beliefs.
model::LinearTemporalModel maximise(const model::LinearTemporalModel& m, const model::Moments& moved,
                                    const model::Moments& observed, const TemporalLearnOptions& o) {
  model::LinearTemporalModel next = m;
  const Index n = m.states(), k = m.actions();
  MatrixXd w(n, n + k);
  w << m.A, m.B;
  if (o.transition || o.action) moved.regress(o.transition ? 0 : n, (o.transition ? n : 0) + (o.action ? k : 0), w);
  if (o.observation) observed.regress(0, n, next.C);
  next.A = w.leftCols(n);
  next.B = w.rightCols(k);
  if (o.state_noise) next.state_noise = moved.noise(w, o.prior_state_noise, o.prior_weight);
  if (o.observation_noise) next.observation_noise = observed.noise(next.C, o.prior_observation_noise, o.prior_weight);
  return next;
}

}  // namespace

TemporalLearnReport learn(model::LinearTemporalModel& m, const std::vector<TemporalSequence>& sequences,
                          const TemporalLearnOptions& options) {
  TemporalLearnOptions o = options;
  if (sequences.empty() || o.max_iterations < 0 || !(o.slope >= 0.0) || !(o.prior_weight >= 0.0))
    throw base::UserError("learn: at least one sequence; max_iterations, slope and prior_weight must be 0 or more");
  if (o.prior_state_noise.size() == 0) o.prior_state_noise = m.state_noise.covariance;
  if (o.prior_observation_noise.size() == 0) o.prior_observation_noise = m.observation_noise.covariance;
  check_size("the prior of Q", o.prior_state_noise.size(), m.state_noise.covariance.size());
  check_size("the prior of R", o.prior_observation_noise.size(), m.observation_noise.covariance.size());
  TemporalLearnReport report;
  Mask seen = Mask::Constant(m.observations(), true);
  for (int i = 0; i < o.max_iterations; ++i) {
    double energy = 0.0;
    if (o.state_noise) energy += prior_energy(m.state_noise, o.prior_state_noise, o.prior_weight);
    if (o.observation_noise) energy += prior_energy(m.observation_noise, o.prior_observation_noise, o.prior_weight);
    model::Moments moved(m.states(), m.states() + m.actions()), observed(m.observations(), m.states());
    VectorXd first = VectorXd::Zero(m.states());
    for (const auto& s : sequences) {
      const Smoothed q = smooth(m, s);
      energy -= q.log_evidence;
      first += q.mean[0];
      for (Index t = 0; t < s.observations.cols(); ++t) {
        const VectorXd& mean = q.mean[t + 1];
        add_transition(q, t, s.actions.col(t), moved);
        if (s.seen.size() > 0) seen = s.seen.col(t);
        const MatrixXd xx = q.covariance[t + 1] + mean * mean.transpose();
        model::add_observation(m, s.observations.col(t), seen, mean, xx, observed);
      }
    }
    report.energy.push_back(energy);
    if (i > 0 && o.slope > 0.0 && report.energy[i - 1] - energy < o.slope * (1.0 + std::abs(energy))) {
      report.converged = true;
      break;
    }
    if (moved.count == 0.0) throw base::UserError("learn: the sequences hold no steps");
    m = maximise(m, moved, observed, o);
    if (o.initial_mean) m.initial_mean = first / static_cast<double>(sequences.size());
  }
  return report;
}

}  // namespace infans::inference
