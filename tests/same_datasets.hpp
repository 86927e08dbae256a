// Datasets of two records, bit by bit.
#pragma once

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "experiments/record/access.hpp"

namespace infans::tests {

inline void check_same_datasets(const std::string& a, const std::string& b, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    CAPTURE(name);
    const std::vector<double> x = experiments::read_values(a, name), y = experiments::read_values(b, name);
    REQUIRE(x.size() == y.size());
    CHECK(std::memcmp(x.data(), y.data(), x.size() * sizeof(double)) == 0);
  }
}

}  // namespace infans::tests
