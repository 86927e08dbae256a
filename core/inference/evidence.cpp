#include "core/inference/evidence.hpp"

#include <cmath>

#include "core/inference/lbfgs.hpp"
#include "core/model/bayesian_readout.hpp"

namespace infans::inference {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

EvidenceParameters unpack(const VectorXd& theta) {
  const Eigen::Index inputs = theta.size() - 2;
  return {theta.head(inputs).array().exp(), std::exp(theta(inputs)), std::exp(theta(inputs + 1))};
}

VectorXd pack(const EvidenceParameters& p) {
  VectorXd theta(p.length_scale.size() + 2);
  theta << p.length_scale.array().log().matrix(), std::log(p.fourier_precision), std::log(p.hierarchy_precision);
  return theta;
}

}  // namespace

double log_evidence_gradient(const model::FourierFeatures& features, const EvidenceParameters& at, const MatrixXd& z,
                             const MatrixXd& extra, const MatrixXd& y, const EvidenceOptions& o, VectorXd* gradient) {
  const Eigen::Index n = z.rows(), d = features.count(), h = extra.cols();
  const double outputs = static_cast<double>(y.cols());
  const MatrixXd w = features.frequency * at.length_scale.cwiseInverse().asDiagonal();
  MatrixXd angle = z * w.transpose();
  angle.rowwise() += features.phase.transpose();
  MatrixXd phi(n, d + h);
  phi.leftCols(d) = features.amplitude() * angle.array().cos();
  phi.rightCols(h) = extra;
  VectorXd lambda(d + h);
  lambda << VectorXd::Constant(d, at.fourier_precision), VectorXd::Constant(h, at.hierarchy_precision);

  MatrixXd a = lambda.asDiagonal();
  a.selfadjointView<Eigen::Lower>().rankUpdate(phi.transpose());
  const Eigen::LLT<MatrixXd> llt(a);
  const MatrixXd covariance = llt.solve(MatrixXd::Identity(d + h, d + h));
  const MatrixXd mean = llt.solve(phi.transpose() * y);
  const MatrixXd residual = y - phi * mean;
  const VectorXd estimate = model::noise_estimate(residual, y, o.noise_floor);
  const VectorXd noise = estimate.cwiseMax(o.noise_floor * o.noise_floor);
  double value = model::student_evidence(
      estimate, n, o.noise_floor, 2.0 * llt.matrixLLT().diagonal().array().log().sum(), lambda.array().log().sum());

  // Precision-weighted error x weight, minus the uncertainty (Occam) term; then through the cosine to ln l.
  const MatrixXd weighted = residual * noise.cwiseInverse().asDiagonal();
  MatrixXd g = weighted * mean.leftCols(y.cols()).topRows(d).transpose();
  g.noalias() -= outputs * phi * covariance.leftCols(d);
  g.array() *= -features.amplitude() * angle.array().sin();
  VectorXd grad(z.cols() + 2);
  grad.head(z.cols()) = -(g * w).cwiseProduct(z).colwise().sum().transpose();
  const VectorXd effect = 0.5 * outputs * (1.0 - lambda.array() * covariance.diagonal().array()) -
                          0.5 * lambda.array() * (mean.array().square().matrix() * noise.cwiseInverse()).array();
  grad(z.cols()) = effect.head(d).sum();
  grad(z.cols() + 1) = effect.tail(h).sum();

  // Hyper-priors: ln l ~ N(., 1), ln lambda ~ N(., 3^2).
  const Eigen::ArrayXd dl = at.length_scale.array().log() - std::log(o.length_scale);
  value -= 0.5 * dl.square().sum();
  grad.head(z.cols()).array() -= dl;
  const double centres[] = {std::log(at.fourier_precision / o.prior_precision),
                            std::log(at.hierarchy_precision / o.hierarchy_precision)};
  for (int k = 0; k < 2; ++k) {
    value -= centres[k] * centres[k] / 18.0;
    grad(z.cols() + k) -= centres[k] / 9.0;
  }
  if (gradient != nullptr) *gradient = grad;
  return value;
}

EvidenceParameters ascend_evidence(const model::FourierFeatures& features, EvidenceParameters at, const MatrixXd& z,
                                   const MatrixXd& extra, const MatrixXd& y, const EvidenceOptions& o) {
  VectorXd theta = pack(at);
  VectorXd low = VectorXd::Constant(theta.size(), -1.5), high = VectorXd::Constant(theta.size(), 4.0);
  const double centres[] = {std::log(o.prior_precision), std::log(o.hierarchy_precision)};
  for (int k = 0; k < 2; ++k) {
    low(theta.size() - 2 + k) = centres[k] + std::log(1e-3);
    high(theta.size() - 2 + k) = centres[k] + std::log(1e4);
  }
  minimise(
      [&](const VectorXd& x, VectorXd& g) {
        const double value = log_evidence_gradient(features, unpack(x), z, extra, y, o, &g);
        g = -g;
        return -value;
      },
      theta, low, high, o.iterations);
  return unpack(theta);
}

}  // namespace infans::inference
