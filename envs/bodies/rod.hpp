// Limbs as thin rods: rough inertias for reflexes. Internal to envs/bodies.
#pragma once

#include <span>

namespace infans::envs {

struct Rod {
  double length, mass;  // m, kg
};

// Of rods one after the other about the beginning of the first, kg m2.
double inertia_of(std::span<const Rod> rods);

}  // namespace infans::envs
