// Online learning while filtering: one pass, one life. Every statistic of a step is taken from the smoother once `lag`
// further steps were seen. The smoother runs back over 2 lag steps once every lag steps, so a step costs about two of
// the filter whatever the lag; what a lag misses decays with the forgetting of the smoother (Olsson, Cappe, Douc &
// Moulines 2008). Lag 1 is the lag-one smoother. Parameters theta move by online EM (Cappe & Moulines 2009; Cappe
// 2011),
//
//   S <- (1 - gamma_j) S + gamma_j s_j,  theta <- argmin of F given S,  gamma_j = max(least_step, j^-power),
//
// and, if asked for, after `scoring_from` blocks of lag steps by scoring (Titterington 1984), g the gradient of a
// block's log likelihood:
//
//   theta <- theta + gamma H^-1 g / lag,  H = mean of g g' / lag, older blocks fading
//
// EM is safe and moves fast from afar, but each step is shortened by the share of information that is hidden: where
// states are seen sharply it hardly moves R, where they are seen dimly Q. Scoring has no such slow directions, but it
// is for the end of the way in a world that stays: H is wrong far from the maximum. It costs the cube of the number of
// learned parameters once a block.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/inference/temporal_filter.hpp"
#include "core/inference/temporal_learn.hpp"
#include "core/model/temporal_hierarchy.hpp"

namespace infans::inference {

struct TemporalOnlineOptions : TemporalParameters {
  int lag = 10;  // steps, >= 1; several periods of the slowest level that is learned
  // Step sizes. power in (0.5, 1]: 1 is the mean of all, slow to forget the start; 0.6 .. 0.8 with averaging converges
  // at the best rate (Polyak & Juditsky 1992). least_step > 0 keeps following a world that changes, with a memory of
  // about 2 / least_step moves.
  double power = 0.6, least_step = 0.0;
  int wait = 100;            // moves of a level that are gathered before its parameters first change
  long average_from = 1000;  // steps before averaging of the parameters starts
  bool scoring = false;
  long scoring_from = 0;  // blocks; 0: 20 for each learned parameter
};

class TemporalOnline {
 public:
  // Keeps a reference to the model, which must outlive it and changes as it learns. Throws base::UserError for options
  // out of range.
  explicit TemporalOnline(model::TemporalHierarchy& model, const TemporalOnlineOptions& options = {},
                          const TemporalOptions& filter = {});

  // One step of the filter (TemporalFilter::step), remembered for learn().
  TemporalReport infer_states(const Eigen::VectorXd& a, const Eigen::VectorXd& o, const Mask* seen = nullptr);
  // Call after each infer_states(). Learns when 2 lag steps wait; returns whether it did. Throws as maximise().
  bool learn();

  struct Belief {
    Eigen::VectorXd mean;        // n_k
    Eigen::MatrixXd covariance;  // n_k x n_k
  };
  Belief belief(int level) const;
  const TemporalFilter& filter() const { return filter_; }
  // S of a level, scaled to its effective number of steps 1 / sum of squared weights.
  LevelMoments statistics(int level) const;
  // The model with the mean of the parameters since average_from; the present one before.
  model::TemporalHierarchy averaged() const;

 private:
  // Weights of the past: S = sum of w_j s_j, sum w_j = 1.
  struct Weights {
    long count = 0;
    double squares = 0.0;
    double next(const TemporalOnlineOptions& o);
  };
  void gather(const Smoothed& q, Eigen::Index t);
  void expand(const Eigen::VectorXd& gradient, int steps);
  bool climb(const Eigen::VectorXd& gradient, int steps);
  long scoring_from() const;
  void average();

  model::TemporalHierarchy& model_;
  TemporalOnlineOptions options_;
  TemporalParameters parameters_;
  TemporalFilter filter_;
  TemporalTrace trace_;
  std::vector<LevelMoments> moments_, fresh_, block_;
  std::vector<Weights> moved_;
  Weights seen_;
  Eigen::VectorXd mean_;
  Eigen::MatrixXd information_;
  long averaged_ = 0, blocks_ = 0;
};

}  // namespace infans::inference
