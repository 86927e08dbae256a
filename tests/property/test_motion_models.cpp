// Every transition model of the path level on simulated bodies, and the levels that stand on them.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>

#include "core/inference/field_model.hpp"
#include "core/inference/mechanics_model.hpp"
#include "core/inference/motion_stack.hpp"
#include "core/inference/readout_motion.hpp"
#include "experiments/benchmarks/small_data.hpp"

using namespace infans;
using namespace infans::inference;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::Transitions;

namespace {

struct Lesson {
  model::Encoding encoding;
  Transitions known, fresh;
};

Lesson lesson(const std::string& name, int count, int seed) {
  experiments::SmallWorld w = experiments::make_small_world(name);
  random::Stream train = experiments::training_stream(seed), test = experiments::test_stream();
  return {w.encoding(), sample_uniform(w, count, train), sample_uniform(w, 200, test)};
}

// RMSE of velocities over the standard deviation of their change, mean over joints.
double velocity_error(const MotionModel& m, const Lesson& l) {
  const Index n = l.fresh.q0.cols();
  const MatrixXd error = m.mean(l.fresh.q0, l.fresh.v0, l.fresh.u).rightCols(n) - l.fresh.v1;
  const MatrixXd change = l.fresh.v1 - l.fresh.v0;
  const MatrixXd centred = change.rowwise() - change.colwise().mean();
  return (error.colwise().norm().array() / centred.colwise().norm().array()).mean();
}

double coverage(const MotionModel& m, const Lesson& l) {
  const MotionBatch p = m.predict(l.fresh.q0, l.fresh.v0, l.fresh.u);
  const MatrixXd z = (ends(l.fresh) - p.mean).cwiseQuotient(p.standard_deviation());
  return (z.array().abs() < 1.96).cast<double>().mean();
}

std::vector<std::unique_ptr<MotionModel>> every_model(const model::Encoding& e) {
  std::vector<std::unique_ptr<MotionModel>> all;
  all.push_back(std::make_unique<ReadoutMotion>(e, ReadoutMotionOptions{60}, 1, 0));
  all.push_back(make_fourier_field(e, 60, 1, 0));
  all.push_back(make_gated_harmonics(e, 2));
  all.push_back(std::make_unique<MechanicsModel>(e, MechanicsModelOptions{}));
  all.push_back(std::make_unique<ResidualMotion>(std::make_unique<MechanicsModel>(e, MechanicsModelOptions{}),
                                                 std::make_unique<ReadoutMotion>(e, ReadoutMotionOptions{60}, 1, 0)));
  std::vector<std::unique_ptr<MotionModel>> two;
  two.push_back(make_gated_harmonics(e, 2));
  two.push_back(std::make_unique<ReadoutMotion>(e, ReadoutMotionOptions{60}, 1, 0));
  all.push_back(std::make_unique<EvidenceGate>(std::move(two)));
  return all;
}

}  // namespace

// The law holds the body exactly, so what is left is the integrator: 1e-3 is ten times what any of five seeds gave.
TEST_CASE("mechanics learns a simulated chain of two links from fifty steps") {
  const Lesson l = lesson("chain2", 50, 1);
  MechanicsModel m(l.encoding, {});
  m.fit(l.known);
  CHECK(velocity_error(m, l) < 1e-3);
  // 200 x 4 numbers under a model that is right up to integration: far outside [0.85, 1] only if it is miscalibrated.
  CHECK(coverage(m, l) > 0.85);
  // Most of its weights have left.
  CHECK(m.kept().size() < static_cast<std::size_t>(m.mechanics().weights()) / 2);
}

TEST_CASE("every model beats constant velocity, knows its errors and repeats bit by bit") {
  const Lesson l = lesson("chain2", 80, 2);
  auto first = every_model(l.encoding), second = every_model(l.encoding);
  for (std::size_t k = 0; k < first.size(); ++k) {
    CAPTURE(k);
    MotionModel& m = *first[k];
    m.fit(l.known);
    second[k]->fit(l.known);
    CHECK(velocity_error(m, l) < 0.5);
    CHECK(coverage(m, l) > 0.8);
    const MotionBatch p = m.predict(l.fresh.q0, l.fresh.v0, l.fresh.u);
    CHECK(p.mean == second[k]->predict(l.fresh.q0, l.fresh.v0, l.fresh.u).mean);
    CHECK((p.mean - m.mean(l.fresh.q0, l.fresh.v0, l.fresh.u)).cwiseAbs().maxCoeff() < 1e-9);
    for (const MatrixXd& c : p.covariance) {
      CHECK((c - c.transpose()).cwiseAbs().maxCoeff() <= 1e-9 * c.cwiseAbs().maxCoeff());
      CHECK(Eigen::LLT<MatrixXd>(c).info() == Eigen::Success);
    }
    CHECK(m.left_out().mean.rows() == 80);
  }
}

// A Jacobian is the limit of differences: along a random direction d the remainder is of order |d|^2.
TEST_CASE("the Jacobian is the derivative of the mean") {
  const Lesson l = lesson("chain2", 60, 3);
  random::Stream s({3, 0, random::Purpose::test, 0});
  for (auto& m : every_model(l.encoding)) {
    m->fit(l.known);
    const VectorXd q = l.fresh.q0.row(0).transpose(), v = l.fresh.v0.row(0).transpose(),
                   u = l.fresh.u.row(0).transpose();
    const MatrixXd jacobian = m->jacobian(q, v, u);
    VectorXd d(6);
    for (double& x : d) x = 1e-4 * s.normal();
    const auto at = [&](double sign) {
      return VectorXd(m->mean((q + sign * d.head(2)).transpose(), (v + sign * d.segment(2, 2)).transpose(),
                              (u + sign * d.tail(2)).transpose())
                          .row(0)
                          .transpose());
    };
    const VectorXd difference = 0.5 * (at(1.0) - at(-1.0));
    CHECK((jacobian * d - difference).norm() < 1e-4 * difference.norm() + 1e-9);
  }
}

TEST_CASE("more rows make every model surer and no worse where they are") {
  const Lesson l = lesson("chain2", 60, 4);
  Transitions more = l.fresh.rows(Eigen::seqN(0, 40));
  for (auto& m : every_model(l.encoding)) {
    m->fit(l.known);
    const MotionBatch before = m->predict(more.q0, more.v0, more.u);
    m->add(more);
    const MotionBatch after = m->predict(more.q0, more.v0, more.u);
    CHECK((after.mean - ends(more)).norm() < 1.05 * (before.mean - ends(more)).norm());
    CHECK(after.standard_deviation().sum() < before.standard_deviation().sum());
  }
}

TEST_CASE("adding rows is exact: the field's posterior precision grows by their outer products") {
  const Lesson l = lesson("chain2", 60, 5);
  auto m = make_gated_harmonics(l.encoding, 2);
  m->fit(l.known);
  const MatrixXd before = m->posterior().precision.reconstructedMatrix();
  m->add(l.fresh.rows(Eigen::seqN(0, 3)));
  const MatrixXd grown = m->posterior().precision.reconstructedMatrix() - before;
  const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(grown);
  // Three rows, two test functions: rank 6, positive.
  const VectorXd value = eigen.eigenvalues().reverse();
  CHECK(value(5) > 0.0);
  CHECK(value.tail(value.size() - 6).cwiseAbs().maxCoeff() < 1e-8 * before.cwiseAbs().maxCoeff());
}

TEST_CASE("the pool trusts the one that is right") {
  random::Stream s({6, 0, random::Purpose::test, 0});
  const int n = 300;
  MatrixXd end(n, 2), good(n, 2), junk(n, 2);
  MotionBatch a, b;
  for (int k = 0; k < n; ++k) {
    for (int j = 0; j < 2; ++j) {
      end(k, j) = s.normal();
      good(k, j) = end(k, j) + 0.1 * s.normal();
      junk(k, j) = s.normal();
    }
    a.covariance.emplace_back(0.01 * MatrixXd::Identity(2, 2));
    b.covariance.emplace_back(2.0 * MatrixXd::Identity(2, 2));
  }
  a.mean = good;
  b.mean = junk;
  const VectorXd w = pool_exponents({a, b}, end);
  CHECK(w.sum() == doctest::Approx(1.0));
  CHECK(w(0) > 0.9);
  // Where both are the same belief, so is the pool.
  const MotionBatch same = pool({a, a}, Eigen::Vector2d(0.3, 0.7));
  CHECK((same.mean - a.mean).cwiseAbs().maxCoeff() < 1e-12);
  CHECK((same.covariance[0] - a.covariance[0]).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("the gate falls back where mechanics is not identified") {
  // Three links with twelve steps: alone, mechanics is worse than guessing no change.
  const Lesson l = lesson("chain3", 12, 1);
  MechanicsModel alone(l.encoding, {});
  alone.fit(l.known);
  REQUIRE(velocity_error(alone, l) > 1.0);
  std::vector<std::unique_ptr<MotionModel>> two;
  two.push_back(std::make_unique<MechanicsModel>(l.encoding, MechanicsModelOptions{}));
  two.push_back(std::make_unique<ReadoutMotion>(l.encoding, ReadoutMotionOptions{60}, 1, 0));
  EvidenceGate gate(std::move(two));
  gate.fit(l.known);
  CHECK(velocity_error(gate, l) < 0.7 * velocity_error(alone, l));
}

TEST_CASE("data of another body are refused") {
  const Lesson l = lesson("chain2", 10, 1);
  const Lesson other = lesson("cartpole", 10, 1);
  for (auto& m : every_model(l.encoding)) CHECK_THROWS_AS(m->fit(other.known), std::logic_error);
}
