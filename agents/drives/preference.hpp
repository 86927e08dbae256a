// What an agent wants: a log density over states, as a sum of squares so that planners know its curvature.
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <span>

#include "core/inference/world_model.hpp"
#include "core/kernels/kernels.hpp"

namespace infans::base {
class Archive;
}

namespace infans::agents {

using inference::Batch;

// ln C(s, u) = -1/2 |r(s)|^2 - 1/2 p |u|^2 (+ const): a Gaussian preference over an outcome of the state, and over
// commands: p = command_precision(), 1/command^2.
class Preference {
 public:
  virtual ~Preference() = default;
  // The same preference with all that it has learned, apart from this one.
  virtual std::unique_ptr<Preference> clone() const = 0;
  // Adds ln C of n states to sum[0..n).
  virtual void add_log_density(const Batch& state, int n, float* sum) = 0;
  // r (R) and its Jacobian (R x S) at one state.
  virtual void residual(const Eigen::VectorXd& state, Eigen::VectorXd& r, Eigen::MatrixXd& jacobian) const = 0;
  // Typical curvature of -ln C, 1/unit^2: the scale of a planner's regularisation.
  virtual double curvature() const = 0;
  virtual double command_precision() const { return 0.0; }

  // What is wanted may depend on what is seen: a goal's place, an effector's. begin_episode: goals may have moved; see:
  // the whole present observation; learn: what it says about the body, once a step; expect: where the model takes the
  // state under the command that was decided.
  virtual void begin_episode() {}
  virtual void see(std::span<const double>) {}
  virtual void learn(std::span<const double>) {}
  virtual void expect(const Eigen::VectorXd&) {}
  // Whether more than the body's law of motion acts at a state: what happens there teaches nothing about that law.
  virtual bool held(const Eigen::VectorXd&) const { return false; }

  // All that it has learned and seen; most preferences have no memory.
  virtual void describe(base::Archive&) {}
};

// The tip of a pole on a sliding cart at a point of the plane: (x - length sin q, -length cos q) near (goal_x, goal_z),
// with a standard deviation of `width` metres. State = [x, q, dx, dq]; q = 0 hangs down.
class PlanarTip final : public Preference {
 public:
  PlanarTip(double length, double goal_x, double goal_z, double width, const kernels::Table& kernels,
            double command_precision = 0.0);
  std::unique_ptr<Preference> clone() const override { return std::make_unique<PlanarTip>(*this); }
  void add_log_density(const Batch& state, int n, float* sum) override;
  void residual(const Eigen::VectorXd& state, Eigen::VectorXd& r, Eigen::MatrixXd& jacobian) const override;
  double curvature() const override { return 1.0 / (width_ * width_); }
  double command_precision() const override { return command_precision_; }

  // Distance of the tip to the goal, m.
  double distance(const Eigen::VectorXd& state) const;

 private:
  double length_, goal_x_, goal_z_, width_, command_precision_;
  const kernels::Table& kernels_;
  Batch trigonometry_;
};

}  // namespace infans::agents
