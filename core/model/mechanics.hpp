// The level that knows what a body is: inertia, potential, dissipation and commands,
//
//   d/dt (P(q) v) = B u + dT/dq - dV/dq - D(v) + F(q, v, u),   T = v'P(q)v / 2.
//
// P has one harmonic series an entry (symmetric), V one series, D is viscous, dry and quadratic friction of every
// joint, B the command matrix, F what another level adds. Every term is linear in its weights; the unit of force is the
// command of the first actuator. The equation is the Lagrangian balance of momentum in weak form (no second
// derivatives).
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <vector>

#include "core/model/encoding.hpp"
#include "core/model/force_features.hpp"
#include "core/model/grouping.hpp"
#include "core/model/harmonics.hpp"
#include "core/model/path.hpp"

namespace infans::model {

// known: B is `command` up to one scale. scaled: its entries that are not 0 are learned. full: every entry is learned.
// The first entry that is not 0 stays fixed in all three: it is the unit of force.
enum class CommandMatrix { known, scaled, full };

struct MechanicsOptions {
  int inertia_order = 0;    // largest sum |k_i| in P; 0: joints - 1, at least 1
  int inertia_box = 0;      // largest |k_i| in P; 0: 2 up to three joints, 1 beyond (the count grows as its power)
  int potential_order = 0;  // in V; 0: joints
  int potential_box = 1;    // in V
  int friction_terms = 3;   // of v, tanh(v / 0.02), v |v|, v in velocity scales: the first 0 to 3
  CommandMatrix commands = CommandMatrix::scaled;
  Eigen::MatrixXd command;  // n x m, what is known of B or its prior mean; empty: actuator j drives joint j
};

// What the weights mean, for acceleration and prediction. Waves without a weight are left out.
struct MechanicsLaw {
  Harmonics harmonics;
  Eigen::MatrixXd inertia_cosine, inertia_sine;      // waves x pairs
  Eigen::VectorXd potential_cosine, potential_sine;  // waves
  Eigen::MatrixXd friction;                          // terms x n, of velocities in velocity scales
  Eigen::MatrixXd command;                           // n x m
  Eigen::VectorXd velocity_scale;                    // n
  std::shared_ptr<const ForceFeatures> forces;       // may be null
  Eigen::VectorXd force_weight;
  double pivot_floor = 0.0;            // smallest pivot of P when an acceleration is solved for: inertia is positive
  Eigen::VectorXd acceleration_limit;  // n, m/s^2 or rad/s^2

  int joints() const { return static_cast<int>(command.rows()); }
  // P at N positions: N x pairs, pair (i, j <= ...) in the order of pair_index.
  Eigen::MatrixXd inertia(const Eigen::MatrixXd& q) const;
  void acceleration(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u,
                    Eigen::MatrixXd& a) const;
  // T + V of every row, in units of force times length.
  Eigen::VectorXd energy(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v) const;
};

// Pairs (i, j), i <= j, row by row of the upper triangle.
inline int pair_count(int n) { return n * (n + 1) / 2; }
inline int pair_index(int i, int j, int n) {
  const int a = i < j ? i : j, b = i < j ? j : i;
  return a * n - a * (a - 1) / 2 + b - a;
}

class Mechanics {
 public:
  // Throws std::logic_error for a command matrix of a wrong shape or without an entry.
  Mechanics(const Encoding& encoding, const MechanicsOptions& options,
            std::shared_ptr<const ForceFeatures> forces = nullptr);

  int joints() const { return joints_; }
  int weights() const { return static_cast<int>(grouping_.weights()); }
  // Groups: every pair of P, then V, friction, commands (if learned), then those of the forces.
  const Grouping& grouping() const { return grouping_; }
  int inertia_weight(int pair) const { return pair * inertia_.count(); }  // of the constant
  int potential_weights() const { return potential_.count(); }            // they follow those of P, then friction

  // The weights' prior mean: P = diag(inertia), B as given, all else 0.
  Eigen::VectorXd prior_mean(const Eigen::VectorXd& inertia) const;
  // The commands' force by the prior mean of B, and the part of it that is not learned; N x n.
  Eigen::MatrixXd command_force(const Eigen::MatrixXd& u) const { return u * command_.transpose(); }
  Eigen::MatrixXd known_force(const Eigen::MatrixXd& u) const;
  // Momentum balance of every transition in weak form with test function 0 or 1 (see path.hpp), per second: the row
  // joint * N + sample of x (n N x kept) times those weights equals known_force there. kept: rising weight numbers.
  Eigen::MatrixXd design(const Transitions& t, const Path& path, const Quadrature& quadrature, double h, int test,
                         const std::vector<int>& kept) const;

  // The law of given weights; limits are left for the caller to set.
  MechanicsLaw law(const Eigen::VectorXd& weights) const;

 private:
  struct Entry {
    int joint, command;
  };
  // A design in the making: columns of the kept weights only (at[k] < 0: not kept).
  struct Design {
    Eigen::MatrixXd x;
    std::vector<int> at;
  };
  void add_inertia(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, double momentum, double force, Design& d) const;
  void add_forces(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u, double weight,
                  Design& d) const;

  int joints_;
  Eigen::VectorXd velocity_scale_;
  Harmonics inertia_, potential_;
  int friction_terms_;
  Eigen::MatrixXd command_;     // prior mean
  std::vector<Entry> learned_;  // entries of B
  std::shared_ptr<const ForceFeatures> forces_;
  int potential_at_, friction_at_, command_at_, force_at_;
  Grouping grouping_;
};

}  // namespace infans::model
