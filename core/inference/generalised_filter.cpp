#include "core/inference/generalised_filter.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/base/error.hpp"
#include "core/inference/propagator.hpp"
#include "core/model/generalised_precision.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

void check_shape(const char* what, Index rows, Index cols, Index want_rows, Index want_cols) {
  if (rows == want_rows && cols == want_cols) return;
  throw base::UserError(std::string("generalised filter: ") + what + " is " + std::to_string(rows) + " x " +
                        std::to_string(cols) + ", it must be " + std::to_string(want_rows) + " x " +
                        std::to_string(want_cols));
}

// d/dt of a stacked generalised vector of m channels: drops the value, appends zero.
template <class In, class Out>
void shift(const In& in, Index m, Out&& out) {
  const Index kept = std::max<Index>(in.size() - m, 0);
  out.head(kept) = in.tail(kept);
  out.tail(in.size() - kept).setZero();
}

}  // namespace

GeneralisedTerms::GeneralisedTerms(int nx, int nv, int ny)
    : f(VectorXd::Zero(nx)),
      g(VectorXd::Zero(ny)),
      f_x(MatrixXd::Zero(nx, nx)),
      f_v(MatrixXd::Zero(nx, nv)),
      g_x(MatrixXd::Zero(ny, nx)),
      g_v(MatrixXd::Zero(ny, nv)),
      h(VectorXd::Zero(nv)),
      h_x(MatrixXd::Zero(nv, nx)),
      h_v(MatrixXd::Zero(nv, nv)),
      x(VectorXd::Zero(nx)),
      v(VectorXd::Zero(nv)) {}

LinearGeneralisedModel::LinearGeneralisedModel(MatrixXd a, MatrixXd b, MatrixXd c, MatrixXd h)
    : a_(std::move(a)), b_(std::move(b)), c_(std::move(c)), h_(std::move(h)) {
  check_shape("A", a_.rows(), a_.cols(), a_.rows(), a_.rows());
  check_shape("B", b_.rows(), b_.cols(), a_.rows(), b_.cols());
  check_shape("C", c_.rows(), c_.cols(), c_.rows(), a_.rows());
  check_shape("H", h_.rows(), h_.cols(), c_.rows(), b_.cols());
}

void LinearGeneralisedModel::evaluate(const VectorXd& x, const VectorXd& v, GeneralisedTerms& terms) const {
  terms.f.noalias() = a_ * x;
  terms.f.noalias() += b_ * v;
  terms.g.noalias() = c_ * x;
  terms.g.noalias() += h_ * v;
  terms.f_x = a_;
  terms.f_v = b_;
  terms.g_x = c_;
  terms.g_v = h_;
}

GeneralisedFilter::GeneralisedFilter(const GeneralisedModel& model, GeneralisedFilterOptions options)
    : model_(model),
      options_(std::move(options)),
      n_(options_.order),
      d_(options_.cause_order),
      nx_(model.states()),
      nv_(model.causes()),
      ny_(model.outputs()) {
  const auto& o = options_;
  if (d_ < 1 || d_ > n_)
    throw base::OptionError("cause_order", "generalised filter: cause_order " + std::to_string(d_) +
                                               " is outside 1 .. order = " + std::to_string(n_));
  if (!(o.rate > 0) || !std::isfinite(o.rate))
    throw base::OptionError("rate", "generalised filter: rate must be finite and above 0");
  const auto check = [](const char* key, const MatrixXd& pi, Index size) {
    if (pi.rows() != size || pi.cols() != size)
      throw base::OptionError(key, std::string("generalised filter: ") + key + " must be " + std::to_string(size) +
                                       " x " + std::to_string(size));
  };
  check("state_precision", o.state_precision, nx_);
  check("cause_precision", o.cause_precision, nv_);
  check("output_precision", o.output_precision, ny_);
  const Index sx = n_ * nx_, sv = d_ * nv_, sy = n_ * ny_;
  precision_ = MatrixXd::Zero(sx + sv + sy, sx + sv + sy);
  precision_.topLeftCorner(sx, sx) = model::generalised_precision(o.order, o.state_smoothness, o.state_precision);
  precision_.block(sx, sx, sv, sv) = model::generalised_precision(o.cause_order, o.cause_smoothness, o.cause_precision);
  precision_.bottomRightCorner(sy, sy) = model::generalised_precision(o.order, o.output_smoothness, o.output_precision);
  log_det_ = model::generalised_log_det(o.order, o.state_smoothness, o.state_precision) +
             model::generalised_log_det(o.cause_order, o.cause_smoothness, o.cause_precision) +
             model::generalised_log_det(o.order, o.output_smoothness, o.output_precision);
}

GeneralisedBelief GeneralisedFilter::start(const VectorXd& x, const VectorXd& v) const {
  check_shape("x", x.size(), 1, nx_, 1);
  check_shape("v", v.size(), 1, nv_, 1);
  const Index sz = n_ * nx_ + d_ * nv_, se = sz + n_ * ny_, su = sz + n_ * ny_ + d_ * nv_;
  GeneralisedBelief b;
  b.states.setZero(nx_, n_);
  b.causes.setZero(nv_, d_);
  b.error.setZero(se);
  b.gradient.setZero(sz);
  b.curvature.setZero(sz, sz);
  b.terms = {static_cast<int>(nx_), static_cast<int>(nv_), static_cast<int>(ny_)};
  b.x = x;
  b.v = v;
  b.weighted.setZero(se);
  b.flow.setZero(su);
  b.delta.setZero(su);
  b.jacobian.setZero(se, sz);
  b.weighted_jacobian.setZero(se, sz);
  for (MatrixXd* m : {&b.flow_jacobian, &b.propagated_jacobian, &b.phi, &b.power, &b.product}) m->setZero(su, su);
  b.states.col(0) = x;
  b.causes.col(0) = v;
  model_.evaluate(b.x, b.v, b.terms);
  if (n_ > 1) b.states.col(1) = b.terms.f;
  for (Index k = 2; k < n_; ++k) b.states.col(k) = b.terms.f_x * b.states.col(k - 1);
  return b;
}

double GeneralisedFilter::evaluate(GeneralisedBelief& b, const MatrixXd& outputs, const MatrixXd& priors) const {
  check_shape("outputs", outputs.rows(), outputs.cols(), ny_, n_);
  check_shape("priors", priors.rows(), priors.cols(), nv_, d_);
  check_shape("belief.states", b.states.rows(), b.states.cols(), nx_, n_);
  check_shape("belief.causes", b.causes.rows(), b.causes.cols(), nv_, d_);
  const Index sx = n_ * nx_, sv = d_ * nv_;
  b.x = b.states.col(0);
  if (nv_ > 0) b.v = b.causes.col(0);
  model_.evaluate(b.x, b.v, b.terms);
  const GeneralisedTerms& t = b.terms;

  b.jacobian.setZero();
  for (Index k = 0; k < n_; ++k) {
    auto e_x = b.error.segment(k * nx_, nx_);
    auto e_y = b.error.segment(sx + sv + k * ny_, ny_);
    if (k == 0) {
      e_x = -t.f;
      e_y = outputs.col(0) - t.g;
    } else {
      e_x.noalias() = -(t.f_x * b.states.col(k));
      e_y = outputs.col(k);
      e_y.noalias() -= t.g_x * b.states.col(k);
    }
    if (k > 0 && k < d_) {
      e_x.noalias() -= t.f_v * b.causes.col(k);
      e_y.noalias() -= t.g_v * b.causes.col(k);
    }
    b.jacobian.block(k * nx_, k * nx_, nx_, nx_) = -t.f_x;
    b.jacobian.block(sx + sv + k * ny_, k * nx_, ny_, nx_) = -t.g_x;
    if (k + 1 < n_) {
      e_x += b.states.col(k + 1);
      b.jacobian.block(k * nx_, (k + 1) * nx_, nx_, nx_).diagonal().setOnes();
    }
    if (k < d_) {
      b.jacobian.block(k * nx_, sx + k * nv_, nx_, nv_) = -t.f_v;
      b.jacobian.block(sx + sv + k * ny_, sx + k * nv_, ny_, nv_) = -t.g_v;
    }
  }
  for (Index k = 0; k < d_; ++k) {
    const Index at = sx + k * nv_;
    auto e_v = b.error.segment(at, nv_);
    e_v = b.causes.col(k) - priors.col(k);
    if (k == 0) {
      e_v -= t.h;
    } else {
      e_v.noalias() -= t.h_x * b.states.col(k);
      e_v.noalias() -= t.h_v * b.causes.col(k);
    }
    b.jacobian.block(at, k * nx_, nv_, nx_) = -t.h_x;
    b.jacobian.block(at, at, nv_, nv_) = -t.h_v;
    b.jacobian.block(at, at, nv_, nv_).diagonal().array() += 1.0;
  }

  b.weighted.noalias() = precision_ * b.error;
  b.weighted_jacobian.noalias() = precision_ * b.jacobian;
  b.gradient.noalias() = b.jacobian.transpose() * b.weighted;
  b.curvature.noalias() = b.jacobian.transpose() * b.weighted_jacobian;
  b.vfe = 0.5 * b.error.dot(b.weighted) - 0.5 * log_det_;
  return b.vfe;
}

double GeneralisedFilter::step(GeneralisedBelief& b, const MatrixXd& outputs, const MatrixXd& priors,
                               double interval) const {
  if (!(interval > 0) || !std::isfinite(interval))
    throw base::UserError("generalised filter: interval must be finite and above 0 seconds");
  const double vfe = evaluate(b, outputs, priors);
  const Index sx = n_ * nx_, sv = d_ * nv_, sz = sx + sv, sy = n_ * ny_;
  shift(b.states.reshaped(), nx_, b.flow.head(sx));
  shift(b.causes.reshaped(), nv_, b.flow.segment(sx, sv));
  b.flow.head(sz) -= options_.rate * b.gradient;
  shift(outputs.reshaped(), ny_, b.flow.segment(sz, sy));
  shift(priors.reshaped(), nv_, b.flow.tail(sv));

  MatrixXd& j = b.flow_jacobian;
  j.setZero();
  const auto shifts = [&](Index at, Index size, Index m) {
    for (Index i = 0; i + m < size; ++i) j(at + i, at + i + m) += 1.0;
  };
  j.topLeftCorner(sz, sz) = -options_.rate * b.curvature;
  shifts(0, sx, nx_);
  shifts(sx, sv, nv_);
  shifts(sz, sy, ny_);
  shifts(sz + sy, sv, nv_);
  // de/dy~ = 1 in the rows of e_y, de/deta~ = -1 in those of e_v.
  j.block(0, sz, sz, sy) = -options_.rate * b.weighted_jacobian.bottomRows(sy).transpose();
  j.block(0, sz + sy, sz, sv) = options_.rate * b.weighted_jacobian.middleRows(sx, sv).transpose();
  propagator(b, interval);

  b.delta.noalias() = b.phi * b.flow;
  b.delta *= interval;
  if (!b.delta.allFinite())
    throw base::Error("generalised filter: the belief is not finite after a step of " + std::to_string(interval) +
                      " s; lower the rate, the precisions or the interval");
  b.states.reshaped() += b.delta.head(sx);
  b.causes.reshaped() += b.delta.segment(sx, sv);
  return vfe;
}

MatrixXd GeneralisedFilter::covariance(const GeneralisedBelief& b) const {
  return b.curvature.llt().solve(MatrixXd::Identity(b.curvature.rows(), b.curvature.cols()));
}

void GeneralisedFilter::propagator(GeneralisedBelief& b, double interval) const {
  if (interval == b.propagated_interval && b.flow_jacobian == b.propagated_jacobian) return;
  b.propagated_jacobian = b.flow_jacobian;
  b.propagated_interval = interval;
  b.flow_jacobian *= interval;
  phi1(b.flow_jacobian, b.phi, b.power, b.product);
}

}  // namespace infans::inference
