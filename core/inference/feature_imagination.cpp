#include "core/inference/feature_imagination.hpp"

#include <algorithm>
#include <cmath>

#include "core/kernels/operations.hpp"

namespace infans::inference {

std::vector<float> row_major(const Eigen::MatrixXd& m) {
  std::vector<float> out;
  out.reserve(static_cast<std::size_t>(m.size()));
  for (Eigen::Index i = 0; i < m.rows(); ++i)
    for (Eigen::Index j = 0; j < m.cols(); ++j) out.push_back(static_cast<float>(m(i, j)));
  return out;
}

kernels::FeatureModel RolloutTables::model() const {
  return {inputs,       fourier,        frequency.data(), phase.data(),    hidden,        weight1.data(),
          bias1.data(), weight2.data(), bias2.data(),     outputs + draws, readout.data()};
}

FeatureImagination::FeatureImagination(const model::Encoding& encoding, const kernels::Table& kernels)
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

void FeatureImagination::encode(const Batch& state, const Batch& action, int n) {
  const int width = padded(n), states = encoding_.state_size();
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

Operations FeatureImagination::operations(bool curious) const {
  const kernels::FeatureModel m = tables_.model();
  double encoding = 0.0;
  for (const Link& link : links_) encoding += link.partner < 0 ? 1.0 : 0.5 * kernels::sine_and_cosine_operations;
  const double gain = curious ? 2.0 * tables_.draws + 2.0 + kernels::log1p_operations : 0.0;
  const double drift = 4.0 * encoding_.positions();
  // The chain rule through the encoding, and the sums over the draws.
  const double chain = (tables_.outputs + tables_.draws) * (2.0 * encoding_.inputs()) +
                       (curious ? 2.0 * tables_.draws * (1.0 + encoding_.inputs()) : 0.0);
  return {encoding + kernels::forward_operations(m) + drift + gain, encoding + kernels::jacobian_operations(m) + chain};
}

void FeatureImagination::step(const Batch& state, const Batch& action, int n, Batch& next, float* gain) {
  encode(state, action, n);
  next.resize(encoding_.state_size(), n);
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
  kernels_.log1p(gain, width, gain);
  for (int k = 0; k < width; ++k) gain[k] *= half;
}

Deviations FeatureImagination::deviations() const {
  if (tables_.draws == 0) return {};
  return {&out_, tables_.outputs, tables_.draws, 1, 1.0F, tables_.outputs};
}

// The kernel's derivatives to the encoded inputs, brought to states and commands.
void FeatureImagination::linearise(const Eigen::MatrixXd& state, const Eigen::MatrixXd& action, bool curious,
                                   Linearisation& out) {
  const int n = static_cast<int>(state.cols()), width = padded(n);
  const int states = encoding_.state_size(), variables = states + encoding_.actions;
  state_.resize(states, n);
  action_.resize(encoding_.actions, n);
  for (int k = 0; k < n; ++k) {
    for (int i = 0; i < states; ++i) state_.row(i)[k] = static_cast<float>(state(i, k));
    for (int i = 0; i < encoding_.actions; ++i) action_.row(i)[k] = static_cast<float>(action(i, k));
  }
  encode(state_, action_, n);
  jacobian_z_.resize((tables_.outputs + tables_.draws) * encoding_.inputs(), n);
  kernels_.jacobian(tables_.model(), z_.row(0), width, z_.stride, out_.row(0), jacobian_z_.row(0), scratch_.data());
  chain_through_encoding(n);

  out.jacobian.resize(static_cast<std::size_t>(n));
  for (Eigen::MatrixXd& j : out.jacobian) j.setZero(states, variables);
  out.gain_gradient.setZero(variables, n);
  const float dt = static_cast<float>(encoding_.dt);
  std::vector<float>& sum = sum_;
  for (int i = 0; i < states; ++i)
    for (int v = 0; v < variables; ++v) {
      sum.assign(static_cast<std::size_t>(width), v == i ? 1.0F : 0.0F);
      for (int j = 0; j < encoding_.inputs(); ++j) {
        if (links_[static_cast<std::size_t>(j)].source != v) continue;
        const float* d = jacobian_z_.row(i * encoding_.inputs() + j);
        for (int k = 0; k < width; ++k) sum[static_cast<std::size_t>(k)] += d[k];
      }
      const bool drifts = i < encoding_.positions() && v == encoding_.positions() + i;
      for (int k = 0; k < n; ++k)
        out.jacobian[static_cast<std::size_t>(k)](i, v) = sum[static_cast<std::size_t>(k)] + (drifts ? dt : 0.0F);
    }
  if (curious && tables_.draws > 0) add_gain_gradient(n, out.gain_gradient);
}

// In place: every input has exactly one source.
void FeatureImagination::chain_through_encoding(int n) {
  const int inputs = encoding_.inputs(), columns = tables_.outputs + tables_.draws, width = padded(n);
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
}

// gain = O/2 ln(1 + v), v = mean_d p_d^2.
void FeatureImagination::add_gain_gradient(int n, Eigen::MatrixXd& gradient) {
  const int width = padded(n), inputs = encoding_.inputs();
  std::vector<float>& factor = gain_factor_;
  factor.assign(static_cast<std::size_t>(width), 1.0F);
  const float share = 1.0F / static_cast<float>(tables_.draws);
  for (int d = 0; d < tables_.draws; ++d) {
    const float* p = out_.row(tables_.outputs + d);
    for (int k = 0; k < width; ++k) factor[static_cast<std::size_t>(k)] += share * p[k] * p[k];
  }
  for (float& f : factor) f = static_cast<float>(tables_.outputs) * share / f;
  Batch& sum = state_;
  sum.resize(static_cast<int>(gradient.rows()), n);
  for (int v = 0; v < gradient.rows(); ++v) std::fill(sum.row(v), sum.row(v) + width, 0.0F);
  for (int d = 0; d < tables_.draws; ++d) {
    const float* p = out_.row(tables_.outputs + d);
    for (int j = 0; j < inputs; ++j) {
      float* target = sum.row(links_[static_cast<std::size_t>(j)].source);
      const float* g = jacobian_z_.row((tables_.outputs + d) * inputs + j);
      for (int k = 0; k < width; ++k) target[k] += factor[static_cast<std::size_t>(k)] * p[k] * g[k];
    }
  }
  for (int v = 0; v < gradient.rows(); ++v)
    for (int k = 0; k < n; ++k) gradient(v, k) = sum.row(v)[k];
}

}  // namespace infans::inference
