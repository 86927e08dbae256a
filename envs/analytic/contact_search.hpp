// Where active sampling wins exponentially: find the height of an edge by touching (binary search against waiting;
// Castro, Willett & Nowak 2005, "Faster rates in regression via active learning", for the theory of such edges).
#pragma once

#include <memory>

#include "envs/analytic/task_world.hpp"

namespace infans::envs {

struct ContactSearchOptions {
  double tolerance = 1e-3;  // m, 1e-9 .. 0.5: the end is reached when the height is known as well
};

// A block of height h, uniform on (0, 1) m, drawn at reset. Each step a feeler swings past at the height of the
// command, -1 the floor, 1 one metre, and touches the block if it is not above it; it does not slide down, so one touch
// is one bit. Observation: the feeler's height (m), touch (1 or 0). Each step costs 1. The end: between the highest
// height that touched (or the floor) and the lowest that did not (or 1 m) lies no more than the tolerance, so that what
// was shown pins h down, whatever the learner believes.
//   bisection       ceil(log2(1 / tolerance)) steps for every h: 10 at 1 mm
//   uniform random  the sum of two geometric waits of chance `tolerance`, less 1: 2 / tolerance - 1 steps in the mean
// Throws base::OptionError for a tolerance outside its range.
std::unique_ptr<TaskWorld> make_contact_search(const ContactSearchOptions& options);

}  // namespace infans::envs
