// The fast level of control: reflex arcs fulfil a descending prediction of proprioception (Adams, Shipp & Friston
// 2013). A decision gives the posture that the joints are predicted to have at its end; the arc turns it into a path
// and the path's prediction errors into torques,
//   tau = Kp (qhat(t) - q) + Kd (dqhat(t) - dq) + b,     clipped to the joint's largest torque,
//   qhat, dqhat: minimum jerk (Flash & Hogan 1985) for `ramp` seconds, then rest,
//   db/dt = Kp (qhat - q) / bias_time while it rests, |b| <= bias_limit x largest torque:
// what stays of the error is gravity and tone, which the bias comes to expect.
#pragma once

#include <Eigen/Dense>

namespace infans::base {
class Archive;
}

namespace infans::agents {

struct ReflexOptions {
  double stiffness = 10.0;  // Kp per largest torque, 1/rad
  double damping = 2.5;     // Kd per sqrt(Kp J), J the rough inertia about the joint
  double ramp = 0.24;       // s
  double bias_time = 0.15;  // s
  double bias_limit = 1.0;  // in largest torques; 0: no bias
  // Also predict velocity (dqhat as above, else 0), and integrate the bias in the hold phase only (else always).
  bool velocity_prediction = true;
  bool bias_in_hold_only = true;
};

// Part of the way (0..1) and its slope d part / d s at s in [0, 1], at rest outside.
struct PathPoint {
  double part, slope;
};
PathPoint minimum_jerk(double s);

class ReflexArc {
 public:
  // Per joint: largest torque (N m) and rough inertia (kg m2), above 0; else std::logic_error.
  ReflexArc(const Eigen::VectorXd& torque, const Eigen::VectorXd& inertia, const ReflexOptions& options = {});

  // The muscles or the limb have changed: other torques and inertias from now on, as in the constructor. What is
  // predicted stays.
  void strengthen(const Eigen::VectorXd& torque, const Eigen::VectorXd& inertia);
  // The prediction rests at q (rad); no bias.
  void start(const Eigen::VectorXd& q);
  // A decision: from the prediction of this moment to `posture`.
  void predict(const Eigen::VectorXd& posture);
  // Torques (N m) for the next dt seconds at sensed angles and velocities (rad, rad/s), then the time has passed.
  Eigen::VectorXd torque(const Eigen::VectorXd& q, const Eigen::VectorXd& velocity, double dt);

  Eigen::VectorXd predicted_position() const;
  Eigen::VectorXd predicted_velocity() const;
  const Eigen::VectorXd& bias() const { return bias_; }  // N m
  const Eigen::VectorXd& stiffness() const { return stiffness_; }
  const Eigen::VectorXd& damping() const { return damping_; }
  void describe(base::Archive& archive);

 private:
  bool resting() const { return time_ >= options_.ramp; }

  ReflexOptions options_;
  Eigen::VectorXd largest_, stiffness_, damping_;
  Eigen::VectorXd from_, to_, bias_;
  double time_ = 0.0;  // s since the decision
};

}  // namespace infans::agents
