#include "core/model/bayesian_readout.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

namespace infans::model {
namespace {

double log_det(const Eigen::LLT<Eigen::MatrixXd>& llt) { return 2.0 * llt.matrixLLT().diagonal().array().log().sum(); }

}  // namespace

Eigen::VectorXd noise_estimate(const Eigen::MatrixXd& residual, const Eigen::MatrixXd& y, double f) {
  const double n = static_cast<double>(y.rows());
  return ((residual.cwiseProduct(y).colwise().sum().array() + 2.0 * f * f) / (n + 2.0)).matrix().transpose();
}

double student_evidence(const Eigen::VectorXd& estimate, Eigen::Index rows, double f, double log_det_a,
                        double log_det_prior) {
  const double n = static_cast<double>(rows), a = 1.0 + 0.5 * n;
  double value = 0.0;
  for (const double u : estimate) {
    const double s = std::max(u, f * f);
    value += -0.5 * n * std::log(2.0 * std::numbers::pi) + 0.5 * (log_det_prior - log_det_a) + std::log(f * f) -
             a * std::log(a * s) + a - a * u / s + std::lgamma(a);
  }
  return value;
}

BayesianReadout::BayesianReadout(Eigen::VectorXd prior, int outputs, double noise_floor)
    : prior_precision_(std::move(prior)),
      mean_(Eigen::MatrixXd::Zero(prior_precision_.size(), outputs)),
      noise_variance_(Eigen::VectorXd::Constant(outputs, 0.1)),
      noise_floor_(noise_floor) {
  if (prior_precision_.size() < 1 || prior_precision_.minCoeff() <= 0.0)
    throw std::logic_error("BayesianReadout: prior precisions must be positive");
  precision_.compute(Eigen::MatrixXd(prior_precision_.asDiagonal()));
}

void BayesianReadout::fit(const Eigen::MatrixXd& phi, const Eigen::MatrixXd& y, Eigen::VectorXd prior) {
  prior_precision_ = std::move(prior);
  Eigen::MatrixXd a = prior_precision_.asDiagonal();
  a.selfadjointView<Eigen::Lower>().rankUpdate(phi.transpose());
  precision_.compute(a);
  mean_ = precision_.solve(phi.transpose() * y);
  const Eigen::VectorXd estimate = noise_estimate(y - phi * mean_, y, noise_floor_);
  noise_variance_ = estimate.cwiseMax(noise_floor_ * noise_floor_);
  log_evidence_ =
      student_evidence(estimate, y.rows(), noise_floor_, log_det(precision_), prior_precision_.array().log().sum());
}

ReadoutUpdate BayesianReadout::update(const Eigen::VectorXd& phi, const Eigen::VectorXd& y) {
  ReadoutUpdate u;
  const Eigen::VectorXd s_phi = precision_.solve(phi);
  const double v = phi.dot(s_phi);
  u.error = y - predict(phi);
  u.epistemic = v;
  u.information_gain = 0.5 * outputs() * std::log1p(v);
  for (int j = 0; j < outputs(); ++j) {
    const double scaled = u.error(j) * u.error(j) / (noise_variance_(j) * (1.0 + v) * (1.0 + v));
    u.accuracy -= 0.5 * (std::log(2.0 * std::numbers::pi * noise_variance_(j)) + scaled + v / (1.0 + v));
    u.complexity += 0.5 * (std::log1p(v) - v / (1.0 + v) + scaled * v);
  }
  u.vfe = u.complexity - u.accuracy;
  mean_.noalias() += s_phi / (1.0 + v) * u.error.transpose();
  precision_.rankUpdate(phi, 1.0);
  return u;
}

double BayesianReadout::epistemic_variance(const Eigen::VectorXd& phi) const {
  return precision_.matrixL().solve(phi).squaredNorm();
}

double BayesianReadout::information_gain(const Eigen::VectorXd& phi) const {
  return 0.5 * outputs() * std::log1p(epistemic_variance(phi));
}

Eigen::MatrixXd BayesianReadout::draw_directions(int count, random::Stream& stream) const {
  Eigen::MatrixXd z(features(), count);
  for (int k = 0; k < count; ++k)
    for (int j = 0; j < features(); ++j) z(j, k) = stream.normal();
  precision_.matrixU().solveInPlace(z);
  return z;
}

double BayesianReadout::log_det_precision() const { return log_det(precision_); }

}  // namespace infans::model
