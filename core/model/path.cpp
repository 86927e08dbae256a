#include "core/model/path.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace infans::model {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

}  // namespace

Quadrature gauss_legendre(int count) {
  if (count < 1) throw std::logic_error("gauss_legendre: at least one node");
  MatrixXd jacobi = MatrixXd::Zero(count, count);
  for (int k = 1; k < count; ++k) jacobi(k, k - 1) = jacobi(k - 1, k) = k / std::sqrt(4.0 * k * k - 1.0);
  const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(jacobi);
  return {(0.5 * (eigen.eigenvalues().array() + 1.0)).matrix(),
          eigen.eigenvectors().row(0).transpose().array().square().matrix()};
}

Path hermite(const Transitions& t, double h, const VectorXd& node) {
  Path p;
  for (const double x : node) {
    const double from = (2 * x - 3) * x * x + 1, out = ((x - 2) * x + 1) * x * h, in = (x - 1) * x * x * h;
    const double slope = 6 * (x - 1) * x / h, d_out = (3 * x - 4) * x + 1, d_in = (3 * x - 2) * x;
    p.q.push_back(from * t.q0 + out * t.v0 + (1 - from) * t.q1 + in * t.v1);
    p.v.push_back(slope * (t.q0 - t.q1) + d_out * t.v0 + d_in * t.v1);
  }
  return p;
}

void advance(const Acceleration& law, MatrixXd& q, MatrixXd& v, const MatrixXd& u, double h, int steps) {
  const double d = h / steps;
  MatrixXd a1, a2, a3, a4;
  for (int s = 0; s < steps; ++s) {
    law(q, v, u, a1);
    law(q + d / 2 * v, v + d / 2 * a1, u, a2);
    law(q + d / 2 * v + d * d / 4 * a1, v + d / 2 * a2, u, a3);
    law(q + d * v + d * d / 2 * a2, v + d * a3, u, a4);
    q += d * v + d * d / 6 * (a1 + a2 + a3);
    v += d / 6 * (a1 + 2 * a2 + 2 * a3 + a4);
  }
}

MatrixXd end_of(const Acceleration& law, const MatrixXd& q, const MatrixXd& v, const MatrixXd& u, double h, int steps) {
  MatrixXd q1 = q, v1 = v;
  advance(law, q1, v1, u, h, steps);
  MatrixXd out(q.rows(), 2 * q.cols());
  out << q1, v1;
  return out;
}

MatrixXd step_difference(const Acceleration& law, const MatrixXd& q, const MatrixXd& v, const MatrixXd& u, double h,
                         int steps, const MatrixXd& end) {
  return (end - end_of(law, q, v, u, h, steps / 2)).cwiseAbs() / 15.0;
}

Flight fly(const Acceleration& law, const MatrixXd& q0, const MatrixXd& v0, const MatrixXd& u, double h,
           const VectorXd& node, int steps) {
  Flight f{{}, q0, v0};
  double at = 0.0;
  const auto stretch = [&](double to) {
    const int share = std::max(1, static_cast<int>(std::ceil((to - at) * steps - 1e-9)));
    advance(law, f.q1, f.v1, u, (to - at) * h, share);
    at = to;
  };
  for (const double x : node) {
    stretch(x);
    f.path.q.push_back(f.q1);
    f.path.v.push_back(f.v1);
  }
  stretch(1.0);
  return f;
}

Path settle_path(const Transitions& t, const Flight& flight, double h, const VectorXd& node,
                 const VectorXd& acceleration_scale) {
  const MatrixXd zero = MatrixXd::Zero(t.q0.rows(), t.q0.cols());
  const MatrixXd dq = t.q1 - flight.q1, dv = t.v1 - flight.v1;
  const Path correction = hermite({zero, zero, t.u, dq, dv}, h, node);
  Path p = hermite(t, h, node);
  for (Index n = 0; n < t.count(); ++n) {
    const bool near = ((dv.row(n).transpose().array() / acceleration_scale.array()).abs() < 0.5 * h).all();
    for (std::size_t k = 0; near && k < p.q.size(); ++k) {
      p.q[k].row(n) = flight.path.q[k].row(n) + correction.q[k].row(n);
      p.v[k].row(n) = flight.path.v[k].row(n) + correction.v[k].row(n);
    }
  }
  return p;
}

std::vector<MatrixXd> weak_targets(const Transitions& t, double h) {
  return {(t.v1 - t.v0) / h, (t.q1 - t.q0 - h * t.v0) / (0.5 * h * h)};
}

}  // namespace infans::model
