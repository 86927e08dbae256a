// Gamma variates: the noise levels of a posterior draw.
#pragma once

#include "core/random/stream.hpp"

namespace infans::random {

// Gamma(shape, rate 1) by squeeze and rejection (Marsaglia & Tsang 2000, "A simple method for generating gamma
// variables"); shape > 0, else std::logic_error. How many numbers it takes from the stream depends on the stream alone.
double gamma(double shape, Stream& stream);

}  // namespace infans::random
