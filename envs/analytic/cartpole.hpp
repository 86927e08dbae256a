// The shipped cart-pole from its equations of motion: the physics engine's independent twin. Knows no MuJoCo.
#pragma once

#include <memory>

#include "envs/api/environment.hpp"

namespace infans::envs {

struct CartpoleBody {
  double cart_mass = 0.5;    // kg
  double pole_mass = 0.5;    // kg, uniform thin rod
  double pole_length = 0.6;  // m
  double friction = 0.1;     // N s/m, on the cart
  double gravity = 9.81;     // m/s^2
  double max_force = 10.0;   // N at command 1
};

struct AnalyticOptions {
  double control_period = 0.1;  // s between two commands; a whole multiple of substep
  double reset_std = 0.05;      // standard deviation of a start around hanging at rest: m, rad, m/s, rad/s
  double substep = 0.001;       // s, RK4; a tenth of the MuJoCo body's timestep
  CartpoleBody body;
};

// Same observation, command and sign conventions as the body "cartpole": angle 0 hangs, tip at x - l sin(theta).
// Throws base::OptionError for an option outside its range. The world's calls throw base::SimulationError when a
// number is no longer finite (then at every step until reset, restore or set_joints), and base::UserError for a span
// of a wrong size.
std::unique_ptr<Environment> make_analytic_cartpole(const AnalyticOptions& options);

}  // namespace infans::envs
