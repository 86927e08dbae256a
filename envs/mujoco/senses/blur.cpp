#include "envs/mujoco/senses/blur.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "envs/mujoco/senses/receptors.hpp"

namespace infans::envs::senses {
namespace {

constexpr double degrees = 180.0 / std::numbers::pi;
constexpr double reach = 3.5;  // standard deviations; the weight there is 0.002 of the middle's

double square_chord(const Receptor& a, const Receptor& b) {
  const double x = a.direction[0] - b.direction[0], y = a.direction[1] - b.direction[1],
               z = a.direction[2] - b.direction[2];
  return x * x + y * y + z * z;
}

}  // namespace

Blur::Blur(const std::vector<Receptor>& receptors, double acuity) {
  double finest = 1e300;
  for (const Receptor& receptor : receptors) finest = std::min(finest, receptor.spacing);
  first_.push_back(0);
  for (const Receptor& here : receptors) {
    const double spread = blur_of(acuity) * here.spacing / finest;
    const auto begin = static_cast<std::ptrdiff_t>(weight_.size());
    const double chord = 2.0 * std::sin(std::min(0.5 * reach * spread, 90.0) / degrees);
    double total = 0.0;
    for (std::size_t j = 0; j < receptors.size(); ++j) {
      const double square = square_chord(here, receptors[j]);
      if (square > chord * chord) continue;
      // From the chord: the arc cosine of nearly 1 loses half of the digits.
      const double away = 2.0 * std::asin(std::min(1.0, 0.5 * std::sqrt(square))) * degrees / spread;
      neighbour_.push_back(static_cast<std::uint32_t>(j));
      weight_.push_back(std::exp(-0.5 * away * away) * receptors[j].spacing * receptors[j].spacing);
      total += weight_.back();
    }
    std::for_each(weight_.begin() + begin, weight_.end(), [&](double& w) { w /= total; });
    first_.push_back(weight_.size());
  }
}

template <std::size_t width>
void Blur::mix(const double* sharp, double* out) const {
  for (std::size_t i = 0; i + 1 < first_.size(); ++i) {
    std::array<double, width> sum{};
    for (std::size_t n = first_[i]; n < first_[i + 1]; ++n) {
      const double* const from = sharp + width * neighbour_[n];
      for (std::size_t k = 0; k < width; ++k) sum[k] += weight_[n] * from[k];
    }
    std::copy(sum.begin(), sum.end(), out + width * i);
  }
}

void Blur::apply(std::span<const double> sharp, int width, std::span<double> out) const {
  if (first_.empty()) {
    std::copy(sharp.begin(), sharp.begin() + static_cast<std::ptrdiff_t>(out.size()), out.begin());
  } else if (width == 1) {
    mix<1>(sharp.data(), out.data());
  } else {
    mix<3>(sharp.data(), out.data());
  }
}

}  // namespace infans::envs::senses
