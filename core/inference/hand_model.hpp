// What every learned map from joint angles to the place of a hand offers: learn one sample more, forget a part of the
// old ones, predict the hand with a covariance that knows what the map does not know.
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <stdexcept>

namespace infans::base {
class Archive;
}

namespace infans::inference {

struct HandBelief {
  Eigen::Vector3d mean;        // m
  Eigen::Matrix3d covariance;  // m^2, epistemic: what more samples would take away
  Eigen::Vector3d noise;       // m^2 an axis, to be added for what will be seen
  Eigen::Matrix3Xd jacobian;   // d mean / d q, m/rad
  double told = 1.0;           // probability that the senses will tell where the hand is
};

class HandModel {
 public:
  virtual ~HandModel() = default;

  virtual int joints() const = 0;
  virtual int samples() const = 0;
  // q: joint angles (rad), x: the hand (m). One more sample; weight in (0, 1]: its precision as a part of the usual
  // one. Throws std::logic_error for a wrong number of angles or a weight outside its range.
  virtual void add(const Eigen::VectorXd& q, const Eigen::Vector3d& x, double weight = 1.0) = 0;
  // At these angles nothing told where the hand was.
  virtual void miss(const Eigen::VectorXd&) {}
  // Old samples weigh `share` times as much from now on, share in (0, 1]; else std::logic_error. For a body that
  // changed.
  virtual void discount(double share) = 0;
  virtual HandBelief predict(const Eigen::VectorXd& q) const = 0;
  virtual std::unique_ptr<HandModel> clone() const = 0;
  // Everything learned, for a map made alike.
  virtual void describe(base::Archive& archive) = 0;

  // Links that the map has as such (a chain's), and the map with one of them another by a vector (m) from now on. The
  // hand is linear in the vector.
  virtual int links() const { return 0; }
  virtual void shift_link(int link, const Eigen::Vector3d& by);
};

// A sample's weight as add() takes it; else std::logic_error.
inline double checked_weight(double weight) {
  if (!(weight > 0.0 && weight <= 1.0)) throw std::logic_error("HandModel: a sample weighs more than 0, at most 1");
  return weight;
}

inline void HandModel::shift_link(int, const Eigen::Vector3d&) {
  throw std::logic_error("HandModel: this map knows no links");
}

}  // namespace infans::inference
