#include "core/inference/motion_stack.hpp"

#include <cmath>
#include <stdexcept>

#include "core/base/archive.hpp"
#include "core/inference/lbfgs.hpp"

namespace infans::inference {
namespace {

using Eigen::ArrayXXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::Transitions;

constexpr double negligible = 1e-3;  // an exponent below this leaves its model out
constexpr double furthest = 3.0;     // standard deviations of the base that a correction may move it by

// Base prediction, corrected by so many of its standard deviations; its covariance and its noise, stretched output by
// output by the correction's variance and noise alone.
MotionBatch corrected(const MotionBatch& base, const MatrixXd& shift, const MatrixXd& variance, const VectorXd& noise) {
  MotionBatch out{base.mean + base.standard_deviation().cwiseProduct(shift.cwiseMax(-furthest).cwiseMin(furthest)),
                  {},
                  base.noise.size() > 0 ? MatrixXd(base.noise * noise.asDiagonal()) : MatrixXd()};
  for (Index k = 0; k < out.mean.rows(); ++k) {
    const auto stretch = variance.row(k).transpose().cwiseSqrt().asDiagonal();
    out.covariance.emplace_back(stretch * base.covariance[static_cast<std::size_t>(k)] * stretch);
  }
  return out;
}

}  // namespace

ResidualMotion::ResidualMotion(std::unique_ptr<MotionModel> base, std::unique_ptr<ReadoutMotion> residual)
    : base_(std::move(base)), residual_(std::move(residual)) {}

void ResidualMotion::fit(const Transitions& t) {
  base_->fit(t);
  const MotionBatch& base = base_->left_out();
  residual_->fit_outputs(t, (ends(t) - base.mean).cwiseQuotient(base.standard_deviation()));
  const std::vector<MotionBatch> parts{
      base, corrected(base, residual_->left_out_outputs(), residual_->left_out_variance(), residual_->output_noise())};
  exponents_ = pool_exponents(parts, ends(t));
  left_out_ = pool(parts, exponents_);
}

void ResidualMotion::add(const Transitions& t) {
  const MotionBatch before = base_->predict(t.q0, t.v0, t.u);
  residual_->add_outputs(t, (ends(t) - before.mean).cwiseQuotient(before.standard_deviation()));
  base_->add(t);
}

MatrixXd ResidualMotion::mean(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) const {
  return predict(q, v, u).mean;
}

MotionBatch ResidualMotion::predict(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) const {
  const MotionBatch base = base_->predict(q, v, u);
  return pool({base, corrected(base, residual_->outputs(q, v, u), residual_->output_variance(q, v, u),
                               residual_->output_noise())},
              exponents_);
}

VectorXd pool_exponents(const std::vector<MotionBatch>& parts, const MatrixXd& end) {
  const auto models = static_cast<Index>(parts.size());
  std::vector<ArrayXXd> precision;
  for (const MotionBatch& p : parts) precision.push_back(p.standard_deviation().array().square().inverse());
  const auto softmax = [](const VectorXd& x) {
    const VectorXd e = (x.array() - x.maxCoeff()).exp();
    return VectorXd(e / e.sum());
  };
  const auto objective = [&](const VectorXd& logit, VectorXd& gradient) {
    const VectorXd w = softmax(logit);
    ArrayXXd total = ArrayXXd::Zero(end.rows(), end.cols()), mean = total;
    for (Index m = 0; m < models; ++m) {
      const auto i = static_cast<std::size_t>(m);
      total += w(m) * precision[i];
      mean += w(m) * precision[i] * parts[i].mean.array();
    }
    mean /= total;
    const ArrayXXd error = end.array() - mean;
    VectorXd slope(models);  // of the log density to w_m
    for (Index m = 0; m < models; ++m) {
      const auto i = static_cast<std::size_t>(m);
      slope(m) = (precision[i] * (0.5 / total - 0.5 * error.square() + error * (parts[i].mean.array() - mean))).sum();
    }
    gradient = logit / 4.0 - w.cwiseProduct((slope.array() - w.dot(slope)).matrix());
    return logit.squaredNorm() / 8.0 - 0.5 * (total.log() - total * error.square()).sum();
  };
  VectorXd logit = VectorXd::Zero(models);
  minimise(objective, logit, VectorXd::Constant(models, -20.0), VectorXd::Constant(models, 20.0), 50);
  return softmax(logit);
}

namespace {

// Noise of the parts, each as far as the pool trusts it: with shares w_m / variance_m, so never above the pooled
// variance.
MatrixXd pooled_noise(const std::vector<MotionBatch>& parts, const VectorXd& exponents, double least) {
  ArrayXXd sum = ArrayXXd::Zero(parts.front().mean.rows(), parts.front().mean.cols()), total = sum;
  for (std::size_t m = 0; m < parts.size(); ++m) {
    const double w = exponents(static_cast<Index>(m));
    if (w < least) continue;
    const ArrayXXd share = w * parts[m].standard_deviation().array().square().inverse();
    sum += share * parts[m].noise.array();
    total += share;
  }
  return sum / total;
}

}  // namespace

MotionBatch pool(const std::vector<MotionBatch>& parts, const VectorXd& exponents) {
  const MatrixXd& shape = parts.front().mean;
  const Index width = shape.cols();
  const double least = negligible * exponents.maxCoeff();
  MotionBatch out{MatrixXd(shape.rows(), width), {}, {}};
  if (parts.front().noise.size() > 0) out.noise = pooled_noise(parts, exponents, least);
  for (Index k = 0; k < shape.rows(); ++k) {
    MatrixXd total = MatrixXd::Zero(width, width);
    VectorXd weighted = VectorXd::Zero(width);
    for (std::size_t m = 0; m < parts.size(); ++m) {
      const double w = exponents(static_cast<Index>(m));
      if (w < least) continue;
      const MatrixXd precision = parts[m].covariance[static_cast<std::size_t>(k)].inverse();
      total += w * precision;
      weighted += w * (precision * parts[m].mean.row(k).transpose());
    }
    out.covariance.push_back(total.inverse());
    out.mean.row(k) = out.covariance.back() * weighted;
  }
  return out;
}

EvidenceGate::EvidenceGate(std::vector<std::unique_ptr<MotionModel>> models)
    : models_(std::move(models)), exponents_(VectorXd::Ones(static_cast<Index>(models_.size()))) {
  if (models_.empty()) throw std::logic_error("EvidenceGate: no model");
}

void EvidenceGate::fit(const Transitions& t) {
  std::vector<MotionBatch> parts;
  for (const auto& m : models_) {
    m->fit(t);
    parts.push_back(m->left_out());
  }
  exponents_ = pool_exponents(parts, ends(t));
  left_out_ = pool(parts, exponents_);
}

void EvidenceGate::add(const Transitions& t) {
  for (const auto& m : models_) m->add(t);
}

MatrixXd EvidenceGate::mean(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) const {
  return predict(q, v, u).mean;
}

MotionBatch EvidenceGate::predict(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) const {
  std::vector<MotionBatch> parts;
  for (const auto& m : models_) parts.push_back(m->predict(q, v, u));
  return pool(parts, exponents_);
}

void ResidualMotion::describe(base::Archive& archive) {
  archive("base", *base_)("residual", *residual_)("exponents", exponents_)("left_out", left_out_);
}

void EvidenceGate::describe(base::Archive& archive) {
  for (std::size_t m = 0; m < models_.size(); ++m)
    archive(std::string("model_").append(std::to_string(m)), *models_[m]);
  archive("exponents", exponents_)("left_out", left_out_);
}

}  // namespace infans::inference
