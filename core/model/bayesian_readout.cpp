#include "core/model/bayesian_readout.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/base/archive_factor.hpp"
#include "core/model/symmetric.hpp"
#include "core/random/gamma.hpp"

namespace infans::model {
Eigen::VectorXd noise_estimate(const Eigen::MatrixXd& residual, const Eigen::MatrixXd& y, double f) {
  const double n = static_cast<double>(y.rows());
  return ((residual.cwiseProduct(y).colwise().sum().array() + 2.0 * f * f) / (n + 2.0)).matrix().transpose();
}

double student_evidence(const Eigen::VectorXd& estimate, double n, double f, double log_det_a, double log_det_prior) {
  const double a = 1.0 + 0.5 * n;
  double value = 0.0;
  for (const double u : estimate) {
    const double s = std::max(u, f * f);
    value += -0.5 * n * std::log(2.0 * std::numbers::pi) + 0.5 * (log_det_prior - log_det_a) + std::log(f * f) -
             a * std::log(a * s) + a - a * u / s + std::lgamma(a);
  }
  return value;
}

double StudentPrediction::log_density(const Eigen::VectorXd& y) const {
  double value = 0.0;
  for (Eigen::Index j = 0; j < y.size(); ++j) {
    const double e = y(j) - mean(j);
    value += std::lgamma(0.5 * (dof + 1.0)) - std::lgamma(0.5 * dof) -
             0.5 * std::log(dof * std::numbers::pi * scale(j)) -
             0.5 * (dof + 1.0) * std::log1p(e * e / (dof * scale(j)));
  }
  return value;
}

BayesianReadout::BayesianReadout(Eigen::VectorXd prior, int outputs, double noise_floor, NoiseLearning noise)
    : prior_precision_(std::move(prior)),
      mean_(Eigen::MatrixXd::Zero(prior_precision_.size(), outputs)),
      noise_variance_(Eigen::VectorXd::Constant(outputs, 0.1)),
      noise_floor_(noise_floor),
      noise_learning_(noise),
      estimate_(Eigen::VectorXd::Constant(outputs, noise_floor * noise_floor)) {
  if (prior_precision_.size() < 1 || prior_precision_.minCoeff() <= 0.0)
    throw std::logic_error("BayesianReadout: prior precisions must be positive");
  if (noise == NoiseLearning::at_every_update) noise_variance_ = estimate_;
  precision_.compute(Eigen::MatrixXd(prior_precision_.asDiagonal()));
}

void BayesianReadout::fit(const Eigen::MatrixXd& phi, const Eigen::MatrixXd& y, Eigen::VectorXd prior) {
  prior_precision_ = std::move(prior);
  Eigen::MatrixXd a = prior_precision_.asDiagonal();
  a.selfadjointView<Eigen::Lower>().rankUpdate(phi.transpose());
  precision_.compute(a);
  mean_ = precision_.solve(phi.transpose() * y);
  estimate_ = noise_estimate(y - phi * mean_, y, noise_floor_);
  shape_ = 1.0 + 0.5 * static_cast<double>(y.rows());
  noise_variance_ = estimate_.cwiseMax(noise_floor_ * noise_floor_);
}

void BayesianReadout::learn_noise(double rows, const Eigen::VectorXd& weighted_squares) {
  const double shape = shape_ + 0.5 * rows;
  estimate_ = (shape_ * estimate_ + 0.5 * weighted_squares) / shape;
  shape_ = shape;
  if (noise_learning_ == NoiseLearning::at_every_update)
    noise_variance_ = estimate_.cwiseMax(noise_floor_ * noise_floor_);
}

void BayesianReadout::describe(base::Archive& archive) {
  const Eigen::Index features = mean_.rows(), outputs = mean_.cols();
  archive("prior_precision", prior_precision_)("mean", mean_)("noise_variance", noise_variance_);
  archive("precision", precision_)("shape", shape_)("estimate", estimate_);
  const auto size = [](Eigen::Index f, Eigen::Index o) {
    return std::to_string(f) + " features and " + std::to_string(o) + " outputs";
  };
  if (mean_.rows() != features || mean_.cols() != outputs || prior_precision_.size() != features ||
      precision_.rows() != features || noise_variance_.size() != outputs || estimate_.size() != outputs)
    throw base::StateError(
        "mean", size(mean_.rows(), mean_.cols()) + " were saved, this program has " + size(features, outputs));
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
  learn_noise(1.0, u.error.array().square().matrix() / (1.0 + v));
  return u;
}

ReadoutBlockUpdate BayesianReadout::update_block(const Eigen::MatrixXd& phi, const Eigen::MatrixXd& y) {
  ReadoutBlockUpdate u;
  const Eigen::Index k = phi.rows();
  if (y.rows() != k || phi.cols() != features() || y.cols() != outputs())
    throw std::logic_error("BayesianReadout: a block needs k x D features and k x O outputs");
  u.error = y - phi * mean_;
  if (k == 0) return u;
  const Eigen::MatrixXd s_phi = precision_.solve(phi.transpose());
  Eigen::MatrixXd c = phi * s_phi;
  c.diagonal().array() += 1.0;
  const Eigen::LLT<Eigen::MatrixXd> llt(c);
  const Eigen::MatrixXd gained = llt.solve(u.error);  // C^-1 e: the residuals after the update
  const double log_det_c = log_det(llt), trace = llt.solve(Eigen::MatrixXd::Identity(k, k)).trace();
  const double learned = static_cast<double>(k) - trace;  // tr(I - C^-1)
  u.information_gain = 0.5 * outputs() * log_det_c;
  for (int j = 0; j < outputs(); ++j) {
    const double after = gained.col(j).squaredNorm() / noise_variance_(j);
    const double before = gained.col(j).dot(u.error.col(j)) / noise_variance_(j);
    u.accuracy -=
        0.5 * (static_cast<double>(k) * std::log(2.0 * std::numbers::pi * noise_variance_(j)) + after + learned);
    u.complexity += 0.5 * (log_det_c - learned + before - after);
  }
  u.vfe = u.complexity - u.accuracy;
  mean_.noalias() += s_phi * gained;
  for (Eigen::Index i = 0; i < k; ++i) precision_.rankUpdate(phi.row(i).transpose(), 1.0);
  learn_noise(static_cast<double>(k), u.error.cwiseProduct(gained).colwise().sum().transpose());
  return u;
}

// b follows from min over M of keep (data term) + prior term, written as a sum of positive parts so that noise-free
// data lose no digits: 2b' = 2f^2 + keep 2(b - f^2) + (1 - keep) M' Lambda M'.
void BayesianReadout::discount(double keep) {
  if (!(keep >= 0.0 && keep <= 1.0)) throw std::logic_error("BayesianReadout: a discount is a share between 0 and 1");
  if (keep == 1.0) return;
  Eigen::MatrixXd a = keep * precision_.reconstructedMatrix();
  const Eigen::MatrixXd weighted = a * mean_;
  a.diagonal() += (1.0 - keep) * prior_precision_;
  precision_.compute(a);
  const Eigen::MatrixXd mean = precision_.solve(weighted);
  const Eigen::VectorXd shrunk = (mean_.cwiseProduct(prior_precision_.asDiagonal() * mean)).colwise().sum().transpose();
  mean_ = mean;
  const double floor = noise_floor_ * noise_floor_, shape = 1.0 + keep * (shape_ - 1.0);
  estimate_ = ((keep * (shape_ * estimate_.array() - floor) + floor + 0.5 * (1.0 - keep) * shrunk.array()) / shape);
  shape_ = shape;
  learn_noise(0.0, Eigen::VectorXd::Zero(outputs()));
}

double BayesianReadout::epistemic_variance(const Eigen::VectorXd& phi) const {
  return precision_.matrixL().solve(phi).squaredNorm();
}

Eigen::VectorXd BayesianReadout::predictive_variance(const Eigen::VectorXd& phi) const {
  return (1.0 + epistemic_variance(phi)) * noise_variance_;
}

StudentPrediction BayesianReadout::predict_student(const Eigen::VectorXd& phi) const {
  StudentPrediction p;
  p.mean = predict(phi);
  p.scale = (1.0 + epistemic_variance(phi)) * estimate_;
  p.dof = 2.0 * shape_;
  p.variance = p.dof > 2.0 ? Eigen::VectorXd(p.scale * (p.dof / (p.dof - 2.0)))
                           : Eigen::VectorXd::Constant(outputs(), std::numeric_limits<double>::infinity());
  return p;
}

double BayesianReadout::information_gain(const Eigen::VectorXd& phi) const {
  return 0.5 * outputs() * std::log1p(epistemic_variance(phi));
}

Eigen::MatrixXd BayesianReadout::draw_directions(int count, random::Stream& stream) const {
  Eigen::MatrixXd z(features(), count);
  for (int k = 0; k < count; ++k)
    for (int j = 0; j < features(); ++j) z(j, k) = stream.normal();
  return directions(std::move(z));
}

Eigen::MatrixXd BayesianReadout::directions(Eigen::MatrixXd normals) const {
  precision_.matrixU().solveInPlace(normals);
  return normals;
}

Eigen::MatrixXd BayesianReadout::all_directions() const {
  Eigen::MatrixXd z = std::sqrt(static_cast<double>(features())) * Eigen::MatrixXd::Identity(features(), features());
  precision_.matrixU().solveInPlace(z);
  return z;
}

Eigen::MatrixXd BayesianReadout::draw_weights(random::Stream& stream, Eigen::VectorXd* noise) const {
  Eigen::VectorXd variance(outputs());
  for (int j = 0; j < outputs(); ++j) variance(j) = shape_ * estimate_(j) / random::gamma(shape_, stream);
  if (noise != nullptr) *noise = variance;
  return mean_ + draw_directions(outputs(), stream) * variance.cwiseSqrt().asDiagonal();
}

double BayesianReadout::log_evidence() const {
  return student_evidence(estimate_, 2.0 * (shape_ - 1.0), noise_floor_, log_det(precision_),
                          prior_precision_.array().log().sum());
}

double BayesianReadout::log_det_precision() const { return log_det(precision_); }

JointInformation::JointInformation(const BayesianReadout& readout, int max_rows)
    : readout_(readout),
      whitened_(readout.features(), max_rows),
      factor_(Eigen::MatrixXd::Zero(max_rows, max_rows)),
      gain_(max_rows) {}

double JointInformation::add(const Eigen::VectorXd& phi) {
  if (rows_ == whitened_.cols()) throw std::logic_error("JointInformation: more steps than it was made for");
  const int t = rows_;
  auto w = whitened_.col(t);
  w = phi;
  readout_.precision().matrixL().solveInPlace(w);
  // What earlier steps explain of this one.
  Eigen::VectorXd shared = whitened_.leftCols(t).transpose() * w;
  factor_.topLeftCorner(t, t).triangularView<Eigen::Lower>().solveInPlace(shared);
  // At least 1 in exact arithmetic: the noise of this observation itself.
  const double left = std::max(1.0, 1.0 + w.squaredNorm() - shared.squaredNorm());
  factor_.row(t).head(t) = shared.transpose();
  factor_(t, t) = std::sqrt(left);
  const double gain = 0.5 * readout_.outputs() * std::log(left);
  gain_(t) = total() + gain;
  ++rows_;
  return gain;
}

void JointInformation::truncate(int rows) {
  if (rows < 0 || rows > rows_) throw std::logic_error("JointInformation: no such step");
  rows_ = rows;
}

}  // namespace infans::model
