#include "agents/planning/coloured_noise.hpp"

#include <cmath>
#include <numbers>

namespace infans::agents {

// A sum of independent sine and cosine waves; the constant wave counts as frequency 1 / length.
ColouredNoise::ColouredNoise(int length, double beta) : length_(length) {
  if (beta == 0.0) return;
  const int waves = length / 2;
  basis_.resize(length, 1 + 2 * waves);
  for (int t = 0; t < length; ++t) {
    // A real spectrum holds half the power of a complex one at frequency zero, and at the highest of an even length.
    basis_(t, 0) = std::sqrt(0.5) * std::pow(1.0 / length, -0.5 * beta);
    for (int k = 1; k <= waves; ++k) {
      const double f = static_cast<double>(k) / length, angle = 2.0 * std::numbers::pi * f * t;
      const double amplitude = (2 * k == length ? std::sqrt(0.5) : 1.0) * std::pow(f, -0.5 * beta);
      basis_(t, 2 * k - 1) = amplitude * std::cos(angle);
      basis_(t, 2 * k) = amplitude * std::sin(angle);
    }
  }
  basis_ /= std::sqrt(basis_.rowwise().squaredNorm().mean());
}

void ColouredNoise::sample(random::Stream& stream, Eigen::VectorXd& out) const {
  Eigen::VectorXd normals(basis_.size() == 0 ? length_ : basis_.cols());
  for (double& x : normals) x = stream.normal();
  if (basis_.size() == 0)
    out = normals;
  else
    out.noalias() = basis_ * normals;
}

void ColouredNoise::sample(random::Stream& stream, int count, inference::Batch& out) {
  out.resize(static_cast<int>(length_), count);
  // A row of a batch is a column.
  Eigen::Map<Eigen::MatrixXf> sequences(out.row(0), out.stride, length_);
  const Eigen::Index normals = basis_.size() == 0 ? length_ : basis_.cols();
  const Eigen::Map<const Eigen::MatrixXf> drawn(normals_.draw(stream, out.stride * normals), out.stride, normals);
  if (basis_.size() == 0)
    sequences = drawn;
  else
    sequences.noalias() = drawn * basis_.transpose().cast<float>();
}

}  // namespace infans::agents
