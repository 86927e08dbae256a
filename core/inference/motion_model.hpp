// What every transition model of the path level offers: learn from transitions, take one more, predict the end of a
// control step with a covariance that knows what the weights do not know.
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <vector>

#include "core/inference/frozen_motion.hpp"
#include "core/model/transitions.hpp"
#include "core/random/stream.hpp"

namespace infans::base {
class Archive;
}

namespace infans::inference {

// Predicted ends of N control steps: rows [q1, v1], SI units.
struct MotionBatch {
  Eigen::MatrixXd mean;                     // N x 2n
  std::vector<Eigen::MatrixXd> covariance;  // N, each 2n x 2n
  // N x 2n: the part of the variance that no learning of weights takes away (sensors, what the law lacks, the
  // integrator). Of predictions only: empty in left_out().
  Eigen::MatrixXd noise;

  Eigen::MatrixXd standard_deviation() const;  // N x 2n
  // ln N(end | mean, covariance) of every row, nats.
  Eigen::VectorXd log_density(const Eigen::MatrixXd& end) const;
  // 1/2 (ln det covariance - ln det noise) of every row: what seeing its end would tell about the weights, nats.
  Eigen::VectorXd information() const;
  void describe(base::Archive& archive);
};

class MotionModel {
 public:
  virtual ~MotionModel() = default;

  // Forgets and learns. Throws std::logic_error for rows of a wrong width or fewer than two.
  virtual void fit(const model::Transitions& t) = 0;
  // Takes more rows into the weights' posterior; precisions, scales and noise stay until the next fit().
  virtual void add(const model::Transitions& t) = 0;
  // The ends only: N x 2n.
  virtual Eigen::MatrixXd mean(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const = 0;
  virtual MotionBatch predict(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const = 0;
  // Every row of the last fit() as predicted without it (block leave-one-out of the linear layer, path held).
  virtual const MotionBatch& left_out() const = 0;
  // Everything that was learned, for a model made alike.
  virtual void describe(base::Archive& archive) = 0;
  // For thought, with information gain where draws > 0, estimated from so many posterior draws if the model draws at
  // all. This object must outlive it and stay as it is.
  virtual std::unique_ptr<FrozenMotion> freeze(int draws, random::Stream& stream) const;
  // By one draw of the weights from their posterior, without information gain; null: this model does not draw.
  virtual std::unique_ptr<FrozenMotion> freeze_draw(random::Stream& stream) const;

  // d mean / d (q, v, u) of one row, 2n x (2n + m), by central differences of one batch (error about 1e-8 relative).
  Eigen::MatrixXd jacobian(const Eigen::VectorXd& q, const Eigen::VectorXd& v, const Eigen::VectorXd& u) const;
};

// Rows [q1, v1] of transitions.
Eigen::MatrixXd ends(const model::Transitions& t);

}  // namespace infans::inference
