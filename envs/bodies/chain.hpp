// A hanging chain of equal capsule links as MJCF text: one family of bodies whose difficulty grows with its length,
// with dry friction, joint limits and a ground as variants.
#pragma once

#include <string>

namespace infans::envs {

// Link i: 0.5 m, 1 kg, radius 0.02 m; hinge about +y; motor of gear torque (links - i) N m, so commands in [-1, 1] are
// torques of that size. RK4 at 0.005 s, gravity 9.81 m/s^2; at angle 0 every link hangs.
struct ChainOptions {
  int links = 2;
  double friction = 0.0;  // N m, dry friction of every hinge (MuJoCo's frictionloss); 0: none
  double limit = 0.0;     // rad, every hinge stays within +-limit; 0: none
  double damping = 0.5;   // N m s/rad, of every hinge
  double torque = 5.0;    // N m, of the last link's motor
  double ground = 0.0;    // m, depth of a floor below the base that links touch (not each other); 0: none
};

// Throws base::OptionError for links outside 1 to 32 or a negative or infinite figure.
std::string chain_mjcf(const ChainOptions& options);

}  // namespace infans::envs
