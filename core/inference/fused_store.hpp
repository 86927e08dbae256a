// Memory and checks that the fused chain and the fused population share.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/inference/fused.hpp"

namespace infans::inference::fused {

struct AlignedDelete {
  void operator()(float* p) const;
};

// Floats rounded up to whole cache lines, to whole pages.
std::size_t lines(std::size_t floats);
std::size_t pages(std::size_t floats);

// One block of memory for all arrays of an object: count first, then hand out. Every array is zero, starts at a
// multiple of 64 bytes, and two arrays do not start at the same offset of a page.
class Arena {
 public:
  float* take(std::size_t floats);
  float* take_pages(std::size_t floats);  // starts at a page
  void allocate();                        // between the pass that counts and the pass that takes

 private:
  std::size_t used_ = 0, arrays_ = 0;
  std::unique_ptr<float, AlignedDelete> memory_;
};

// Throws std::logic_error for a shape that is none, OptionError for a precision that is not positive and finite; fills
// in the defaults of `tanh` and `clamped`.
FusedShape checked(FusedShape shape);
// sum_l 1/2 ln|Pi_l| of one sample.
double half_log_precision(const FusedShape& shape);
// Throws base::OptionError for a step, momentum or number of steps outside its range.
void check(const kernels::Descent& descent);
void check_rate(float rate);
void check_size(std::size_t size, std::size_t expected, const char* what);
void check_finite(std::span<const float> values, const char* what, int number);  // e.g. "activity of level", 2
[[noreturn]] void throw_diverged(const std::string& who);

}  // namespace infans::inference::fused
