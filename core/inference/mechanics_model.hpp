// Mechanics as a transition model: paths, weights and precisions settle in turn, all by descent of one free energy.
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <vector>

#include "core/inference/forward_noise.hpp"
#include "core/inference/grouped_regression.hpp"
#include "core/inference/motion_model.hpp"
#include "core/model/mechanics.hpp"

namespace infans::inference {

struct MechanicsTables;

struct MechanicsModelOptions {
  model::MechanicsOptions mechanics;
  int steps = 4;               // Runge-Kutta steps of a control step, even
  int nodes = 3;               // of the quadrature on the path
  int sweeps = 4;              // path <-> weights
  int fixed_points = 4;        // MacKay updates of the first sweep
  int evidence_steps = 20;     // L-BFGS iterations of the first sweep
  int rounds = 2;              // of leaving weights and sample precisions, a sweep
  double significance = 1.0;   // q^2 / s below which a weight leaves; 1: where the evidence says so
  double noise_floor = 0.002;  // f: weak prior of the noise, fraction of the acceleration's standard deviation
  double robustness = 4.0;     // nu of the Student-t noise of whole samples; 0: Gaussian
  double prune = 3e-4;         // contribution below which a harmonic may leave, same unit as noise_floor; 0: never
};

class MechanicsModel final : public MotionModel {
 public:
  MechanicsModel(model::Encoding encoding, const MechanicsModelOptions& options,
                 std::shared_ptr<const model::ForceFeatures> forces = nullptr);

  void fit(const model::Transitions& t) override;
  void add(const model::Transitions& t) override;
  Eigen::MatrixXd mean(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  MotionBatch predict(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  const MotionBatch& left_out() const override { return left_out_; }
  void describe(base::Archive& archive) override;
  // By the flight kernel. What a draw of the weights changes is the acceleration in mid-step, seen twice (two test
  // functions) with the noise of a row.
  std::unique_ptr<FrozenMotion> freeze(int draws, random::Stream& stream) const override;
  std::unique_ptr<FrozenMotion> freeze_draw(random::Stream& stream) const override;

  const model::Mechanics& mechanics() const { return mechanics_; }
  const model::MechanicsLaw& law() const { return law_; }
  const Eigen::VectorXd& weights() const { return weights_; }        // all C, zero where pruned
  const std::vector<int>& kept() const { return kept_; }             // weights that are not pruned
  const GroupedPosterior& posterior() const { return posterior_; }   // of the kept ones, minus their prior mean
  const Eigen::VectorXd& precisions() const { return parameters_; }  // [theta; delta] of mechanics().grouping()
  const ForwardNoise& noise() const { return noise_; }
  int steps() const { return options_.steps; }
  double period() const { return encoding_.dt; }

 private:
  MechanicsTables drawn_tables(random::Stream& stream) const;
  // Rows of all samples, sample-major: 2n a sample, positions (test function 1) then velocities (0), in units of the
  // acceleration scale.
  struct Rows {
    Eigen::MatrixXd x;
    Eigen::VectorXd y;
  };
  void start(const model::Transitions& t);
  Rows rows(const model::Transitions& t, const model::Path& path) const;
  void weigh(const Rows& r, int fixed_points, int iterations);
  void weigh_samples(const Rows& r);
  // Also drops the columns of r.
  void prune(Rows& r);
  void set_weights(const Eigen::VectorXd& kept_weights);
  model::MechanicsLaw law_of(const Eigen::VectorXd& kept_weights) const;
  model::Acceleration acceleration() const;
  void calibrate(const model::Transitions& t, const Rows& r);

  model::Encoding encoding_;
  MechanicsModelOptions options_;
  model::Mechanics mechanics_;
  model::Quadrature quadrature_;
  Eigen::VectorXd scale_;       // n, standard deviation of the acceleration
  Eigen::VectorXd limit_;       // n, acceleration limit
  Eigen::VectorXd inertia_;     // n, prior mean of P's diagonal
  Eigen::VectorXd prior_mean_;  // C
  Eigen::VectorXd parameters_, weights_, sample_precision_;
  std::vector<int> kept_;
  GroupedPosterior posterior_;
  Eigen::VectorXd moment_;  // A (w - prior mean) of the kept weights: what add() updates
  model::MechanicsLaw law_;
  bool started_ = false;  // the law has weights of its own
  ForwardNoise noise_;
  MotionBatch left_out_;
};

}  // namespace infans::inference
