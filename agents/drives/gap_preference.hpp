// An effector at its goal, where only the gap between the two is seen: how joints move the effector is learned.
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <span>

#include "agents/drives/preference.hpp"
#include "core/model/bayesian_readout.hpp"

namespace infans::agents {

// ln C = -1/2 |gap|^2 / width^2 - 1/2 p |u|^2. Observations are [q n, v n, gap G] with hinges q in rad and gap in m:
// the effector's place minus the goal's, or its opposite. Of another posture q' the agent expects
//   gap(q') = gap(q) + M' (phi(q') - phi(q)),   phi = products of {1, cos, sin} of every joint, without the constant,
// with a Bayesian readout M learned from gaps of the same episode; these features contain every chain of hinges
// (core/model/torus_features.hpp). Before anything is learned all postures are equally good.
class GapPreference final : public Preference {
 public:
  // width: m. Throws std::logic_error outside 1..6 joints, 1..3 gaps or for a width that is not positive.
  GapPreference(int joints, int gaps, double width, double command_precision, const kernels::Table& kernels);

  std::unique_ptr<Preference> clone() const override { return std::make_unique<GapPreference>(*this); }
  void add_log_density(const Batch& state, int n, float* sum) override;
  void residual(const Eigen::VectorXd& state, Eigen::VectorXd& r, Eigen::MatrixXd& jacobian) const override;
  double curvature() const override { return 1.0 / (width_ * width_); }
  double command_precision() const override { return command_precision_; }

  void begin_episode() override { anchored_ = false; }
  void see(std::span<const double> observation) override;
  void learn(std::span<const double> observation) override;

  // What is expected at a posture (rad), m.
  Eigen::VectorXd gap(const Eigen::VectorXd& q) const;

 private:
  Eigen::VectorXd features(const Eigen::VectorXd& q, Eigen::MatrixXd* jacobian) const;
  Eigen::VectorXd posture(std::span<const double> observation) const;
  Eigen::VectorXd seen_gap(std::span<const double> observation) const;

  int joints_, gaps_;
  double width_, command_precision_;
  const kernels::Table& kernels_;
  model::BayesianReadout readout_;
  bool anchored_ = false;  // an earlier posture of this episode is known
  Eigen::VectorXd anchor_features_, anchor_gap_;
  Eigen::VectorXd now_features_, now_gap_;
  Batch trigonometry_, product_;
};

}  // namespace infans::agents
