// The second half of a decision: iterative LQR on the best candidate, with analytic Jacobians of the model.
#include <algorithm>
#include <cmath>
#include <iterator>

#include "agents/planning/planner.hpp"

namespace infans::agents {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

// As many as a register holds: fewer would cost the same.
constexpr double line_search[] = {1.0,  0.85, 0.7,  0.6,  0.5, 0.42, 0.35, 0.3,
                                  0.25, 0.2,  0.16, 0.13, 0.1, 0.07, 0.05, 0.03};
constexpr int searches = std::size(line_search);
// Regularisation of Quu in units of the preference's curvature (times 1 m^2 / 1 command^2).
constexpr double first_regularisation = 1e-4, least_regularisation = 1e-7, most_regularisation = 1e2;
// A plan counts as better if G falls by this share of (1 + |G|): below it, float32 rollouts only tell noise.
constexpr double resolution = 1e-6;

}  // namespace

Planner::Trajectory Planner::ilqr(const VectorXd& start, const MatrixXd& action) {
  Trajectory best;
  best.action = action;
  best = roll(start, best, MatrixXd(), {});
  if (options_.ilqr_iterations == 0) return best;
  best.gain.assign(static_cast<std::size_t>(options_.horizon), MatrixXd::Zero(actions_, states_));
  double regularisation = first_regularisation;
  MatrixXd feedforward;
  std::vector<MatrixXd> gain;
  for (int i = 0; i < options_.ilqr_iterations; ++i) {
    if (!backward(best, regularisation * preference_->curvature(), feedforward, gain)) break;
    Trajectory next = roll(start, best, feedforward, gain);
    const double rise = next.score.total - best.score.total;
    if (rise > resolution * (1.0 + std::abs(best.score.total))) {
      best = std::move(next);
      best.gain = gain;
      regularisation = std::max(regularisation / 3.0, least_regularisation);
      if (rise < 10.0 * resolution * (1.0 + std::abs(best.score.total))) break;
    } else {
      best.gain = gain;  // the gains of the plan that stays are still the best known feedback around it
      regularisation *= 10.0;
      if (regularisation > most_regularisation) break;
    }
  }
  return best;
}

// Rolls `around` with every step length of the line search at once and returns the best; without gains: as it is.
Planner::Trajectory Planner::roll(const VectorXd& start, const Trajectory& around, const MatrixXd& feedforward,
                                  const std::vector<MatrixXd>& gain) {
  const int n = gain.empty() ? 1 : searches, horizon = options_.horizon;
  rolled_.resize(static_cast<std::size_t>(searches));
  start_rollout(start, n);
  for (int k = 0; k < n; ++k) {
    Trajectory& trajectory = rolled_[static_cast<std::size_t>(k)];
    trajectory.action.resize(actions_, horizon);
    trajectory.state.resize(states_, horizon + 1);
    trajectory.state.col(0) = start;
  }
  for (int t = 0; t < horizon; ++t) {
    for (int k = 0; k < n; ++k) {
      Trajectory& trajectory = rolled_[static_cast<std::size_t>(k)];
      for (int i = 0; i < actions_; ++i) {
        double u = around.action(i, t);
        if (!gain.empty()) {
          u += line_search[k] * feedforward(i, t);
          for (int j = 0; j < states_; ++j)
            u += gain[static_cast<std::size_t>(t)](i, j) * (trajectory.state(j, t) - around.state(j, t));
        }
        trajectory.action(i, t) = std::clamp(u, -1.0, 1.0);
        action_.row(i)[k] = static_cast<float>(trajectory.action(i, t));
      }
    }
    imagine_step(n);
    for (int k = 0; k < n; ++k)
      for (int i = 0; i < states_; ++i) rolled_[static_cast<std::size_t>(k)].state(i, t + 1) = double{state_.row(i)[k]};
  }
  end_rollout();
  std::size_t best = 0;
  for (std::size_t k = 0; k < static_cast<std::size_t>(n); ++k) {
    rolled_[k].score = score_of(k);
    if (rolled_[k].score.total > rolled_[best].score.total) best = k;
  }
  return rolled_[best];
}

// Riccati recursion on -J: Gauss-Newton curvature of the preference; information gain enters by its gradient only, that
// of single steps whatever the planner's Information: the line search compares by the right one.
// Returns false where the model's Jacobians are not finite.
bool Planner::backward(const Trajectory& around, double regularisation, MatrixXd& feedforward,
                       std::vector<MatrixXd>& gain) {
  const int horizon = options_.horizon;
  imagination_->linearise(around.state.leftCols(horizon), around.action, curious(), linear_);
  operations_ += horizon * price_.linearise;

  feedforward = MatrixXd::Zero(actions_, horizon);
  gain.assign(static_cast<std::size_t>(horizon), MatrixXd::Zero(actions_, states_));
  const double wish = options_.pragmatic_weight, effort = wish * preference_->command_precision();
  VectorXd r, value = VectorXd::Zero(states_);
  MatrixXd jr, curvature = MatrixXd::Zero(states_, states_);
  for (int t = horizon - 1; t >= 0; --t) {
    preference_->residual(around.state.col(t + 1), r, jr);
    value += wish * jr.transpose() * r;
    curvature += wish * jr.transpose() * jr;
    const MatrixXd& f = linear_.jacobian[static_cast<std::size_t>(t)];
    VectorXd q = f.transpose() * value - options_.epistemic_weight * linear_.gain_gradient.col(t);
    q.tail(actions_) += effort * around.action.col(t);
    MatrixXd qq = f.transpose() * curvature * f;
    qq.diagonal().tail(actions_).array() += effort;
    if (!q.allFinite() || !qq.allFinite()) return false;
    MatrixXd quu = qq.bottomRightCorner(actions_, actions_);
    quu.diagonal().array() += regularisation;
    const MatrixXd qux = qq.bottomLeftCorner(actions_, states_);
    const Eigen::LDLT<MatrixXd> solver(quu);
    const VectorXd wanted = around.action.col(t) - solver.solve(q.tail(actions_));
    MatrixXd k_t = -solver.solve(qux);
    // A saturated command cannot follow feedback.
    for (int i = 0; i < actions_; ++i)
      if (std::abs(wanted(i)) > 1.0) k_t.row(i).setZero();
    feedforward.col(t) = wanted.cwiseMax(-1.0).cwiseMin(1.0) - around.action.col(t);
    gain[static_cast<std::size_t>(t)] = k_t;
    const VectorXd k = feedforward.col(t);
    value = q.head(states_) + k_t.transpose() * (qq.bottomRightCorner(actions_, actions_) * k + q.tail(actions_)) +
            qux.transpose() * k;
    curvature = qq.topLeftCorner(states_, states_) + k_t.transpose() * qq.bottomRightCorner(actions_, actions_) * k_t +
                k_t.transpose() * qux + qux.transpose() * k_t;
    curvature = 0.5 * (curvature + curvature.transpose()).eval();
  }
  return true;
}

}  // namespace infans::agents
