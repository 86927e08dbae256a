// The tables of the mobile protocol: who lies under the mobile, how it is tied, what the mind believes and prefers.
#pragma once

#include "core/config/fields.hpp"

namespace infans::experiments {

enum class Tied { free, left, right };
enum class Change { untied, other_foot };

struct MobileOptions {
  struct Body {
    double size_sd = 0.03;      // of limbs between participants, as a part of the mean
    double motor_noise = 0.15;  // standard deviation of a torque as a part of it
    double kick_speed = 0.15;   // m/s
  } body;
  Tied tied = Tied::free;
  double noise = 0.01;  // of senses, m/s
  struct Mind {
    double epistemic_weight = 1.0, sensory_precision = 1.0;
    bool efference_copy = true, learn = true;
    double noise = 0.01;            // believed, of the senses, m/s
    double memory = 90.0;           // s
    double effect_unit = 0.1;       // m/s
    double policy_precision = 1.0;  // gamma
    int candidates = 64;
    double spontaneity = 12.0;    // movements a minute of each limb
    double spontaneity_sd = 0.3;  // of its logarithm, between participants
  } mind;
  struct Preference {
    double speed = 0.2, width = 0.08;  // m/s
  } preference;
  struct Laboratory {
    double play = 60.0, violation = 20.0, choice = 20.0;  // s
    Change change = Change::untied;
  } laboratory;
};

// One table for all; keys are "body.size_sd", "mobile.tied", ...
config::OptionTable mobile_options();
MobileOptions read_mobile_options(const config::Options& options);

}  // namespace infans::experiments
