#include "core/inference/fused_store.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <stdexcept>

#include "core/base/error.hpp"

namespace infans::inference::fused {

namespace {
constexpr std::size_t line = 64, page = 4096;

std::size_t rounded(std::size_t floats, std::size_t bytes) {
  const std::size_t unit = bytes / sizeof(float);
  return (floats + unit - 1) / unit * unit;
}
}  // namespace

std::size_t lines(std::size_t floats) { return rounded(floats, line); }
std::size_t pages(std::size_t floats) { return rounded(floats, page); }

void AlignedDelete::operator()(float* p) const { ::operator delete (p, std::align_val_t{page}); }

float* Arena::take(std::size_t floats) {
  float* p = memory_ ? memory_.get() + used_ : nullptr;
  const std::size_t stagger = 1 + arrays_++ % 3;  // lines
  used_ += lines(floats) + stagger * lines(1);
  return p;
}

float* Arena::take_pages(std::size_t floats) {
  used_ = pages(used_);
  float* p = memory_ ? memory_.get() + used_ : nullptr;
  used_ += pages(floats);
  return p;
}

void Arena::allocate() {
  void* memory = ::operator new (used_ * sizeof(float), std::align_val_t{page});
  memory_.reset(static_cast<float*>(memory));
  std::fill_n(memory_.get(), used_, 0.0F);
  used_ = arrays_ = 0;
}

FusedShape checked(FusedShape s) {
  const std::size_t levels = s.widths.size();
  if (levels < 2 || levels > kernels::max_levels) throw std::logic_error("FusedShape: 2 to 256 levels are needed");
  for (const int width : s.widths)
    if (width < 1) throw std::logic_error("FusedShape: a level needs at least one unit");
  if (s.tanh.empty()) {
    s.tanh.assign(levels - 1, true);
    s.tanh[s.form == kernels::Form::mba ? levels - 2 : 0] = false;
  }
  if (s.clamped.empty()) {
    s.clamped.assign(levels, false);
    s.clamped.front() = s.clamped.back() = true;
  }
  if (s.precision.empty()) s.precision.resize(levels);
  if (s.tanh.size() != levels - 1) throw std::logic_error("FusedShape: tanh needs one value an edge");
  if (s.clamped.size() != levels) throw std::logic_error("FusedShape: clamped needs one value a level");
  if (s.precision.size() != levels) throw std::logic_error("FusedShape: precision needs one vector a level");
  for (std::size_t l = 0; l < levels; ++l) {
    const std::vector<float>& p = s.precision[l];
    if (!p.empty() && p.size() != static_cast<std::size_t>(s.widths[l]))
      throw std::logic_error("FusedShape: a precision needs one value a unit");
    for (const float value : p)
      if (!(value > 0.0F) || !std::isfinite(value))
        throw base::OptionError("precision", "precision of level " + std::to_string(l) + ": " + std::to_string(value) +
                                                 " is not positive and finite");
  }
  return s;
}

double half_log_precision(const FusedShape& s) {
  double sum = 0.0;
  for (std::size_t l = 1; l < s.widths.size(); ++l)
    for (const float p : s.precision[l]) sum += 0.5 * std::log(double{p});
  return sum;
}

void check(const kernels::Descent& d) {
  if (d.steps < 0) throw base::OptionError("steps", "settle: steps must be 0 or more");
  if (!(d.step > 0.0F) || !std::isfinite(d.step)) throw base::OptionError("step", "settle: the step must be positive");
  if (!(d.momentum >= 0.0F) || !(d.momentum < 1.0F))
    throw base::OptionError("momentum", "settle: momentum must be in [0, 1)");
}

void check_rate(float rate) {
  if (!std::isfinite(rate)) throw base::OptionError("rate", "learn: the rate must be finite");
}

void check_size(std::size_t size, std::size_t expected, const char* what) {
  if (size != expected)
    throw std::logic_error(std::string(what) + ": " + std::to_string(size) + " values, expected " +
                           std::to_string(expected));
}

void check_finite(std::span<const float> values, const char* what, int number) {
  bool finite = true;
  for (const float x : values) finite &= std::abs(x) <= std::numeric_limits<float>::max();
  for (std::size_t i = 0; !finite && i < values.size(); ++i)
    if (!std::isfinite(values[i])) {
      const std::string name = std::string(what) + " " + std::to_string(number);
      throw base::ValueError(name, static_cast<long>(i), name + ": value " + std::to_string(i) + " is not finite");
    }
}

void throw_diverged(const std::string& who) {
  throw base::OptionError("step", who + ": the settle diverged, F is not finite; use a smaller step");
}

}  // namespace infans::inference::fused
