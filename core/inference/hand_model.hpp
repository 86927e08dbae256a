// What every learned map from joint angles to the place of a hand offers: learn one sample more, forget a part of the
// old ones, predict the hand with a covariance that knows what the map does not know.
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <stdexcept>

namespace infans::inference {

struct HandBelief {
  Eigen::Vector3d mean;        // m
  Eigen::Matrix3d covariance;  // m^2, epistemic: what more samples would take away
  Eigen::Vector3d noise;       // m^2 an axis, to be added for what will be seen
  Eigen::Matrix3Xd jacobian;   // d mean / d q, m/rad
};

class HandModel {
 public:
  virtual ~HandModel() = default;

  virtual int joints() const = 0;
  virtual int samples() const = 0;
  // q: joint angles (rad), x: the hand (m). One more sample. Throws std::logic_error for a wrong number of angles.
  virtual void add(const Eigen::VectorXd& q, const Eigen::Vector3d& x) = 0;
  // Old samples weigh `share` times as much from now on, share in (0, 1]; else std::logic_error. For a body that
  // changed.
  virtual void discount(double share) = 0;
  virtual HandBelief predict(const Eigen::VectorXd& q) const = 0;
  virtual std::unique_ptr<HandModel> clone() const = 0;

  // Links that the map has as such (a chain's), and the map with one of them another by a vector (m) from now on. The
  // hand is linear in the vector.
  virtual int links() const { return 0; }
  virtual void shift_link(int link, const Eigen::Vector3d& by);
};

inline void HandModel::shift_link(int, const Eigen::Vector3d&) {
  throw std::logic_error("HandModel: this map knows no links");
}

}  // namespace infans::inference
