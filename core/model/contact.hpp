// The level between the law of a free body and its motion: friction that holds, joints that end, a surface that is met.
//
// Every kind predicts an acceleration of something the body can see and may use a bounded force for it; the
// acceleration settles between them and the free law (LeastConstraint). With rates and stiffnesses in 1/s and 1/s^2:
//   friction  joint i:   wants v_i' = -rate v_i,                    |force| <= F_i
//   stop      joint i:   wants g'' = -rate g' - stiffness g,        force >= 0, only where g = q - low or high - q < 0
//   touch     one gap:   wants (g +- grip s)'' = -rate (g +- grip s)' - stiffness g, two forces >= 0, only where g < 0
// The gap g(q) is a harmonic series of the joints, unknown but for its wave vectors: the height of a point fixed to a
// chain above a plane is one. Its slip s is the same series a quarter turn on: the point's way along the plane. The two
// touching forces span a planar cone of friction (Stewart & Trinkle 1996; Anitescu 2006).
// Nothing says where a stop or the surface is, how stiff, or how rough: all of that is in the parameters.
#pragma once

#include <Eigen/Dense>
#include <functional>
#include <vector>

#include "core/model/least_constraint.hpp"

namespace infans::model {

// acceleration (N x n) of the body where nothing holds it, and its inertia (N x pairs, upper triangle row by row) in
// some unit of force; sizes both itself.
using FreeLaw = std::function<void(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u,
                                   Eigen::MatrixXd& acceleration, Eigen::MatrixXd& inertia)>;

struct ContactKinds {
  bool friction = false, stops = false, touch = false;
  bool any() const { return friction || stops || touch; }
  bool operator==(const ContactKinds&) const = default;
};

// Where each group of numbers starts in the parameter vector, -1: not there; how many numbers; "log" ones are natural
// logarithms. In this order:
struct ContactLayout {
  int log_friction = -1;                            // n, F_i in the unit of force
  int log_friction_rate = -1;                       // 1
  int log_friction_compliance = -1;                 // n, R: acceleration per force
  int stop_low = -1, stop_high = -1;                // n each, rad or m
  int log_stop_stiffness = -1, log_stop_rate = -1;  // 1 each
  int log_stop_compliance = -1;                     // n
  // 1 + 2 K: constant, cosines, sines. Their common scale means nothing: compliance (over unit^2) and lever0 are in the
  // gap's own unit, the root mean square amplitude of its waves.
  int gap = -1;
  int log_touch_stiffness = -1, log_touch_rate = -1, log_touch_compliance = -1, log_grip = -1;  // 1 each
  int lever = -1;  // 2: the touching place lies lever0 unit + lever1 g off the point, along the normal
  int count = 0;
};

// A gap and how it changes: value, d gap / dq and d slip / dq, each n.
struct Gap {
  double value = 0.0;
  Eigen::VectorXd normal, tangent;
};

class Contact {
 public:
  // waves: K x n wave vectors of the gap. Empty: those of a planar chain, k_w = 1 for joints 0..w; the last wave is the
  // angle of the link that touches. Throws std::logic_error for no joint or waves of another width.
  Contact(int joints, ContactKinds kinds, Eigen::MatrixXd waves = {});

  int joints() const { return joints_; }
  int parameters() const { return layout_.count; }
  const ContactKinds& kinds() const { return kinds_; }
  const ContactLayout& layout() const { return layout_; }
  const Eigen::MatrixXd& waves() const { return waves_; }

  // 1, cos and sin of every wave (1 + 2 K): the gap is their product with its parameters.
  Eigen::VectorXd gap_features(const Eigen::VectorXd& q) const;
  // Root mean square amplitude of the gap's waves; parameters: all of them.
  double gap_unit(const Eigen::VectorXd& parameters) const;
  // parameters: all of them, or the gap's own (1 + 2 K; then without the lever).
  Gap gap(const Eigen::VectorXd& parameters, const Eigen::VectorXd& q) const;

  // Settled accelerations of N rows (N x n). touched: if given, set to true for rows that a stop or the surface pushed;
  // others keep their value. Rows that nothing holds get the free acceleration, unchanged.
  void acceleration(const Eigen::VectorXd& parameters, const FreeLaw& free, const Eigen::MatrixXd& q,
                    const Eigen::MatrixXd& v, const Eigen::MatrixXd& u, Eigen::MatrixXd& a,
                    Eigen::Array<bool, Eigen::Dynamic, 1>* touched = nullptr) const;

 private:
  // The parameters with exponentials in place of logarithms; what the functions below take.
  Eigen::VectorXd natural(Eigen::VectorXd parameters) const;
  int add_friction(const Eigen::VectorXd& p, const Eigen::VectorXd& v, LeastConstraint& c) const;
  void add_stops(const Eigen::VectorXd& p, const Eigen::VectorXd& q, const Eigen::VectorXd& v,
                 LeastConstraint& c) const;
  void add_touch(const Eigen::VectorXd& p, const Eigen::VectorXd& q, const Eigen::VectorXd& v, Gap& gap,
                 LeastConstraint& c) const;
  void evaluate_gap(const Eigen::VectorXd& p, int at, const Eigen::VectorXd& q, Gap& gap) const;

  int joints_;
  ContactKinds kinds_;
  Eigen::MatrixXd waves_;
  ContactLayout layout_;
};

}  // namespace infans::model
