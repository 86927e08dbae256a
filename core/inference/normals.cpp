#include "core/inference/normals.hpp"

#include "core/kernels/kernels.hpp"

namespace infans::inference {

const float* Normals::draw(random::Stream& stream, Eigen::Index count) {
  constexpr Eigen::Index words = 4;  // of a block, and normals
  const Eigen::Index blocks = (count + words * kernels::lanes - 1) / (words * kernels::lanes) * kernels::lanes;
  values_.resize(static_cast<std::size_t>(words * blocks));
  const random::Stream::Blocks taken = stream.take(static_cast<std::uint32_t>(blocks));
  kernels::best().normals(taken.counter.data(), taken.key.data(), static_cast<int>(blocks), values_.data());
  return values_.data();
}

Eigen::MatrixXd standard_normals(Eigen::Index rows, Eigen::Index columns, random::Stream& stream) {
  Normals normals;
  return Eigen::Map<const Eigen::MatrixXf>(normals.draw(stream, rows * columns), rows, columns).cast<double>();
}

}  // namespace infans::inference
