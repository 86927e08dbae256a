// Temporally correlated command noise: power ~ 1 / frequency^beta (Timmer & Koenig 1995; used for planning by Pinneri
// et al. 2020). beta 0 white, 1 pink, 2 red. Unit variance on average over a sequence.
#pragma once

#include <Eigen/Dense>

#include "core/inference/batch.hpp"
#include "core/inference/normals.hpp"
#include "core/random/stream.hpp"

namespace infans::agents {

class ColouredNoise {
 public:
  ColouredNoise(int length, double beta);
  // One sequence of `length` values, N(0, 1) each.
  void sample(random::Stream& stream, Eigen::VectorXd& out) const;
  // `count` sequences at once, in float: value t of sequence k at out.row(t)[k].
  void sample(random::Stream& stream, int count, inference::Batch& out);

 private:
  Eigen::Index length_;
  Eigen::MatrixXd basis_;  // length x number of independent normals; empty for white noise
  inference::Normals normals_;
};

}  // namespace infans::agents
