// What can be recorded of every decision of a participant that reaches. Places are in m from the right eye: x forward,
// y left, z up; angles are as the mind means them.
#include <limits>

#include "experiments/protocols/reaching_mind.hpp"
#include "experiments/protocols/reaching_participant.hpp"
#include "experiments/protocols/signal_values.hpp"

namespace infans::experiments {
namespace {

using agents::PosturePlan;
using Eigen::Vector3d;
using Eigen::VectorXd;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

std::vector<double> some(const std::optional<Vector3d>& x) {
  return x ? std::vector<double>(x->begin(), x->end()) : std::vector<double>();
}
std::vector<double> some(const VectorXd& x) { return {x.begin(), x.end()}; }

template <typename Part>
std::vector<double> of(const std::vector<PosturePlan>& plans, Part&& part) {
  std::vector<double> values;
  for (const PosturePlan& p : plans) values.push_back(part(p));
  return values;
}

double risk_of(const PosturePlan& p) { return p.cost.risk; }
double information_of(const PosturePlan& p) { return p.cost.information; }
double effort_of(const PosturePlan& p) { return p.cost.effort; }
double energy_of(const PosturePlan& p) { return p.expected_free_energy; }

}  // namespace

std::vector<Signal> reaching_signals(const config::Options& options) {
  const int joints = static_cast<int>(arm_joints().size());
  const int candidates = static_cast<int>(options.integer("mind.candidates"));
  const std::string among =
      "of what the planner's last iteration compared, the best first; as many as mind.candidates of the first stage";
  const std::string told = "; NaN when nothing told";
  return {
      {"observation/joints", "rad", "felt angles", {joints}},
      {"observation/seen", "m", "the hand by the eye" + told, {3}},
      {"observation/touched", "m", "the hand by the skin" + told, {3}},
      {"observation/hand", "m", "the hand by both" + told, {3}},
      {"prediction/joints", "rad", "by the efference copy; NaN without it", {joints}},
      {"prediction/hand", "m", "by the map and the offset of this reach", {3}},
      {"belief/joints", "rad", "after they were felt", {joints}},
      {"belief/hand", "m", "after it was sensed", {3}},
      {"belief/hand_covariance", "m2", "of the map, before it was sensed", {3, 3}},
      {"belief/hand_offset", "m", "of this reach: from where the map has the hand", {3}},
      {"belief/command_offset", "rad", "of this reach: from what is commanded", {joints}},
      {"error/joints", "rad", "observation - prediction", {joints}},
      {"error/hand", "m", "observation - prediction" + told, {3}},
      {"precision/joints", "1/rad2", "of felt angles, as it is believed"},
      {"precision/hand",
       "1/m2",
       "inverse covariance of what was predicted: of the map and of the senses that told",
       {3, 3}},
      {"vfe/total", "nats", "complexity - accuracy"},
      {"vfe/accuracy", "nats", "E_q[ln p(hand | its place)] + E_q[ln p(felt | angles)]"},
      {"vfe/complexity", "nats", "KL after against before, of the hand's place and of the angles"},
      {"vfe/hand", "nats", "of it, -ln p(hand); 0 when nothing told"},
      {"vfe/joints", "nats", "of it, -ln p(felt angles | command)"},
      {"efe/total", "nats",
       "risk - mind.epistemic_weight epistemic + effort, of the posture that was chosen; NaN without "
       "a plan"},
      {"efe/risk", "nats", "expected distance from the goal"},
      {"efe/epistemic", "nats", "expected information about the map, not weighted"},
      {"efe/effort", "nats", "prior that postures stay"},
      {"efe/candidates/total", "nats", among, {candidates}},
      {"efe/candidates/risk", "nats", among, {candidates}},
      {"efe/candidates/epistemic", "nats", among, {candidates}},
      {"efe/candidates/effort", "nats", among, {candidates}},
      {"action/command", "rad", "posture that the reflexes are told", {joints}},
      {"action/candidates", "rad", "postures (columns) " + among, {joints, candidates}},
      {"contact/part", "",
       "touched by arm or hand: -1 nothing, 0 hips, 1 chest, 2 head, 3 left arm, 4 left leg, 5 right leg"},
      {"contact/place", "m", "of that touch", {3}},
      {"contact/force", "N", "of that touch"},
      {"contact/by_hand", "", "1: the hand feels the same force"},
      {"contact/blocked", "", "1: hand or fingers touch anything, also the seat"},
  };
}

std::vector<double> ReachingParticipant::signals() const {
  if (!last_) return none_of(*signals_);
  const Lived& l = *last_;
  const agents::Percept& p = l.percept;
  const SelfTouch& touch = l.outcome.touch;
  const agents::BodyMapperOptions mind = mapper_options(settings_, agent_ == 0);
  const VectorXd q = l.felt.q;
  const std::vector<double> error_q =
      p.expected_q.size() > 0 ? some(VectorXd(q - p.expected_q)) : std::vector<double>();
  const auto error = p.hand ? some(std::optional<Vector3d>(*p.hand - p.predicted)) : std::vector<double>();
  const bool planned = !considered_.empty();
  const auto chosen = [&](double x) { return planned ? x : nothing; };
  std::vector<double> postures;
  for (const PosturePlan& c : considered_) postures.insert(postures.end(), c.posture.begin(), c.posture.end());
  SignalValues v(*signals_);
  v.put("observation/joints", q).put_some("observation/seen", some(l.felt.seen));
  v.put_some("observation/touched", some(l.felt.touched)).put_some("observation/hand", some(p.hand));
  v.put_some("prediction/joints", some(p.expected_q)).put("prediction/hand", p.predicted);
  v.put("belief/joints", p.q).put("belief/hand", p.believed).put("belief/hand_covariance", p.epistemic);
  v.put("belief/hand_offset", mind_->hand_offset()).put("belief/command_offset", mind_->command_offset());
  v.put_some("error/joints", error_q).put_some("error/hand", error);
  v.put("precision/joints", mind.sensory_precision / (mind.proprioceptive_sd * mind.proprioceptive_sd));
  v.put("precision/hand", p.total.inverse());
  v.put("vfe/total", p.vfe).put("vfe/accuracy", p.accuracy).put("vfe/complexity", p.complexity);
  v.put("vfe/hand", p.surprise).put("vfe/joints", p.vfe - p.surprise);
  v.put("efe/total", chosen(energy_of(plan_))).put("efe/risk", chosen(risk_of(plan_)));
  v.put("efe/epistemic", chosen(information_of(plan_))).put("efe/effort", chosen(effort_of(plan_)));
  v.put_some("efe/candidates/total", of(considered_, energy_of));
  v.put_some("efe/candidates/risk", of(considered_, risk_of));
  v.put_some("efe/candidates/epistemic", of(considered_, information_of));
  v.put_some("efe/candidates/effort", of(considered_, effort_of));
  v.put("action/command", l.command).put_some("action/candidates", postures);
  v.put("contact/part", touch.part);
  v.put_some("contact/place", touch.part >= 0 ? some(std::optional<Vector3d>(touch.place)) : std::vector<double>());
  v.put("contact/force", touch.force).put("contact/by_hand", touch.by_hand ? 1.0 : 0.0);
  v.put("contact/blocked", l.outcome.blocked ? 1.0 : 0.0);
  return v.take();
}

Work ReachingParticipant::work() const { return {static_cast<double>(updates_), nothing}; }

}  // namespace infans::experiments
