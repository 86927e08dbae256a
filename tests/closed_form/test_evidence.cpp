#include <doctest/doctest.h>

#include <cmath>

#include "core/inference/evidence.hpp"
#include "core/inference/lbfgs.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

struct Problem {
  model::FourierFeatures features;
  MatrixXd inputs, extra, outputs;
  inference::EvidenceParameters at;
};

Problem make_problem() {
  random::Stream s({2, 0, random::Purpose::test, 0});
  Problem p{model::FourierFeatures(3, 24, 1.5, s), MatrixXd(30, 3), MatrixXd(30, 4), MatrixXd(30, 2), {}};
  for (double& x : p.inputs.reshaped()) x = s.normal();
  for (double& x : p.extra.reshaped()) x = std::tanh(s.normal());
  // Only the first two inputs matter.
  for (int n = 0; n < 30; ++n) {
    p.outputs(n, 0) = std::sin(2 * p.inputs(n, 0)) + 0.05 * s.normal();
    p.outputs(n, 1) = p.inputs(n, 0) * p.inputs(n, 1) + 0.05 * s.normal();
  }
  p.at = {VectorXd::Constant(3, 1.2), 2e-3, 0.5};
  return p;
}

}  // namespace

// Central differences with h = 1e-5 leave an error of about h^2 times the third derivative: 1e-6 relative is safe.
TEST_CASE("the local gradient of the evidence is its derivative, above the noise floor and at it") {
  const Problem p = make_problem();
  double floor = 0.0;
  SUBCASE("above") { floor = 0.02; }
  SUBCASE("at") { floor = 0.5; }
  inference::EvidenceOptions o;
  o.noise_floor = floor;
  VectorXd gradient;
  inference::log_evidence_gradient(p.features, p.at, p.inputs, p.extra, p.outputs, o, &gradient);
  const double h = 1e-5;
  for (int i = 0; i < 5; ++i) {
    double value[2];
    for (int side = 0; side < 2; ++side) {
      inference::EvidenceParameters q = p.at;
      const double factor = std::exp(side == 0 ? -h : h);
      if (i < 3) q.length_scale(i) *= factor;
      if (i == 3) q.fourier_precision *= factor;
      if (i == 4) q.hierarchy_precision *= factor;
      value[side] = inference::log_evidence_gradient(p.features, q, p.inputs, p.extra, p.outputs, o, nullptr);
    }
    CHECK(gradient(i) == doctest::Approx((value[1] - value[0]) / (2 * h)).epsilon(1e-5));
  }
}

TEST_CASE("evidence ascent climbs and finds the input that does not matter") {
  const Problem p = make_problem();
  const inference::EvidenceOptions o{60};
  const auto end = inference::ascend_evidence(p.features, p.at, p.inputs, p.extra, p.outputs, o);
  CHECK(inference::log_evidence_gradient(p.features, end, p.inputs, p.extra, p.outputs, o, nullptr) >
        inference::log_evidence_gradient(p.features, p.at, p.inputs, p.extra, p.outputs, o, nullptr));
  CHECK(end.length_scale(2) > 2 * end.length_scale(0));
}

TEST_CASE("the minimiser finds the bounded minimum of a quadratic") {
  // f = (x-3)^2 + 10 (y+1)^2 on x <= 2: minimum at (2, -1).
  VectorXd x = VectorXd::Zero(2), low = VectorXd::Constant(2, -5.0), high(2);
  high << 2.0, 5.0;
  inference::minimise(
      [](const VectorXd& v, VectorXd& g) {
        g.resize(2);
        g << 2 * (v(0) - 3), 20 * (v(1) + 1);
        return (v(0) - 3) * (v(0) - 3) + 10 * (v(1) + 1) * (v(1) + 1);
      },
      x, low, high, 50);
  CHECK(x(0) == doctest::Approx(2.0));
  CHECK(x(1) == doctest::Approx(-1.0).epsilon(1e-3));
}
