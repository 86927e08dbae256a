// A model of motion as a model of the world: it keeps every transition lived, fits them anew when it consolidates and
// takes single ones in between.
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <vector>

#include "core/inference/motion_model.hpp"
#include "core/inference/world_model.hpp"
#include "core/model/transitions.hpp"

namespace infans::inference {

class MotionWorld final : public WorldModel {
 public:
  // draws: posterior draws that estimate information gain in rollouts. Throws std::logic_error without a model.
  MotionWorld(model::Encoding encoding, std::unique_ptr<MotionModel> motion, int draws);

  // Before the first refit() with at least two transitions: constant velocity, as wide as a velocity scale.
  Belief predict(const Eigen::VectorXd& state, const Eigen::VectorXd& action) const override;
  Surprise observe(const Eigen::VectorXd& state, const Eigen::VectorXd& action, const Eigen::VectorXd& next) override;
  void replace(const model::Transitions& lived) override;
  void refit() override;
  Imagination& imagine(bool curious, random::Stream& draws) override;
  Imagination& imagine_draw(random::Stream& stream) override;

  const model::Encoding& encoding() const override { return encoding_; }
  double log_evidence() const override;
  Eigen::VectorXd length_scale() const override;
  void describe(base::Archive& archive) override;
  const MotionModel& motion() const { return *motion_; }
  bool fitted() const { return fitted_; }
  model::Transitions lived() const;  // every transition, in order

 private:
  class Thought;
  MotionBatch predict_motion(const model::Transitions& t) const;
  model::Transitions one(const Eigen::VectorXd& state, const Eigen::VectorXd& action,
                         const Eigen::VectorXd& next) const;

  model::Encoding encoding_;
  std::unique_ptr<MotionModel> motion_;
  int draws_;
  Eigen::MatrixXd rows_;  // capacity x (2S + U): state, action, next
  Eigen::Index count_ = 0;
  bool fitted_ = false;
  std::shared_ptr<Thought> thought_;
};

// What a seen vector says under a Gaussian prediction N(mean, covariance) whose part `noise` (a diagonal) is the
// sensors' own: prediction error, vfe = -ln p(end), and its split (all exact for a model that is linear in its
// weights).
Surprise gaussian_surprise(const Eigen::VectorXd& error, const Eigen::MatrixXd& covariance,
                           const Eigen::VectorXd& noise);

}  // namespace infans::inference
