#include "core/inference/motion_model.hpp"

#include <cmath>
#include <numbers>

#include "core/base/archive.hpp"

namespace infans::inference {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd MotionBatch::standard_deviation() const {
  MatrixXd out(mean.rows(), mean.cols());
  for (Index k = 0; k < out.rows(); ++k)
    out.row(k) = covariance[static_cast<std::size_t>(k)].diagonal().cwiseSqrt().transpose();
  return out;
}

VectorXd MotionBatch::log_density(const MatrixXd& end) const {
  VectorXd out(mean.rows());
  for (Index k = 0; k < out.size(); ++k) {
    const Eigen::LLT<MatrixXd> llt(covariance[static_cast<std::size_t>(k)]);
    const VectorXd z = llt.matrixL().solve((end.row(k) - mean.row(k)).transpose());
    out(k) = -0.5 * z.squaredNorm() - llt.matrixLLT().diagonal().array().log().sum() -
             0.5 * static_cast<double>(mean.cols()) * std::log(2.0 * std::numbers::pi);
  }
  return out;
}

VectorXd MotionBatch::information() const {
  VectorXd out(mean.rows());
  for (Index k = 0; k < out.size(); ++k) {
    const Eigen::LLT<MatrixXd> llt(covariance[static_cast<std::size_t>(k)]);
    out(k) = llt.matrixLLT().diagonal().array().log().sum() - 0.5 * noise.row(k).array().log().sum();
  }
  return out.cwiseMax(0.0);
}

std::unique_ptr<FrozenMotion> MotionModel::freeze(int, random::Stream&) const {
  return std::make_unique<FrozenMotion>(*this);
}

std::unique_ptr<FrozenMotion> MotionModel::freeze_draw(random::Stream&) const { return nullptr; }

MatrixXd MotionModel::jacobian(const VectorXd& q, const VectorXd& v, const VectorXd& u) const {
  const Index n = q.size(), inputs = 2 * n + u.size();
  VectorXd x(inputs);
  x << q, v, u;
  const double step = 1e-5;  // h^2 of truncation and 1e-16 / h of rounding meet near here
  MatrixXd batch = x.transpose().replicate(2 * inputs, 1);
  for (Index i = 0; i < inputs; ++i) {
    batch(2 * i, i) += step;
    batch(2 * i + 1, i) -= step;
  }
  const MatrixXd y = mean(batch.leftCols(n), batch.middleCols(n, n), batch.rightCols(u.size()));
  MatrixXd out(2 * n, inputs);
  for (Index i = 0; i < inputs; ++i) out.col(i) = (y.row(2 * i) - y.row(2 * i + 1)).transpose() / (2 * step);
  return out;
}

MatrixXd ends(const model::Transitions& t) {
  MatrixXd out(t.count(), 2 * t.q1.cols());
  out << t.q1, t.v1;
  return out;
}

void MotionBatch::describe(base::Archive& archive) { archive("mean", mean)("covariance", covariance)("noise", noise); }

}  // namespace infans::inference
