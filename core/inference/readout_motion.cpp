#include "core/inference/readout_motion.hpp"

#include <cmath>
#include <stdexcept>

#include "core/base/archive.hpp"
#include "core/inference/leave_out.hpp"
#include "core/model/field.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::Transitions;

model::FourierFeatures make_features(const model::Encoding& e, int count, std::uint64_t seed, std::uint32_t agent) {
  random::Stream stream({seed, agent, random::Purpose::features, 0});
  return {e.inputs(), count, 1.5, stream};
}

}  // namespace

ReadoutMotion::ReadoutMotion(model::Encoding encoding, const ReadoutMotionOptions& options, std::uint64_t seed,
                             std::uint32_t agent)
    : encoding_(std::move(encoding)),
      options_(options),
      fourier_(make_features(encoding_, options.features, seed, agent)),
      readout_(VectorXd::Constant(options.features, options.evidence.prior_precision), encoding_.state_size(),
               options.evidence.noise_floor),
      scale_(VectorXd::Ones(encoding_.state_size())) {}

MatrixXd ReadoutMotion::features(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) const {
  return fourier_.features(model::encode_rows(encoding_, q, v, u));
}

MatrixXd ReadoutMotion::constant_velocity(const MatrixXd& q, const MatrixXd& v) const {
  MatrixXd out(q.rows(), 2 * q.cols());
  out << q + encoding_.dt * v, v;
  return out;
}

void ReadoutMotion::fit_outputs(const Transitions& t, const MatrixXd& y) {
  if (t.count() < 2 || t.joints() != encoding_.positions() || t.commands() != encoding_.actions)
    throw std::logic_error("ReadoutMotion: transitions of another body, or fewer than two");
  scale_ = column_deviation(y).cwiseMax(1e-12);
  const MatrixXd scaled = y * scale_.cwiseInverse().asDiagonal();
  const MatrixXd z = model::encode_rows(encoding_, t.q0, t.v0, t.u);
  const EvidenceParameters from{VectorXd::Constant(z.cols(), options_.evidence.length_scale),
                                options_.evidence.prior_precision, options_.evidence.hierarchy_precision};
  const EvidenceParameters at = ascend_evidence(fourier_, from, z, MatrixXd(z.rows(), 0), scaled, options_.evidence);
  fourier_.length_scale = at.length_scale;
  const MatrixXd phi = features(t.q0, t.v0, t.u);
  readout_.fit(phi, scaled, VectorXd::Constant(phi.cols(), at.fourier_precision));

  // Leave-one-out errors and the noise that they mean.
  MatrixXd error = scaled - phi * readout_.mean(), inflation(error.rows(), error.cols());
  for (Index k = 0; k < error.rows(); ++k) {
    const double leverage = std::min(readout_.epistemic_variance(phi.row(k).transpose()), 1.0 - 1e-7);
    error.row(k) /= 1.0 - leverage;
    inflation.row(k).setConstant(1.0 / (1.0 - leverage));
  }
  const double f = options_.evidence.noise_floor;
  noise_ = fit_forward_noise(error, inflation, MatrixXd::Zero(error.rows(), error.cols()),
                             VectorXd::Constant(error.cols(), 0.01 * f * f), static_cast<int>(z.cols()) + 1);
  left_out_outputs_ = y - error * scale_.asDiagonal();
  left_out_variance_ = inflation * noise_.variance.cwiseProduct(scale_.cwiseAbs2()).asDiagonal();
}

void ReadoutMotion::add_outputs(const Transitions& t, const MatrixXd& y) {
  const MatrixXd phi = features(t.q0, t.v0, t.u);
  for (Index k = 0; k < phi.rows(); ++k)
    readout_.update(phi.row(k).transpose(), y.row(k).transpose().cwiseQuotient(scale_));
}

MatrixXd ReadoutMotion::outputs(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) const {
  return features(q, v, u) * readout_.mean() * scale_.asDiagonal();
}

MatrixXd ReadoutMotion::output_variance(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) const {
  const MatrixXd phi = features(q, v, u);
  MatrixXd out(phi.rows(), scale_.size());
  for (Index k = 0; k < phi.rows(); ++k)
    out.row(k) = (1.0 + readout_.epistemic_variance(phi.row(k).transpose())) * output_noise().transpose();
  return out;
}

void ReadoutMotion::fit(const Transitions& t) {
  const MatrixXd base = constant_velocity(t.q0, t.v0);
  fit_outputs(t, ends(t) - base);
  left_out_.mean = base + left_out_outputs_;
  left_out_.covariance.clear();
  for (Index k = 0; k < t.count(); ++k)
    left_out_.covariance.emplace_back(left_out_variance_.row(k).transpose().asDiagonal());
}

void ReadoutMotion::add(const Transitions& t) { add_outputs(t, ends(t) - constant_velocity(t.q0, t.v0)); }

MatrixXd ReadoutMotion::mean(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) const {
  return constant_velocity(q, v) + outputs(q, v, u);
}

MotionBatch ReadoutMotion::predict(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) const {
  MotionBatch out{mean(q, v, u), {}, output_noise().transpose().replicate(q.rows(), 1)};
  const MatrixXd variance = output_variance(q, v, u);
  for (Index k = 0; k < q.rows(); ++k) out.covariance.emplace_back(variance.row(k).transpose().asDiagonal());
  return out;
}

void ReadoutMotion::describe(base::Archive& archive) {
  archive("length_scale", fourier_.length_scale)("readout", readout_)("scale", scale_)("noise", noise_);
  archive("left_out", left_out_)("left_out_outputs", left_out_outputs_)("left_out_variance", left_out_variance_);
}

}  // namespace infans::inference
