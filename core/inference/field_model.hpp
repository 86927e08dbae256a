// A generic acceleration field on the path level as a transition model.
#pragma once

#include <Eigen/Dense>
#include <memory>

#include "core/inference/forward_noise.hpp"
#include "core/inference/grouped_regression.hpp"
#include "core/inference/motion_model.hpp"
#include "core/model/field.hpp"
#include "core/model/path.hpp"

namespace infans::inference {

struct FieldModelOptions {
  int steps = 2;                // Runge-Kutta steps of a control step, even
  int nodes = 3;                // of the quadrature on the path
  int sweeps = 3;               // path <-> weights
  int evidence_steps = 25;      // L-BFGS iterations of the first sweep; later ones take a third
  double noise_floor = 0.003;   // f: weak prior of the noise, fraction of the acceleration's standard deviation
  double log_precision = -4.6;  // centre of every group's ln lambda
  double decay = 1.0;           // centre of every joint's decay
};

class FieldModel final : public MotionModel {
 public:
  FieldModel(model::Encoding encoding, std::unique_ptr<model::FieldFeatures> features,
             const FieldModelOptions& options);

  void fit(const model::Transitions& t) override;
  void add(const model::Transitions& t) override;
  Eigen::MatrixXd mean(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  MotionBatch predict(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  const MotionBatch& left_out() const override { return left_out_; }
  void describe(base::Archive& archive) override;
  // Gated harmonics by their kernel: a draw changes the acceleration in mid-step, seen twice (two test functions).
  std::unique_ptr<FrozenMotion> freeze(int draws, random::Stream& stream) const override;
  std::unique_ptr<FrozenMotion> freeze_draw(random::Stream& stream) const override;

  const model::FieldFeatures& features() const { return *features_; }
  const GroupedPosterior& posterior() const { return posterior_; }  // count x n, of accelerations over scale()
  const Eigen::VectorXd& scale() const { return scale_; }           // n, standard deviation of the acceleration
  const ForwardNoise& noise() const { return noise_; }

 private:
  // Path-integrated features, sample-major: two rows a sample (test function 1, then 0).
  Eigen::MatrixXd rows(const model::Path& path, const Eigen::MatrixXd& u) const;
  Eigen::MatrixXd targets(const model::Transitions& t) const;
  void climb(const model::Path& path, const Eigen::MatrixXd& u, const Eigen::MatrixXd& y, int iterations);
  model::Acceleration acceleration() const;
  void calibrate(const model::Transitions& t, const model::Path& path);

  model::Encoding encoding_;
  std::unique_ptr<model::FieldFeatures> features_;
  FieldModelOptions options_;
  model::Quadrature quadrature_;
  Eigen::VectorXd first_shape_, parameters_, scale_;
  Eigen::VectorXd limit_;  // n, of accelerations: four times the largest that was lived
  GroupedPosterior posterior_;
  Eigen::MatrixXd moment_;  // A W: what add() updates
  ForwardNoise noise_;
  MotionBatch left_out_;
};

// The features of the two generic fields with their usual options.
std::unique_ptr<FieldModel> make_fourier_field(const model::Encoding& encoding, int count, std::uint64_t seed,
                                               std::uint32_t agent, const FieldModelOptions& options = {});
std::unique_ptr<FieldModel> make_gated_harmonics(const model::Encoding& encoding, int order,
                                                 const FieldModelOptions& options = {});

}  // namespace infans::inference
