// Small control tasks of the literature, each as the formula that its reference implementation steps.
#pragma once

#include <memory>

#include "envs/analytic/task_world.hpp"
#include "envs/api/task.hpp"

namespace infans::envs {

// Pendulum of TIP and BARL (Mehta et al. 2022): th is 0 upright, torque 2 N m at command 1, 0.05 s a step. Observation
// (th, w); th is not wrapped here (Spec: a hinge counts its turns), which changes neither dynamics nor reward.
std::unique_ptr<TaskWorld> make_tip_pendulum();

// Cart-pole swing-up with the constants of PILCO (Deisenroth & Rasmussen 2011) in explicit Euler steps of 0.1 s, as TIP
// and BARL use it: theta is 0 upright, 10 N at command 1. Observation (x, theta, x', theta'), theta not wrapped.
std::unique_ptr<TaskWorld> make_pilco_cartpole();

struct MountainCarOptions {
  bool feef = false;      // reward 1 at the goal, commands held for 3 raw steps (Tschantz et al. 2020);
                          // otherwise Gymnasium's MountainCarContinuous-v0: 100 at the goal, -0.1 a^2 a step
  double power = 0.0015;  // of the engine, above 0; 0.001 in some studies
};

// Mountain car with a continuous command (Moore 1990); ends at the goal. Observation (position, velocity). Doubles:
// Gymnasium rounds its state to single precision after each step. Throws base::OptionError for a power of 0 or less.
std::unique_ptr<TaskWorld> make_mountain_car(const MountainCarOptions& options);

// Adds these, the linear bodies and contact-search, all as NAME-v0 (definitions: README.md here).
void add_analytic_tasks(TaskTable& table);

}  // namespace infans::envs
