#include "core/inference/state_noise.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/archive.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double step = 0.7, limit = 2.0;  // of a logarithm of a variance, a round

// The top of the parabola through (-step, down), (0, here), (step, up), or as far as it may go uphill.
double top(double down, double here, double up) {
  const double bend = up - 2.0 * here + down;
  if (bend >= 0.0) return up > down ? limit : -limit;
  return std::clamp(0.5 * step * (down - up) / bend, -limit, limit);
}

}  // namespace

void StateNoise::scale(Moves& moves, const VectorXd& floor) const {
  const VectorXd root = (0.5 * factor.array()).exp();
  for (MatrixXd& q : moves.covariance) {
    q = (root.asDiagonal() * q * root.asDiagonal()).eval();
    q.diagonal() += floor;
  }
}

double learn_noise(const std::vector<Moves>& moves, std::vector<Readings>& readings, const StateNoisePrior& prior,
                   const VectorXd& floor, StateNoise& noise) {
  const Index n = noise.factor.size();
  VectorXd x(2 * n);
  x << noise.factor, (noise.reading / prior.reading).array().log().matrix();
  const auto noise_of = [&](const VectorXd& at) -> StateNoise {
    return {prior.reading * at.tail(n).array().exp(), at.head(n)};
  };
  const auto objective = [&](const VectorXd& at) {
    const StateNoise trial = noise_of(at);
    double sum = -0.5 * at.head(n).squaredNorm() / (prior.factor_deviation * prior.factor_deviation) -
                 0.5 * at.tail(n).squaredNorm() / (prior.reading_deviation * prior.reading_deviation);
    for (std::size_t k = 0; k < moves.size(); ++k) {
      Moves m = moves[k];
      trial.scale(m, floor);
      readings[k].noise = trial.reading;
      sum += filter_states(m, readings[k]).log_evidence;
    }
    return sum;
  };
  double best = objective(x);
  for (Index k = 0; k < 2 * n; ++k) {
    const auto moved = [&](double by) {
      VectorXd at = x;
      at(k) += by;
      return at;
    };
    const double here = best, down = objective(moved(-step)), up = objective(moved(step));
    const double by = top(down, here, up);
    const double there = objective(moved(by));
    best = std::max({here, down, up, there});
    if (best > here) x = moved(best == there ? by : best == up ? step : -step);
  }
  noise = noise_of(x);
  return best;
}

void StateNoise::describe(base::Archive& archive) { archive("reading", reading)("factor", factor); }

}  // namespace infans::inference
