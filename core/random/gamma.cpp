#include "core/random/gamma.hpp"

#include <cmath>
#include <stdexcept>

namespace infans::random {

double gamma(double shape, Stream& stream) {
  if (!(shape > 0.0)) throw std::logic_error("gamma: the shape must be positive");
  if (shape < 1.0) {
    const double boost = std::pow(stream.uniform(), 1.0 / shape);
    return boost * gamma(shape + 1.0, stream);
  }
  const double d = shape - 1.0 / 3.0, c = 1.0 / std::sqrt(9.0 * d);
  while (true) {
    const double x = stream.normal(), t = 1.0 + c * x;
    if (t <= 0.0) continue;
    const double v = t * t * t;
    if (std::log(stream.uniform()) < 0.5 * x * x + d * (1.0 - v + std::log(v))) return d * v;
  }
}

}  // namespace infans::random
