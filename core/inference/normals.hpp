// Many standard normals of a stream at once, by the kernel.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/random/stream.hpp"

namespace infans::inference {

// float32 normals, sizes below 5.9: for proposals and estimates, not for worlds. They take whole
// registers of the stream's blocks.
class Normals {
 public:
  // At least `count` of them, until the next call.
  const float* draw(random::Stream& stream, Eigen::Index count);

 private:
  std::vector<float> values_;
};

Eigen::MatrixXd standard_normals(Eigen::Index rows, Eigen::Index columns, random::Stream& stream);

}  // namespace infans::inference
