// What can be recorded of every event of a life of looking. The model keeps its beliefs about laws and parameters after
// each event; what is said of the sequence is of the moment after the event and before a new sequence begins.
#include <cmath>
#include <limits>

#include "experiments/protocols/looking_life.hpp"
#include "experiments/protocols/signal_values.hpp"

namespace infans::experiments {
namespace {

using Eigen::VectorXd;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
constexpr int places = envs::display_places;

VectorXd one_hot(int place) {
  if (place < 0) return VectorXd::Constant(places, nothing);
  return VectorXd::Unit(places, place);
}

// E_q[ln A_os] of the state's posterior; q ~ P(s) A_os.
double accuracy_of(const VectorXd& expected, const VectorXd& likelihood) {
  const VectorXd q = expected.cwiseProduct(likelihood) / expected.dot(likelihood);
  double sum = 0.0;
  for (Eigen::Index s = 0; s < q.size(); ++s)
    if (q[s] > 0.0) sum += q[s] * std::log(likelihood[s]);
  return sum;
}

std::vector<Signal> declare() {
  const std::string order = "; places: above left, above right, below left, below right";
  const std::string policies = "look on, look away";
  return {
      {"observation/toy", "1", "unit vector to the toy in the eye's frame: x right, y up, -z the gaze", {3}},
      {"observation/gaze", "rad", "pan to the left and tilt up, as felt", {2}},
      {"observation/place", "1", "1 where it was perceived, 0 elsewhere" + order, {places}},
      {"prediction/gaze", "rad", "where the eyes were sent", {2}},
      {"prediction/place", "1", "probability of each observation before it, A P(s)", {places}},
      {"belief/place", "1", "qs: of the event's place, after it", {places}},
      {"belief/next", "1", "P(s) of the next event", {places}},
      {"belief/law", "1", "D: noise, unigram, markov", {3}},
      {"error/gaze", "rad", "observation - prediction", {2}},
      {"error/place", "1", "observation - prediction", {places}},
      {"precision/direction", "1/rad2", "of seen directions, as it is believed"},
      {"precision/policy", "1/nat", "gamma"},
      {"vfe/total", "nat", "complexity - accuracy; inference is exact, so it is the surprise"},
      {"vfe/accuracy", "nat", "E_q[ln p(o | s)]"},
      {"vfe/complexity", "nat", "KL after against before, of place, parameters and laws together"},
      {"vfe/salience", "nat", "of it, what was learned of the law"},
      {"vfe/novelty", "nat", "of it, what was learned of its parameters"},
      {"efe/total", "nat", "-(mind.epistemic_weight epistemic + pragmatic) of " + policies, {2}},
      {"efe/epistemic", "nat", "expected information of " + policies, {2}},
      {"efe/pragmatic", "nat", "what the time is worth elsewhere, of " + policies, {2}},
      {"efe/probability", "1", "q_pi of " + policies, {2}},
      {"efe/chosen", "", "0: look on, 1: look away; a yoked infant's partner may have done otherwise"},
      {"action/away", "", "1: looked away"},
      {"action/gaze", "rad", "where the eyes were sent after the event", {2}},
  };
}

}  // namespace

const std::vector<Signal>& looking_signals() {
  static const std::vector<Signal> declared = declare();
  return declared;
}

std::vector<double> LookingLife::signals() const {
  if (!last_) return none_of(looking_signals());
  const Event& e = *last_;
  const agents::Looker& looker = view_.looker();
  const auto& o = looker.options();
  const int o_at = e.seen.perceived;
  const Eigen::MatrixXd& A = looker.A(display_);
  const Eigen::Vector2d felt(e.seen.gaze.pan, e.seen.gaze.tilt), predicted = e.seen.predicted_gaze;
  const VectorXd p = A * e.expected;
  const double accuracy = o_at < 0 ? nothing : accuracy_of(e.expected, A.row(o_at).transpose());
  const double surprise = o_at < 0 ? nothing : e.seen.account.surprise;
  const auto of_seen = [&](double x) { return o_at < 0 ? nothing : x; };
  SignalValues v(looking_signals());
  v.put_some("observation/toy",
             e.seen.toy ? std::vector<double>(e.seen.toy->begin(), e.seen.toy->end()) : std::vector<double>());
  v.put("observation/gaze", felt).put("observation/place", one_hot(o_at));
  v.put("prediction/gaze", predicted).put("prediction/place", p);
  v.put("belief/place", e.qs).put("belief/next", e.next).put("belief/law", e.D);
  v.put("error/gaze", felt - predicted).put("error/place", one_hot(o_at) - p);
  v.put("precision/direction", o.sensory_precision / (o.spread * o.spread)).put("precision/policy", o.gamma);
  v.put("vfe/total", surprise).put("vfe/accuracy", accuracy).put("vfe/complexity", surprise + accuracy);
  v.put("vfe/salience", of_seen(e.seen.account.salience)).put("vfe/novelty", of_seen(e.seen.account.novelty));
  v.put("efe/total", e.choice.G).put("efe/epistemic", Eigen::Vector2d(e.choice.expected[0], 0.0));
  v.put("efe/pragmatic", Eigen::Vector2d(0.0, -e.choice.G[1])).put("efe/probability", e.choice.q_pi);
  v.put("efe/chosen", e.choice.chosen).put("action/away", e.away ? 1.0 : 0.0).put("action/gaze", view_.gaze());
  return v.take();
}

Work LookingLife::work() const { return {static_cast<double>(updates_), nothing}; }

}  // namespace infans::experiments
