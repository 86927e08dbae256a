#include "experiments/protocols/mobile_options.hpp"

namespace infans::experiments {
namespace {

using config::Fields;
using Body = MobileOptions::Body;
using Mind = MobileOptions::Mind;
using Preference = MobileOptions::Preference;
using Laboratory = MobileOptions::Laboratory;

Fields<Body> body() {
  Fields<Body> f("body");
  f.add("size_sd", &Body::size_sd, {0.0, 0.1, "1"}, "standard deviation of a participant's limbs around the mean size");
  f.add("motor_noise", &Body::motor_noise, {0.0, 1.0, "1"},
        "standard deviation of a torque as a part of it (Harris & Wolpert 1998)");
  f.add("kick_speed", &Body::kick_speed, {0.01, 2.0, "m/s"},
        "a kick is counted when a foot moves away from the hips faster than this");
  return f;
}

Fields<Mind> mind() {
  Fields<Mind> f("mind");
  f.add("epistemic_weight", &Mind::epistemic_weight, {0.0, 100.0, "1"},
        "of information about the contingency in expected free energy; 0: no epistemic value");
  f.add("noise", &Mind::noise, {1e-4, 10.0, "m/s"}, "standard deviation that the senses are believed to have at least");
  f.add("sensory_precision", &Mind::sensory_precision, {1e-3, 1e3, "1"},
        "times the precision that the mind gives to its senses");
  f.add("efference_copy", &Mind::efference_copy, {}, "whether the mind's model of the mobile knows its own movement");
  f.add("learn", &Mind::learn, {}, "whether beliefs about the contingency change");
  f.add("memory", &Mind::memory, {1.0, 1e6, "s"},
        "old evidence loses 1 - 1/e of its weight in this time: how long a contingency is expected to last");
  f.add("effect_unit", &Mind::effect_unit, {1e-3, 10.0, "m/s"},
        "standard deviation a priori of what a whole movement of a limb does to the mobile's speed");
  f.add("policy_precision", &Mind::policy_precision, {0.0, 100.0, "1"},
        "gamma of q = softmax(-gamma G + ln E); 0: spontaneous movement only");
  f.add("candidates", &Mind::candidates, {1, 4096, "movements"}, "that a decision weighs");
  f.add("spontaneity", &Mind::spontaneity, {0.0, 60.0, "1/min"},
        "movements of each limb a minute that occur by themselves; the habit E");
  f.add("spontaneity_sd", &Mind::spontaneity_sd, {0.0, 1.0, "1"},
        "standard deviation of its logarithm between participants");
  return f;
}

Fields<Preference> preference() {
  Fields<Preference> f("preference");
  f.add("speed", &Preference::speed, {0.0, 10.0, "m/s"}, "of the toys that is preferred to be seen");
  f.add("width", &Preference::width, {1e-3, 100.0, "m/s"},
        "standard deviation of the preferred speed: the narrower, the stronger");
  return f;
}

Fields<Laboratory> laboratory() {
  Fields<Laboratory> f("laboratory");
  f.add("play", &Laboratory::play, {0.5, 3600.0, "s"}, "a trial of free_play lasts");
  f.add("violation", &Laboratory::violation, {0.5, 3600.0, "s"}, "a trial of violation_of_expectation lasts");
  f.add("choice", &Laboratory::choice, {0.5, 3600.0, "s"}, "a trial of forced_choice lasts at most");
  f.add_choice("change", &Laboratory::change, {"untied", "other_foot"},
               "what happens to the ribbon in unexpected trials of violation_of_expectation");
  return f;
}

// Tables with one key of their own.
Fields<MobileOptions> mobile() {
  Fields<MobileOptions> f("mobile");
  f.add_choice("tied", &MobileOptions::tied, {"free", "left", "right"},
               "the ankle whose ribbon pulls the mobile; free: it hangs there. A yoked infant's mobile moves as its "
               "partner's did, whatever stands here");
  return f;
}

Fields<MobileOptions> senses() {
  Fields<MobileOptions> f("senses");
  f.add("noise", &MobileOptions::noise, {1e-4, 10.0, "m/s"},
        "standard deviation of the mobile's seen mean speed in a decision");
  return f;
}

Fields<MobileOptions> all() {
  Fields<MobileOptions> f("");
  f.include(body(), &MobileOptions::body).include(mind(), &MobileOptions::mind);
  f.include(preference(), &MobileOptions::preference).include(laboratory(), &MobileOptions::laboratory);
  return f;
}

template <typename S>
void append(config::OptionTable& table, const Fields<S>& fields) {
  for (const config::Option& option : fields.table()) table.push_back(option);
}

}  // namespace

config::OptionTable mobile_options() {
  config::OptionTable table = mobile().table();
  append(table, senses());
  append(table, all());
  return table;
}

MobileOptions read_mobile_options(const config::Options& options) {
  MobileOptions o = all().read(options);
  o.tied = mobile().read(options).tied;
  o.noise = senses().read(options).noise;
  return o;
}

}  // namespace infans::experiments
