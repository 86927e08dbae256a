#include "core/model/body_schema.hpp"

#include <cmath>
#include <stdexcept>
#include <vector>

namespace infans::model {
namespace {

using Eigen::Matrix3d;
using Eigen::Matrix3Xd;
using Eigen::Vector3d;
using Eigen::VectorXd;

Vector3d rotate(const Vector3d& a, double sin, double cos, const Vector3d& x) {
  return cos * x + sin * a.cross(x) + ((1.0 - cos) * a.dot(x)) * a;
}

Matrix3d cross_matrix(const Vector3d& a) {
  Matrix3d k;
  k << 0.0, -a(2), a(1), a(2), 0.0, -a(0), -a(1), a(0), 0.0;
  return k;
}

}  // namespace

Eigen::Matrix<double, 3, 2> tangent_plane(const Vector3d& a) {
  // The coordinate axis least along a, made perpendicular to it.
  int least = 0;
  a.cwiseAbs().minCoeff(&least);
  Eigen::Matrix<double, 3, 2> t;
  t.col(0) = Vector3d::Unit(least).cross(a).normalized();
  t.col(1) = a.cross(t.col(0));
  return t;
}

BodySchema BodySchema::random(int joints, double link_sd, random::Stream& stream) {
  if (joints < 1) throw std::logic_error("BodySchema: at least one joint is needed");
  BodySchema s{Matrix3Xd(3, joints), Matrix3Xd(3, joints + 1)};
  for (auto a : s.axis.colwise()) {
    for (double& x : a) x = stream.normal();
    a.normalize();
  }
  for (double& x : s.link.reshaped()) x = link_sd * stream.normal();
  return s;
}

Vector3d BodySchema::hand(const VectorXd& q) const {
  Vector3d x = link.col(joints());
  for (int i = joints(); i-- > 0;) x = link.col(i) + rotate(axis.col(i), std::sin(q(i)), std::cos(q(i)), x);
  return x;
}

Vector3d BodySchema::differentiate(const VectorXd& q, Matrix3Xd* by_angle, Matrix3Xd* by_parameter) const {
  const int n = joints();
  std::vector<Vector3d> point(n + 1);  // the hand as joint i sees it
  point[n] = link.col(n);
  for (int i = n; i-- > 0;) point[i] = link.col(i) + rotate(axis.col(i), std::sin(q(i)), std::cos(q(i)), point[i + 1]);
  if (by_angle != nullptr) by_angle->resize(3, n);
  if (by_parameter != nullptr) by_parameter->resize(3, parameters());
  Matrix3d turned = Matrix3d::Identity();  // R_1 ... R_i
  for (int i = 0; i < n; ++i) {
    const Vector3d a = axis.col(i), x = point[i + 1];
    const double s = std::sin(q(i)), c = std::cos(q(i));
    if (by_parameter != nullptr) {
      by_parameter->middleCols<3>(2 * n + 3 * i) = turned;
      const Matrix3d by_axis = -s * cross_matrix(x) + (1.0 - c) * (a.dot(x) * Matrix3d::Identity() + a * x.transpose());
      by_parameter->middleCols<2>(2 * i) = turned * (by_axis * tangent_plane(a));
    }
    Matrix3d r = c * Matrix3d::Identity() + s * cross_matrix(a) + (1.0 - c) * a * a.transpose();
    turned *= r;
    if (by_angle != nullptr) by_angle->col(i) = turned * a.cross(x);
  }
  if (by_parameter != nullptr) by_parameter->middleCols<3>(5 * n) = turned;
  return point[0];
}

BodySchema BodySchema::move(const VectorXd& step) const {
  BodySchema to = *this;
  const int n = joints();
  for (int i = 0; i < n; ++i) {
    const Vector3d a = axis.col(i);
    to.axis.col(i) = (a + tangent_plane(a) * step.segment<2>(2 * i)).normalized();
  }
  for (int i = 0; i <= n; ++i) to.link.col(i) += step.segment<3>(2 * n + 3 * i);
  return to;
}

}  // namespace infans::model
