// Worlds whose clock is coarse: a formula that moves by one Euler step a control step is no continuous motion, but its
// acceleration at the start of the step still follows a law of motion. The data show which kind a world is.
#pragma once

#include <Eigen/Dense>
#include <functional>
#include <memory>

#include "core/inference/motion_model.hpp"
#include "core/model/encoding.hpp"

namespace infans::inference {

enum class Stepping {
  continuous,      // the law acts all the time
  explicit_euler,  // q1 = q0 + h v0, v1 = v0 + h a(q0, v0, u)
  semi_implicit,   // v1 = v0 + h a(q0, v0, u), q1 = q0 + h v1 (symplectic Euler)
};

// The stepping under which positions are explained best: the smallest product over joints of the median distance of q1
// to q0 + h (v0 + v1) / 2, q0 + h v0 and q0 + h v1. A median forgives steps that were clipped.
Stepping detect_stepping(const model::Transitions& t, double h);

// Detects the stepping at every fit and fits a model of its own kind: of the control step where motion is continuous,
// else of the first instant of every step, h / 100,000 of it, in which the acceleration (v1 - v0) / h acts.
class SteppedMotion final : public MotionModel {
 public:
  using Make = std::function<std::unique_ptr<MotionModel>(const model::Encoding&)>;
  SteppedMotion(model::Encoding encoding, Make make);

  void fit(const model::Transitions& t) override;
  void add(const model::Transitions& t) override;
  Eigen::MatrixXd mean(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  MotionBatch predict(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  const MotionBatch& left_out() const override {
    return stepping_ == Stepping::continuous ? base_->left_out() : left_out_;
  }
  void describe(base::Archive& archive) override;
  std::unique_ptr<FrozenMotion> freeze(int draws, random::Stream& stream) const override;
  std::unique_ptr<FrozenMotion> freeze_draw(random::Stream& stream) const override;

  Stepping stepping() const { return stepping_; }
  const MotionModel& base() const { return *base_; }

 private:
  void remake();
  std::unique_ptr<FrozenMotion> stepped(std::unique_ptr<FrozenMotion> base) const;
  model::Transitions instant(const model::Transitions& t) const;
  MotionBatch grown(const MotionBatch& instant, const Eigen::MatrixXd& q, const Eigen::MatrixXd& v) const;

  model::Encoding encoding_;
  Make make_;
  Stepping stepping_ = Stepping::continuous;
  std::unique_ptr<MotionModel> base_;
  MotionBatch left_out_;
};

}  // namespace infans::inference
