// What must be saved is described to an abstract archive, so that core and agents know no file format.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace infans::base {

// Receives or restores named arrays; a writer reads the spans, a reader fills them (sizes must agree).
class Archive {
 public:
  virtual ~Archive() = default;
  virtual void array(std::string_view name, std::span<double> values) = 0;
};

}  // namespace infans::base
