// A young eye's blur: each receptor sees a weighted mean of its neighbours. Internal to envs/mujoco.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/mujoco/body.hpp"

namespace infans::envs::senses {

class Blur {
 public:
  Blur() = default;  // none: what comes in goes out
  // Gaussian of blur_of(acuity) in the fovea, wider outside as the spacing is. A neighbour counts with the area that it
  // stands for. Allocates; apply does not.
  Blur(const std::vector<Receptor>& receptors, double acuity);

  // `width` numbers per receptor, 1 or 3.
  void apply(std::span<const double> sharp, int width, std::span<double> out) const;

 private:
  template <std::size_t width>
  void mix(const double* sharp, double* out) const;

  std::vector<std::size_t> first_;  // per receptor and one more: where its neighbours begin
  std::vector<std::uint32_t> neighbour_;
  std::vector<double> weight_;
};

}  // namespace infans::envs::senses
