// Levels on levels: what one transition model leaves another learns, and evidence decides between models.
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <vector>

#include "core/inference/motion_model.hpp"
#include "core/inference/readout_motion.hpp"

namespace infans::inference {

// Exponents w_m >= 0 with sum 1 of the pooled density p ~ prod_m p_m^w_m (Genest & Zidek 1986) that give `end` (N x 2n)
// the highest log density, outputs taken as independent. A sum of 1 keeps errors that the models share from counting
// twice; a weak prior N(0, 2^2) on the logits keeps them finite.
Eigen::VectorXd pool_exponents(const std::vector<MotionBatch>& parts, const Eigen::MatrixXd& end);

// The pooled density, row by row: precisions add with their exponents; models below 1e-3 of the largest stay out.
MotionBatch pool(const std::vector<MotionBatch>& parts, const Eigen::VectorXd& exponents);

// A base model and a Fourier readout of what it leaves: the leave-one-out errors of the base over the standard
// deviations that it claims. Where the base is sure, the correction is small. The corrected density is pooled with the
// base's own, so that a correction that explains nothing is left out.
class ResidualMotion final : public MotionModel {
 public:
  ResidualMotion(std::unique_ptr<MotionModel> base, std::unique_ptr<ReadoutMotion> residual);

  void fit(const model::Transitions& t) override;
  void add(const model::Transitions& t) override;
  Eigen::MatrixXd mean(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  MotionBatch predict(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  const MotionBatch& left_out() const override { return left_out_; }
  void describe(base::Archive& archive) override;
  const MotionModel& base() const { return *base_; }
  const Eigen::Vector2d& exponents() const { return exponents_; }  // of the base, of its correction

 private:
  std::unique_ptr<MotionModel> base_;
  std::unique_ptr<ReadoutMotion> residual_;
  Eigen::Vector2d exponents_{1.0, 0.0};
  MotionBatch left_out_;
};

// A gate by evidence between models of the same motion: the pool with the exponents of the highest leave-one-out log
// density. A model that explains nothing gets w near 0; among the rest, the surer one counts more at every state.
class EvidenceGate final : public MotionModel {
 public:
  explicit EvidenceGate(std::vector<std::unique_ptr<MotionModel>> models);

  void fit(const model::Transitions& t) override;
  void add(const model::Transitions& t) override;
  Eigen::MatrixXd mean(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  MotionBatch predict(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  const MotionBatch& left_out() const override { return left_out_; }
  void describe(base::Archive& archive) override;
  const Eigen::VectorXd& exponents() const { return exponents_; }  // w_m

 private:
  std::vector<std::unique_ptr<MotionModel>> models_;
  Eigen::VectorXd exponents_;
  MotionBatch left_out_;
};

}  // namespace infans::inference
