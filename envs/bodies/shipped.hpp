// The table that CMake generates from the *.xml files of this folder. Internal to envs/bodies.
#pragma once

#include <span>
#include <string_view>

namespace infans::envs {

struct ShippedBody {
  std::string_view name;
  std::string_view mjcf;
};

// In alphabetical order of name.
std::span<const ShippedBody> shipped_bodies();

}  // namespace infans::envs
