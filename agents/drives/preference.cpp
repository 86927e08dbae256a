#include "agents/drives/preference.hpp"

#include <cmath>

namespace infans::agents {

PlanarTip::PlanarTip(double length, double goal_x, double goal_z, double width, const kernels::Table& kernels,
                     double command_precision)
    : length_(length),
      goal_x_(goal_x),
      goal_z_(goal_z),
      width_(width),
      command_precision_(command_precision),
      kernels_(kernels) {}

void PlanarTip::add_log_density(const Batch& state, int n, float* sum) {
  trigonometry_.resize(2, n);
  kernels_.sincos(state.row(1), trigonometry_.stride, trigonometry_.row(0), trigonometry_.row(1));
  const float* x = state.row(0);
  const float *sine = trigonometry_.row(0), *cosine = trigonometry_.row(1);
  const float l = static_cast<float>(length_), gx = static_cast<float>(goal_x_), gz = static_cast<float>(goal_z_);
  const float half = static_cast<float>(0.5 / (width_ * width_));
  for (int k = 0; k < n; ++k) {
    const float dx = x[k] - l * sine[k] - gx, dz = -l * cosine[k] - gz;
    sum[k] -= half * (dx * dx + dz * dz);
  }
}

void PlanarTip::residual(const Eigen::VectorXd& s, Eigen::VectorXd& r, Eigen::MatrixXd& jacobian) const {
  const double sine = std::sin(s(1)), cosine = std::cos(s(1));
  r.resize(2);
  r << s(0) - length_ * sine - goal_x_, -length_ * cosine - goal_z_;
  r /= width_;
  jacobian.setZero(2, s.size());
  jacobian(0, 0) = 1.0 / width_;
  jacobian(0, 1) = -length_ * cosine / width_;
  jacobian(1, 1) = length_ * sine / width_;
}

double PlanarTip::distance(const Eigen::VectorXd& s) const {
  return std::hypot(s(0) - length_ * std::sin(s(1)) - goal_x_, -length_ * std::cos(s(1)) - goal_z_);
}

}  // namespace infans::agents
