// Changes between a body and its world that no body file holds: force fields at a hand, turned cursors. A world applies
// them; they know no physics engine.
#pragma once

#include <array>

namespace infans::envs {

// A force on a moving point that depends on its velocity: force = B velocity (Shadmehr & Mussa-Ivaldi 1994).
struct ForceField {
  std::array<std::array<double, 3>, 3> B{};  // N s/m, row by row

  // N, for a velocity in m/s in the same frame.
  std::array<double, 3> force(const std::array<double, 3>& velocity) const;
};

// Pushes across the motion in the plane with that unit normal: force = strength normal x velocity; strength in N s/m.
// Does no work.
ForceField curl_field(double strength, const std::array<double, 3>& normal);
// force = -strength velocity: as in a thick liquid.
ForceField viscous_field(double strength);

// A cursor that shows the hand turned about a centre (visuomotor rotation; Cunningham 1989, Krakauer et al. 2000).
struct RotatedCursor {
  double angle = 0.0;  // rad, counter-clockwise
  std::array<double, 2> centre{};
  double gain = 1.0;

  std::array<double, 2> shown(const std::array<double, 2>& hand) const;
  // The hand that shows a cursor there; gain must not be 0.
  std::array<double, 2> hand(const std::array<double, 2>& shown) const;
};

}  // namespace infans::envs
