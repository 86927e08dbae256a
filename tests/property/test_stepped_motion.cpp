// A world's clock is seen in its data, and the law of motion is learned through it.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>

#include "core/inference/field_model.hpp"
#include "core/inference/mechanics_model.hpp"
#include "core/inference/stepped_motion.hpp"

using namespace infans;
using namespace infans::inference;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::Transitions;

namespace {

constexpr double period = 0.1;

model::Encoding pendulum() {
  model::Encoding e;
  e.coordinates = {model::Coordinate::circular};
  e.position_scale = VectorXd::Ones(1);
  e.velocity_scale = VectorXd::Constant(1, 4.0);
  e.actions = 1;
  e.dt = period;
  return e;
}

double acceleration(double q, double v, double u) { return -9.0 * std::sin(q) - 0.3 * v + 4.0 * u; }

// A pendulum under any clock; clipped: every tenth step ends at a speed that no law gives.
Transitions lived(Stepping clock, int count, std::uint64_t seed, double clipped = 0.0) {
  random::Stream s({seed, 0, random::Purpose::test, 0});
  Transitions t;
  for (MatrixXd* x : {&t.q0, &t.v0, &t.u, &t.q1, &t.v1}) x->resize(count, 1);
  for (int k = 0; k < count; ++k) {
    double q = s.uniform(-3, 3), v = s.uniform(-5, 5);
    const double u = s.uniform(-1, 1);
    t.q0(k, 0) = q;
    t.v0(k, 0) = v;
    t.u(k, 0) = u;
    const int steps = clock == Stepping::continuous ? 1000 : 1;
    const double h = period / steps;
    for (int i = 0; i < steps; ++i) {
      const double before = v;
      v += h * acceleration(q, v, u);
      q += h * (clock == Stepping::explicit_euler ? before : v);
    }
    if (clipped > 0.0 && k % 10 == 0) v = clipped;
    t.q1(k, 0) = q;
    t.v1(k, 0) = v;
  }
  return t;
}

std::unique_ptr<MotionModel> make(bool mechanics, const model::Encoding& e) {
  if (mechanics) return std::make_unique<MechanicsModel>(e, MechanicsModelOptions{});
  return make_gated_harmonics(e, 2);
}

constexpr Stepping clocks[] = {Stepping::continuous, Stepping::explicit_euler, Stepping::semi_implicit};

}  // namespace

TEST_CASE("the clock is detected, from three steps and where a tenth of them were clipped") {
  for (const Stepping clock : clocks) {
    CHECK(detect_stepping(lived(clock, 3, 1), period) == clock);
    CHECK(detect_stepping(lived(clock, 60, 2, 0.5), period) == clock);
  }
}

// The law is in both models' reach and the data have no noise: what is left is the prior's pull at 60 steps and, for
// continuous motion, the integrators. 2e-3 of a step's change is far below what a wrong clock leaves (h a / 2: half of
// a position's change).
TEST_CASE("every clock's law is learned") {
  for (const bool mechanics : {true, false})
    for (const Stepping clock : clocks) {
      CAPTURE(mechanics);
      CAPTURE(static_cast<int>(clock));
      SteppedMotion m(pendulum(), [&](const model::Encoding& e) { return make(mechanics, e); });
      m.fit(lived(clock, 60, 3));
      CHECK(m.stepping() == clock);
      const Transitions fresh = lived(clock, 100, 4);
      const MotionBatch p = m.predict(fresh.q0, fresh.v0, fresh.u);
      const double change = (fresh.v1 - fresh.v0).norm(), bend = (fresh.q1 - fresh.q0 - period * fresh.v0).norm();
      CHECK((p.mean.col(1) - fresh.v1).norm() < 2e-3 * change);
      CHECK((p.mean.col(0) - fresh.q1).norm() < 2e-3 * std::max(bend, period * change));
      CHECK((m.mean(fresh.q0, fresh.v0, fresh.u) - p.mean).cwiseAbs().maxCoeff() < 1e-9);
      CHECK(m.left_out().mean.rows() == 60);
      for (const MatrixXd& c : p.covariance) CHECK(Eigen::LLT<MatrixXd>(c).info() == Eigen::Success);
      CHECK((p.information().array() >= 0.0).all());
    }
}

// Floats of size 5; a step of 0.1 s of accelerations up to 15 from kernels that are right to 1e-5.
TEST_CASE("a frozen stepped world steps as its model does, and adding rows lowers what is left to learn") {
  for (const Stepping clock : clocks) {
    SteppedMotion m(pendulum(), [](const model::Encoding& e) { return make(false, e); });
    m.fit(lived(clock, 12, 5));
    const Transitions fresh = lived(clock, 33, 6);
    const int n = 33;
    Batch x, end;
    x.resize(3, n);
    for (int k = 0; k < n; ++k) {
      x.row(0)[k] = static_cast<float>(fresh.q0(k, 0));
      x.row(1)[k] = static_cast<float>(fresh.v0(k, 0));
      x.row(2)[k] = static_cast<float>(fresh.u(k, 0));
    }
    const auto gain_now = [&] {
      random::Stream stream({7, 0, random::Purpose::test, 0});
      std::vector<float> gain(static_cast<std::size_t>(padded(n)));
      m.freeze(16, stream)->step(x, 1, 1, n, end, gain.data());
      double sum = 0.0;
      for (int k = 0; k < n; ++k) sum += gain[static_cast<std::size_t>(k)];
      return sum;
    };
    const double before = gain_now();
    const MatrixXd mean = m.mean(fresh.q0, fresh.v0, fresh.u);
    for (int k = 0; k < n; ++k)
      for (int i = 0; i < 2; ++i) CHECK(std::abs(end.row(i)[k] - mean(k, i)) < 2e-5);
    m.add(lived(clock, 20, 8));
    CHECK(gain_now() < before);
  }
}
