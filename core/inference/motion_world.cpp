#include "core/inference/motion_world.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

namespace infans::inference {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::Transitions;

// Steps of the model as it was when the thought began.
class MotionWorld::Thought final : public Imagination {
 public:
  explicit Thought(const model::Encoding& encoding) : encoding_(encoding) {}

  // Null: nothing is known yet.
  void hold(std::unique_ptr<FrozenMotion> motion) { motion_ = std::move(motion); }

  void step(const Batch& state, const Batch& action, int n, Batch& next, float* gain) override {
    const int joints = encoding_.positions(), states = 2 * joints, width = padded(n);
    if (motion_) {
      x_.resize(states + encoding_.actions, n);
      for (int i = 0; i < states; ++i) std::copy(state.row(i), state.row(i) + width, x_.row(i));
      for (int i = 0; i < encoding_.actions; ++i) std::copy(action.row(i), action.row(i) + width, x_.row(states + i));
      motion_->step(x_, joints, encoding_.actions, n, next, gain);
    } else {
      coast(state, n, next, gain);
    }
    for (int i = 0; i < joints; ++i) {
      const float limit = velocity_clip * static_cast<float>(encoding_.velocity_scale(i));
      float* v = next.row(joints + i);
      for (int k = 0; k < width; ++k) v[k] = std::clamp(v[k], -limit, limit);
    }
  }

  void linearise(const MatrixXd& state, const MatrixXd& action, bool curious, Linearisation& out) override {
    const Index states = state.rows(), variables = states + action.rows(), points = state.cols();
    MatrixXd x(variables, points);
    x << state, action;
    if (motion_) {
      motion_->jacobian(x, encoding_.positions(), out.jacobian);
    } else {
      MatrixXd coasting = MatrixXd::Identity(states, variables);
      coasting.topRows(states / 2).middleCols(states / 2, states / 2).diagonal().setConstant(encoding_.dt);
      out.jacobian.assign(static_cast<std::size_t>(points), coasting);
    }
    out.gain_gradient = MatrixXd::Zero(variables, points);
    if (curious && motion_) gain_differences(x, out.gain_gradient);
  }

 private:
  void coast(const Batch& state, int n, Batch& next, float* gain) {
    const int joints = encoding_.positions(), width = padded(n);
    const float dt = static_cast<float>(encoding_.dt);
    next.resize(2 * joints, n);
    for (int i = 0; i < joints; ++i)
      for (int k = 0; k < width; ++k) {
        next.row(i)[k] = state.row(i)[k] + dt * state.row(joints + i)[k];
        next.row(joints + i)[k] = state.row(joints + i)[k];
      }
    if (gain != nullptr) std::fill(gain, gain + width, 0.0F);
  }

  // Central differences of the gain in float, in steps of a hundredth of what counts as 1.
  void gain_differences(const MatrixXd& x, MatrixXd& gradient) {
    const int variables = static_cast<int>(x.rows()), points = static_cast<int>(x.cols()), n = 2 * variables * points;
    const int joints = encoding_.positions();
    x_.resize(variables, n);
    VectorXd step = VectorXd::Constant(variables, 1e-2);
    step.segment(joints, joints) = 1e-2 * encoding_.velocity_scale;
    for (int k = 0; k < n; ++k) {
      const int point = k % points, moved = k / points / 2;
      const double sign = k / points % 2 == 0 ? 1.0 : -1.0;
      for (int i = 0; i < variables; ++i)
        x_.row(i)[k] = static_cast<float>(x(i, point) + (i == moved ? sign * step(i) : 0.0));
    }
    gain_.resize(1, n);
    motion_->step(x_, joints, encoding_.actions, n, end_, gain_.row(0));
    for (int i = 0; i < variables; ++i)
      for (int k = 0; k < points; ++k)
        gradient(i, k) = (gain_.row(0)[2 * i * points + k] - gain_.row(0)[(2 * i + 1) * points + k]) / (2.0 * step(i));
  }

  model::Encoding encoding_;
  std::unique_ptr<FrozenMotion> motion_;
  Batch x_, end_, gain_;
};

MotionWorld::MotionWorld(model::Encoding encoding, std::unique_ptr<MotionModel> motion, int draws)
    : encoding_(std::move(encoding)),
      motion_(std::move(motion)),
      draws_(draws),
      thought_(std::make_shared<Thought>(encoding_)) {
  if (!motion_) throw std::logic_error("MotionWorld: no model");
}

Transitions MotionWorld::one(const VectorXd& state, const VectorXd& action, const VectorXd& next) const {
  const Index n = encoding_.positions();
  return {state.head(n).transpose(), state.tail(n).transpose(), action.transpose(), next.head(n).transpose(),
          next.tail(n).transpose()};
}

Transitions MotionWorld::lived() const {
  const Index n = encoding_.positions(), m = encoding_.actions;
  const auto part = [&](Index from, Index width) { return rows_.topRows(count_).middleCols(from, width); };
  return {part(0, n), part(n, n), part(2 * n, m), part(2 * n + m, n), part(3 * n + m, n)};
}

MotionBatch MotionWorld::predict_motion(const Transitions& t) const {
  if (fitted_) return motion_->predict(t.q0, t.v0, t.u);
  const Index n = encoding_.positions();
  MotionBatch out{MatrixXd(1, 2 * n), {}, MatrixXd(1, 2 * n)};
  out.mean << t.q0 + encoding_.dt * t.v0, t.v0;
  out.noise << encoding_.dt * encoding_.velocity_scale.transpose(), encoding_.velocity_scale.transpose();
  out.noise = out.noise.cwiseAbs2();
  out.covariance.emplace_back(out.noise.row(0).transpose().asDiagonal());
  return out;
}

Belief MotionWorld::predict(const VectorXd& state, const VectorXd& action) const {
  const MotionBatch p = predict_motion(one(state, action, state));
  return {p.mean.row(0).transpose(), p.standard_deviation().row(0).transpose(),
          p.noise.row(0).transpose().cwiseInverse()};
}

Surprise MotionWorld::observe(const VectorXd& state, const VectorXd& action, const VectorXd& next) {
  const Transitions t = one(state, action, next);
  const MotionBatch p = predict_motion(t);
  if (count_ == rows_.rows())
    rows_.conservativeResize(std::max<Index>(256, 2 * count_), 2 * next.size() + action.size());
  rows_.row(count_++) << state.transpose(), action.transpose(), next.transpose();
  if (fitted_) motion_->add(t);
  return gaussian_surprise(next - p.mean.row(0).transpose(), p.covariance.front(), p.noise.row(0).transpose());
}

void MotionWorld::refit() {
  if (count_ < 2) return;
  motion_->fit(lived());
  fitted_ = true;
}

Imagination& MotionWorld::imagine(bool curious, random::Stream& draws) {
  thought_->hold(fitted_ ? motion_->freeze(curious ? draws_ : 0, draws) : nullptr);
  return *thought_;
}

double MotionWorld::log_evidence() const {
  if (!fitted_) return 0.0;
  const MotionBatch& left_out = motion_->left_out();
  Transitions t = lived();
  t = t.rows(Eigen::seqN(0, left_out.mean.rows()));
  return left_out.log_density(ends(t)).sum();
}

VectorXd MotionWorld::length_scale() const {
  return VectorXd::Constant(encoding_.inputs(), std::numeric_limits<double>::quiet_NaN());
}

// With C = N + S, S the weights' part: what is known after the vector was seen has the error N C^-1 e and the
// covariance S C^-1 N.
Surprise gaussian_surprise(const VectorXd& error, const MatrixXd& covariance, const VectorXd& noise) {
  const Eigen::LLT<MatrixXd> llt(covariance);
  const double log_det = 2.0 * llt.matrixLLT().diagonal().array().log().sum();
  const double log_det_noise = noise.array().log().sum();
  const double size = static_cast<double>(error.size());
  const VectorXd weighted = llt.solve(error);
  const MatrixXd share = llt.solve(MatrixXd(noise.asDiagonal()));  // C^-1 N
  Surprise s;
  s.prediction_error = error;
  s.vfe = 0.5 * (error.dot(weighted) + log_det + size * std::log(2.0 * std::numbers::pi));
  // E[ln N(end)] afterwards: trace(N^-1 S C^-1 N) = size - trace(C^-1 N).
  s.accuracy = -0.5 * (weighted.cwiseAbs2().dot(noise) + size - share.trace() + log_det_noise +
                       size * std::log(2.0 * std::numbers::pi));
  s.complexity = s.vfe + s.accuracy;
  s.information_gain = std::max(0.0, 0.5 * (log_det - log_det_noise));
  return s;
}

}  // namespace infans::inference
