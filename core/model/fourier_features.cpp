#include "core/model/fourier_features.hpp"

#include <cmath>
#include <numbers>

namespace infans::model {

FourierFeatures::FourierFeatures(int inputs, int count, double scale, random::Stream& stream)
    : frequency(count, inputs), phase(count), length_scale(Eigen::VectorXd::Constant(inputs, scale)) {
  for (int start = 0; start < count; start += inputs) {
    Eigen::MatrixXd gauss(inputs, inputs);
    for (int i = 0; i < inputs; ++i)
      for (int j = 0; j < inputs; ++j) gauss(i, j) = stream.normal();
    // Directions from an orthogonal matrix, lengths from the Gaussian: each row stays N(0, I), rows repel each other.
    const Eigen::MatrixXd q = gauss.householderQr().householderQ();
    for (int r = 0; r < std::min(inputs, count - start); ++r) {
      double length = 0.0;
      for (int i = 0; i < inputs; ++i) {
        const double g = stream.normal();
        length += g * g;
      }
      const double sign = stream.uniform() < 0.5 ? -1.0 : 1.0;
      frequency.row(start + r) = sign * std::sqrt(length) * q.row(r);
    }
  }
  for (int j = 0; j < count; ++j) phase(j) = stream.uniform(0.0, 2.0 * std::numbers::pi);
}

double FourierFeatures::amplitude() const { return count() == 0 ? 0.0 : std::sqrt(2.0 / count()); }

Eigen::MatrixXd FourierFeatures::scaled() const { return frequency * length_scale.cwiseInverse().asDiagonal(); }

Eigen::MatrixXd FourierFeatures::angles(const Eigen::MatrixXd& z) const {
  Eigen::MatrixXd angle = z * scaled().transpose();
  angle.rowwise() += phase.transpose();
  return angle;
}

Eigen::MatrixXd FourierFeatures::features(const Eigen::MatrixXd& z) const {
  return amplitude() * angles(z).array().cos();
}

}  // namespace infans::model
