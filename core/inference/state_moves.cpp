#include "core/inference/state_moves.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Moves as a model in time. Its first move stands still, so that o_0 is settled on as every other reading.
class AffineMoves final : public model::TemporalModel {
 public:
  AffineMoves(const Moves& moves, const Readings& r)
      : TemporalModel(r.first_mean, model::GaussianNoise::from_covariance(r.first_covariance),
                      model::GaussianNoise::from_covariance(r.first_covariance),
                      model::GaussianNoise::from_covariance(MatrixXd(r.noise.asDiagonal())), 0),
        moves_(moves),
        still_(MatrixXd::Zero(states(), states())) {}

  void transition(const VectorXd& x, const VectorXd&, VectorXd& next, MatrixXd* jacobian) const override {
    next = x;
    if (jacobian != nullptr) jacobian->setIdentity();
  }
  void transition_at(long step, const VectorXd& x, const VectorXd& a, VectorXd& next,
                     MatrixXd* jacobian) const override {
    if (step == 0) return transition(x, a, next, jacobian);
    const MatrixXd& f = moves_.jacobian[static_cast<std::size_t>(step - 1)];
    next = moves_.end.col(step - 1);
    next.noalias() += f * (x - moves_.point.col(step - 1));
    if (jacobian != nullptr) *jacobian = f;
  }
  const MatrixXd& state_covariance_at(long step) const override {
    return step == 0 ? still_ : moves_.covariance[static_cast<std::size_t>(step - 1)];
  }
  void observation(const VectorXd& x, VectorXd& o, MatrixXd* jacobian) const override {
    o = x;
    if (jacobian != nullptr) jacobian->setIdentity();
  }

 private:
  const Moves& moves_;
  MatrixXd still_;
};

}  // namespace

Moves linearise(WorldModel& world, const MatrixXd& state, const MatrixXd& action) {
  Moves m{state, MatrixXd(state.rows(), state.cols()), {}, {}};
  if (state.cols() == 0) return m;
  random::Stream none({});  // a thought without curiosity draws nothing
  Linearisation slopes;
  world.imagine(false, none).linearise(state, action, false, slopes);
  for (Index t = 0; t < state.cols(); ++t) {
    const Belief b = world.predict(state.col(t), action.col(t));
    m.end.col(t) = b.mean;
    m.covariance.push_back(b.covariance);
    m.jacobian.emplace_back(slopes.jacobian[static_cast<std::size_t>(t)].leftCols(state.rows()));
  }
  return m;
}

Moves coast(const model::Encoding& encoding, const MatrixXd& state, const VectorXd& acceleration) {
  const Index n = encoding.positions();
  const double h = encoding.dt;
  MatrixXd f = MatrixXd::Identity(2 * n, 2 * n), q = MatrixXd::Zero(2 * n, 2 * n);
  f.topRightCorner(n, n).diagonal().setConstant(h);
  const VectorXd variance = acceleration.cwiseAbs2();
  q.bottomRightCorner(n, n).diagonal() = h * h * variance;
  q.topRightCorner(n, n).diagonal() = q.bottomLeftCorner(n, n).diagonal() = 0.5 * h * h * h * variance;
  // A jerk of an acceleration a step leaves h^3 / 12 of itself in the position.
  q.topLeftCorner(n, n).diagonal() = h * h * h * h * (1.0 / 4.0 + 1.0 / 144.0) * variance;
  const auto count = static_cast<std::size_t>(state.cols());
  return {state, f * state, std::vector<MatrixXd>(count, f), std::vector<MatrixXd>(count, q)};
}

FilteredStates filter_states(const Moves& moves, const Readings& r) {
  const AffineMoves model(moves, r);
  TemporalFilter filter(model);
  FilteredStates out;
  TemporalTrace& trace = out.trace;
  trace.start(filter);
  const Mask none = Mask::Constant(r.observation.rows(), false);
  const VectorXd command(0);
  VectorXd o;
  for (Index t = 0; t < r.observation.cols(); ++t) {
    const Mask* mask = r.seen(t) ? nullptr : &none;
    o = r.observation.col(t);
    out.log_evidence += filter.step(command, o, mask).log_evidence;
    trace.add(model, filter, command, o, mask);
  }
  return out;
}

Smoothed smooth_states(const FilteredStates& filtered) {
  Smoothed s = smooth(filtered.trace);
  // The move that stands still is no step of life.
  s.mean.erase(s.mean.begin());
  s.covariance.erase(s.covariance.begin());
  s.cross.erase(s.cross.begin());
  s.log_evidence = filtered.log_evidence;
  return s;
}

}  // namespace infans::inference
