// Where the receptors of a retina look, and how finely an eye of an age resolves.
#pragma once

#include <vector>

#include "envs/mujoco/body.hpp"

namespace infans::envs::senses {

// Eccentricity at which the distance of receptors has doubled, degrees (the order of grating acuity's E2; Strasburger,
// Rentschler & Juettner 2011).
inline constexpr double doubling_degrees = 2.0;

// Distance of neighbours at an eccentricity, both in degrees, when it is `fovea` in the middle.
double spacing_at(double eccentricity, double fovea);
// Foveated: rings at equal steps of ln(1 + e / doubling_degrees), the complex logarithm of cortical maps (Schwartz
// 1977), each with as many receptors as the spacing lets in. Square: a grid of equal angles from the gaze.
// The fovea's spacing is 1/(2 acuity) degrees (Nyquist), or what `rays` allows.
std::vector<Receptor> lay_receptors(const RetinaOptions& options);
// Standard deviation, in degrees, of the Gaussian blur whose contrast is 1/10 at the acuity (cycles/degree).
double blur_of(double acuity);

}  // namespace infans::envs::senses
