#include "core/model/torus_features.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "core/base/archive_factor.hpp"

namespace infans::model {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

TorusFeatures::TorusFeatures(int count, const VectorXd& presence, random::Stream& stream)
    : frequency(count, presence.size()), phase(count) {
  for (int j = 0; j < count; ++j) {
    for (Index i = 0; i < presence.size(); ++i) {
      const double u = stream.uniform();
      frequency(j, i) = u >= presence(i) ? 0.0 : u < 0.5 * presence(i) ? -1.0 : 1.0;
    }
    phase(j) = stream.uniform(0.0, 2.0 * std::numbers::pi);
  }
}

MatrixXd TorusFeatures::features(const MatrixXd& q) const {
  MatrixXd angle = q * frequency.transpose();
  angle.rowwise() += phase.transpose();
  return std::sqrt(2.0 / std::max(1, count())) * angle.array().cos();
}

MatrixXd torus_kernel(const MatrixXd& a, const MatrixXd& b, const VectorXd& presence) {
  MatrixXd k = MatrixXd::Ones(a.rows(), b.rows());
  const MatrixXd ca = a.array().cos(), sa = a.array().sin(), cb = b.array().cos(), sb = b.array().sin();
  for (Index i = 0; i < presence.size(); ++i)
    k.array() *= 1.0 - presence(i) +
                 presence(i) * (ca.col(i) * cb.col(i).transpose() + sa.col(i) * sb.col(i).transpose()).array();
  return k;
}

TorusReadout::TorusReadout(int joints, int outputs, double scale)
    : scale_(scale),
      angles_(0, joints),
      dual_(0, outputs),
      presence_(VectorXd::Constant(joints, 0.5)),
      offset_(VectorXd::Zero(outputs)),
      signal_variance_(VectorXd::Constant(outputs, scale * scale)) {
  if (joints < 1 || outputs < 1 || !(scale > 0.0)) throw std::logic_error("TorusReadout: sizes must be positive");
}

void TorusReadout::fit(const MatrixXd& q, const MatrixXd& y, const VectorXd& weights, const VectorXd& presence,
                       double noise_ratio) {
  const Index n = q.rows();
  if (n < 1 || q.cols() != angles_.cols() || y.rows() != n || y.cols() != dual_.cols() || weights.size() != n ||
      presence.size() != q.cols())
    throw std::logic_error("TorusReadout: a fit needs N x n angles, N x O outputs, N weights and n presences");
  angles_ = q;
  presence_ = presence;
  noise_ratio_ = noise_ratio;
  offset_ = y.transpose() * weights / weights.sum();
  const MatrixXd centred = y.rowwise() - offset_.transpose();
  MatrixXd k = torus_kernel(q, q, presence);
  k.diagonal().array() += noise_ratio / weights.array();
  factor_.compute(k);
  dual_ = factor_.solve(centred);
  signal_variance_ = (centred.cwiseProduct(dual_).colwise().sum().transpose().array() + 2.0 * scale_ * scale_) /
                     (static_cast<double>(n) + 2.0);
}

TorusPrediction TorusReadout::predict(const VectorXd& q) const {
  const Index n = samples(), joints = q.size();
  TorusPrediction p;
  p.mean = offset_;
  p.jacobian = MatrixXd::Zero(offset_.size(), joints);
  if (n > 0) {
    MatrixXd factor(n, joints), slope(n, joints);
    for (Index i = 0; i < joints; ++i) {
      const Eigen::ArrayXd d = q(i) - angles_.col(i).array();
      factor.col(i) = 1.0 - presence_(i) + presence_(i) * d.cos();
      slope.col(i) = -presence_(i) * d.sin();
    }
    const VectorXd k = factor.rowwise().prod();
    p.mean += dual_.transpose() * k;
    // The derivative of a product, without dividing by a factor that may vanish.
    for (Index i = 0; i < joints; ++i) {
      const VectorXd kept = factor.col(i);
      factor.col(i) = slope.col(i);
      p.jacobian.col(i) = dual_.transpose() * factor.rowwise().prod();
      factor.col(i) = kept;
    }
    p.epistemic = std::max(0.0, 1.0 - factor_.matrixL().solve(k).squaredNorm());
  }
  p.variance = (p.epistemic + noise_ratio_) * signal_variance_;
  return p;
}

MatrixXd TorusReadout::predict_means(const MatrixXd& q) const {
  MatrixXd mean = MatrixXd::Zero(q.rows(), offset_.size());
  if (samples() > 0) mean = torus_kernel(q, angles_, presence_) * dual_;
  mean.rowwise() += offset_.transpose();
  return mean;
}

void TorusReadout::describe(base::Archive& archive) {
  archive("angles", angles_)("dual", dual_)("factor", factor_)("presence", presence_)("offset", offset_);
  archive("signal_variance", signal_variance_)("noise_ratio", noise_ratio_);
  if (angles_.rows() != dual_.rows() || angles_.rows() != factor_.rows() || angles_.cols() != presence_.size() ||
      dual_.cols() != offset_.size() || dual_.cols() != signal_variance_.size())
    throw base::StateError("angles", "they do not fit the weights that were saved with them");
}

}  // namespace infans::model
