// Places on the surface of a geom, spread evenly and always the same. Internal to envs/mujoco.
#pragma once

#include <mujoco/mujoco.h>

#include <array>
#include <vector>

namespace infans::envs::senses {

struct Spot {
  std::array<double, 3> place;   // in the geom's frame, m
  std::array<double, 3> normal;  // unit, out of the geom
};

// Whether spots can be laid on a geom of this type: sphere, capsule, cylinder, box, ellipsoid.
bool has_surface(int geom_type);
// Surface of the geom, m2 (ellipsoid: Knud Thomsen's formula, within 1.1 %).
double surface_area(int geom_type, const mjtNum* size);
// `count` spots of equal area. Spheres, capsules and the sides of cylinders are golden-angle spirals in their axial
// length, of which equal parts have equal area (Archimedes); discs are sunflowers (Vogel 1979); boxes are a grid per
// face; ellipsoids take the farthest points first out of a dense spiral.
std::vector<Spot> lay_spots(int geom_type, const mjtNum* size, int count);

}  // namespace infans::envs::senses
