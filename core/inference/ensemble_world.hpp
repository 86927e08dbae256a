// An ensemble of predictive-coding hierarchies as a model of the world: each learns the whole step from bootstrapped
// minibatches, and what they disagree about is not known yet (PETS: Chua et al. 2018; disagreement as information:
// Shyam, Jaskowski & Gomez 2019; Tschantz et al. 2020).
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <vector>

#include "core/inference/feature_imagination.hpp"
#include "core/inference/learn.hpp"
#include "core/inference/world_model.hpp"
#include "core/model/encoding.hpp"
#include "core/model/hierarchy.hpp"

namespace infans::inference {

struct EnsembleOptions {
  int members = 5;
  int hidden = 64;            // units of each of the two hidden layers
  int epochs = 10;            // passes over the data a refit; weights go on from the last refit
  double noise_floor = 0.01;  // smallest noise, fraction of a target's standard deviation
};

// Targets are y = [q' - q - dt v, v' - v], standardised. With member means m_e(z),
//   mean = 1/E sum m_e,   S = 1/E sum (m_e - mean)(m_e - mean)',   N from the residuals of the mean (a diagonal),
// information gain of a step: 1/2 sum_j ln(1 + S_jj / N_jj).
class EnsembleWorld final : public WorldModel {
 public:
  // Weights and minibatches of member e come from streams keyed by {seed, agent members + e}. Throws std::logic_error
  // for members < 2 or hidden < 1.
  EnsembleWorld(model::Encoding encoding, const EnsembleOptions& options, std::uint64_t seed, std::uint32_t agent);

  Belief predict(const Eigen::VectorXd& state, const Eigen::VectorXd& action) const override;
  // Stores the transition; hierarchies learn at refit() only.
  Surprise observe(const Eigen::VectorXd& state, const Eigen::VectorXd& action, const Eigen::VectorXd& next) override;
  void replace(const model::Transitions& lived) override;
  void refit() override;
  Imagination& imagine(bool curious, random::Stream& draws) override;

  const model::Encoding& encoding() const override { return encoding_; }
  double log_evidence() const override;           // NaN: an ensemble has none
  Eigen::VectorXd length_scale() const override;  // NaN
  void describe(base::Archive& archive) override;
  int members() const { return static_cast<int>(members_.size()); }

 private:
  class Thought;
  struct Member {
    model::Hierarchy<double> hierarchy;
    Adam<double> learner;
    void describe(base::Archive& archive);
  };
  Eigen::MatrixXd member_targets(const Eigen::VectorXd& z) const;  // O x E, SI
  RolloutTables tables(const Member& member) const;

  model::Encoding encoding_;
  EnsembleOptions options_;
  std::uint64_t seed_;
  std::uint32_t agent_;
  std::vector<Member> members_;
  Eigen::VectorXd target_scale_, noise_;  // O: SI units of a standardised output; SI variance
  Eigen::MatrixXd inputs_, targets_;      // rows_ x I, rows_ x O: every transition lived, SI targets
  Eigen::Index rows_ = 0;
  std::uint64_t refits_ = 0;
  std::shared_ptr<Thought> thought_;
};

}  // namespace infans::inference
