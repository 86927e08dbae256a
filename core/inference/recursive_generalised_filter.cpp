#include "core/inference/recursive_generalised_filter.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/base/error.hpp"
#include "core/inference/propagator.hpp"
#include "core/model/generalised_precision.hpp"
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

void check(const char* what, Index rows, Index cols, Index want_rows, Index want_cols) {
  if (rows == want_rows && cols == want_cols) return;
  throw base::UserError(std::string("recursive generalised filter: ") + what + " is " + std::to_string(rows) + " x " +
                        std::to_string(cols) + ", it must be " + std::to_string(want_rows) + " x " +
                        std::to_string(want_cols));
}

MatrixXd covariance_of(const char* key, const MatrixXd& precision, Index size) {
  if (precision.rows() != size || precision.cols() != size)
    throw base::OptionError(key, std::string("recursive generalised filter: ") + key + " must be " +
                                     std::to_string(size) + " x " + std::to_string(size));
  model::generalised_log_det(1, 1.0, precision);  // refuses what is not symmetric positive definite
  return precision.llt().solve(MatrixXd::Identity(size, size));
}

}  // namespace

RecursiveGeneralisedFilter::RecursiveGeneralisedFilter(const GeneralisedModel& model,
                                                       RecursiveGeneralisedOptions options)
    : model_(model),
      options_(std::move(options)),
      n_(options_.order),
      d_(options_.cause_order),
      nx_(model.states()),
      nv_(model.causes()),
      ny_(model.outputs()),
      at_r_(nx_ * (1 + n_)),
      at_z_(at_r_ + nv_ * d_),
      size_(at_z_ + ny_ * n_) {
  const auto& o = options_;
  if (d_ < 1 || d_ > n_)
    throw base::OptionError("cause_order", "recursive generalised filter: cause_order " + std::to_string(d_) +
                                               " is outside 1 .. order = " + std::to_string(n_));
  if (!(o.white_share > 0.0) || !std::isfinite(o.white_share))
    throw base::OptionError("white_share", "recursive generalised filter: white_share must be finite and above 0");
  if (o.max_steps < 1 || !(o.tolerance > 0.0))
    throw base::OptionError("max_steps", "recursive generalised filter: max_steps and tolerance must be above 0");
  drift_ = power_ = stationary_ = MatrixXd::Zero(size_, size_);
  const auto add = [&](Index at, int order, double smoothness, const MatrixXd& covariance) {
    const Index m = covariance.rows();
    const model::SmoothProcess process = model::smooth_process(order, smoothness);
    const MatrixXd v = model::generalised_covariance(order, smoothness);
    for (int i = 0; i < order; ++i)
      for (int j = 0; j < order; ++j) {
        drift_.block(at + i * m, at + j * m, m, m).diagonal().setConstant(process.drift(i, j));
        stationary_.block(at + i * m, at + j * m, m, m) = v(i, j) * covariance;
      }
    power_.block(at + (order - 1) * m, at + (order - 1) * m, m, m) = process.power * covariance;
  };
  const MatrixXd output = covariance_of("output_precision", o.output_precision, ny_);
  add(nx_, o.order, o.state_smoothness, covariance_of("state_precision", o.state_precision, nx_));
  add(at_r_, o.cause_order, o.cause_smoothness, covariance_of("cause_precision", o.cause_precision, nv_));
  add(at_z_, o.order, o.output_smoothness, output);
  white_ = o.white_share * output;
  white_factor_.compute(white_);
}

RecursiveGeneralisedBelief RecursiveGeneralisedFilter::start(const VectorXd& x, const MatrixXd& covariance) const {
  check("x", x.size(), 1, nx_, 1);
  check("covariance", covariance.rows(), covariance.cols(), nx_, nx_);
  RecursiveGeneralisedBelief b;
  b.mean.setZero(size_);
  b.mean.head(nx_) = x;
  b.covariance = stationary_;
  b.covariance.topLeftCorner(nx_, nx_) = covariance;
  b.states.setZero(nx_, n_);
  b.states.col(0) = x;
  b.causes.setZero(nv_, d_);
  b.terms = {static_cast<int>(nx_), static_cast<int>(nv_), static_cast<int>(ny_)};
  b.x = x;
  for (VectorXd* v : {&b.v, &b.v_before}) v->setZero(nv_);
  for (VectorXd* v : {&b.flow, &b.predicted, &b.change, &b.spread, &b.moved, &b.weighted, &b.weighted_before,
                      &b.change_before, &b.bend, &b.secant})
    v->setZero(size_);
  for (VectorXd* v : {&b.error, &b.white}) v->setZero(ny_);
  b.v_x.setZero(nv_, nx_);
  b.v_r.setZero(nv_, nv_);
  for (MatrixXd* m :
       {&b.generator, &b.propagated, &b.phi, &b.power, &b.product, &b.diffusion, &b.work, &b.predicted_covariance})
    m->setZero(size_, size_);
  for (MatrixXd* m : {&b.output_jacobian, &b.gain_t}) m->setZero(ny_, size_);
  b.innovation.setZero(ny_, ny_);
  b.factor = Eigen::LLT<MatrixXd>(ny_);
  return b;
}

// Terms of the model, v and its derivatives at s. v = h(x, v) + eta + r is solved level by level from the top: one
// pass a level, so N_v passes are enough when no cause depends on itself.
void RecursiveGeneralisedFilter::evaluate(RecursiveGeneralisedBelief& b, const VectorXd& s, const VectorXd& eta) const {
  b.x = s.head(nx_);
  b.v = eta + s.segment(at_r_, nv_);
  model_.evaluate(b.x, b.v, b.terms);
  for (Index pass = 0;; ++pass) {
    b.v_before = b.v;
    b.v = eta + s.segment(at_r_, nv_);
    b.v += b.terms.h;
    if (b.v == b.v_before) break;
    if (pass > nv_) throw base::Error("recursive generalised filter: the model's causes depend on themselves");
    model_.evaluate(b.x, b.v, b.terms);
  }
  // (1 - h_v)^-1 = 1 + h_v + h_v^2 + .., finite for the same reason.
  b.v_r.setIdentity();
  for (Index pass = 0; pass + 1 < nv_ && !b.terms.h_v.isZero(0.0); ++pass) {
    b.v_r = (b.terms.h_v * b.v_r).eval();
    b.v_r.diagonal().array() += 1.0;
  }
  b.v_x.noalias() = b.v_r * b.terms.h_x;
}

void RecursiveGeneralisedFilter::predict(RecursiveGeneralisedBelief& b, const VectorXd& eta, double interval) const {
  evaluate(b, b.mean, eta);
  b.flow.noalias() = drift_ * b.mean;
  b.flow.head(nx_) += b.terms.f + b.mean.segment(nx_, nx_);
  b.generator = drift_;
  b.generator.topLeftCorner(nx_, nx_) = b.terms.f_x + b.terms.f_v * b.v_x;
  b.generator.block(0, nx_, nx_, nx_).diagonal().array() += 1.0;
  b.generator.block(0, at_r_, nx_, nv_).noalias() += b.terms.f_v * b.v_r;
  if (interval != b.propagated_interval || b.generator != b.propagated) {
    b.propagated = b.generator;
    b.propagated_interval = interval;
    propagate(b.generator, power_, interval, b.phi, b.power, b.diffusion, b.product, b.work);
  }
  b.predicted.noalias() = b.phi * b.flow;
  b.predicted = b.mean + interval * b.predicted;
  b.work.noalias() = b.power * b.covariance;
  b.predicted_covariance = b.diffusion;
  b.predicted_covariance.noalias() += b.work * b.power.transpose();
  symmetrise(b.predicted_covariance);
}

// Sets s = predicted + P u, its error and output Jacobian; returns F without the volumes. u: b.weighted, s: b.moved.
double RecursiveGeneralisedFilter::quadratic(RecursiveGeneralisedBelief& b, const VectorXd& y,
                                             const VectorXd& eta) const {
  b.spread.noalias() = b.predicted_covariance * b.weighted;
  b.moved = b.predicted + b.spread;
  evaluate(b, b.moved, eta);
  b.error = y - b.terms.g - b.moved.segment(at_z_, ny_);
  b.output_jacobian.leftCols(nx_) = b.terms.g_x + b.terms.g_v * b.v_x;
  b.output_jacobian.middleCols(at_r_, nv_).noalias() = b.terms.g_v * b.v_r;
  b.output_jacobian.middleCols(at_z_, ny_).setIdentity();
  b.white = b.error;
  white_factor_.matrixL().solveInPlace(b.white);
  return 0.5 * b.weighted.dot(b.spread) + 0.5 * b.white.squaredNorm();
}

RecursiveGeneralisedReport RecursiveGeneralisedFilter::settle(RecursiveGeneralisedBelief& b, const VectorXd& y,
                                                              const VectorXd& eta) const {
  RecursiveGeneralisedReport report;
  b.weighted.setZero();
  report.energy = quadratic(b, y, eta);
  for (;;) {
    b.gain_t.noalias() = b.output_jacobian * b.predicted_covariance;
    b.innovation = white_;
    b.innovation.noalias() += b.gain_t * b.output_jacobian.transpose();
    b.factor.compute(b.innovation);
    b.error.noalias() += b.output_jacobian * b.spread;
    b.factor.solveInPlace(b.error);
    b.change.noalias() = b.output_jacobian.transpose() * b.error;
    b.change -= b.weighted;
    b.moved.noalias() = b.predicted_covariance * b.change;
    const double size = b.change.dot(b.moved), length = b.weighted.dot(b.spread);
    report.converged = size <= options_.tolerance * options_.tolerance * (1.0 + length);
    if (report.converged || report.steps == options_.max_steps || !std::isfinite(size)) break;
    // Where g bends strongly a step leaves a constant share of the way; the secant through two steps takes it out.
    if (report.steps > 0) {
      b.bend = b.change - b.change_before;
      b.spread.noalias() = b.predicted_covariance * b.bend;
      const double theta = b.spread.dot(b.change) / std::max(b.spread.dot(b.bend), 1e-300);
      b.secant = b.weighted + b.change - theta * (b.weighted - b.weighted_before + b.bend);
    }
    b.weighted_before = b.weighted;
    b.change_before = b.change;
    double energy = 0.0, share = 1.0;
    for (; share > 1e-9; share *= 0.5) {
      b.weighted = b.weighted_before + share * b.change;
      energy = quadratic(b, y, eta);
      if (energy <= report.energy + rounding * (1.0 + report.energy)) break;
    }
    if (share <= 1e-9) {
      b.weighted = b.weighted_before;
      break;
    }
    if (report.steps > 0) {
      b.weighted.swap(b.secant);
      if (!(quadratic(b, y, eta) < energy)) b.weighted.swap(b.secant);
    }
    report.energy = quadratic(b, y, eta);
    ++report.steps;
  }
  quadratic(b, y, eta);
  return report;
}

// x~ and v~ under local linearity, from the noise's motions.
void RecursiveGeneralisedFilter::motions(RecursiveGeneralisedBelief& b, const VectorXd& eta) const {
  evaluate(b, b.mean, eta);
  b.states.col(0) = b.x;
  if (nv_ > 0) b.causes.col(0) = b.v;
  for (Index k = 1; k < n_; ++k) {
    b.states.col(k) = b.mean.segment(nx_ * k, nx_);
    if (k == 1)
      b.states.col(k) += b.terms.f;
    else
      b.states.col(k) += b.terms.f_x * b.states.col(k - 1);
    if (k > 1 && k - 1 < d_) b.states.col(k) += b.terms.f_v * b.causes.col(k - 1);
    if (k < d_) b.causes.col(k) = b.v_x * b.states.col(k) + b.v_r * b.mean.segment(at_r_ + nv_ * k, nv_);
  }
}

RecursiveGeneralisedReport RecursiveGeneralisedFilter::step(RecursiveGeneralisedBelief& b, const VectorXd& y,
                                                            const VectorXd& eta, double interval) const {
  check("y", y.size(), 1, ny_, 1);
  check("eta", eta.size(), 1, nv_, 1);
  check("belief.mean", b.mean.size(), 1, size_, 1);
  if (!(interval > 0) || !std::isfinite(interval))
    throw base::UserError("recursive generalised filter: interval must be finite and above 0 seconds");
  if (!y.allFinite()) throw base::UserError("recursive generalised filter: y is not finite");
  predict(b, eta, interval);
  RecursiveGeneralisedReport report = settle(b, y, eta);
  report.log_evidence = -report.energy - 0.5 * (log_det(b.factor) + static_cast<double>(ny_) * log_two_pi);
  const bool factored = b.factor.info() == Eigen::Success;
  if (!factored || !b.moved.allFinite() || !std::isfinite(report.log_evidence))
    throw base::Error(
        "recursive generalised filter: the belief is not finite or its prediction is singular; lower the "
        "order, raise white_share or check the model's scale");
  // Joseph's form, as in TemporalFilter.
  b.gain_t.noalias() = b.output_jacobian * b.predicted_covariance;
  b.factor.solveInPlace(b.gain_t);
  b.work.setIdentity();
  b.work.noalias() -= b.gain_t.transpose() * b.output_jacobian;
  b.product.noalias() = b.work * b.predicted_covariance;
  b.covariance.noalias() = b.product * b.work.transpose();
  b.covariance.noalias() += b.gain_t.transpose() * (white_ * b.gain_t);
  symmetrise(b.covariance);
  b.mean = b.moved;
  const Eigen::LLT<MatrixXd> volume(b.predicted_covariance);
  report.energy += 0.5 * (log_det(volume) + log_det(white_factor_));
  motions(b, eta);
  return report;
}

}  // namespace infans::inference
