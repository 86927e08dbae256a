// An infant that only looks: its head and eyes, all other joints held, before two displays of discs; behind every disc
// waits a toy that can rise over it (the boxes of Kidd, Piantadosi & Aslin 2012).
#pragma once

#include <string>

#include "envs/bodies/infant.hpp"

namespace infans::envs {

inline constexpr int looking_displays = 2;  // left and right
inline constexpr int display_places = 4;    // above left, above right, below left, below right

// Angles from straight ahead, as eye joints count them.
struct Gaze {
  double pan = 0.0;   // rad, to the left
  double tilt = 0.0;  // rad, up
};

// The middle of a display, and the disc of one of its places, seen from between the eyes. Throws std::logic_error for
// a number that there is not.
Gaze display_middle(int display);
Gaze display_disc(int display, int place);

struct LookingInfant {
  // Timestep 5 ms, no contacts, no gravity. Bodies 1 to 8 are the toys "toy_0" .. "toy_7", display by display; sites
  // "eye_left" and "eye_right" look along their -z. Actuators: pan and tilt of the left and of the right eye (torque),
  // then the toys' heights (servo, from behind the disc to above it). Joints: the toys, then the eyes.
  std::string mjcf;
  double turn;  // rad: where full command holds an eye
};
LookingInfant looking_infant(const InfantOptions& options);

}  // namespace infans::envs
