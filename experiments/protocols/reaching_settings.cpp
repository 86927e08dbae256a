#include "experiments/protocols/reaching_settings.hpp"

#include "core/config/fields.hpp"

namespace infans::experiments {
namespace {

using config::Fields;

Fields<BodySettings> body_fields() {
  Fields<BodySettings> f("body");
  f.add("spread", &BodySettings::spread, {0.0, 0.2},
        "standard deviation of the logarithm of a participant's arm length, and of its forearm's share");
  f.add("grow", &BodySettings::grow, {}, "whether the body grows with age; else it stays as it is at the first sample");
  f.add("growth_step", &BodySettings::growth_step, {0.1, 1000.0, "days"}, "age between two sizes of the body");
  f.add_choice("kind", &BodySettings::kind,
               {"none", "longer_forearm", "reversed_actuator", "added_mass", "growing_forearm"},
               "what changes: the forearm is `longer` times as long; the nerves of the elbow are crossed (bending is "
               "commanded and felt as stretching, Sperry 1945); a weight in the hand; the forearm grows slowly");
  f.add("change", &BodySettings::change, {}, "in a stage: the change happens at its beginning");
  f.add("born_changed", &BodySettings::born_changed, {}, "the change was there from the first sample on");
  f.add("longer", &BodySettings::longer, {0.5, 2.0, "1"}, "length of the changed forearm, in usual ones");
  f.add("added_mass", &BodySettings::added_mass, {0.0, 1.0, "kg"}, "weight in the changed hand");
  f.add("growing", &BodySettings::growing, {1, 1e6, "samples"}, "time that a growing forearm takes to its full length");
  return f;
}

Fields<SenseSettings> sense_fields() {
  Fields<SenseSettings> f("senses");
  f.add("vision", &SenseSettings::vision, {}, "whether the eye sees hand and targets");
  f.add("touch", &SenseSettings::touch, {}, "whether the skin tells where the hand touches its owner");
  f.add("acuity", &SenseSettings::acuity, {1e-3, 1e3, "1"},
        "factor on the acuity of the age, by which directions are known");
  f.add("depth_noise", &SenseSettings::depth_noise, {0.0, 1.0, "1"},
        "standard deviation of seen distances, as a part of them");
  f.add("proprioceptive_noise", &SenseSettings::proprioceptive_noise, {0.0, 1.0, "rad"},
        "standard deviation of felt joint angles");
  f.add("rays", &SenseSettings::rays, {16, 1e5, "rays"}, "receptors of the eye");
  return f;
}

Fields<MindSettings> mind_fields() {
  Fields<MindSettings> f("mind");
  f.add_choice("policy", &MindSettings::policy, {"active", "random"},
               "postures by expected free energy for own goals, or uniform in the joints' ranges");
  f.add_choice("goals", &MindSettings::goals, {"random", "information", "progress", "caregiver", "task"},
               "where goals come from (agents/drives/own_goals.hpp); caregiver and task show things within reach");
  f.add_choice("map", &MindSettings::map, {"torus", "chain"},
               "map from angles to the hand: no structure of the body assumed, or a chain of unknown links and axes");
  f.add_some(
      "frozen", &MindSettings::frozen, arm_joints(),
      "joints that are held as in the posture of rest: degrees of freedom that a later stage frees (Bernstein 1967)");
  f.add("learn", &MindSettings::learn, {}, "whether samples go to the map");
  f.add("efference_copy", &MindSettings::efference_copy, {},
        "whether the mind knows the posture it commanded: without it angles are as noisy as they are felt, and what a "
        "command missed is not corrected");
  f.add("watch", &MindSettings::watch, {}, "whether the map watches for changes of the body, and explains them");
  f.add("epistemic_weight", &MindSettings::epistemic_weight, {0.0, 1e3, "1"},
        "weight of the expected information about the map in expected free energy");
  f.add("variance_weight", &MindSettings::variance_weight, {0.0, 1e3, "1"},
        "weight of the map's uncertainty in the risk; 0: certainty equivalence");
  f.add("sensory_precision", &MindSettings::sensory_precision, {1e-4, 1e4, "1"},
        "factor on the precision that the mind gives to its eyes, skin and joints");
  f.add("memory", &MindSettings::memory, {0.0, 1e9, "samples"}, "time in which old samples fade to 1/e; 0: never");
  f.add("patience", &MindSettings::patience, {1, 1000, "decisions"}, "that are spent on one goal at most");
  f.add("candidates", &MindSettings::candidates, {12, 10000, "postures"}, "compared an iteration of the planner");
  f.add("radius", &MindSettings::radius, {1e-3, 1.0, "m"}, "within which a goal counts as reached");
  f.add("play_width", &MindSettings::play_width, {1e-3, 1.0, "m"},
        "width of the preference for a goal of its own: the wider, the more information weighs against coming near; "
        "for things that others show it is a third of the radius");
  return f;
}

Fields<ReachSettings> reach_fields() {
  Fields<ReachSettings> f("reach");
  f.add("width", &ReachSettings::width, {1e-3, 1.0, "m"}, "distance of hand and target that is a hit");
  f.add("decisions", &ReachSettings::decisions, {1, 100, "decisions"}, "of one trial at most, 0.4 s each");
  return f;
}

Fields<ChoiceSettings> choice_fields() {
  Fields<ChoiceSettings> f("choice");
  f.add_choice("kind", &ChoiceSettings::kind, {"distance", "knowledge"},
               "the two targets: near the hand and far; where the hand has been and where not");
  return f;
}

Fields<PlaySettings> play_fields() {
  Fields<PlaySettings> f("play");
  f.add("decisions", &PlaySettings::decisions, {1, 10000, "decisions"}, "of one trial of free play, 0.4 s each");
  return f;
}

}  // namespace

const config::Texts& arm_joints() {
  static const config::Texts names = {"shoulder_abduction", "shoulder_flexion", "shoulder_rotation", "elbow",
                                      "forearm_rotation",   "wrist_flexion",    "wrist_deviation"};
  return names;
}

config::OptionTable reaching_options() {
  config::OptionTable table;
  for (const auto& part : {body_fields().table(), sense_fields().table(), mind_fields().table(), reach_fields().table(),
                           choice_fields().table(), play_fields().table()})
    table.insert(table.end(), part.begin(), part.end());
  return table;
}

ReachingSettings reaching_settings(const config::Options& options) {
  return {body_fields().read(options),  sense_fields().read(options),  mind_fields().read(options),
          reach_fields().read(options), choice_fields().read(options), play_fields().read(options)};
}

}  // namespace infans::experiments
