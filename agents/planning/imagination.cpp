#include "agents/planning/imagination.hpp"

#include <algorithm>
#include <cmath>

namespace infans::agents {
namespace {

// Predictions far outside what a velocity scale means are extrapolation: clipped at this multiple of the scale.
// Positions are never clipped: a hinge that turned many times is a legal state.
constexpr float velocity_clip = 8.0F;

int padded(int n) { return (n + kernels::lanes - 1) / kernels::lanes * kernels::lanes; }

}  // namespace

void Batch::resize(int rows, int candidates) {
  stride = padded(candidates);
  const std::size_t size = static_cast<std::size_t>(rows) * static_cast<std::size_t>(stride);
  if (values.size() < size) values.resize(size, 0.0F);
}

Imagination::Imagination(const model::Encoding& encoding, const kernels::Table& kernels)
    : encoding_(encoding), kernels_(kernels) {
  const int n = encoding.positions();
  for (int i = 0; i < n; ++i) {
    if (encoding.coordinates[i] == model::Coordinate::circular) {
      const int sine = static_cast<int>(links_.size());
      links_.push_back({i, 1.0F, sine + 1});
      links_.push_back({i, -1.0F, sine});
    } else {
      links_.push_back({i, static_cast<float>(1.0 / encoding.position_scale(i))});
    }
  }
  for (int i = 0; i < n; ++i) {
    links_.push_back({n + i, static_cast<float>(1.0 / encoding.velocity_scale(i))});
    velocity_limit_.push_back(velocity_clip * static_cast<float>(encoding.velocity_scale(i)));
  }
  for (int i = 0; i < encoding.actions; ++i) links_.push_back({2 * n + i, 1.0F});
}

void Imagination::encode(const Batch& state, const Batch& action, int n) {
  const int width = padded(n), states = state_size();
  z_.resize(encoding_.inputs(), n);
  out_.resize(tables_.outputs + tables_.draws, n);
  const auto needed = static_cast<std::size_t>(kernels::scratch_floats(tables_.model()));
  if (scratch_.size() < needed) scratch_.resize(needed);
  for (std::size_t j = 0; j < links_.size(); ++j) {
    const Link& link = links_[j];
    const float* source = link.source < states ? state.row(link.source) : action.row(link.source - states);
    if (link.partner > static_cast<int>(j)) {
      kernels_.sincos(source, width, z_.row(static_cast<int>(j)), z_.row(link.partner));
      ++j;  // the cosine's row is filled too
      continue;
    }
    float* target = z_.row(static_cast<int>(j));
    for (int k = 0; k < width; ++k) target[k] = source[k] * link.factor;
  }
}

void Imagination::step(const Batch& state, const Batch& action, int n, Batch& next, float* gain) {
  encode(state, action, n);
  next.resize(state_size(), n);
  kernels::FeatureModel m = tables_.model();
  kernels_.forward(m, z_.row(0), padded(n), z_.stride, out_.row(0), scratch_.data());
  const int positions = encoding_.positions(), width = padded(n);
  const float dt = static_cast<float>(encoding_.dt);
  for (int i = 0; i < positions; ++i) {
    const float *q = state.row(i), *v = state.row(positions + i);
    const float *dq = out_.row(i), *dv = out_.row(positions + i);
    float *q1 = next.row(i), *v1 = next.row(positions + i);
    const float limit = velocity_limit_[static_cast<std::size_t>(i)];
    for (int k = 0; k < width; ++k) {
      q1[k] = q[k] + dt * v[k] + dq[k];
      v1[k] = std::clamp(v[k] + dv[k], -limit, limit);
    }
  }
  if (gain == nullptr || tables_.draws == 0) return;
  const float scale = 1.0F / static_cast<float>(tables_.draws);
  for (int k = 0; k < width; ++k) gain[k] = 0.0F;
  for (int d = 0; d < tables_.draws; ++d) {
    const float* projection = out_.row(tables_.outputs + d);
    for (int k = 0; k < width; ++k) gain[k] += projection[k] * projection[k] * scale;
  }
  const float half = 0.5F * static_cast<float>(tables_.outputs);
  for (int k = 0; k < n; ++k) gain[k] = half * std::log1p(gain[k]);
}

void Imagination::linearise(const Batch& state, const Batch& action, int n, Batch& jacobian, Batch& gain_gradient) {
  encode(state, action, n);
  const int inputs = encoding_.inputs(), columns = tables_.outputs + tables_.draws, width = padded(n);
  const int states = state_size(), variables = states + action_size(), positions = encoding_.positions();
  jacobian_z_.resize(columns * inputs, n);
  kernels_.jacobian(tables_.model(), z_.row(0), width, z_.stride, out_.row(0), jacobian_z_.row(0), scratch_.data());

  // Chain through the encoding, in place: every input has exactly one source.
  for (int j = 0; j < inputs; ++j) {
    const Link& link = links_[static_cast<std::size_t>(j)];
    for (int c = 0; c < columns; ++c) {
      float* d = jacobian_z_.row(c * inputs + j);
      for (int k = 0; k < width; ++k) d[k] *= link.factor;
      if (link.partner < 0) continue;
      const float* partner = z_.row(link.partner);
      for (int k = 0; k < width; ++k) d[k] *= partner[k];
    }
  }
  jacobian.resize(states * variables, n);
  gain_gradient.resize(variables, n);
  std::fill(jacobian.values.begin(), jacobian.values.end(), 0.0F);
  std::fill(gain_gradient.values.begin(), gain_gradient.values.end(), 0.0F);
  const float dt = static_cast<float>(encoding_.dt);
  for (int i = 0; i < states; ++i) {
    float* unit = jacobian.row(i * variables + i);
    for (int k = 0; k < width; ++k) unit[k] = 1.0F;
    for (int j = 0; j < inputs; ++j) {
      float* target = jacobian.row(i * variables + links_[static_cast<std::size_t>(j)].source);
      const float* d = jacobian_z_.row(i * inputs + j);
      for (int k = 0; k < width; ++k) target[k] += d[k];
    }
    if (i >= positions) continue;
    float* velocity = jacobian.row(i * variables + positions + i);
    for (int k = 0; k < width; ++k) velocity[k] += dt;
  }
  if (tables_.draws == 0) return;
  // gain = O/2 ln(1 + v), v = mean_d p_d^2.
  std::vector<float>& factor = gain_factor_;
  factor.assign(static_cast<std::size_t>(width), 1.0F);
  const float share = 1.0F / static_cast<float>(tables_.draws);
  for (int d = 0; d < tables_.draws; ++d) {
    const float* p = out_.row(tables_.outputs + d);
    for (int k = 0; k < width; ++k) factor[static_cast<std::size_t>(k)] += share * p[k] * p[k];
  }
  for (float& f : factor) f = static_cast<float>(tables_.outputs) * share / f;
  for (int d = 0; d < tables_.draws; ++d) {
    const float* p = out_.row(tables_.outputs + d);
    for (int j = 0; j < inputs; ++j) {
      float* target = gain_gradient.row(links_[static_cast<std::size_t>(j)].source);
      const float* g = jacobian_z_.row((tables_.outputs + d) * inputs + j);
      for (int k = 0; k < width; ++k) target[k] += factor[static_cast<std::size_t>(k)] * p[k] * g[k];
    }
  }
}

}  // namespace infans::agents
