#include "core/inference/field_tables.hpp"

#include <stdexcept>

#include "core/inference/wave_plan.hpp"

namespace infans::inference {
namespace {

std::vector<float> floats(const Eigen::VectorXd& x) {
  std::vector<float> out;
  for (const double value : x) out.push_back(static_cast<float>(value));
  return out;
}

}  // namespace

bool FieldTables::fits(const model::GatedHarmonics& features, int commands, int outputs) {
  return features.harmonics().scale.size() <= kernels::max_joints && commands <= kernels::max_commands &&
         outputs <= kernels::max_outputs;
}

FieldTables::FieldTables(const model::GatedHarmonics& features, int commands, const Eigen::MatrixXd& weights,
                         const Eigen::VectorXd& limits, double period, int steps)
    : joints(static_cast<int>(features.harmonics().scale.size())),
      commands(commands),
      steps(steps),
      outputs(static_cast<int>(weights.cols())),
      period(static_cast<float>(period)),
      scale(floats(features.harmonics().scale)),
      velocity_scale(floats(features.velocity_scale())),
      limit(floats(limits)) {
  if (!fits(features, commands, outputs)) throw std::logic_error("FieldTables: too many joints, commands or outputs");
  const model::Harmonics& h = features.harmonics();
  const WavePlan plan(h.wave);
  waves = plan.count();
  back = plan.back;
  parent = plan.parent;
  turn = plan.turn;
  const int count = features.monomials(), columns = outputs * count;
  weight.assign(static_cast<std::size_t>((1 + 2 * waves) * columns), 0.0F);
  for (int o = 0; o < outputs; ++o)
    for (int m = 0; m < count; ++m)
      for (int w = 0; w < h.waves(); ++w) {
        const int place = plan.place[static_cast<std::size_t>(w)];
        const auto put = [&](int row, int harmonic) {
          weight[static_cast<std::size_t>(row * columns + o * count + m)] =
              static_cast<float>(weights(m * h.count() + harmonic, o));
        };
        put(place < 0 ? 0 : 1 + 2 * place, h.cosine(w));
        if (place >= 0) put(2 + 2 * place, h.sine(w));
      }
}

kernels::FieldModel FieldTables::model() const {
  kernels::FieldModel f;
  f.joints = joints;
  f.commands = commands;
  f.steps = steps;
  f.period = period;
  f.scale = scale.data();
  f.velocity_scale = velocity_scale.data();
  f.waves = waves;
  f.parent = parent.data();
  f.turn = turn.data();
  f.back = back.data();
  f.limit = limit.empty() ? nullptr : limit.data();
  f.outputs = outputs;
  f.weight = weight.data();
  return f;
}

}  // namespace infans::inference
