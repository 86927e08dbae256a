#include "core/kernels/operations.hpp"

namespace infans::kernels {
namespace {

// Classical Runge-Kutta beside its four evaluations: three stages and the sum.
double runge_kutta(int joints, int steps, double evaluation) { return steps * (4.0 * evaluation + 28.0 * joints); }

}  // namespace

double forward_operations(const FeatureModel& m) {
  const double inputs = m.inputs, hidden = m.hidden;
  return m.fourier * (2.0 * inputs + cosine_half_turns_operations) +
         hidden * (2.0 * inputs + 2.0 * hidden + 2.0 * tanh_operations) + 2.0 * m.features() * m.columns;
}

double jacobian_operations(const FeatureModel& m) {
  const double inputs = m.inputs, hidden = m.hidden, columns = m.columns;
  const double fourier = m.fourier * (sine_half_turns_operations + 1.0 + columns * (1.0 + 2.0 * inputs));
  const double hierarchy =
      hidden > 0 ? inputs * hidden * (2.0 * hidden + 2.0) + 4.0 * hidden + 2.0 * columns * inputs * hidden : 0.0;
  return forward_operations(m) + fourier + hierarchy;
}

double evaluate_operations(const FieldModel& f) {
  double waves = 0.0;
  for (int w = 0; w < f.waves; ++w) waves += f.parent[w] >= 0 ? 6.0 : 0.0;
  const double pairs = 0.5 * f.joints * (f.joints + 1), monomials = f.monomials();
  return f.joints * (sine_and_cosine_operations + 1.0) + waves + f.joints + pairs +
         2.0 * f.outputs * monomials * (f.features() + 1.0);
}

double fly_operations(const FieldModel& f) { return runge_kutta(f.joints, f.steps, evaluate_operations(f)); }

double accelerate_operations(const BodyModel& b) {
  const double n = b.joints;
  double waves = 0.0;
  for (int w = 0; w < b.waves; ++w) {
    waves += (b.parent[w] >= 0 ? 6.0 : 0.0) + 3.0 + 2.0 * n;
    if (b.first_term[w] < b.first_term[w + 1]) waves += 6.0 * n + 2.0;
    for (int k = b.first_term[w]; k < b.first_term[w + 1]; ++k)
      waves += 4.0 + 3.0 + (b.terms[k].i == b.terms[k].j ? 2.0 : 4.0);
  }
  const double solving = n * (n - 1) * (n + 1) / 3.0 + 2.5 * n * (n - 1) + 2.0 * n;
  const double friction = n * (5.0 + (b.dry_friction ? tanh_operations + 3.0 : 0.0));
  double trigonometry = 0.0;
  for (int i = 0; i < b.joints; ++i) trigonometry += turns(b, i) ? sine_and_cosine_operations + 1.0 : 0.0;
  return waves + solving + friction + trigonometry;
}

double fly_operations(const BodyModel& b) { return runge_kutta(b.joints, b.steps, accelerate_operations(b)); }

}  // namespace infans::kernels
