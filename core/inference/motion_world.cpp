#include "core/inference/motion_world.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

#include "core/base/archive.hpp"

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

  Operations operations(bool curious) const override {
    const double step = motion_ ? motion_->operations(curious) : 0.0;
    const int variables = encoding_.state_size() + encoding_.actions;
    const double differences = 2.0 * variables * (encoding_.state_size() + (curious ? 1 : 0));
    return {step, 2.0 * variables * step + differences};
  }

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

  Deviations deviations() const override { return motion_ ? motion_->deviations() : Deviations{}; }

  // Central differences through the imagined step itself, in hundredths of what counts as 1: the remainder of floats
  // and the third derivative's share are both near 1e-3 of a derivative of 1.
  void linearise(const MatrixXd& state, const MatrixXd& action, bool curious, Linearisation& out) override {
    const int states = encoding_.state_size(), variables = states + encoding_.actions;
    const int points = static_cast<int>(state.cols()), n = 2 * variables * points;
    low_and_high(state, action);
    gain_.resize(1, n);
    step(state_, action_, n, end_, curious ? gain_.row(0) : nullptr);
    out.jacobian.assign(static_cast<std::size_t>(points), MatrixXd(states, variables));
    out.gain_gradient = MatrixXd::Zero(variables, points);
    for (int i = 0; i < variables; ++i) {
      const float* moved = i < states ? state_.row(i) : action_.row(i - states);
      for (int k = 0; k < points; ++k) {
        const int low = 2 * i * points + k, high = low + points;
        const double width = double{moved[high]} - double{moved[low]};
        for (int o = 0; o < states; ++o)
          out.jacobian[static_cast<std::size_t>(k)](o, i) =
              (double{end_.row(o)[high]} - double{end_.row(o)[low]}) / width;
        if (curious) out.gain_gradient(i, k) = (double{gain_.row(0)[high]} - double{gain_.row(0)[low]}) / width;
      }
    }
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

  // Every point with every variable moved down and up: variable-major, then direction, then point.
  void low_and_high(const MatrixXd& state, const MatrixXd& action) {
    const int joints = encoding_.positions(), states = 2 * joints, variables = states + encoding_.actions;
    const int points = static_cast<int>(state.cols()), n = 2 * variables * points;
    state_.resize(states, n);
    action_.resize(encoding_.actions, n);
    const auto difference = [&](int i) {
      return 0.01 * (i >= joints && i < states ? encoding_.velocity_scale(i - joints) : 1.0);
    };
    for (int k = 0; k < n; ++k) {
      const int point = k % points, moved = k / points / 2;
      const double by = (k / points % 2 == 0 ? -1.0 : 1.0) * difference(moved);
      for (int i = 0; i < states; ++i) state_.row(i)[k] = static_cast<float>(state(i, point) + (i == moved ? by : 0.0));
      for (int i = 0; i < encoding_.actions; ++i)
        action_.row(i)[k] = static_cast<float>(action(i, point) + (states + i == moved ? by : 0.0));
    }
  }

  model::Encoding encoding_;
  std::unique_ptr<FrozenMotion> motion_;
  Batch x_, state_, action_, end_, gain_;
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
          p.noise.row(0).transpose().cwiseInverse(), p.covariance.front()};
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

void MotionWorld::replace(const Transitions& t) {
  rows_.resize(t.count(), 2 * encoding_.state_size() + encoding_.actions);
  rows_ << t.q0, t.v0, t.u, t.q1, t.v1;
  count_ = t.count();
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

Imagination& MotionWorld::imagine_draw(random::Stream& stream) {
  std::unique_ptr<FrozenMotion> motion = fitted_ ? motion_->freeze_draw(stream) : nullptr;
  if (fitted_ && motion == nullptr) return WorldModel::imagine_draw(stream);
  thought_->hold(std::move(motion));
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

void MotionWorld::describe(base::Archive& archive) {
  MatrixXd lived = rows_.topRows(count_);
  archive("lived", lived)("fitted", fitted_)("motion", *motion_);
  if (!archive.restoring()) return;
  count_ = lived.rows();
  rows_ = std::move(lived);
}

}  // namespace infans::inference
