// What can be recorded of a participant: as many values as are declared at every age and stage; whoever reads them
// changes nothing; and they are what their names say: errors are observations minus predictions, free energies the sums
// of their parts, choices softmaxes of minus expected free energies.
#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cmath>
#include <map>
#include <memory>
#include <numbers>
#include <set>
#include <string>
#include <vector>

#include "envs/mujoco/body.hpp"
#include "experiments/protocols/protocol.hpp"
#include "tests/lives.hpp"

namespace {

using namespace infans;
using namespace infans::experiments;
using Eigen::Map;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using tests::append;
using tests::Bits;

// The values of one sample by name.
class Said {
 public:
  Said(const std::vector<Signal>& declared, const std::vector<double>& values) {
    std::ptrdiff_t at = 0;
    for (const Signal& s : declared) {
      std::ptrdiff_t n = 1;
      for (const int k : s.shape) n *= k;
      if (at + n <= std::ssize(values)) of_[s.name] = VectorXd::Map(values.data() + at, n);
      at += n;
    }
    fits_ = at == std::ssize(values);
  }
  bool fits() const { return fits_; }
  bool has(const std::string& name) const { return of_.contains(name); }
  const VectorXd& operator[](const std::string& name) const { return of_.at(name); }
  double one(const std::string& name) const { return of_.at(name)(0); }

 private:
  std::map<std::string, VectorXd> of_;
  bool fits_ = false;
};

struct Case {
  std::string name;
  Protocol protocol;
  std::vector<std::pair<std::string, std::string>> settings = {};
};

std::vector<Case> cases() {
  return {
      {"habit", habit_protocol()},
      {"habit without skin", habit_protocol(), {{"body.scene", "supine"}}},
      {"mobile", mobile_protocol(), {{"mobile.tied", "right"}}},
      {"mobile without copy", mobile_protocol(), {{"mind.efference_copy", "false"}, {"mind.epistemic_weight", "2"}}},
      {"looking", looking_protocol(), {{"mind.price", "0.2"}}},
      {"looking blurred", looking_protocol(), {{"mind.spread", "0.2"}, {"mind.efference_copy", "false"}}},
      {"body_map", body_map_protocol(), {{"mind.candidates", "12"}, {"mind.epistemic_weight", "2"}}},
      {"body_map without copy", body_map_protocol(), {{"mind.candidates", "12"}, {"mind.efference_copy", "false"}}},
      {"growth", growth_protocol(), {{"mind.candidates", "12"}}}};
}

config::Options options_of(const Case& c) {
  config::Options o(c.protocol.options);
  for (const auto& [key, text] : c.settings) o.set_text(key, text, "test");
  if (c.name == "habit without skin") o.set("body.senses", config::Texts{"vestibular"}, "test");
  return o;
}

constexpr int samples = 24;

template <typename See>
Bits live(const Case& c, See&& see) {
  const config::Options o = options_of(c);
  const auto p = c.protocol.make(o, {1, 5});
  p->begin_stage(o);
  Bits bits;
  for (int k = 0; k < samples; ++k) {
    if (k == 16) p->begin_stage(o);
    p->set_age(80.0 + 2.0 * k);
    const Sample s = p->live({});
    see(*p, s);
    append(bits, s.values);
    append(bits, s.tape);
    append(bits, p->physics());
  }
  return bits;
}

double column(const Case& c, const Sample& s, const std::string& name) {
  for (std::size_t k = 0; k < c.protocol.variables.size(); ++k)
    if (c.protocol.variables[k].name == name) return s.values[k];
  FAIL("no variable " << name);
  return 0.0;
}

bool same(double a, double b, double tolerance) {
  return (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= tolerance * (1.0 + std::abs(b));
}

constexpr double rounding = 1e-9;

}  // namespace

TEST_CASE("who reads signals changes nothing; there are as many as are declared, with names of their own") {
  for (const Case& c : cases()) {
    CAPTURE(c.name);
    const std::vector<Signal> declared = c.protocol.signals(options_of(c));
    std::set<std::string> names;
    for (const Signal& s : declared) {
      names.insert(s.name);
      CHECK(!s.doc.empty());
    }
    CHECK(names.size() == declared.size());
    const Bits plain = live(c, [](const Participant&, const Sample&) {});
    const Bits read = live(c, [&](const Participant& p, const Sample&) {
      CHECK(Said(declared, p.signals()).fits());
      const std::vector<double> twice = p.signals();
      Bits a, b;
      append(a, twice);
      append(b, p.clone()->signals());
      CHECK(a == b);
      p.event();
      p.work();
      p.body();
    });
    CHECK(plain == read);
  }
}

TEST_CASE("errors are observations minus predictions, free energy is complexity minus accuracy") {
  for (const Case& c : cases()) {
    CAPTURE(c.name);
    const std::vector<Signal> declared = c.protocol.signals(options_of(c));
    int errors = 0, splits = 0;
    live(c, [&](const Participant& p, const Sample& s) {
      const Said said(declared, p.signals());
      for (const Signal& signal : declared) {
        if (!signal.name.starts_with("error/")) continue;
        CAPTURE(signal.name);
        const std::string what = signal.name.substr(6);
        if (!said.has("prediction/" + what)) continue;  // where it is what the error leaves
        const VectorXd &o = said["observation/" + what], &e = said["error/" + what], &m = said["prediction/" + what];
        for (Eigen::Index i = 0; i < e.size(); ++i) {
          CHECK(same(e(i), o(i) - m(i), rounding));
          errors += std::isnan(e(i)) ? 0 : 1;
        }
      }
      CHECK(same(said.one("vfe/total"), column(c, s, "vfe"), rounding));
      if (!said.has("vfe/complexity")) return;
      CHECK(same(said.one("vfe/total"), said.one("vfe/complexity") - said.one("vfe/accuracy"), rounding));
      if (!std::isnan(said.one("vfe/total"))) {
        CHECK(said.one("vfe/complexity") >= -rounding);
        ++splits;
      }
    });
    CHECK((errors > 0 || c.protocol.name == "habit"));
    CHECK((splits > 0 || c.protocol.name == "habit"));
  }
}

TEST_CASE("habit: free energy is half the errors' squares by their precision; commands are in range") {
  for (const Case& c : cases()) {
    if (c.protocol.name != "habit") continue;
    const std::vector<Signal> declared = c.protocol.signals(options_of(c));
    live(c, [&](const Participant& p, const Sample& s) {
      const Said said(declared, p.signals());
      double sum = 0.0;
      for (const Signal& signal : declared)
        if (signal.name.starts_with("error/"))
          sum += 0.5 * said.one("precision/" + signal.name.substr(6)) * said[signal.name].squaredNorm();
      CHECK(same(sum, said.one("vfe/total"), 1e-4));  // errors are floats
      CHECK(said["action/command"].cwiseAbs().maxCoeff() <= 1.0);
      CHECK(said["action/command"] == VectorXd(Map<const VectorXd>(s.tape.data(), std::ssize(s.tape))));
      CHECK(std::isnan(said.one("contact/skin")) == (c.name == "habit without skin"));
      CHECK(p.work().operations > 0.0);
    });
  }
}

TEST_CASE("mobile: the chosen movement is one of those considered, whose probabilities are a softmax") {
  for (const Case& c : cases()) {
    if (c.protocol.name != "mobile") continue;
    const config::Options o = options_of(c);
    const std::vector<Signal> declared = c.protocol.signals(o);
    const double w = o.number("mind.epistemic_weight"), gamma = o.number("mind.policy_precision");
    double before = 0.0;
    live(c, [&](const Participant& p, const Sample& s) {
      const Said said(declared, p.signals());
      const VectorXd &G = said["efe/candidates/total"], &pragmatic = said["efe/candidates/pragmatic"];
      const VectorXd &epistemic = said["efe/candidates/epistemic"], &q = said["efe/candidates/probability"];
      CHECK((G + pragmatic + w * epistemic).cwiseAbs().maxCoeff() < rounding * (1.0 + G.cwiseAbs().maxCoeff()));
      const VectorXd weight = (-gamma * (G.array() - G.minCoeff())).exp();
      CHECK((q - weight / weight.sum()).cwiseAbs().maxCoeff() < rounding);
      const auto chosen = static_cast<Eigen::Index>(said.one("efe/chosen"));
      CHECK(said.one("efe/total") == G(chosen));
      CHECK(said.one("efe/total") == column(c, s, "efe"));
      CHECK(said.one("efe/epistemic") == column(c, s, "epistemic"));
      CHECK(said["action/vigour"] == VectorXd(said["action/candidates"].segment(4 * chosen, 4)));
      CHECK(said["action/vigour"](3) == column(c, s, "vigour_leg_right"));
      CHECK(said["contact/kicks"].sum() == column(c, s, "kicks"));
      CHECK(p.event() == (column(c, s, "kicks") > 0.0));
      // What is seen is the effect and the senses' noise: less than 6 standard deviations of it.
      CHECK(std::abs(said.one("observation/effect") - column(c, s, "effect")) < 6.0 * o.number("senses.noise"));
      CHECK(p.work().belief_updates == before + 1.0);
      CHECK(p.work().operations > 0.0);
      before = p.work().belief_updates;
    });
  }
}

TEST_CASE("looking: predictions and beliefs are probabilities; policies are a softmax of what they cost") {
  for (const Case& c : cases()) {
    if (c.protocol.name != "looking") continue;
    const config::Options o = options_of(c);
    const std::vector<Signal> declared = c.protocol.signals(o);
    const double w = o.number("mind.epistemic_weight"), gamma = o.number("mind.gamma");
    live(c, [&](const Participant& p, const Sample& s) {
      const Said said(declared, p.signals());
      for (const char* name : {"prediction/place", "belief/place", "belief/next", "belief/law", "efe/probability"})
        CHECK(said[name].sum() == doctest::Approx(1.0));
      const VectorXd &G = said["efe/total"], &epistemic = said["efe/epistemic"], &pragmatic = said["efe/pragmatic"];
      CHECK((G + w * epistemic + pragmatic).cwiseAbs().maxCoeff() < rounding);
      const VectorXd weight = (-gamma * (G.array() - G.minCoeff())).exp();
      CHECK((said["efe/probability"] - weight / weight.sum()).cwiseAbs().maxCoeff() < rounding);
      CHECK(epistemic(0) == column(c, s, "expected_information"));
      CHECK(said.one("action/away") == column(c, s, "away"));
      CHECK(said["observation/gaze"](0) == column(c, s, "gaze_pan"));
      CHECK(p.event() == (column(c, s, "event") == 1.0 || column(c, s, "away") == 1.0));
      const double perceived = column(c, s, "perceived");
      if (perceived < 0.0) return;
      CHECK(said["observation/place"](static_cast<Eigen::Index>(perceived)) == 1.0);
      CHECK(said["observation/place"].sum() == 1.0);
      // The surprise is that of the observation that was predicted.
      CHECK(same(-std::log(said["prediction/place"](static_cast<Eigen::Index>(perceived))), said.one("vfe/total"),
                 rounding));
      CHECK(said["observation/toy"].norm() == doctest::Approx(1.0));
    });
  }
}

TEST_CASE("reaching: the plan is no worse than what it was compared with; surprise is that of the predicted hand") {
  for (const Case& c : cases()) {
    if (c.protocol.name != "body_map" && c.protocol.name != "growth") continue;
    CAPTURE(c.name);
    const config::Options o = options_of(c);
    const std::vector<Signal> declared = c.protocol.signals(o);
    const double w = o.number("mind.epistemic_weight");
    int plans = 0, seen = 0;
    live(c, [&](const Participant& p, const Sample& s) {
      const Said said(declared, p.signals());
      CHECK(said["action/command"] == VectorXd(Map<const VectorXd>(s.tape.data(), std::ssize(s.tape))));
      CHECK(same(said.one("vfe/hand") + said.one("vfe/joints"), said.one("vfe/total"), rounding));
      CHECK(said.one("contact/part") == column(c, s, "touched"));
      if (!std::isnan(said["observation/hand"](0))) {
        ++seen;
        const Eigen::Matrix3d precision = Map<const Eigen::Matrix3d>(said["precision/hand"].data());
        const Eigen::Vector3d e = said["error/hand"];
        const double surprise =
            0.5 * (e.dot(precision * e) - std::log(precision.determinant()) + 3.0 * std::log(2.0 * std::numbers::pi));
        CHECK(same(surprise, said.one("vfe/hand"), 1e-6));  // the precision is an inverse
        // Between what was predicted and what was sensed, in the sense of the precision.
        const Eigen::Vector3d left = said["observation/hand"] - said["belief/hand"];
        CHECK(left.dot(precision * left) <= e.dot(precision * e) * (1.0 + rounding));
      }
      const bool planned = !std::isnan(said.one("efe/total"));
      CHECK(std::isnan(said["efe/candidates/total"](0)) == !planned);
      if (!planned) return;
      ++plans;
      const VectorXd& G = said["efe/candidates/total"];
      const VectorXd parts =
          said["efe/candidates/risk"] - w * said["efe/candidates/epistemic"] + said["efe/candidates/effort"];
      CHECK((G - parts).cwiseAbs().maxCoeff() < rounding * (1.0 + G.cwiseAbs().maxCoeff()));
      for (Eigen::Index k = 1; k < G.size(); ++k) CHECK(G(k - 1) <= G(k));
      CHECK(said.one("efe/total") <= G(0));
      CHECK(same(said.one("efe/risk") - w * said.one("efe/epistemic") + said.one("efe/effort"), said.one("efe/total"),
                 rounding));
    });
    CHECK(plans > 0);
    CHECK(seen > 0);
  }
}

TEST_CASE("the body's text and state are MuJoCo's own: the same model has as many numbers, at every age") {
  for (const Case& c : cases()) {
    CAPTURE(c.name);
    std::set<std::size_t> sizes;
    live(c, [&](const Participant& p, const Sample&) {
      sizes.insert(p.physics().size());
      envs::BodyOptions options;
      options.world.control_period = 0.1;
      const auto world = envs::make_body_world("body", p.body(), "body", options);
      CHECK(world->physics().size() == p.physics().size());
      CHECK(world->mjcf() == p.body());
    });
    CHECK(sizes.size() == 1);
  }
}
