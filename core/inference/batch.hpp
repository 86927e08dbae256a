// Many candidates at once, as the rollout kernels take them.
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/archive.hpp"
#include "core/kernels/kernels.hpp"

namespace infans::inference {

// Candidates rounded up to whole registers.
inline int padded(int candidates) { return (candidates + kernels::lanes - 1) / kernels::lanes * kernels::lanes; }

// Structure-of-arrays floats: element i of candidate k stands at row(i)[k]. `stride` is a multiple of kernels::lanes.
// Grows, never shrinks.
struct Batch {
  std::vector<float> values;
  int stride = 0;

  void resize(int rows, int candidates) {
    stride = padded(candidates);
    const std::size_t size = static_cast<std::size_t>(rows) * static_cast<std::size_t>(stride);
    if (values.size() < size) values.resize(size, 0.0F);
  }
  float* row(int i) { return values.data() + static_cast<std::ptrdiff_t>(i) * stride; }
  const float* row(int i) const { return values.data() + static_cast<std::ptrdiff_t>(i) * stride; }

  void describe(base::Archive& archive) { archive("values", values)("stride", stride); }
};

}  // namespace infans::inference
