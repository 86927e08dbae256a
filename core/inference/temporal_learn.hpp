// Learning of temporal models from recorded sequences, and the pieces that online learning shares with it.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/inference/temporal_filter.hpp"
#include "core/model/temporal_hierarchy.hpp"

namespace infans::inference {

// What is learned, of every level of a stack.
struct TemporalParameters {
  // A, B (columns of the level above included), C of the linear levels. With A, C and Q all learned, states are known
  // up to x -> T x (LinearTemporalModel::transformed); hold one of them to fix the scale.
  bool transition = true, action = true, observation = true;
  bool state_noise = true, observation_noise = true;  // Q, R of every level
  bool initial_mean = false;                          // m_0; P_0 stays: a sequence shows one x_0 only
  // Prior of both precisions, worth this many steps at the covariances below: Wishart, which is log-gamma for a log
  // precision. With any weight > 0 the learned covariance stays above weight / (steps + weight) of the prior's, so a
  // precision cannot diverge.
  double prior_weight = 1.0;
  // n x n, m x m over the whole stack, blocks of the levels are used; empty: the model's at the start.
  Eigen::MatrixXd prior_state_noise, prior_observation_noise;
};

struct TemporalLearnOptions : TemporalParameters {
  int max_iterations = 100;
  double slope = 1e-9;  // stop when F falls by less than slope * (1 + |F|) in an iteration; 0: never
  // Steps of Anderson's extrapolation (Anderson 1965; for EM: Henderson & Varadhan 2019), 0: plain EM. EM creeps where
  // states are poorly seen or C is learned; an extrapolated step that would raise F is taken back.
  int memory = 10;
};

struct TemporalLearnReport {
  std::vector<double> energy;  // F = -ln evidence + prior, nats, before each accepted iteration; never rises
  int passes = 0;              // over the data, those taken back included
  bool converged = false;      // the slope criterion was met
};

// Expectation maximisation over all sequences (Shumway & Stoffer 1982; Ghahramani & Hinton 1996, with missing elements
// completed in expectation; inputs as regressors), extrapolated. The prior adds weight/2 (tr(Psi Pi) - ln|Pi|) for each
// learned noise. Throws as smooth() does, and base::UserError for no sequence or options out of range; the model then
// is as it was after the last whole iteration.
TemporalLearnReport learn(model::LinearTemporalModel& model, const std::vector<TemporalSequence>& sequences,
                          const TemporalLearnOptions& options = {});
// The same for a stack: each level learns from the steps at which it moves. A level that is not linear learns its
// noises only, with f and g linear about the smoothed means. F is exact when all levels are linear.
TemporalLearnReport learn(model::TemporalHierarchy& model, const std::vector<TemporalSequence>& sequences,
                          const TemporalLearnOptions& options = {});

// Moments of one level: of x^k_t on (x^k, a^k, x^{k+1})_{t-1} where it moves, and of o^k on x^k. A level that is not
// linear keeps the squares of its errors in yy, with no regressors.
struct LevelMoments {
  model::Moments moved, observed;
};
std::vector<LevelMoments> empty_moments(const model::TemporalHierarchy& model);

// Adds move t of a smoothed trace to the levels that make it, and the observation after it. step: as the model counts.
void add_move(const model::TemporalHierarchy& model, long step, const Smoothed& q, Eigen::Index t,
              const Eigen::VectorXd& a, std::vector<LevelMoments>& sums);
void add_sight(const model::TemporalHierarchy& model, const Smoothed& q, Eigen::Index t, const Eigen::VectorXd& o,
               const Mask& seen, std::vector<LevelMoments>& sums);

// Moves every learned parameter to the minimum of F under the moments; levels without moves keep theirs. Priors must be
// given. Throws base::UserError if a learned covariance is not positive definite; the model then is as before.
void maximise(model::TemporalHierarchy& model, const std::vector<LevelMoments>& moments, const TemporalParameters& p);

// The options with both priors filled in from the model. Throws base::UserError for sizes or weights out of range.
TemporalParameters with_priors(const model::TemporalHierarchy& model, const TemporalParameters& p);

// All learned parameters in one vector, noises as logarithms of their Cholesky factors' diagonals with the elements
// below, so that every vector is a valid model; and back.
Eigen::VectorXd pack(const model::TemporalHierarchy& model, const TemporalParameters& p);
void unpack(const Eigen::VectorXd& values, const TemporalParameters& p, model::TemporalHierarchy& model);

// Gradient of the log likelihood of the observations by pack()'s vector, from sums under the smoother (Fisher's
// identity); exact for linear levels. The priors count as `share` of their steps. m_0 has none here.
Eigen::VectorXd score(const model::TemporalHierarchy& model, const std::vector<LevelMoments>& sums,
                      const TemporalParameters& p, double share);

}  // namespace infans::inference
