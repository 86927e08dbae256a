// Sums and squares with the roundings of the references' NumPy expressions, so that rewards are equal to the last bit.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

namespace infans::envs {

// x ** 2 of a NumPy scalar is the C library's pow, which in one of some thousand cases rounds otherwise than x * x; a
// compiler that saw the exponent would multiply.
inline double squared(double x) {
  const volatile double two = 2.0;
  return std::pow(x, two);
}

// The Euclidean length as np.linalg.norm takes it: the products of a dot product are fused into the sum.
inline double length(std::span<const double> v) {
  double sum = 0.0;
  for (const double x : v) sum = std::fma(x, x, sum);
  return std::sqrt(sum);
}

// np.sum(np.square(v)) of a contiguous array: eight running sums, added in pairs (the order for up to 128 numbers).
template <typename T>
T sum_of_squares(std::span<const T> v) {
  T total = 0;
  std::size_t i = 0;
  if (v.size() >= 8) {
    T part[8];
    for (std::size_t k = 0; k < 8; ++k) part[k] = v[k] * v[k];
    for (i = 8; i + 8 <= v.size(); i += 8) {
      for (std::size_t k = 0; k < 8; ++k) part[k] += v[i + k] * v[i + k];
    }
    total = ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
  }
  for (; i < v.size(); ++i) total += v[i] * v[i];
  return total;
}

// weight * np.sum(np.square(command)) of an array of single precision.
inline double effort(double weight, std::span<const double> command) {
  float sum = 0.0F;
  for (const double c : command) sum += static_cast<float>(c) * static_cast<float>(c);
  return static_cast<float>(weight) * sum;
}

}  // namespace infans::envs
