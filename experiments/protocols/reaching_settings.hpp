// The options of participants that reach: which body, senses and mind they have, and how they are tested.
#pragma once

#include <string>

#include "agents/drives/own_goals.hpp"
#include "core/config/option.hpp"

namespace infans::experiments {

// Of the reaching arm, from the shoulder on.
const config::Texts& arm_joints();

// What happens to the body at the stage that says so (`change = true` there), or from birth on (`born_changed`).
enum class ArmChange { none, longer_forearm, reversed_actuator, added_mass, growing_forearm };

struct BodySettings {
  double spread = 0.03;      // sd of the logarithm of a participant's arm and forearm length
  bool grow = true;          // with age
  double growth_step = 7.0;  // days
  ArmChange kind = ArmChange::none;
  bool change = false, born_changed = false;
  double longer = 1.2;       // length of the changed forearm
  double added_mass = 0.05;  // kg in the hand
  int growing = 100;         // samples that a growing forearm takes to be `longer`
};

struct SenseSettings {
  bool vision = true, touch = true;
  double acuity = 1.0;                 // times that of the age
  double depth_noise = 0.03;           // of the distance
  double proprioceptive_noise = 0.04;  // rad
  int rays = 900;
};

enum class ReachPolicy { active, random };
enum class MapKind { torus, chain };

struct MindSettings {
  ReachPolicy policy = ReachPolicy::active;
  agents::GoalSource goals = agents::GoalSource::progress;
  MapKind map = MapKind::torus;
  config::Texts frozen;  // of arm_joints
  bool learn = true, efference_copy = true, watch = false;
  double epistemic_weight = 1.0, sensory_precision = 1.0;
  double variance_weight = 1.0;
  double memory = 0.0;  // samples; 0: for ever
  int patience = 5;     // decisions
  int candidates = 48;
  double radius = 0.02;      // m
  double play_width = 0.04;  // m
};

struct ReachSettings {
  double width = 0.02;
  int decisions = 5;
};
enum class ChoiceKind { distance, knowledge };
struct ChoiceSettings {
  ChoiceKind kind = ChoiceKind::distance;
};
struct PlaySettings {
  int decisions = 10;
};

struct ReachingSettings {
  BodySettings body;
  SenseSettings senses;
  MindSettings mind;
  ReachSettings reach;
  ChoiceSettings choice;
  PlaySettings play;
};

config::OptionTable reaching_options();
ReachingSettings reaching_settings(const config::Options& options);

}  // namespace infans::experiments
