#include "envs/mujoco/senses/taxels.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace infans::envs::senses {
namespace {

using std::numbers::pi;
constexpr double golden_angle = pi * (3.0 - 2.23606797749978969);

double spiral(int i) { return std::fmod(golden_angle * i, 2.0 * pi); }

// A capsule of radius r and half length h; h = 0 is a sphere. Ring areas are 2 pi r ds on the caps too.
std::vector<Spot> capsule(double r, double h, int count) {
  std::vector<Spot> spots;
  for (int i = 0; i < count; ++i) {
    const double s = (2.0 * (i + 0.5) / count - 1.0) * (h + r);
    const double beyond = s > h ? s - h : s < -h ? s + h : 0.0;
    const double up = beyond / r, out = std::sqrt(std::max(0.0, 1.0 - up * up));
    const std::array<double, 3> n = {out * std::cos(spiral(i)), out * std::sin(spiral(i)), up};
    spots.push_back({{r * n[0], r * n[1], beyond == 0.0 ? s : s - beyond + r * up}, n});
  }
  return spots;
}

std::vector<Spot> cylinder(double r, double h, int count) {
  const int cap = static_cast<int>(std::lround(count * r / (2.0 * r + 4.0 * h)));  // area pi r2 of 2 pi r (r + 2 h)
  std::vector<Spot> spots;
  for (const double side : {-1.0, 1.0}) {
    for (int i = 0; i < cap; ++i) {
      const double radius = r * std::sqrt((i + 0.5) / cap);
      spots.push_back({{radius * std::cos(spiral(i)), radius * std::sin(spiral(i)), side * h}, {0.0, 0.0, side}});
    }
  }
  const int wall = count - 2 * cap;
  for (int i = 0; i < wall; ++i) {
    const double c = std::cos(spiral(i)), s = std::sin(spiral(i));
    spots.push_back({{r * c, r * s, (2.0 * (i + 0.5) / wall - 1.0) * h}, {c, s, 0.0}});
  }
  return spots;
}

// Shares `count` over the six faces by area; the largest remainders get what is left over.
std::array<int, 6> shares(const std::array<double, 3>& area, int count) {
  const double total = 2.0 * (area[0] + area[1] + area[2]);
  std::array<int, 6> share{};
  std::array<double, 6> rest{};
  int given = 0;
  for (std::size_t f = 0; f < 6; ++f) {
    const double exact = count * area[f / 2] / total;
    share[f] = static_cast<int>(exact);
    rest[f] = exact - share[f];
    given += share[f];
  }
  for (; given < count; ++given) {
    const auto f = static_cast<std::size_t>(std::max_element(rest.begin(), rest.end()) - rest.begin());
    ++share[f];
    rest[f] = -1.0;
  }
  return share;
}

// Rows of equal height; the rows take the spots in turn, so that each spot has the same area to within one per row.
void face(std::vector<Spot>& spots, const std::array<double, 3>& half, std::size_t axis, double side, int count) {
  if (count == 0) return;
  const std::size_t u = (axis + 1) % 3, v = (axis + 2) % 3;
  const int rows = std::clamp(static_cast<int>(std::lround(std::sqrt(count * half[v] / half[u]))), 1, count);
  for (int row = 0; row < rows; ++row) {
    const int from = count * row / rows, to = count * (row + 1) / rows;
    for (int i = from; i < to; ++i) {
      Spot spot{};
      spot.place[axis] = side * half[axis];
      spot.normal[axis] = side;
      spot.place[u] = (2.0 * (i - from + 0.5) / (to - from) - 1.0) * half[u];
      spot.place[v] = (2.0 * (row + 0.5) / rows - 1.0) * half[v];
      spots.push_back(spot);
    }
  }
}

std::vector<Spot> box(const std::array<double, 3>& half, int count) {
  const std::array<double, 3> area = {half[1] * half[2], half[2] * half[0], half[0] * half[1]};
  const std::array<int, 6> share = shares(area, count);
  std::vector<Spot> spots;
  for (std::size_t f = 0; f < 6; ++f) face(spots, half, f / 2, f % 2 == 0 ? -1.0 : 1.0, share[f]);
  return spots;
}

std::vector<Spot> ellipsoid(const std::array<double, 3>& axes, int count) {
  const int dense = 24 * count;
  std::vector<Spot> all = capsule(1.0, 0.0, dense);
  for (Spot& spot : all) {
    double length = 0.0;
    for (std::size_t i = 0; i < 3; ++i) {
      spot.place[i] = axes[i] * spot.normal[i];
      spot.normal[i] /= axes[i];
      length += spot.normal[i] * spot.normal[i];
    }
    for (double& n : spot.normal) n /= std::sqrt(length);
  }
  // Gonzalez (1985): the point farthest from those taken is next.
  std::vector<double> away(static_cast<std::size_t>(dense), 1e300);
  std::vector<Spot> spots;
  std::size_t next = 0;
  while (static_cast<int>(spots.size()) < count) {
    const Spot taken = all[next];
    spots.push_back(taken);
    for (std::size_t i = 0; i < all.size(); ++i) {
      double square = 0.0;
      for (std::size_t k = 0; k < 3; ++k) square += std::pow(all[i].place[k] - taken.place[k], 2);
      away[i] = std::min(away[i], square);
    }
    next = static_cast<std::size_t>(std::max_element(away.begin(), away.end()) - away.begin());
  }
  return spots;
}

}  // namespace

bool has_surface(int type) {
  return type == mjGEOM_SPHERE || type == mjGEOM_CAPSULE || type == mjGEOM_CYLINDER || type == mjGEOM_BOX ||
         type == mjGEOM_ELLIPSOID;
}

double surface_area(int type, const mjtNum* s) {
  switch (type) {
    case mjGEOM_SPHERE:
      return 4.0 * pi * s[0] * s[0];
    case mjGEOM_CAPSULE:
      return 4.0 * pi * s[0] * (s[0] + s[1]);
    case mjGEOM_CYLINDER:
      return 2.0 * pi * s[0] * (s[0] + 2.0 * s[1]);
    case mjGEOM_BOX:
      return 8.0 * (s[0] * s[1] + s[1] * s[2] + s[2] * s[0]);
    case mjGEOM_ELLIPSOID: {
      const double p = 1.6075;
      const double sum = std::pow(s[0] * s[1], p) + std::pow(s[1] * s[2], p) + std::pow(s[2] * s[0], p);
      return 4.0 * pi * std::pow(sum / 3.0, 1.0 / p);
    }
    default:
      return 0.0;
  }
}

std::vector<Spot> lay_spots(int type, const mjtNum* s, int count) {
  switch (type) {
    case mjGEOM_SPHERE:
      return capsule(s[0], 0.0, count);
    case mjGEOM_CAPSULE:
      return capsule(s[0], s[1], count);
    case mjGEOM_CYLINDER:
      return cylinder(s[0], s[1], count);
    case mjGEOM_BOX:
      return box({s[0], s[1], s[2]}, count);
    case mjGEOM_ELLIPSOID:
      return ellipsoid({s[0], s[1], s[2]}, count);
    default:
      return {};
  }
}

}  // namespace infans::envs::senses
