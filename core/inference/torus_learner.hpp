// Learning of a map from joint angles with the torus kernel: samples come one by one, the presence p_i of every joint
// and the noise ratio ascend the log evidence (= descend F) each time the data have grown by half.
#pragma once

#include <Eigen/Dense>

#include "core/inference/hand_model.hpp"
#include "core/model/torus_features.hpp"

namespace infans::inference {

struct TorusOptions {
  double scale = 0.1;            // typical output, m
  int iterations = 20;           // L-BFGS steps of one ascent
  double noise_ratio = 1e-3;     // centre of ln lambda ~ N(ln noise_ratio, 3^2)
  double smallest_ratio = 1e-6;  // bounds of lambda: this and 10
  int first_ascent = 6;          // samples before the first ascent
  double growth = 1.5;           // and the factor from one to the next
  double precision = 1.0;        // factor on the precision of outputs that the evidence finds
};

// Log marginal likelihood of y (N x O, centred) at logit p = theta[0..n) and ln lambda = theta[n], plus the
// hyper-priors logit p_i ~ N(0, 1.5^2) and the one above; nats. Fills the gradient unless null. The gradient is local
// to the kernel: 1/2 tr((sum_j a_j a_j' / s_j - O (K + lambda/W)^-1) dK), a_j the dual weights.
double torus_log_evidence(const Eigen::MatrixXd& q, const Eigen::MatrixXd& y, const Eigen::VectorXd& weights,
                          const Eigen::VectorXd& theta, const TorusOptions& options, Eigen::VectorXd* gradient);

class TorusLearner {
 public:
  TorusLearner(int joints, int outputs, const TorusOptions& options = {});

  // q: n rad, y: O, weight in (0, 1]. Refits; ascends the evidence when it is due.
  void add(const Eigen::VectorXd& q, const Eigen::VectorXd& y, double weight = 1.0);
  void ascend();                // the evidence now
  void discount(double share);  // old samples weigh `share` times as much, share in (0, 1]; else std::logic_error

  const model::TorusReadout& readout() const { return readout_; }
  int joints() const { return static_cast<int>(angles_.cols()); }
  int samples() const { return static_cast<int>(rows_); }
  void describe(base::Archive& archive);

 private:
  void refit();

  TorusOptions options_;
  model::TorusReadout readout_;
  Eigen::MatrixXd angles_, outputs_;  // capacity x n, x O
  Eigen::VectorXd weights_;
  Eigen::VectorXd theta_;
  Eigen::Index rows_ = 0;
  double next_ascent_;
};

// A hand with the torus kernel: no structure of the body is assumed.
class TorusHand final : public HandModel {
 public:
  explicit TorusHand(int joints, const TorusOptions& options = {}) : learner_(joints, 3, options) {}

  int joints() const override { return learner_.joints(); }
  std::unique_ptr<HandModel> clone() const override { return std::make_unique<TorusHand>(*this); }
  int samples() const override { return learner_.samples(); }
  void add(const Eigen::VectorXd& q, const Eigen::Vector3d& x, double weight = 1.0) override {
    learner_.add(q, x, weight);
  }
  void discount(double share) override { learner_.discount(share); }
  void describe(base::Archive& archive) override { learner_.describe(archive); }
  HandBelief predict(const Eigen::VectorXd& q) const override;

  const TorusLearner& learner() const { return learner_; }

 private:
  TorusLearner learner_;
};

}  // namespace infans::inference
