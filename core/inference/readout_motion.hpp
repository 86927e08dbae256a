// The Bayesian readout on Fourier features of a whole control step as a MotionModel: no path, no law of motion. The
// baseline of the path level, and the layer that learns what another model leaves.
#pragma once

#include <Eigen/Dense>
#include <memory>

#include "core/inference/evidence.hpp"
#include "core/inference/forward_noise.hpp"
#include "core/inference/motion_model.hpp"
#include "core/model/bayesian_readout.hpp"
#include "core/model/encoding.hpp"
#include "core/model/fourier_features.hpp"

namespace infans::inference {

struct ReadoutMotionOptions {
  int features = 200;
  EvidenceOptions evidence{25, 0.005, 1.5, 1e-3, 1e-3};
};

class ReadoutMotion final : public MotionModel {
 public:
  // Frequencies come from the stream keyed by {seed, agent, features}.
  ReadoutMotion(model::Encoding encoding, const ReadoutMotionOptions& options, std::uint64_t seed, std::uint32_t agent);

  void fit(const model::Transitions& t) override;
  void add(const model::Transitions& t) override;
  Eigen::MatrixXd mean(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  MotionBatch predict(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  const MotionBatch& left_out() const override { return left_out_; }
  void describe(base::Archive& archive) override;

  // The same layer on any outputs y (N x 2n) of the same inputs.
  void fit_outputs(const model::Transitions& t, const Eigen::MatrixXd& y);
  void add_outputs(const model::Transitions& t, const Eigen::MatrixXd& y);
  Eigen::MatrixXd outputs(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const;
  // Variance of outputs, N x 2n: noise and weights.
  Eigen::MatrixXd output_variance(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const;
  Eigen::VectorXd output_noise() const { return noise_.variance.cwiseProduct(scale_.cwiseAbs2()); }  // 2n, noise alone
  // Outputs of the fitted rows as predicted without them, and their variance; N x 2n.
  const Eigen::MatrixXd& left_out_outputs() const { return left_out_outputs_; }
  const Eigen::MatrixXd& left_out_variance() const { return left_out_variance_; }

 private:
  Eigen::MatrixXd features(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const;
  Eigen::MatrixXd constant_velocity(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v) const;

  model::Encoding encoding_;
  ReadoutMotionOptions options_;
  model::FourierFeatures fourier_;
  model::BayesianReadout readout_;
  Eigen::VectorXd scale_;  // 2n, of an output
  ForwardNoise noise_;
  MotionBatch left_out_;
  Eigen::MatrixXd left_out_outputs_, left_out_variance_;
};

}  // namespace infans::inference
