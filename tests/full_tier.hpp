// Tests with a short and a full tier.
#pragma once

#include <cstdlib>
#include <string_view>

namespace infans::tests {

// INFANS_FULL=1: everything, however long it takes.
inline bool full_tier() {
  const char* value = std::getenv("INFANS_FULL");
  return value != nullptr && std::string_view(value) == "1";
}

}  // namespace infans::tests
