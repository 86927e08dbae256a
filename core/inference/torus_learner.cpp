#include "core/inference/torus_learner.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <vector>

#include "core/base/archive_store.hpp"
#include "core/inference/lbfgs.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double logit_sd = 1.5, log_ratio_sd = 3.0, logit_bound = 6.0, largest_ratio = 10.0;

VectorXd presence(const VectorXd& theta) { return (1.0 + (-theta.head(theta.size() - 1).array()).exp()).inverse(); }

// Products of all factors but one, and of all, without division: running products from both sides.
std::vector<MatrixXd> products_but_one(const std::vector<MatrixXd>& factors, MatrixXd& all) {
  std::vector<MatrixXd> others;
  all = MatrixXd::Ones(factors.front().rows(), factors.front().cols());
  for (const auto& f : factors) {
    others.push_back(all);
    all.array() *= f.array();
  }
  MatrixXd right = MatrixXd::Ones(all.rows(), all.cols());
  for (std::size_t i = factors.size(); i-- > 0;) {
    others[i].array() *= right.array();
    right.array() *= factors[i].array();
  }
  return others;
}

}  // namespace

double torus_log_evidence(const MatrixXd& q, const MatrixXd& y, const VectorXd& weights, const VectorXd& theta,
                          const TorusOptions& o, VectorXd* gradient) {
  const Index n = q.rows(), joints = q.cols();
  const double outputs = static_cast<double>(y.cols()), lambda = std::exp(theta(joints));
  const VectorXd p = presence(theta);
  std::vector<MatrixXd> cosine, factor;
  for (Index i = 0; i < joints; ++i) {
    const VectorXd c = q.col(i).array().cos(), s = q.col(i).array().sin();
    cosine.push_back(c * c.transpose() + s * s.transpose());
    factor.push_back(MatrixXd(1.0 - p(i) + p(i) * cosine.back().array()));
  }
  MatrixXd k;
  const std::vector<MatrixXd> others = products_but_one(factor, k);
  k.diagonal().array() += lambda / weights.array();
  const Eigen::LLT<MatrixXd> llt(k);
  if (llt.info() != Eigen::Success) {
    if (gradient != nullptr) gradient->setZero(theta.size());
    return -std::numeric_limits<double>::infinity();
  }
  const MatrixXd dual = llt.solve(y);
  const double shape = 1.0 + 0.5 * static_cast<double>(n), rate = o.scale * o.scale;
  const VectorXd b = 0.5 * y.cwiseProduct(dual).colwise().sum().transpose().array() + rate;
  double value = outputs * (std::lgamma(shape) - 0.5 * static_cast<double>(n) * std::log(2.0 * std::numbers::pi) +
                            std::log(rate) - llt.matrixLLT().diagonal().array().log().sum()) -
                 shape * b.array().log().sum();
  const double centred = theta(joints) - std::log(o.noise_ratio);
  value -= 0.5 * theta.head(joints).squaredNorm() / (logit_sd * logit_sd) +
           0.5 * centred * centred / (log_ratio_sd * log_ratio_sd);
  if (gradient == nullptr) return value;
  const MatrixXd inverse = llt.solve(MatrixXd::Identity(n, n));
  const MatrixXd m = dual * (shape * b.cwiseInverse()).asDiagonal() * dual.transpose() - outputs * inverse;
  gradient->resize(theta.size());
  for (Index i = 0; i < joints; ++i)
    (*gradient)(i) = 0.5 * p(i) * (1.0 - p(i)) * (m.array() * others[i].array() * (cosine[i].array() - 1.0)).sum() -
                     theta(i) / (logit_sd * logit_sd);
  (*gradient)(joints) =
      0.5 * lambda * (m.diagonal().array() / weights.array()).sum() - centred / (log_ratio_sd * log_ratio_sd);
  return value;
}

TorusLearner::TorusLearner(int joints, int outputs, const TorusOptions& options)
    : options_(options),
      readout_(joints, outputs, options.scale),
      angles_(0, joints),
      outputs_(0, outputs),
      theta_(VectorXd::Zero(joints + 1)),
      next_ascent_(options.first_ascent) {
  theta_(joints) = std::log(options.noise_ratio);
}

void TorusLearner::add(const VectorXd& q, const VectorXd& y, double weight) {
  if (rows_ == angles_.rows()) {
    const Index capacity = std::max<Index>(64, 2 * rows_);
    angles_.conservativeResize(capacity, angles_.cols());
    outputs_.conservativeResize(capacity, outputs_.cols());
    weights_.conservativeResize(capacity);
  }
  angles_.row(rows_) = q.transpose();
  outputs_.row(rows_) = y.transpose();
  weights_(rows_++) = checked_weight(weight);
  if (static_cast<double>(rows_) >= next_ascent_) {
    ascend();
    next_ascent_ = options_.growth * static_cast<double>(rows_) + 1.0;
  } else {
    refit();
  }
}

void TorusLearner::discount(double share) {
  if (!(share > 0.0 && share <= 1.0)) throw std::logic_error("TorusLearner: a discount is a share above 0, at most 1");
  weights_.head(rows_) *= share;
  if (rows_ > 0) refit();
}

void TorusLearner::refit() {
  readout_.fit(angles_.topRows(rows_), outputs_.topRows(rows_), weights_.head(rows_), presence(theta_),
               std::exp(theta_(theta_.size() - 1)) / options_.precision);
}

void TorusLearner::ascend() {
  if (rows_ == 0) return;
  const MatrixXd q = angles_.topRows(rows_);
  const VectorXd weights = weights_.head(rows_);
  MatrixXd y = outputs_.topRows(rows_);
  y.rowwise() -= (y.transpose() * weights / weights.sum()).transpose();
  VectorXd low = VectorXd::Constant(theta_.size(), -logit_bound), high = -low;
  low(theta_.size() - 1) = std::log(options_.smallest_ratio);
  high(theta_.size() - 1) = std::log(largest_ratio);
  minimise(
      [&](const VectorXd& x, VectorXd& g) {
        const double value = torus_log_evidence(q, y, weights, x, options_, &g);
        g = -g;
        return -value;
      },
      theta_, low, high, options_.iterations);
  refit();
}

void TorusLearner::describe(base::Archive& archive) {
  base::describe_rows(archive, "angles", angles_, rows_);
  Eigen::Index outputs = rows_, weights = rows_;
  base::describe_rows(archive, "outputs", outputs_, outputs);
  base::describe_rows(archive, "weights", weights_, weights);
  base::require_state(outputs == rows_ && weights == rows_, "angles", "they are not as many as the outputs");
  archive("theta", theta_)("next_ascent", next_ascent_)("readout", readout_);
}

HandBelief TorusHand::predict(const VectorXd& q) const {
  const model::TorusPrediction p = learner_.readout().predict(q);
  const VectorXd& signal = learner_.readout().signal_variance();
  HandBelief b;
  b.mean = p.mean;
  b.covariance = (p.epistemic * signal).asDiagonal();
  b.noise = learner_.readout().noise_ratio() * signal;
  b.jacobian = p.jacobian;
  return b;
}

}  // namespace infans::inference
