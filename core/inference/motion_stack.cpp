#include "core/inference/motion_stack.hpp"

#include <cmath>
#include <stdexcept>

#include "core/inference/lbfgs.hpp"

namespace infans::inference {
namespace {

using Eigen::ArrayXXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::Transitions;

constexpr double negligible = 1e-3;  // an exponent below this leaves its model out

// Base prediction, corrected by so many of its standard deviations; its covariance, stretched output by output.
MotionBatch corrected(const MotionBatch& base, const MatrixXd& shift, const MatrixXd& variance) {
  MotionBatch out{base.mean + base.standard_deviation().cwiseProduct(shift), {}};
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
  left_out_ = corrected(base, residual_->left_out_outputs(), residual_->left_out_variance());
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
  return corrected(base_->predict(q, v, u), residual_->outputs(q, v, u), residual_->output_variance(q, v, u));
}

VectorXd pool_exponents(const std::vector<MotionBatch>& parts, const MatrixXd& end) {
  const auto models = static_cast<Index>(parts.size());
  std::vector<ArrayXXd> precision;
  for (const MotionBatch& p : parts) precision.push_back(p.standard_deviation().array().square().inverse());
  const double centre = -std::log(static_cast<double>(models));
  VectorXd x = VectorXd::Constant(models, centre);
  const auto objective = [&](const VectorXd& log_w, VectorXd& gradient) {
    ArrayXXd total = ArrayXXd::Zero(end.rows(), end.cols()), mean = total;
    for (Index m = 0; m < models; ++m) {
      const auto i = static_cast<std::size_t>(m);
      total += std::exp(log_w(m)) * precision[i];
      mean += std::exp(log_w(m)) * precision[i] * parts[i].mean.array();
    }
    mean /= total;
    const ArrayXXd error = end.array() - mean;
    gradient.resize(models);
    for (Index m = 0; m < models; ++m) {
      const auto i = static_cast<std::size_t>(m);
      const ArrayXXd slope =
          precision[i] * (0.5 / total - 0.5 * error.square() + error * (parts[i].mean.array() - mean));
      gradient(m) = -std::exp(log_w(m)) * slope.sum() + (log_w(m) - centre) / 4.0;
    }
    return -0.5 * (total.log() - total * error.square()).sum() + (log_w.array() - centre).square().sum() / 8.0;
  };
  minimise(objective, x, VectorXd::Constant(models, std::log(1e-6)), VectorXd::Constant(models, std::log(4.0)), 50);
  return x.array().exp();
}

EvidenceGate::EvidenceGate(std::vector<std::unique_ptr<MotionModel>> models)
    : models_(std::move(models)), exponents_(VectorXd::Ones(static_cast<Index>(models_.size()))) {
  if (models_.empty()) throw std::logic_error("EvidenceGate: no model");
}

MotionBatch EvidenceGate::pooled(const std::vector<MotionBatch>& parts) const {
  const MatrixXd& shape = parts.front().mean;
  const Index width = shape.cols();
  const double least = negligible * exponents_.maxCoeff();
  MotionBatch out{MatrixXd(shape.rows(), width), {}};
  for (Index k = 0; k < shape.rows(); ++k) {
    MatrixXd total = MatrixXd::Zero(width, width);
    VectorXd weighted = VectorXd::Zero(width);
    for (std::size_t m = 0; m < parts.size(); ++m) {
      const double w = exponents_(static_cast<Index>(m));
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

void EvidenceGate::fit(const Transitions& t) {
  std::vector<MotionBatch> parts;
  for (const auto& m : models_) {
    m->fit(t);
    parts.push_back(m->left_out());
  }
  exponents_ = pool_exponents(parts, ends(t));
  left_out_ = pooled(parts);
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
  return pooled(parts);
}

}  // namespace infans::inference
