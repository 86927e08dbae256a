#include "core/inference/transition_model.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/archive.hpp"
#include "core/base/error.hpp"
#include "core/inference/evidence.hpp"
#include "core/inference/hierarchy_regression.hpp"
#include "core/inference/normals.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

model::FourierFeatures make_fourier(const model::Encoding& e, const TransitionOptions& o, std::uint64_t seed,
                                    std::uint32_t agent) {
  random::Stream stream({seed, agent, random::Purpose::features, 0});
  model::FourierFeatures features(e.inputs(), o.fourier_features, o.length_scale, stream);
  if (o.length_scales.empty()) return features;
  if (o.length_scales.size() != static_cast<std::size_t>(e.inputs()))
    throw base::OptionError("model.length_scales", "model.length_scales has " + std::to_string(o.length_scales.size()) +
                                                       " numbers; this body has " + std::to_string(e.inputs()) +
                                                       " inputs, and every one needs its own");
  features.length_scale = Eigen::Map<const VectorXd>(o.length_scales.data(), e.inputs());
  return features;
}

model::Hierarchy<double> make_hierarchy(const model::Encoding& e, const TransitionOptions& o, std::uint64_t seed,
                                        std::uint32_t agent) {
  random::Stream stream({seed, agent, random::Purpose::hierarchy_init, 0});
  return make_regression(e.inputs(), std::max(1, o.hierarchy_features), e.state_size(), stream);
}

}  // namespace

TransitionModel::TransitionModel(model::Encoding encoding, const TransitionOptions& options, std::uint64_t seed,
                                 std::uint32_t agent)
    : encoding_(std::move(encoding)),
      options_(options),
      seed_(seed),
      agent_(agent),
      fourier_(make_fourier(encoding_, options, seed, agent)),
      fourier_precision_(options.prior_precision),
      hierarchy_precision_(options.prior_precision * std::max(1, options.hierarchy_features)),
      hierarchy_(make_hierarchy(encoding_, options, seed, agent)),
      adam_(hierarchy_, AdamOptions{}),
      readout_(prior(), encoding_.state_size(), options.noise_floor),
      target_scale_(VectorXd::Ones(encoding_.state_size())),
      imagination_(encoding_, kernels::best()) {}

VectorXd TransitionModel::prior() const {
  VectorXd lambda(options_.fourier_features + options_.hierarchy_features);
  lambda << VectorXd::Constant(options_.fourier_features, fourier_precision_),
      VectorXd::Constant(options_.hierarchy_features, hierarchy_precision_);
  return lambda;
}

MatrixXd TransitionModel::hierarchy_features(const MatrixXd& inputs) const {
  if (options_.hierarchy_features == 0) return MatrixXd(inputs.rows(), 0);
  return regression_features(hierarchy_, inputs).transpose();
}

VectorXd TransitionModel::features(const VectorXd& z) const {
  VectorXd phi(options_.fourier_features + options_.hierarchy_features);
  const VectorXd angle = fourier_.frequency * z.cwiseQuotient(fourier_.length_scale) + fourier_.phase;
  phi.head(fourier_.count()) = fourier_.amplitude() * angle.array().cos();
  phi.tail(options_.hierarchy_features) = hierarchy_features(z.transpose()).transpose();
  return phi;
}

Belief TransitionModel::predict(const VectorXd& state, const VectorXd& action) const {
  VectorXd z;
  encoding_.encode(state, action, z);
  const VectorXd phi = features(z);
  Belief b;
  b.mean = encoding_.next_state(state, readout_.predict(phi).cwiseProduct(target_scale_));
  const Eigen::ArrayXd noise = readout_.noise_variance().array() * target_scale_.array().square();
  b.standard_deviation = (noise * (1.0 + readout_.epistemic_variance(phi))).sqrt();
  b.precision = noise.inverse();
  b.covariance = b.standard_deviation.cwiseAbs2().asDiagonal();
  return b;
}

Surprise TransitionModel::observe(const VectorXd& state, const VectorXd& action, const VectorXd& next) {
  VectorXd z;
  encoding_.encode(state, action, z);
  const VectorXd target = encoding_.target(state, next);
  if (rows_ == inputs_.rows()) {
    const Index capacity = std::max<Index>(256, 2 * rows_);
    inputs_.conservativeResize(capacity, encoding_.inputs());
    targets_.conservativeResize(capacity, encoding_.state_size());
  }
  inputs_.row(rows_) = z.transpose();
  targets_.row(rows_++) = target.transpose();
  const model::ReadoutUpdate u = readout_.update(features(z), target.cwiseQuotient(target_scale_));
  // A density in SI units is the standardised one divided by the scales.
  const double log_scale = target_scale_.array().log().sum();
  return {u.error.cwiseProduct(target_scale_), u.vfe + log_scale, u.accuracy - log_scale, u.complexity,
          u.information_gain};
}

void TransitionModel::replace(const model::Transitions& lived) {
  rows_ = lived.count();
  encoding_.encode(lived, inputs_, targets_);
}

void TransitionModel::train_hierarchy(const MatrixXd& inputs, const MatrixXd& outputs) {
  random::Stream stream({seed_, agent_, random::Purpose::hierarchy_batches, refits_});
  train_regression(hierarchy_, adam_, inputs, outputs, options_.hierarchy_epochs, stream);
}

void TransitionModel::refit() {
  if (rows_ == 0) return;
  const MatrixXd z = inputs_.topRows(rows_), targets = targets_.topRows(rows_);
  // About zero, not about the mean: targets are not centred, and one transition is enough.
  target_scale_ = targets.array().square().colwise().mean().sqrt().max(1e-6).matrix().transpose();
  const MatrixXd y = targets * target_scale_.cwiseInverse().asDiagonal();
  if (options_.hierarchy_features > 0) train_hierarchy(z, y);
  const MatrixXd extra = hierarchy_features(z);
  if (options_.evidence_steps > 0) {
    const EvidenceOptions o{options_.evidence_steps, options_.noise_floor, options_.length_scale,
                            options_.prior_precision,
                            options_.prior_precision * std::max(1, options_.hierarchy_features)};
    const EvidenceParameters p =
        ascend_evidence(fourier_, {fourier_.length_scale, fourier_precision_, hierarchy_precision_}, z, extra, y, o);
    fourier_.length_scale = p.length_scale;
    fourier_precision_ = p.fourier_precision;
    hierarchy_precision_ = p.hierarchy_precision;
  }
  MatrixXd phi(rows_, fourier_.count() + extra.cols());
  phi.leftCols(fourier_.count()) = fourier_.features(z);
  phi.rightCols(extra.cols()) = extra;
  readout_.fit(phi, y, prior());
  ++refits_;
}

Imagination& TransitionModel::imagine(bool curious, random::Stream& draws) {
  imagination_.set_tables(tables(curious ? options_.draws : 0, draws));
  return imagination_;
}

Imagination& TransitionModel::imagine_draw(random::Stream& stream) {
  imagination_.set_tables(packed(readout_.draw_weights(stream), MatrixXd(readout_.features(), 0)));
  return imagination_;
}

RolloutTables TransitionModel::tables(int draws, random::Stream& stream) const {
  if (draws == 0) return packed(readout_.mean(), MatrixXd(readout_.features(), 0));
  if (draws >= readout_.features()) return packed(readout_.mean(), readout_.all_directions());
  return packed(readout_.mean(), readout_.directions(standard_normals(readout_.features(), draws, stream)));
}

RolloutTables TransitionModel::packed(const MatrixXd& weights, const MatrixXd& directions) const {
  RolloutTables t;
  t.inputs = encoding_.inputs();
  t.fourier = fourier_.count();
  t.hidden = options_.hierarchy_features;
  t.outputs = encoding_.state_size();
  t.draws = static_cast<int>(directions.cols());
  t.frequency = row_major(fourier_.scaled() / std::numbers::pi);
  t.phase = row_major(fourier_.phase / std::numbers::pi);
  t.weight1 = row_major(hierarchy_.weight[0].transpose());
  t.bias1 = row_major(hierarchy_.bias[1]);
  t.weight2 = row_major(hierarchy_.weight[1].transpose());
  t.bias2 = row_major(hierarchy_.bias[2]);
  MatrixXd columns(readout_.features(), t.outputs + t.draws);
  columns.leftCols(t.outputs) = weights * target_scale_.asDiagonal();
  columns.rightCols(t.draws) = directions;
  columns.topRows(t.fourier) *= fourier_.amplitude();
  t.readout = row_major(columns);
  return t;
}

void TransitionModel::describe(base::Archive& archive) {
  MatrixXd inputs = inputs_.topRows(rows_), targets = targets_.topRows(rows_);
  archive("inputs", inputs)("targets", targets)("target_scale", target_scale_)("refits", refits_);
  archive("length_scale", fourier_.length_scale)("fourier_precision", fourier_precision_);
  archive("hierarchy_precision", hierarchy_precision_)("hierarchy", hierarchy_)("learner", adam_)("readout", readout_);
  if (!archive.restoring()) return;
  rows_ = inputs.rows();
  inputs_ = std::move(inputs);
  targets_ = std::move(targets);
}

}  // namespace infans::inference
