// The field kernel of every instruction set against its readable twin and against the features that it was packed from.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "core/inference/batch.hpp"
#include "core/inference/field_tables.hpp"
#include "core/model/path.hpp"
#include "core/random/stream.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace infans::kernels {
extern const FieldTable field_v2;
extern const FieldTable field_v3;
extern const FieldTable field_v4;
}  // namespace infans::kernels

namespace {

std::vector<const kernels::FieldTable*> tables() {
  std::vector<const kernels::FieldTable*> all{&kernels::field_v2};
  if (__builtin_cpu_supports("x86-64-v3")) all.push_back(&kernels::field_v3);
  if (__builtin_cpu_supports("x86-64-v4")) all.push_back(&kernels::field_v4);
  return all;
}

model::GatedHarmonics features_of(int joints, int commands, int order) {
  model::Encoding e;
  e.coordinates.assign(static_cast<std::size_t>(joints), model::Coordinate::circular);
  if (joints > 1) e.coordinates[0] = model::Coordinate::linear;
  e.position_scale = VectorXd::Constant(joints, 2.0);
  e.velocity_scale = VectorXd::LinSpaced(joints, 2.0, 5.0);
  e.actions = commands;
  e.dt = 0.1;
  return {e, order};
}

// Numbers that floats hold exactly.
MatrixXd random_rows(Eigen::Index rows, Eigen::Index columns, double scale, random::Stream& s) {
  MatrixXd x(rows, columns);
  for (double& v : x.reshaped()) v = static_cast<float>(scale * s.normal());
  return x;
}

struct Scene {
  MatrixXd q, v, u;
  inference::Batch z;

  Scene(int joints, int commands, int rows, random::Stream& s)
      : q(random_rows(rows, joints, 2.0, s)),
        v(random_rows(rows, joints, 2.0, s)),
        u(random_rows(rows, commands, 0.6, s)) {
    z.resize(2 * joints + commands, rows);
    MatrixXd all(rows, 2 * joints + commands);
    all << q, v, u;
    for (int i = 0; i < all.cols(); ++i)
      for (int k = 0; k < rows; ++k) z.row(i)[k] = static_cast<float>(all(k, i));
  }
};

using Call = void (*)(const kernels::FieldModel&, const float*, int, int, float*, float*);

MatrixXd called(Call call, const kernels::FieldModel& m, const Scene& s, int outputs) {
  const int rows = static_cast<int>(s.q.rows());
  inference::Batch out;
  out.resize(outputs, rows);
  std::vector<float> scratch(static_cast<std::size_t>(kernels::scratch_floats(m)));
  call(m, s.z.row(0), rows, s.z.stride, out.row(0), scratch.data());
  MatrixXd result(rows, outputs);
  for (int i = 0; i < outputs; ++i)
    for (int k = 0; k < rows; ++k) result(k, i) = double{out.row(i)[k]};
  return result;
}

}  // namespace

// An evaluation adds up to 600 products of size 1 whose harmonics are off by up to 4 x 10 rad x 6e-8: 1e-4 holds the
// rounding of numbers up to 30 with a margin of ten.
TEST_CASE("every instruction set evaluates and flies as the twin does, and the twin as the features") {
  random::Stream s({5, 0, random::Purpose::test, 0});
  for (const int joints : {1, 2, 3}) {
    const int commands = joints == 2 ? 1 : joints, order = joints == 3 ? 2 : 4, rows = 37;
    const model::GatedHarmonics features = features_of(joints, commands, order);
    const Scene scene(joints, commands, rows, s);
    const MatrixXd weights = random_rows(features.count(), joints, 1.0 / std::sqrt(features.count()), s);
    const inference::FieldTables packed(features, commands, weights, VectorXd::Constant(joints, 1.5), 0.1, 2);
    const auto law = [&](const MatrixXd& q, const MatrixXd& v, const MatrixXd& u, MatrixXd& a) {
      MatrixXd phi;
      features.evaluate(q, v, u, phi);
      a = (phi * weights).cwiseMin(1.5).cwiseMax(-1.5);  // the limit binds in some states
    };
    MatrixXd a;
    law(scene.q, scene.v, scene.u, a);
    const MatrixXd end = model::end_of(law, scene.q, scene.v, scene.u, 0.1, 2);
    const kernels::FieldModel m = packed.model();
    const MatrixXd twin_a = called(kernels::plain_field().evaluate, m, scene, joints),
                   twin = called(kernels::plain_field().fly, m, scene, 2 * joints);
    CHECK((twin_a - a).cwiseAbs().maxCoeff() < 1e-5);  // weights rounded to float are all that differs
    CHECK((twin - end).cwiseAbs().maxCoeff() < 1e-5);
    for (const kernels::FieldTable* t : tables()) {
      CAPTURE(t->isa);
      CAPTURE(joints);
      CHECK((called(t->evaluate, m, scene, joints) - twin_a).cwiseAbs().maxCoeff() < 1e-4);
      CHECK((called(t->fly, m, scene, 2 * joints) - twin).cwiseAbs().maxCoeff() < 1e-4);
    }
  }
}

TEST_CASE("what the field kernel cannot take is refused") {
  const model::GatedHarmonics features = features_of(9, 1, 1);
  CHECK_THROWS_AS(inference::FieldTables(features, 1, MatrixXd::Zero(features.count(), 9), VectorXd(), 0.1, 2),
                  std::logic_error);
}
