// What a reaching study writes down.
#include <limits>

#include "experiments/protocols/reaching_participant.hpp"

namespace infans::experiments {

std::vector<Variable> reaching_variables() {
  const std::string frame = "m from the right eye: x forward, y left, z up";
  std::vector<Variable> v = {
      {"prediction_error", "m", "distance of the true hand from where the map expected it; NaN when nothing told"},
      {"goal_error", "m", "distance of the true hand from the goal at the end of the decision; NaN without a goal"},
      {"information_gain", "nats", "1/2 ln det(I + N^-1 V): what the map learned of the sample; 0 when nothing told"},
      {"surprise", "nats", "-ln p(hand as seen or felt)"},
      {"vfe", "nats", "-ln p(hand) - ln p(felt angles | command): inference is exact but for the angles"},
      {"hand_x", "m", "true place of the hand, " + frame},
      {"hand_y", "m", frame},
      {"hand_z", "m", frame},
      {"seen", "", "1: the eye saw the hand"},
      {"touched", "", "-1 nothing, 0 hips, 1 chest, 2 head, 3 left arm, 4 left leg, 5 right leg, by the arm or hand"},
      {"touch_x", "m", "place of the touch, " + frame},
      {"touch_y", "m", frame},
      {"touch_z", "m", frame},
      {"goal_x", "m", "goal, " + frame},
      {"goal_y", "m", frame},
      {"goal_z", "m", frame}};
  for (const std::string& joint : arm_joints()) v.push_back({joint, "rad", "true angle, as the mind means it"});
  v.push_back({"reach_error", "m", "goal_error of a reach that ended here, else NaN"});
  v.push_back({"hit", "", "of a reach that ended here: 1 within mind.radius of the goal, else 0; NaN otherwise"});
  v.push_back({"hits", "", "part of the last 10 reaches that were hits; reaches that were not made count as misses"});
  return v;
}

std::vector<double> ReachingParticipant::values(const Lived& lived) const {
  using Eigen::Vector3d, Eigen::VectorXd;
  constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
  const ReachOutcome& o = lived.outcome;
  const agents::Percept& p = lived.percept;
  const bool told = p.hand.has_value();
  const Vector3d none = Vector3d::Constant(nothing);
  const Vector3d goal = aim_ ? aim_->place : none, touch = o.touch.part >= 0 ? o.touch.place : none;
  std::vector<double> v = {told ? (p.predicted - o.hand).norm() : nothing,
                           aim_ ? (o.hand - goal).norm() : nothing,
                           told ? p.information : 0.0,
                           told ? p.surprise : nothing,
                           p.vfe,
                           o.hand.x(),
                           o.hand.y(),
                           o.hand.z(),
                           o.seen ? 1.0 : 0.0,
                           static_cast<double>(o.touch.part),
                           touch.x(),
                           touch.y(),
                           touch.z(),
                           goal.x(),
                           goal.y(),
                           goal.z()};
  const VectorXd q = as_meant(o.q);
  v.insert(v.end(), q.begin(), q.end());
  return v;
}

std::vector<ProbeKind> reaching_probes() {
  const Variable outcome{"outcome", "", "1: the hand came within reach.width of the target, 0: not"};
  const Variable latency{"latency", "s",
                         "from the target's appearance until the hand was within reach.width; NaN: never"};
  const Variable error{"error", "m", "distance of hand and target at the end"};
  return {{"reach",
           "a ball appears where the hand can be seen; up to reach.decisions decisions, nothing is learned",
           {{"onset", "s", "from the target's appearance until the hand is faster than 2 cm/s"},
            latency,
            outcome,
            error,
            {"first_error", "m", "distance after the first decision"},
            {"prediction_error", "m", "mean distance of the true hand from where it was expected"},
            {"movement_units", "", "accelerations followed by decelerations of 2 cm/s or more (von Hofsten 1991)"},
            {"straightness", "", "length of the path over the distance of its ends"},
            {"normalised_jerk", "", "19.0 for a minimum-jerk path (Teulings et al. 1997)"},
            {"kl", "nats", "of the belief where the hand is, after against before the senses, mean of the decisions"},
            {"touch", "", "1: the arm touched its owner"},
            {"decisions", "", "made"}}},
          {"forced_choice",
           "two balls: near the hand and far (choice.kind = distance), or where the hand has been and where it has not "
           "(knowledge)",
           {{"chosen", "", "0 the near or known one, 1 the other"},
            {"probability", "", "of choosing the second: softmax of minus expected free energy"},
            {"difference", "nats", "expected free energy of the second minus the first"},
            latency,
            outcome,
            error}},
          {"free_play",
           "play.decisions decisions for goals of its own or at random, nothing is learned",
           {{"path_length", "m", "of the hand"},
            {"places", "", "cubes of 3 cm that the hand ended a decision in"},
            {"entropy", "nats", "of the cubes"},
            {"self_touch", "", "part of the decisions that ended in touching itself"},
            {"movement_units", "", "of the whole path"}}}};
}

std::vector<Variable> reaching_criteria() {
  return {{"reached", "", "9 of the last 10 reaches came within mind.radius of their goals"}};
}

std::vector<std::string> reaching_fixed() {
  return {"body.spread", "body.kind",  "body.born_changed",     "senses.rays",
          "mind.map",    "mind.watch", "mind.sensory_precision"};
}

}  // namespace infans::experiments
