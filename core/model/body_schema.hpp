// Body schema: the kinematics of a serial chain of hinges, with unknown axes and links,
//   x = t_0 + R(a_1, q_1) (t_1 + R(a_2, q_2) (t_2 + ... R(a_n, q_n) t_n)),
// R(a, q) the rotation about the unit vector a (Rodrigues 1840), a_i and t_i seen in the posture q = 0. The order of
// the joints is known, nothing else.
#pragma once

#include <Eigen/Dense>

#include "core/random/stream.hpp"

namespace infans::model {

struct BodySchema {
  Eigen::Matrix3Xd axis;  // 3 x n, unit columns
  Eigen::Matrix3Xd link;  // 3 x (n + 1), m; column 0 is the fixed base

  // Axes uniform on the sphere, links N(0, link_sd^2). Throws std::logic_error for fewer than one joint.
  static BodySchema random(int joints, double link_sd, random::Stream& stream);

  int joints() const { return static_cast<int>(axis.cols()); }
  // Free parameters: two tangent coordinates an axis, then the links: 2n + 3(n + 1).
  int parameters() const { return 5 * joints() + 3; }

  Eigen::Vector3d hand(const Eigen::VectorXd& q) const;
  // Hand and its derivatives: by_angle 3 x n (d x / d q, m/rad), by_parameter 3 x (5n + 3), of move() at 0. One pass
  // from the hand to the base and one back.
  Eigen::Vector3d differentiate(const Eigen::VectorXd& q, Eigen::Matrix3Xd* by_angle,
                                Eigen::Matrix3Xd* by_parameter) const;
  // The schema a step away: axis a -> normalised a + T delta with T the tangent plane of a, links added.
  BodySchema move(const Eigen::VectorXd& step) const;
};

// Two orthonormal vectors of the plane perpendicular to a unit vector.
Eigen::Matrix<double, 3, 2> tangent_plane(const Eigen::Vector3d& a);

}  // namespace infans::model
