#include "core/inference/ensemble_world.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

#include "core/base/archive.hpp"
#include "core/inference/hierarchy_regression.hpp"
#include "core/inference/motion_world.hpp"

namespace infans::inference {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Every member takes the step; the mean goes on.
class EnsembleWorld::Thought final : public Imagination {
 public:
  Thought(const model::Encoding& encoding, int members) : encoding_(encoding) {
    for (int e = 0; e < members; ++e) imagination_.emplace_back(encoding, kernels::best());
    end_.resize(static_cast<std::size_t>(members));
    linear_.resize(static_cast<std::size_t>(members));
  }

  void hold(int member, RolloutTables tables) {
    imagination_[static_cast<std::size_t>(member)].set_tables(std::move(tables));
  }
  void hold_noise(const VectorXd& variance) { noise_ = variance; }

  void step(const Batch& state, const Batch& action, int n, Batch& next, float* gain) override {
    const int states = encoding_.state_size(), width = padded(n);
    for (std::size_t e = 0; e < imagination_.size(); ++e) imagination_[e].step(state, action, n, end_[e], nullptr);
    next.resize(states, n);
    if (gain != nullptr) std::fill(gain, gain + width, 0.0F);
    const float share = 1.0F / static_cast<float>(imagination_.size());
    variance_.resize(1, n);
    for (int i = 0; i < states; ++i) {
      float *mean = next.row(i), *variance = variance_.row(0);
      std::fill(mean, mean + width, 0.0F);
      for (const Batch& end : end_)
        for (int k = 0; k < width; ++k) mean[k] += share * end.row(i)[k];
      if (gain == nullptr) continue;
      std::fill(variance, variance + width, 0.0F);
      for (const Batch& end : end_)
        for (int k = 0; k < width; ++k) variance[k] += share * (end.row(i)[k] - mean[k]) * (end.row(i)[k] - mean[k]);
      const float precision = static_cast<float>(1.0 / noise_(i));
      for (int k = 0; k < n; ++k) gain[k] += 0.5F * std::log1p(variance[k] * precision);
    }
  }

  void linearise(const MatrixXd& state, const MatrixXd& action, bool curious, Linearisation& out) override {
    const auto members = static_cast<double>(imagination_.size());
    for (std::size_t e = 0; e < imagination_.size(); ++e) imagination_[e].linearise(state, action, false, linear_[e]);
    out.jacobian = linear_.front().jacobian;
    for (std::size_t k = 0; k < out.jacobian.size(); ++k) {
      for (std::size_t e = 1; e < linear_.size(); ++e) out.jacobian[k] += linear_[e].jacobian[k];
      out.jacobian[k] /= members;
    }
    out.gain_gradient = MatrixXd::Zero(state.rows() + action.rows(), state.cols());
    if (curious) add_gain_gradient(state, action, out);
  }

 private:
  // d/dx 1/2 ln(1 + S/N) = 1/2 dS/dx / (N + S),  dS/dx = 2/E sum (m_e - mean) d(m_e - mean)/dx.
  void add_gain_gradient(const MatrixXd& state, const MatrixXd& action, Linearisation& out) {
    const int n = static_cast<int>(state.cols()), states = encoding_.state_size();
    const auto members = static_cast<double>(imagination_.size());
    state_.resize(states, n);
    action_.resize(encoding_.actions, n);
    for (int k = 0; k < n; ++k) {
      for (int i = 0; i < states; ++i) state_.row(i)[k] = static_cast<float>(state(i, k));
      for (int i = 0; i < encoding_.actions; ++i) action_.row(i)[k] = static_cast<float>(action(i, k));
    }
    step(state_, action_, n, mean_, nullptr);
    for (int k = 0; k < n; ++k)
      for (int i = 0; i < states; ++i) {
        VectorXd slope = VectorXd::Zero(out.gain_gradient.rows());
        double variance = 0.0;
        for (std::size_t e = 0; e < end_.size(); ++e) {
          const double off = double{end_[e].row(i)[k]} - double{mean_.row(i)[k]};
          variance += off * off / members;
          slope += off / members *
                   (linear_[e].jacobian[static_cast<std::size_t>(k)].row(i) -
                    out.jacobian[static_cast<std::size_t>(k)].row(i))
                       .transpose();
        }
        out.gain_gradient.col(k) += slope / (noise_(i) + variance);
      }
  }

  model::Encoding encoding_;
  std::vector<FeatureImagination> imagination_;
  std::vector<Batch> end_;
  std::vector<Linearisation> linear_;
  VectorXd noise_;
  Batch variance_, state_, action_, mean_;
};

EnsembleWorld::EnsembleWorld(model::Encoding encoding, const EnsembleOptions& options, std::uint64_t seed,
                             std::uint32_t agent)
    : encoding_(std::move(encoding)),
      options_(options),
      seed_(seed),
      agent_(agent * static_cast<std::uint32_t>(options.members)),
      target_scale_(VectorXd::Ones(encoding_.state_size())),
      noise_(VectorXd::Ones(encoding_.state_size())) {
  if (options.members < 2 || options.hidden < 1)
    throw std::logic_error("EnsembleWorld: two members or more, of a unit or more a layer");
  for (int e = 0; e < options.members; ++e) {
    random::Stream stream({seed, agent_ + static_cast<std::uint32_t>(e), random::Purpose::hierarchy_init, 0});
    model::Hierarchy<double> hierarchy =
        make_regression(encoding_.inputs(), options.hidden, encoding_.state_size(), stream);
    Adam<double> learner(hierarchy, AdamOptions{});
    members_.push_back({std::move(hierarchy), std::move(learner)});
  }
  thought_ = std::make_shared<Thought>(encoding_, options.members);
}

MatrixXd EnsembleWorld::member_targets(const VectorXd& z) const {
  MatrixXd out(encoding_.state_size(), members());
  for (int e = 0; e < members(); ++e) {
    const model::Hierarchy<double>& h = members_[static_cast<std::size_t>(e)].hierarchy;
    const VectorXd y = h.weight[2] * regression_features(h, z.transpose()) + h.bias[3];
    out.col(e) = y.cwiseProduct(target_scale_);
  }
  return out;
}

Belief EnsembleWorld::predict(const VectorXd& state, const VectorXd& action) const {
  VectorXd z;
  encoding_.encode(state, action, z);
  const MatrixXd targets = member_targets(z);
  const VectorXd mean = targets.rowwise().mean();
  const MatrixXd off = targets.colwise() - mean;
  const VectorXd variance = off.array().square().rowwise().mean();
  MatrixXd covariance = off * off.transpose() / members();
  covariance.diagonal() += noise_;
  return {encoding_.next_state(state, mean), (variance + noise_).cwiseSqrt(), noise_.cwiseInverse(), covariance};
}

Surprise EnsembleWorld::observe(const VectorXd& state, const VectorXd& action, const VectorXd& next) {
  VectorXd z;
  encoding_.encode(state, action, z);
  const VectorXd target = encoding_.target(state, next);
  const MatrixXd targets = member_targets(z);
  const VectorXd mean = targets.rowwise().mean();
  const MatrixXd off = targets.colwise() - mean;
  if (rows_ == inputs_.rows()) {
    const Index capacity = std::max<Index>(256, 2 * rows_);
    inputs_.conservativeResize(capacity, encoding_.inputs());
    targets_.conservativeResize(capacity, encoding_.state_size());
  }
  inputs_.row(rows_) = z.transpose();
  targets_.row(rows_++) = target.transpose();
  MatrixXd covariance = off * off.transpose() / members();
  covariance.diagonal() += noise_;
  return gaussian_surprise(target - mean, covariance, noise_);
}

void EnsembleWorld::replace(const model::Transitions& lived) {
  rows_ = lived.count();
  encoding_.encode(lived, inputs_, targets_);
}

void EnsembleWorld::refit() {
  if (rows_ == 0) return;
  const MatrixXd z = inputs_.topRows(rows_), targets = targets_.topRows(rows_);
  // About zero, not about the mean: targets are not centred, and one transition is enough.
  target_scale_ = targets.array().square().colwise().mean().sqrt().max(1e-6).matrix().transpose();
  const MatrixXd y = targets * target_scale_.cwiseInverse().asDiagonal();
  MatrixXd mean = MatrixXd::Zero(encoding_.state_size(), rows_);
  for (int e = 0; e < members(); ++e) {
    Member& m = members_[static_cast<std::size_t>(e)];
    random::Stream stream({seed_, agent_ + static_cast<std::uint32_t>(e), random::Purpose::hierarchy_batches, refits_});
    train_regression(m.hierarchy, m.learner, z, y, options_.epochs, stream);
    mean += ((m.hierarchy.weight[2] * regression_features(m.hierarchy, z)).colwise() + m.hierarchy.bias[3]) / members();
  }
  const double floor = options_.noise_floor * options_.noise_floor;
  const VectorXd residual = (y.transpose() - mean).array().square().rowwise().mean().max(floor);
  noise_ = residual.cwiseProduct(target_scale_.cwiseAbs2());
  ++refits_;
}

// The bias of the output rides on one Fourier feature of frequency 0, which is cos(0) = 1.
RolloutTables EnsembleWorld::tables(const Member& member) const {
  const model::Hierarchy<double>& h = member.hierarchy;
  RolloutTables t;
  t.inputs = encoding_.inputs();
  t.fourier = 1;
  t.hidden = options_.hidden;
  t.outputs = encoding_.state_size();
  t.frequency.assign(static_cast<std::size_t>(t.inputs), 0.0F);
  t.phase.assign(1, 0.0F);
  t.weight1 = row_major(h.weight[0].transpose());
  t.bias1 = row_major(h.bias[1]);
  t.weight2 = row_major(h.weight[1].transpose());
  t.bias2 = row_major(h.bias[2]);
  MatrixXd columns(1 + t.hidden, t.outputs);
  columns.row(0) = h.bias[3].transpose();
  columns.bottomRows(t.hidden) = h.weight[2].transpose();
  t.readout = row_major(columns * target_scale_.asDiagonal());
  return t;
}

Imagination& EnsembleWorld::imagine(bool, random::Stream&) {
  for (int e = 0; e < members(); ++e) thought_->hold(e, tables(members_[static_cast<std::size_t>(e)]));
  thought_->hold_noise(noise_);
  return *thought_;
}

double EnsembleWorld::log_evidence() const { return std::numeric_limits<double>::quiet_NaN(); }

VectorXd EnsembleWorld::length_scale() const {
  return VectorXd::Constant(encoding_.inputs(), std::numeric_limits<double>::quiet_NaN());
}

void EnsembleWorld::Member::describe(base::Archive& archive) { archive("hierarchy", hierarchy)("learner", learner); }

void EnsembleWorld::describe(base::Archive& archive) {
  MatrixXd inputs = inputs_.topRows(rows_), targets = targets_.topRows(rows_);
  archive("inputs", inputs)("targets", targets)("target_scale", target_scale_)("noise", noise_)("refits", refits_);
  for (std::size_t e = 0; e < members_.size(); ++e)
    archive(std::string("member_").append(std::to_string(e)), members_[e]);
  if (!archive.restoring()) return;
  rows_ = inputs.rows();
  inputs_ = std::move(inputs);
  targets_ = std::move(targets);
}

}  // namespace infans::inference
