#include "core/inference/world_model.hpp"

namespace infans::inference {

void Batch::resize(int rows, int candidates) {
  stride = padded(candidates);
  const std::size_t size = static_cast<std::size_t>(rows) * static_cast<std::size_t>(stride);
  if (values.size() < size) values.resize(size, 0.0F);
}

}  // namespace infans::inference
