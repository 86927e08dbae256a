// What a movement does, learned with forgetting, against weighted least squares; and which movement is chosen, against
// the distribution that the policy stands for.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "agents/planning/spontaneous_policy.hpp"
#include "core/inference/contingency_model.hpp"

using namespace infans;
using agents::SpontaneousDecision;
using agents::SpontaneousPolicy;
using agents::SpontaneousPolicyOptions;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using inference::ContingencyModel;
using inference::ContingencyOptions;

namespace {

constexpr int rows = 30;

ContingencyOptions options(double precision = 1.0) {
  ContingencyOptions o;
  o.commands = 2;
  o.memory = 12.0;
  o.unit = 0.1;
  o.noise = 0.03;
  o.sensory_precision = precision;
  return o;
}

struct Life {
  MatrixXd command{rows, 2};
  VectorXd effect{rows};
};

Life random_life() {
  random::Stream s({1, 0, random::Purpose::test, 7});
  Life life;
  for (double& u : life.command.reshaped()) u = s.uniform();
  for (double& y : life.effect) y = 0.1 * s.normal();
  return life;
}

ContingencyModel lived(const Life& life, const ContingencyOptions& o) {
  ContingencyModel model(o);
  for (int t = 0; t < rows; ++t) model.observe(life.command.row(t).transpose(), life.effect(t), true);
  return model;
}

}  // namespace

TEST_CASE("the contingency learned sample by sample is the ridge solution with weights that decay with age") {
  const Life life = random_life();
  for (const double precision : {0.1, 1.0, 10.0}) {
    const ContingencyOptions o = options(precision);
    MatrixXd phi(rows, 4);
    VectorXd weight(rows);
    for (int t = 0; t < rows; ++t) {
      phi.row(t) << 1.0, t == 0 ? 0.0 : life.effect(t - 1) / o.unit, life.command.row(t);
      weight(t) = std::exp(-(rows - 1 - t) / o.memory);
    }
    // The noise's precision in units, times the factor, weighs every sample against weights of variance 1.
    const double prior = o.noise * o.noise / (o.unit * o.unit) / precision;
    const MatrixXd a = prior * MatrixXd::Identity(4, 4) + phi.transpose() * weight.asDiagonal() * phi;
    const VectorXd w = a.ldlt().solve(phi.transpose() * weight.asDiagonal() * (life.effect / o.unit));
    const ContingencyModel model = lived(life, o);
    // Rounding of 30 updates of a well-conditioned 4 x 4 problem.
    CHECK((model.readout().mean().col(0) - w).cwiseAbs().maxCoeff() < 1e-10);
    CHECK((model.contingency() - o.unit * w.tail(2)).cwiseAbs().maxCoeff() < 1e-10);

    VectorXd next(4);
    next << 1.0, life.effect(rows - 1) / o.unit, 0.3, 0.8;
    const inference::EffectBelief belief = model.predict(next.tail(2));
    const double v = next.dot(a.ldlt().solve(next));
    CHECK(belief.mean == doctest::Approx(o.unit * w.dot(next)).epsilon(1e-9));
    CHECK(belief.epistemic == doctest::Approx(v).epsilon(1e-9));
    CHECK(belief.information_gain() == doctest::Approx(0.5 * std::log(1.0 + v)).epsilon(1e-9));
  }
}

TEST_CASE("a movement that the model does not know of explains nothing") {
  ContingencyOptions o = options();
  o.efference_copy = false;
  const ContingencyModel model = lived(random_life(), o);
  const VectorXd rest = VectorXd::Zero(2), move = VectorXd::Ones(2);
  CHECK(model.predict(rest).mean == model.predict(move).mean);
  CHECK(model.predict(rest).variance == model.predict(move).variance);
  CHECK(model.contingency().isZero());
}

TEST_CASE("without learning only the last effect changes, and surprise is that of the prediction") {
  ContingencyModel model = lived(random_life(), options());
  const VectorXd command = VectorXd::Constant(2, 0.5);
  const MatrixXd before = model.readout().mean();
  const double expected =
      -model.readout().predict_student(model.features(command)).log_density(VectorXd::Constant(1, 3.0));
  const inference::EffectUpdate update = model.observe(command, 0.3, false);
  CHECK(update.surprise == doctest::Approx(expected).epsilon(1e-12));
  CHECK(update.information_gain == 0.0);
  CHECK(model.readout().mean() == before);
  CHECK(model.features(command)(1) == doctest::Approx(3.0));
}

TEST_CASE("expected free energy is risk under the preference less novelty") {
  const ContingencyModel model = lived(random_life(), options());
  SpontaneousPolicyOptions o;
  o.goal = 0.2;
  o.width = 0.05;
  o.epistemic_weight = 0.7;
  const SpontaneousPolicy policy(VectorXd::Constant(2, 0.3), o);
  const VectorXd command = VectorXd::Constant(2, 0.4);
  const inference::EffectBelief b = model.predict(command);
  const SpontaneousDecision d = policy.judge(model, command);
  const double risk = (std::pow(b.mean - 0.2, 2) + b.variance) / (2.0 * 0.05 * 0.05);
  CHECK(d.pragmatic == doctest::Approx(-risk));
  CHECK(d.epistemic == doctest::Approx(0.5 * std::log(1.0 + b.epistemic)));
  CHECK(d.expected_free_energy == doctest::Approx(risk - 0.7 * d.epistemic));
}

TEST_CASE("a limb moves as often as the tilted habit says") {
  // One limb that was felt to move the effect: q(moves) = r I / (r I + (1 - r) exp(-G(0))), I the mean of exp(-G) over
  // vigours.
  ContingencyOptions c = options();
  c.commands = 1;
  ContingencyModel model(c);
  for (int t = 0; t < 40; ++t) model.observe(VectorXd::Constant(1, t % 2), 0.12 * (t % 2) + 0.01 * (t % 3), true);
  model.observe(VectorXd::Zero(1), 0.0, true);
  constexpr double rate = 0.15;
  SpontaneousPolicyOptions o;
  o.candidates = 200;
  o.goal = 0.2;
  o.width = 0.06;
  for (const double precision : {0.0, 1.0}) {
    o.precision = precision;
    const SpontaneousPolicy policy(VectorXd::Constant(1, rate), o);
    const auto tilt = [&](double u) {
      return std::exp(-precision * policy.judge(model, VectorXd::Constant(1, u)).expected_free_energy);
    };
    double mean = 0.0;
    constexpr int points = 400;
    for (int i = 0; i < points; ++i) mean += tilt((i + 0.5) / points) / points;
    const double expected = rate * mean / (rate * mean + (1.0 - rate) * tilt(0.0));
    if (precision > 0.0) CHECK(expected > 2.0 * rate);  // else the case shows nothing
    constexpr int draws = 2000;
    int moved = 0;
    for (int i = 0; i < draws; ++i) {
      random::Stream stream({1, 0, random::Purpose::test, static_cast<std::uint64_t>(i)});
      moved += policy.decide(model, stream).command(0) > 0.0;
    }
    // Five standard deviations (false alarms below 1e-6) and the bias of 200 weighted samples, at most 1/200.
    const double deviation = std::sqrt(expected * (1.0 - expected) / draws);
    CHECK(std::abs(moved / double(draws) - expected) < 5.0 * deviation + 1.0 / o.candidates);
  }
}
