// Levels on levels: what one transition model leaves another learns, and evidence decides between models.
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <vector>

#include "core/inference/motion_model.hpp"
#include "core/inference/readout_motion.hpp"

namespace infans::inference {

// A base model and a Fourier readout of what it leaves: the leave-one-out errors of the base over the standard
// deviations that it claims. Where the base is sure, the correction is small; where nothing is left, it is the base.
class ResidualMotion final : public MotionModel {
 public:
  ResidualMotion(std::unique_ptr<MotionModel> base, std::unique_ptr<ReadoutMotion> residual);

  void fit(const model::Transitions& t) override;
  void add(const model::Transitions& t) override;
  Eigen::MatrixXd mean(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  MotionBatch predict(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  const MotionBatch& left_out() const override { return left_out_; }
  const MotionModel& base() const { return *base_; }

 private:
  std::unique_ptr<MotionModel> base_;
  std::unique_ptr<ReadoutMotion> residual_;
  MotionBatch left_out_;
};

// A gate by evidence between models of the same motion: their densities are pooled, p ~ prod_m p_m^w_m, with the
// exponents of the highest leave-one-out log density (Genest & Zidek 1986 for the pool). A model that explains nothing
// gets w near 0; among the rest, the one that is surer at a state counts more there.
class EvidenceGate final : public MotionModel {
 public:
  explicit EvidenceGate(std::vector<std::unique_ptr<MotionModel>> models);

  void fit(const model::Transitions& t) override;
  void add(const model::Transitions& t) override;
  Eigen::MatrixXd mean(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  MotionBatch predict(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  const MotionBatch& left_out() const override { return left_out_; }
  const Eigen::VectorXd& exponents() const { return exponents_; }  // w_m

 private:
  MotionBatch pooled(const std::vector<MotionBatch>& parts) const;

  std::vector<std::unique_ptr<MotionModel>> models_;
  Eigen::VectorXd exponents_;
  MotionBatch left_out_;
};

// Exponents of the pool with the highest log density of `end` (N x 2n), outputs taken as independent; within
// [1e-6, 4], with a weak prior ln w ~ N(ln(1 / models), 2^2).
Eigen::VectorXd pool_exponents(const std::vector<MotionBatch>& parts, const Eigen::MatrixXd& end);

}  // namespace infans::inference
