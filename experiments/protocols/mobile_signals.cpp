// What can be recorded of every sample of an infant under a mobile: its slow level, which sees the mobile, and its fast
// level, which feels its joints.
#include <cmath>

#include "experiments/protocols/mobile_infant.hpp"
#include "experiments/protocols/signal_values.hpp"

namespace infans::experiments {

using Eigen::VectorXd;

std::vector<Signal> mobile_signals(const MobileOptions& o) {
  constexpr int limbs = MobileInfant::limbs;
  const int joints = MobileInfant::joint_count(o), features = 2 + (o.mind.efference_copy ? limbs : 0);
  const int candidates = o.mind.candidates;
  const std::string order = "; limbs: left arm, right arm, left leg, right leg", precise = "of what was predicted";
  const std::string end = "at the end of the decision", among = "of every candidate of the first stage's number";
  return {
      {"observation/effect", "m/s", "mean speed of the mobile's toys, as it was seen"},
      {"observation/joint_position", "rad", end, {joints}},
      {"observation/joint_velocity", "rad/s", end, {joints}},
      {"prediction/effect", "m/s", "before it was seen, given the own movement"},
      {"prediction/joint_position", "rad", "that the reflex arcs fulfil, " + end, {joints}},
      {"prediction/joint_velocity", "rad/s", "that the reflex arcs fulfil, " + end, {joints}},
      {"belief/weights",
       "1",
       "means after it: of a constant, the last effect, the limbs' vigour, on effect / "
       "mind.effect_unit" +
           order,
       {features}},
      {"belief/weights_sd", "1", "their standard deviations", {features}},
      {"error/effect", "m/s", "observation - prediction"},
      {"error/joint_position", "rad", "observation - prediction", {joints}},
      {"error/joint_velocity", "rad/s", "observation - prediction", {joints}},
      {"precision/effect", "s2/m2", precise + ": 1 / variance by senses and weights"},
      {"precision/senses", "s2/m2", "1 / variance by the senses alone, as it is believed"},
      {"precision/joint_position", "N m/rad", "of the arcs: torque per error", {joints}},
      {"precision/joint_velocity", "N m s/rad", "of the arcs: torque per error", {joints}},
      {"vfe/total", "nat", "complexity - accuracy, effects in units of mind.effect_unit"},
      {"vfe/accuracy", "nat", "E_q[ln p(effect | weights)]"},
      {"vfe/complexity", "nat", "KL of the weights, after against before"},
      {"efe/total", "nat", "-(pragmatic + mind.epistemic_weight epistemic), of the movement that was chosen"},
      {"efe/pragmatic", "nat", "expected log preference up to a constant"},
      {"efe/epistemic", "nat", "expected information about the weights, not weighted"},
      {"efe/chosen", "", "its place among the candidates, from 0"},
      {"efe/candidates/total", "nat", among, {candidates}},
      {"efe/candidates/pragmatic", "nat", among, {candidates}},
      {"efe/candidates/epistemic", "nat", among, {candidates}},
      {"efe/candidates/probability", "", "softmax(-gamma G) of them", {candidates}},
      {"action/vigour", "1", "of each limb, 0 rest, 1 most" + order, {limbs}},
      {"action/candidates", "1", "vigour of each limb (rows) of every candidate", {limbs, candidates}},
      {"contact/kicks", "1", "of the left and of the right leg", {2}},
  };
}

std::vector<double> MobileInfant::signals() const {
  const auto n = std::ssize(crib_.joints());
  const VectorXd q = VectorXd::Map(crib_.position().data(), n), dq = VectorXd::Map(crib_.velocity().data(), n);
  const VectorXd expected_q = reflex_.predicted_position(), expected_dq = reflex_.predicted_velocity();
  const model::BayesianReadout& readout = model_.readout();
  const Eigen::Index d = readout.features();
  const VectorXd sd =
      (readout.noise_variance()(0) * readout.precision().solve(Eigen::MatrixXd::Identity(d, d)).diagonal()).cwiseSqrt();
  const double unit = options_.mind.effect_unit;
  std::vector<double> total, pragmatic, epistemic, vigour;
  for (const agents::SpontaneousDecision& c : last_.choice.considered) {
    total.push_back(c.expected_free_energy);
    pragmatic.push_back(c.pragmatic);
    epistemic.push_back(c.epistemic);
    vigour.insert(vigour.end(), c.command.begin(), c.command.end());
  }
  const bool lived = !total.empty();
  const std::size_t chosen = last_.choice.chosen;
  const auto of = [&](const std::vector<double>& x) { return lived ? std::vector<double>{x[chosen]} : x; };
  SignalValues v(*signals_);
  v.put("observation/effect", last_.seen).put("observation/joint_position", q).put("observation/joint_velocity", dq);
  v.put("prediction/effect", last_.expected.mean).put("prediction/joint_position", expected_q);
  v.put("prediction/joint_velocity", expected_dq);
  v.put("belief/weights", readout.mean()).put("belief/weights_sd", sd);
  v.put("error/effect", last_.seen - last_.expected.mean).put("error/joint_position", q - expected_q);
  v.put("error/joint_velocity", dq - expected_dq);
  v.put("precision/effect", 1.0 / last_.expected.variance);
  v.put("precision/senses", 1.0 / (unit * unit * readout.noise_variance()(0)));
  v.put("precision/joint_position", reflex_.stiffness()).put("precision/joint_velocity", reflex_.damping());
  v.put("vfe/total", last_.update.vfe).put("vfe/accuracy", last_.update.accuracy);
  v.put("vfe/complexity", last_.update.complexity);
  v.put_some("efe/total", of(total)).put_some("efe/pragmatic", of(pragmatic)).put_some("efe/epistemic", of(epistemic));
  v.put("efe/chosen", static_cast<double>(chosen));
  v.put_some("efe/candidates/total", total).put_some("efe/candidates/pragmatic", pragmatic);
  v.put_some("efe/candidates/epistemic", epistemic).put_some("efe/candidates/probability", last_.choice.q);
  const std::size_t first = chosen * limbs;
  v.put_some("action/vigour", lived ? std::vector<double>(&vigour[first], &vigour[first] + limbs) : vigour);
  v.put_some("action/candidates", vigour).put("contact/kicks", last_.kicks.data(), 2);
  return v.take();
}

}  // namespace infans::experiments
