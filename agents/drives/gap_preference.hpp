// An effector at its goal, where only the gap between the two is seen: how joints move the effector is learned.
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <span>

#include "agents/drives/joint_stops.hpp"
#include "agents/drives/preference.hpp"
#include "core/model/bayesian_readout.hpp"

namespace infans::agents {

struct GapPreferenceOptions {
  double temperature = 0.02;       // T, m: a gap that is this much smaller is e times as likely
  double softness = 0.01;          // s, m: below it the density is a Gaussian of variance s T
  double command_precision = 0.0;  // p, 1/command^2
};

// ln C = -(sqrt(|gap|^2 + s^2) - s) / T - 1/2 p |u|^2: reward -|gap| at a temperature, smooth at the goal. Far goals
// pull no harder than near ones, so a way round that first leads away can be worth it. Observations are
// [q n, v n, gap G] with hinges q in rad and gap in m: the effector's place minus the goal's, or its opposite. Of
// another posture q' the agent expects
//   gap(q') = gap(q) + M' (phi(q') - phi(q)),   phi = products of {1, cos, sin} of every joint, without the constant,
// with a Bayesian readout M learned from gaps of the same episode; these features contain every chain of hinges
// (core/model/torus_features.hpp). Before anything is learned all postures are equally good. Postures behind a stop
// that was met in this episode (JointStops) are not expected to be reached.
class GapPreference final : public Preference {
 public:
  // Throws std::logic_error outside 1..6 joints, 1..3 gaps or for a temperature or softness that is not positive.
  GapPreference(int joints, int gaps, const GapPreferenceOptions& options, const kernels::Table& kernels);

  std::unique_ptr<Preference> clone() const override { return std::make_unique<GapPreference>(*this); }
  void add_log_density(const Batch& state, int n, float* sum) override;
  void residual(const Eigen::VectorXd& state, Eigen::VectorXd& r, Eigen::MatrixXd& jacobian) const override;
  double curvature() const override { return 1.0 / (options_.temperature * options_.softness); }
  double command_precision() const override { return options_.command_precision; }

  void begin_episode() override;
  void see(std::span<const double> observation) override;
  void expect(const Eigen::VectorXd& next) override { stops_.expect(next); }
  void learn(std::span<const double> observation) override;
  bool held(const Eigen::VectorXd& state) const override { return stops_.touched(state.head(joints_)); }
  void describe(base::Archive& archive) override;

  // What is expected at a posture (rad), m.
  Eigen::VectorXd gap(const Eigen::VectorXd& q) const;
  const JointStops& stops() const { return stops_; }

 private:
  Eigen::VectorXd features(const Eigen::VectorXd& q, Eigen::MatrixXd* jacobian) const;
  Eigen::VectorXd posture(std::span<const double> observation) const;
  Eigen::VectorXd seen_gap(std::span<const double> observation) const;
  void add_gap(const Batch& state, int n);

  int joints_, gaps_;
  GapPreferenceOptions options_;
  const kernels::Table& kernels_;
  model::BayesianReadout readout_;
  JointStops stops_;
  bool anchored_ = false;  // an earlier posture of this episode is known
  Eigen::VectorXd anchor_features_, anchor_gap_;
  Eigen::VectorXd now_features_, now_gap_;
  Batch trigonometry_, product_, gap_;
};

}  // namespace infans::agents
