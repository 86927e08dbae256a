#include "core/inference/gauss_newton.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/archive.hpp"
#include "core/model/symmetric.hpp"
#include "core/parallel/parallel.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::Vector2d;
using Eigen::VectorXd;
using Eigen::VectorXi;

constexpr int most_damping_raises = 9;

// Mean square error of every class, held above the floor and above its share of the other's.
Vector2d class_noise(const VectorXd& error, const VectorXi& row_class, double floor, double ratio) {
  Vector2d sum = Vector2d::Zero(), count = Vector2d::Zero();
  for (Index r = 0; r < error.size(); ++r) {
    sum(row_class(r)) += error(r) * error(r);
    count(row_class(r)) += 1.0;
  }
  Vector2d out = Vector2d::Zero();
  for (int c = 0; c < 2; ++c)
    if (count(c) > 0.0) out(c) = std::max(sum(c) / count(c), floor * floor);
  for (int c = 0; c < 2; ++c)
    if (count(c) > 0.0) out(c) = std::max(out(c), ratio * ratio * out(1 - c));
  return out;
}

VectorXd row_precision(const Vector2d& noise, const VectorXi& row_class) {
  VectorXd out(row_class.size());
  for (Index r = 0; r < out.size(); ++r) out(r) = 1.0 / noise(row_class(r));
  return out;
}

double error_energy(const VectorXd& error, const VectorXd& precision) {
  return 0.5 * (error.array().square() * precision.array()).sum();
}

double prior_energy(const LeastSquares& p, const VectorXd& theta) {
  const VectorXd off = theta - p.mean;
  return 0.5 * off.dot(p.precision * off);
}

MatrixXd differences(const LeastSquares& p, const VectorXd& theta, const VectorXd& value) {
  MatrixXd j(value.size(), theta.size());
  parallel::for_each(static_cast<int>(theta.size()), p.threads, [&](int k) {
    VectorXd moved = theta;
    moved(k) += p.difference(k);
    j.col(k) = (p.f(moved) - value) / p.difference(k);
  });
  return j;
}

// One damped step down; raises the damping until F falls. Returns by how much it fell, 0: nowhere down.
double descend(const LeastSquares& p, const VectorXd& precision, const MatrixXd& hessian, const VectorXd& downhill,
               double& damping, VectorXd& theta, VectorXd& error) {
  const double before = error_energy(error, precision) + prior_energy(p, theta);
  for (int k = 0; k < most_damping_raises; ++k) {
    MatrixXd damped = hessian;
    damped.diagonal() *= 1.0 + damping;
    VectorXd step = damped.llt().solve(downhill);
    step = step.cwiseMin(p.largest_step).cwiseMax(-p.largest_step);
    const VectorXd there = theta + step, left = p.y - p.f(there);
    const double after = error_energy(left, precision) + prior_energy(p, there);
    if (left.allFinite() && after < before) {
      theta = there;
      error = left;
      damping *= 0.2;
      return before - after;
    }
    damping = std::max(5.0 * damping, 1e-6);
  }
  return 0.0;
}

double noise_energy(const Vector2d& noise, const VectorXi& row_class) {
  double out = 0.0;
  for (Index r = 0; r < row_class.size(); ++r) out += 0.5 * std::log(noise(row_class(r)));
  return out;
}

}  // namespace

LaplacePosterior gauss_newton(const LeastSquares& p, VectorXd theta) {
  LaplacePosterior out;
  VectorXd value = p.f(theta);
  out.error = p.y - value;
  out.noise = class_noise(out.error, p.row_class, p.noise_floor, p.noise_ratio);
  double damping = 1e-2;
  for (;; ++out.iterations) {
    VectorXd precision = row_precision(out.noise, p.row_class);
    out.jacobian = differences(p, theta, p.y - out.error);
    out.precision = out.jacobian.transpose() * precision.asDiagonal() * out.jacobian + p.precision;
    if (out.iterations == p.iterations) break;
    const VectorXd downhill =
        out.jacobian.transpose() * precision.cwiseProduct(out.error) - p.precision * (theta - p.mean);
    const double fall = descend(p, precision, out.precision, downhill, damping, theta, out.error);
    const bool flat = fall < 1e-3 * std::sqrt(static_cast<double>(p.y.size()));
    if (!flat && out.iterations % 4 != 3) continue;
    const Vector2d noise = class_noise(out.error, p.row_class, p.noise_floor, p.noise_ratio);
    const bool settled = ((noise - out.noise).array().abs() <= 0.05 * out.noise.array()).all();
    if (flat && settled) break;
    out.noise = noise;
    if (fall == 0.0) damping = 1e-2;
  }
  out.mean = theta;
  out.free_energy = error_energy(out.error, row_precision(out.noise, p.row_class)) +
                    noise_energy(out.noise, p.row_class) + prior_energy(p, theta) +
                    0.5 * (model::log_det(out.precision.llt()) - model::log_det(p.precision.llt()));
  return out;
}

double plain_free_energy(const VectorXd& error, const VectorXi& row_class, double noise_floor, double noise_ratio) {
  const Vector2d noise = class_noise(error, row_class, noise_floor, noise_ratio);
  return error_energy(error, row_precision(noise, row_class)) + noise_energy(noise, row_class);
}

void LaplacePosterior::describe(base::Archive& archive) {
  archive("mean", mean)("precision", precision)("error", error)("jacobian", jacobian)("noise", noise);
  archive("free_energy", free_energy)("iterations", iterations);
}

}  // namespace infans::inference
