#include "envs/mujoco/senses/receptors.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace infans::envs::senses {
namespace {

using std::numbers::pi;
constexpr double radians = pi / 180.0;

struct AcuityRow {
  double months, cycles;
};

// Mayer, Beiser, Warner, Pratt, Raye & Lang (1995), "Monocular acuity norms for the Teller acuity cards between ages
// one month and four years", Invest. Ophthalmol. Vis. Sci. 36: 671-685.
constexpr AcuityRow mayer[] = {{1.0, 0.85}, {2.2, 1.9},  {3.5, 3.1},   {4.8, 4.4},   {6.5, 6.1},
                               {8.9, 8.2},  {12.1, 9.4}, {19.3, 10.1}, {26.4, 12.5}, {36.0, 17.4}};

// At an angle from the gaze, in a direction around it: 0 is right, counterclockwise as the eye sees it.
Receptor receptor(double eccentricity, double around, double spacing) {
  const double out = std::sin(eccentricity * radians);
  return {{out * std::cos(around), out * std::sin(around), -std::cos(eccentricity * radians)}, spacing};
}

double ring(int k, double fovea) { return doubling_degrees * std::expm1(k * fovea / doubling_degrees); }

int ring_size(int k, double fovea) {
  if (k == 0) return 1;
  const double e = ring(k, fovea);
  return std::max(3, static_cast<int>(360.0 * std::sin(e * radians) / spacing_at(e, fovea)));
}

double foveated_count(int rings, double fovea) {
  double count = 0.0;
  for (int k = 0; k <= rings; ++k) count += ring_size(k, fovea);
  return count;
}

// When the acuity asks for more receptors than there are rays: as many rings as they allow, the last one at the edge.
std::vector<Receptor> foveated(double field, double fovea, int rays) {
  const double edge = doubling_degrees * std::log1p(0.5 * field / doubling_degrees);  // in steps of the fovea's spacing
  int rings = static_cast<int>(edge / fovea);
  while (rings > 0 && foveated_count(rings, fovea) > rays) {
    --rings;
    fovea = rings > 0 ? edge / rings : field;
  }
  std::vector<Receptor> list;
  for (int k = 0; k <= rings; ++k) {
    const int n = ring_size(k, fovea);
    for (int i = 0; i < n; ++i) {
      const double around = 2.0 * pi * (i + 0.5 * (k % 2)) / n;
      list.push_back(receptor(ring(k, fovea), around, spacing_at(ring(k, fovea), fovea)));
    }
  }
  return list;
}

std::vector<Receptor> square(double field, double fovea, int rays) {
  const auto fits = static_cast<int>(std::sqrt(static_cast<double>(rays)));
  const int n = std::max(1, std::min(fits, static_cast<int>(field / fovea)));
  const double step = field / n;
  std::vector<Receptor> list;
  for (int row = 0; row < n; ++row) {
    for (int column = 0; column < n; ++column) {
      const double right = (column + 0.5) * step - 0.5 * field, up = 0.5 * field - (row + 0.5) * step;
      list.push_back(receptor(std::hypot(right, up), std::atan2(up, right), step));
    }
  }
  return list;
}

}  // namespace

double spacing_at(double eccentricity, double fovea) { return fovea * (1.0 + eccentricity / doubling_degrees); }

std::vector<Receptor> lay_receptors(const RetinaOptions& o) {
  const double fovea = 0.5 / o.acuity;
  return o.layout == Layout::foveated ? foveated(o.field, fovea, o.rays) : square(o.field, fovea, o.rays);
}

double blur_of(double acuity) { return std::sqrt(0.5 * std::log(10.0)) / (pi * acuity); }

}  // namespace infans::envs::senses

namespace infans::envs {

double acuity_at(double age_days) {
  const double months = age_days / days_per_month;
  const auto* const end = std::end(senses::mayer);
  const auto* const above = std::upper_bound(std::begin(senses::mayer), end, months,
                                             [](double m, const auto& row) { return m < row.months; });
  if (above == std::begin(senses::mayer)) return above->cycles;
  const auto& low = *(above - 1);
  if (above == end) return low.cycles;
  const double part = (months - low.months) / (above->months - low.months);
  return low.cycles * std::pow(above->cycles / low.cycles, part);
}

}  // namespace infans::envs
