#include "core/inference/grouped_regression.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <vector>

#include "core/base/archive_factor.hpp"
#include "core/inference/lbfgs.hpp"
#include "core/model/symmetric.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

using model::log_det;

}  // namespace

std::vector<MatrixXd> GroupedPosterior::epistemic(const MatrixXd& x, Index block) const {
  const MatrixXd z = precision.matrixL().solve(x.transpose());
  std::vector<MatrixXd> out;
  for (Index r = 0; r + block <= x.rows(); r += block)
    out.emplace_back(z.middleCols(r, block).transpose() * z.middleCols(r, block));
  return out;
}

GroupedRegression::GroupedRegression(MatrixXd x, MatrixXd y, double noise_floor)
    : x_(std::move(x)), y_(std::move(y)), squares_(y_.colwise().squaredNorm()), floor_(noise_floor) {
  if (x_.rows() != y_.rows() || x_.cols() < 1 || floor_ <= 0.0)
    throw std::logic_error("GroupedRegression: x and y must have the same rows, x a column, the floor be positive");
  if (x_.cols() > x_.rows()) return;
  gram_ = MatrixXd::Zero(x_.cols(), x_.cols());
  gram_.selfadjointView<Eigen::Lower>().rankUpdate(x_.transpose());
  moment_ = x_.transpose() * y_;
}

// ln evidence from sum_j y_j'(y_j - X w_j) and ln det A - ln det Lambda; leaves sigma_j^2 in `noise`.
double GroupedRegression::value(const VectorXd& squares, double log_det_ratio, VectorXd* noise) const {
  const double rows = static_cast<double>(y_.rows()), a = 1.0 + 0.5 * rows, b = floor_ * floor_;
  noise->resize(squares.size());
  double sum = 0.0;
  for (Index j = 0; j < squares.size(); ++j) {
    const double b_n = b + 0.5 * std::max(squares(j), 0.0);
    (*noise)(j) = b_n / a;
    sum += -0.5 * rows * std::log(2.0 * std::numbers::pi) - 0.5 * log_det_ratio + std::log(b) - a * std::log(b_n) +
           std::lgamma(a);
  }
  return sum;
}

double GroupedRegression::primal(const VectorXd& lambda, Effect* effect, MatrixXd* d_x) const {
  MatrixXd a = gram_;
  a.diagonal() += lambda;
  const Eigen::LLT<MatrixXd> llt(a);
  if (llt.info() != Eigen::Success) return -std::numeric_limits<double>::infinity();
  const MatrixXd w = llt.solve(moment_);
  VectorXd noise;
  const double outputs = static_cast<double>(y_.cols());
  const VectorXd squares = squares_ - w.cwiseProduct(moment_).colwise().sum().transpose();
  const double out = value(squares, log_det(llt) - lambda.array().log().sum(), &noise);
  const MatrixXd scaled = w * noise.cwiseInverse().asDiagonal();
  if (effect != nullptr) {
    const MatrixXd root = inverse_lower(llt.matrixLLT());
    effect->determined = outputs * (1.0 - lambda.array() * root.colwise().squaredNorm().transpose().array());
    effect->used = lambda.array() * scaled.cwiseProduct(w).rowwise().sum().array();
  }
  if (d_x != nullptr) {
    d_x->noalias() = (y_ - x_ * w) * scaled.transpose();
    *d_x -= outputs * llt.solve(x_.transpose()).transpose();
  }
  return out;
}

double GroupedRegression::dual(const VectorXd& lambda, Effect* effect, MatrixXd* d_x) const {
  const MatrixXd xs = x_ * lambda.cwiseSqrt().cwiseInverse().asDiagonal();
  MatrixXd k = MatrixXd::Identity(x_.rows(), x_.rows());
  k.selfadjointView<Eigen::Lower>().rankUpdate(xs);
  const Eigen::LLT<MatrixXd> llt(k);
  if (llt.info() != Eigen::Success) return -std::numeric_limits<double>::infinity();
  const MatrixXd residual = llt.solve(y_);  // K^-1 Y = Y - X W
  VectorXd noise;
  const double outputs = static_cast<double>(y_.cols());
  const double out = value(residual.cwiseProduct(y_).colwise().sum(), log_det(llt), &noise);
  const MatrixXd w = lambda.cwiseInverse().asDiagonal() * (x_.transpose() * residual);
  const MatrixXd scaled = w * noise.cwiseInverse().asDiagonal();
  if (effect != nullptr) {
    const MatrixXd root = llt.matrixL().solve(xs);
    effect->determined = outputs * root.colwise().squaredNorm().transpose();
    effect->used = lambda.array() * scaled.cwiseProduct(w).rowwise().sum().array();
  }
  // X A^-1 = K^-1 X Lambda^-1.
  if (d_x != nullptr)
    *d_x = residual * scaled.transpose() - outputs * llt.solve(x_) * lambda.cwiseInverse().asDiagonal();
  return out;
}

double GroupedRegression::log_evidence(const VectorXd& log_precision, Effect* effect, MatrixXd* d_x) const {
  const VectorXd lambda = log_precision.array().exp();
  return gram_.size() > 0 ? primal(lambda, effect, d_x) : dual(lambda, effect, d_x);
}

GroupedPosterior GroupedRegression::posterior(const VectorXd& log_precision) const {
  MatrixXd a = log_precision.array().exp().matrix().asDiagonal();
  if (gram_.size() > 0)
    a += gram_;
  else
    a.selfadjointView<Eigen::Lower>().rankUpdate(x_.transpose());
  GroupedPosterior p;
  p.precision.compute(a);
  p.mean = p.precision.solve(gram_.size() > 0 ? moment_ : MatrixXd(x_.transpose() * y_));
  const VectorXd squares = (y_ - x_ * p.mean).cwiseProduct(y_).colwise().sum();
  p.log_evidence = value(squares, log_det(p.precision) - log_precision.sum(), &p.noise);
  return p;
}

MatrixXd inverse_lower(const MatrixXd& lower) {
  const Index n = lower.rows();
  if (n <= 48) {
    MatrixXd out = MatrixXd::Identity(n, n);
    lower.triangularView<Eigen::Lower>().solveInPlace(out);
    return out;
  }
  const Index m = n / 2, k = n - m;
  MatrixXd out = MatrixXd::Zero(n, n);
  out.topLeftCorner(m, m) = inverse_lower(lower.topLeftCorner(m, m));
  out.bottomRightCorner(k, k) = inverse_lower(lower.bottomRightCorner(k, k));
  const MatrixXd half = lower.bottomLeftCorner(k, m) * out.topLeftCorner(m, m).triangularView<Eigen::Lower>();
  out.bottomLeftCorner(k, m) = -(out.bottomRightCorner(k, k).triangularView<Eigen::Lower>() * half);
  return out;
}

VectorXd ascend(const GroupedRegression& regression, const model::Grouping& grouping, const EvidenceAscent& o,
                VectorXd at) {
  GroupedRegression::Effect effect;
  for (int i = 0; i < o.fixed_points; ++i) {
    if (!std::isfinite(regression.log_evidence(grouping.log_precision(at), &effect, nullptr))) break;
    VectorXd determined = grouping.gather(effect.determined), used = grouping.gather(effect.used);
    for (Index g = 0; g < grouping.groups; ++g)
      if (determined(g) > 1e-9 && used(g) > 1e-9) at(g) += std::log(determined(g) / used(g));
    at = at.cwiseMax(o.low).cwiseMin(o.high);
  }
  minimise(
      [&](const VectorXd& x, VectorXd& g) {
        const VectorXd z = (x - o.centre).cwiseQuotient(o.deviation);
        const double value = regression.log_evidence(grouping.log_precision(x), &effect, nullptr);
        if (!std::isfinite(value)) return std::numeric_limits<double>::infinity();
        g = z.cwiseQuotient(o.deviation) - grouping.gather(effect.gradient());
        return 0.5 * z.squaredNorm() - value;
      },
      at, o.low, o.high, o.iterations);
  return at;
}

void GroupedPosterior::describe(base::Archive& archive) {
  archive("mean", mean)("noise", noise)("precision", precision)("log_evidence", log_evidence);
}

}  // namespace infans::inference
