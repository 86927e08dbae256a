// Floating-point operations of one column through a kernel: additions, multiplications and divisions of the
// mathematics, a fused pair counting as two. What a kernel does beyond it (padding, shuffles, comparisons, rounding to
// whole registers) is not counted.
#pragma once

#include "core/kernels/field.hpp"
#include "core/kernels/kernels.hpp"
#include "core/kernels/mechanics.hpp"

namespace infans::kernels {

// Range reduction and polynomials as in simd.hpp.
inline constexpr double cosine_half_turns_operations = 14, sine_half_turns_operations = 10;  // sine: reduction shared
inline constexpr double sine_and_cosine_operations = 34, tanh_operations = 20, log1p_operations = 30;

double forward_operations(const FeatureModel&);
double jacobian_operations(const FeatureModel&);  // with the forward pass
double evaluate_operations(const FieldModel&);
double fly_operations(const FieldModel&);
double accelerate_operations(const BodyModel&);
double fly_operations(const BodyModel&);

}  // namespace infans::kernels
