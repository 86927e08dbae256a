// The order of a settle, for any way to lay out the activities: all free levels step together, each product is computed
// only when something it depends on has moved, so after the forward pass the first steps cost only what the error has
// reached.
#pragma once

#include "core/kernels/belief.hpp"

namespace infans::kernels {
namespace {

// Body does the arithmetic of one edge l (from level l to l + 1) or one level l:
//   rest()            velocities to zero             signal(l)   s_l of the activities
//   forward(l)        mu_{l+1}, and x_{l+1} = mu_{l+1} if level l + 1 is free
//   predict(l, pull)  mu_{l+1} and delta_{l+1}       refresh(l, pull)  delta_{l+1} of a known mu_{l+1}
//                     (pull: send follows)
//   send(l)           step of x_l and s_l with W_l' delta_{l+1}
//   drift(l)          the same without a pull from below
//   energy(l)         1/2 e' Pi e of level l + 1
template <class Model, class Body>
void run_settle(const Model& chain, const Descent& descent, const Body& body) {
  bool moved[max_levels];  // x_l moved since mu_{l+1} was computed
  bool quiet[max_levels];  // e_l is exactly zero
  bool fresh[max_levels];  // delta_l belongs to the current x_l and mu_l
  const int last = chain.edges;
  for (int l = 0; l <= last; ++l) {
    quiet[l] = descent.forward && l > 0 && !chain.level[l].clamped;
    moved[l] = !descent.forward;
    fresh[l] = false;
  }
  body.rest();
  for (int l = 0; l < last; ++l) {
    body.signal(l);
    if (descent.forward) body.forward(l);
  }
  for (int step = 0; step < descent.steps; ++step) {
    for (int l = 0; l < last; ++l) {
      const bool free = !chain.level[l].clamped, pulled = free && !quiet[l + 1];
      if (moved[l]) {
        body.predict(l, free);
        moved[l] = quiet[l + 1] = false;
        fresh[l + 1] = true;
      } else if (pulled && !fresh[l + 1]) {
        body.refresh(l, free);
        fresh[l + 1] = true;
      }
      // mu_l of this step is known and delta_{l+1} stands: x_l may step without being missed.
      if (free && !quiet[l + 1])
        body.send(l);
      else if (free && !quiet[l] && l > 0)
        body.drift(l);
      else
        continue;
      moved[l] = true;
      quiet[l] = fresh[l] = false;
    }
    if (!chain.level[last].clamped && !quiet[last]) {
      body.drift(last);
      fresh[last] = false;
    }
  }
  for (int l = 0; l < last; ++l) {
    if (moved[l])
      body.predict(l, false);
    else if (!fresh[l + 1])
      body.refresh(l, false);
    body.energy(l);
  }
}

}  // namespace
}  // namespace infans::kernels
