// The mobile (Rovee & Rovee 1969, "Conjugate reinforcement of infant exploratory behavior"): an infant on its back
// whose foot moves a mobile. Its kicks are counted before, during and after the foot is tied; a yoked infant sees the
// mobile move as its partner's did.
#include "experiments/protocols/mobile_infant.hpp"
#include "experiments/protocols/protocol.hpp"

namespace infans::experiments {
namespace {

std::vector<Variable> life() {
  std::vector<Variable> v = {
      {"kicks_right", "1", "kicks of the right leg in this decision"},
      {"kicks_left", "1", "kicks of the left leg"},
      {"kicks", "1", "kicks of both legs"},
      {"effect", "m/s", "mean speed of the mobile's toys"},
      {"surprise", "nat", "-ln p(seen effect | past), effects in units of mind.effect_unit"},
      {"information_gain", "nat", "about the contingency"},
      {"vfe", "nat", "variational free energy of this sample, complexity - accuracy"},
      {"pragmatic", "nat", "pragmatic value of the chosen movement: expected log preference up to a constant"},
      {"epistemic", "nat", "epistemic value of the chosen movement: expected information about the contingency"},
      {"efe", "nat", "expected free energy of the chosen movement"},
  };
  const char* limbs[] = {"arm_left", "arm_right", "leg_left", "leg_right"};
  for (const std::string limb : limbs) v.push_back({"vigour_" + limb, "1", "of the movement chosen for it, 0: rest"});
  for (const std::string limb : limbs)
    v.push_back({"contingency_" + limb, "m/s", "believed effect of its most vigorous movement, posterior mean"});
  return v;
}

std::vector<ProbeKind> probes() {
  return {{"free_play",
           "the infant under the mobile as mobile.tied says, without learning",
           {{"kicks_right", "1/min", "kicks of the right leg a minute"},
            {"kicks_left", "1/min", "of the left leg"},
            {"kicks", "1/min", "of both"},
            {"effect", "m/s", "mean speed of the mobile's toys"},
            {"surprise", "nat", "mean of a decision"}}},
          {"violation_of_expectation",
           "every second trial, from the second on, the ribbon is not where it is expected to be; without learning",
           {{"unexpected", "", "1: the ribbon was changed, 0: as it was"},
            {"surprise", "nat", "mean of a decision"},
            {"kicks", "1/min", "kicks of both legs a minute"},
            {"effect", "m/s", "mean speed of the mobile's toys"}}},
          {"forced_choice",
           "which leg kicks first",
           {{"right", "", "1: right, 0: left, NaN: neither in time, or both at once"},
            {"latency", "s", "until that kick"}}}};
}

}  // namespace

Protocol mobile_protocol() {
  Protocol p;
  p.name = "mobile";
  p.summary =
      "A foot tied to a mobile: kicks in baseline, conjugate reinforcement and extinction; one sample is half a "
      "second";
  p.options = mobile_options();
  p.fixed = {"body.",       "senses.",          "mind.noise",       "mind.sensory_precision", "mind.efference_copy",
             "mind.memory", "mind.effect_unit", "mind.spontaneity", "mind.spontaneity_sd"};
  p.variables = life();
  p.probes = probes();
  p.criteria = {{"learned", "",
                 "in two of the last three minutes of the stage the tied leg (both, while none is) kicked at least 1.5 "
                 "times as often as in the first stage"}};
  p.yoked = true;
  p.signals = [](const config::Options& options) { return mobile_signals(read_mobile_options(options)); };
  p.make = [](const config::Options& options, const Identity& identity) {
    return std::make_unique<MobileInfant>(options, identity);
  };
  return p;
}

}  // namespace infans::experiments
