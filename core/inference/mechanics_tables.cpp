#include "core/inference/mechanics_tables.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/inference/wave_plan.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

template <typename Matrix>
std::vector<float> row_major(const Matrix& m) {
  std::vector<float> out;
  for (Index i = 0; i < m.rows(); ++i)
    for (Index j = 0; j < m.cols(); ++j) {
      const double limit = std::numeric_limits<float>::max();
      out.push_back(static_cast<float>(std::clamp<double>(m(i, j), -limit, limit)));
    }
  return out;
}

}  // namespace

MechanicsTables::MechanicsTables(const model::MechanicsLaw& law, double period, int steps)
    : joints(law.joints()),
      commands(static_cast<int>(law.command.cols())),
      steps(steps),
      period(static_cast<float>(period)),
      pivot_floor(static_cast<float>(law.pivot_floor)) {
  if (joints > kernels::max_joints || law.forces)
    throw std::logic_error("MechanicsTables: too many joints, or forces of another level");
  const WavePlan plan(law.harmonics.wave);
  waves = plan.count();
  if (waves > kernels::max_waves) throw std::logic_error("MechanicsTables: too many waves");
  constant.assign(static_cast<std::size_t>(joints * joints), 0.0F);
  scale = row_major(law.harmonics.scale.transpose());
  potential.assign(static_cast<std::size_t>(2 * waves), 0.0F);
  std::vector<std::vector<kernels::InertiaTerm>> per_wave(static_cast<std::size_t>(waves));
  for (int w = 0; w < law.harmonics.waves(); ++w) {
    const int at = plan.place[static_cast<std::size_t>(w)];
    if (at >= 0) {
      potential[static_cast<std::size_t>(2 * at)] = static_cast<float>(law.potential_cosine(w));
      potential[static_cast<std::size_t>(2 * at + 1)] = static_cast<float>(law.potential_sine(w));
    }
    for (int i = 0; i < joints; ++i)
      for (int j = i; j < joints; ++j) {
        const auto c = static_cast<float>(law.inertia_cosine(w, model::pair_index(i, j, joints)));
        const auto s = static_cast<float>(law.inertia_sine(w, model::pair_index(i, j, joints)));
        if (at < 0)
          constant[static_cast<std::size_t>(i * joints + j)] = c;
        else if (c != 0.0F || s != 0.0F)
          per_wave[static_cast<std::size_t>(at)].push_back({i, j, c, s});
      }
  }
  parent = plan.parent;
  turn = plan.turn;
  back = plan.back;
  first_term.push_back(0);
  for (std::size_t w = 0; w < plan.wave.size(); ++w) {
    for (int i = 0; i < joints; ++i)
      slope.push_back(static_cast<float>(plan.wave[w][static_cast<std::size_t>(i)] * law.harmonics.scale(i)));
    terms.insert(terms.end(), per_wave[w].begin(), per_wave[w].end());
    first_term.push_back(static_cast<int>(terms.size()));
  }
  MatrixXd all = MatrixXd::Zero(3, joints);
  all.topRows(law.friction.rows()) = law.friction;
  friction = row_major(all);
  velocity_scale = row_major(law.velocity_scale.transpose());
  command = row_major(law.command);
  limit = row_major(law.acceleration_limit.transpose());
}

kernels::BodyModel MechanicsTables::model() const {
  kernels::BodyModel b;
  b.joints = joints;
  b.commands = commands;
  b.steps = steps;
  b.period = period;
  b.constant = constant.data();
  b.scale = scale.data();
  b.waves = waves;
  b.parent = parent.data();
  b.turn = turn.data();
  b.back = back.data();
  b.slope = slope.data();
  b.potential = potential.data();
  b.first_term = first_term.data();
  b.terms = terms.data();
  b.friction = friction.data();
  b.dry_friction =
      std::any_of(friction.begin() + joints, friction.begin() + 2 * joints, [](float x) { return x != 0.0F; });
  b.velocity_scale = velocity_scale.data();
  b.command = command.data();
  b.pivot_floor = pivot_floor;
  b.limit = limit.data();
  return b;
}

MatrixXd MechanicsTables::ends(const kernels::BodyTable& table, const MatrixXd& q, const MatrixXd& v,
                               const MatrixXd& u) const {
  const int rows = static_cast<int>(q.rows());
  const int stride = (rows + kernels::lanes - 1) / kernels::lanes * kernels::lanes;
  Eigen::MatrixXf z = Eigen::MatrixXf::Zero(stride, 2 * joints + commands), out(stride, 2 * joints);
  z.topRows(rows) << q.cast<float>(), v.cast<float>(), u.cast<float>();
  table.fly(model(), z.data(), rows, stride, out.data());
  return out.topRows(rows).cast<double>();
}

}  // namespace infans::inference
