// The flight kernel of every instruction set against its readable twin and against the law that it was packed from.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/inference/mechanics_tables.hpp"
#include "core/kernels/mechanics.hpp"
#include "core/random/stream.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace infans::kernels {
extern const BodyTable body_v2;
extern const BodyTable body_v3;
extern const BodyTable body_v4;
}  // namespace infans::kernels

namespace {

std::vector<const kernels::BodyTable*> tables() {
  std::vector<const kernels::BodyTable*> all{&kernels::body_v2};
  if (__builtin_cpu_supports("x86-64-v3")) all.push_back(&kernels::body_v3);
  if (__builtin_cpu_supports("x86-64-v4")) all.push_back(&kernels::body_v4);
  return all;
}

// A body of n joints (the first one slides) and m commands; the constant part of P dominates. A share of the weights is
// exactly 0, as after pruning.
model::MechanicsLaw random_law(int n, int m, random::Stream& s) {
  model::Encoding e;
  e.coordinates.assign(static_cast<std::size_t>(n), model::Coordinate::circular);
  if (n > 1) e.coordinates[0] = model::Coordinate::linear;
  e.position_scale = VectorXd::Ones(n);
  e.velocity_scale = VectorXd::Constant(n, 3.0);
  e.actions = m;
  e.dt = 0.05;
  model::MechanicsOptions o;
  o.inertia_order = 2;
  o.potential_order = 2;
  o.commands = model::CommandMatrix::full;
  const model::Mechanics body(e, o);
  VectorXd w = body.prior_mean(VectorXd::Constant(n, 2.0));
  const int series = body.inertia_weight(model::pair_count(n));
  const double size = 1.0 / std::sqrt(static_cast<double>(body.inertia_weight(1) * n));
  for (int k = 0; k < body.weights(); ++k)
    if (s.uniform() < 0.5) w(k) += (k < series ? 0.3 * size : 0.3) * s.normal();
  model::MechanicsLaw law = body.law(w);
  law.pivot_floor = 0.05;
  law.acceleration_limit = VectorXd::Constant(n, 100.0);
  return law;
}

MatrixXd random_rows(int rows, int columns, double scale, random::Stream& s) {
  MatrixXd x(rows, columns);
  for (double& v : x.reshaped()) v = static_cast<float>(scale * s.normal());
  return x;
}

}  // namespace

// Numbers of size up to 10 in float: a step rounds each of some hundred operations at 6e-7, and P's condition (below
// 10) and the dry friction's slope (50 per velocity scale, times 0.05 s) multiply that: 2e-4 leaves a margin of 5.
TEST_CASE("every instruction set flies as the twin does, and the twin as the law") {
  random::Stream s({5, 0, random::Purpose::test, 0});
  for (int n = 1; n <= kernels::max_joints; ++n)
    for (const int m : {1, n}) {
      const model::MechanicsLaw law = random_law(n, m, s);
      const inference::MechanicsTables packed(law, 0.05, 2);
      const int rows = 37;  // not a multiple of any width
      const MatrixXd q = random_rows(rows, n, 2.0, s), v = random_rows(rows, n, 2.0, s),
                     u = random_rows(rows, m, 0.6, s);
      MatrixXd q1 = q, v1 = v, truth(rows, 2 * n);
      model::advance([&](const MatrixXd& a, const MatrixXd& b, const MatrixXd& c,
                         MatrixXd& out) { law.acceleration(a, b, c, out); },
                     q1, v1, u, 0.05, 2);
      truth << q1, v1;
      // The twin is double in between: weights and results rounded to float are all that differs.
      const MatrixXd twin = packed.ends(kernels::plain_body(), q, v, u);
      CHECK((twin - truth).cwiseAbs().maxCoeff() < 2e-5);
      for (const kernels::BodyTable* t : tables()) {
        CAPTURE(t->isa);
        CAPTURE(n);
        CHECK((packed.ends(*t, q, v, u) - twin).cwiseAbs().maxCoeff() < 2e-4);
      }
    }
}

// An acceleration has no step to shrink it: errors are 1 / 0.05 s of the above.
TEST_CASE("every instruction set accelerates as the twin does, and the twin as the law") {
  random::Stream s({8, 0, random::Purpose::test, 0});
  for (int n = 1; n <= kernels::max_joints; ++n) {
    const model::MechanicsLaw law = random_law(n, 1, s);
    const inference::MechanicsTables packed(law, 0.05, 2);
    const int rows = 37, stride = 48;
    const MatrixXd q = random_rows(rows, n, 2.0, s), v = random_rows(rows, n, 2.0, s), u = random_rows(rows, 1, 0.6, s);
    Eigen::MatrixXf z = Eigen::MatrixXf::Zero(stride, 2 * n + 1), out(stride, n);
    z.topRows(rows) << q.cast<float>(), v.cast<float>(), u.cast<float>();
    MatrixXd truth;
    law.acceleration(q, v, u, truth);
    const auto by = [&](const kernels::BodyTable& t) {
      t.accelerate(packed.model(), z.data(), rows, stride, out.data());
      return MatrixXd(out.topRows(rows).cast<double>());
    };
    CHECK((by(kernels::plain_body()) - truth).cwiseAbs().maxCoeff() < 4e-4);
    for (const kernels::BodyTable* t : tables()) {
      CAPTURE(t->isa);
      CHECK((by(*t) - truth).cwiseAbs().maxCoeff() < 4e-3);
    }
  }
}

TEST_CASE("a column does not depend on its neighbours") {
  random::Stream s({6, 0, random::Purpose::test, 0});
  const inference::MechanicsTables packed(random_law(3, 3, s), 0.05, 2);
  const MatrixXd q = random_rows(33, 3, 2.0, s), v = random_rows(33, 3, 2.0, s), u = random_rows(33, 3, 0.6, s);
  for (const kernels::BodyTable* t : tables()) {
    const MatrixXd all = packed.ends(*t, q, v, u);
    CHECK(packed.ends(*t, q.middleRows(20, 5), v.middleRows(20, 5), u.middleRows(20, 5)) == all.middleRows(20, 5));
  }
}

TEST_CASE("what the kernel cannot fly is refused") {
  random::Stream s({7, 0, random::Purpose::test, 0});
  CHECK_THROWS_AS(inference::MechanicsTables(random_law(9, 1, s), 0.05, 2), std::logic_error);
}
