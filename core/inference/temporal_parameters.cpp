// The learned parameters of a stack as one vector, and the gradient by it.
#include <cmath>

#include "core/inference/temporal_learn.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::GaussianNoise;
using model::LinearTemporalModel;
using model::Moments;
using model::TemporalHierarchy;

MatrixXd block(const MatrixXd& m, Index at, Index size) { return m.block(at, at, size, size); }

void set_noise(GaussianNoise& noise, const VectorXd& values, Index& at) {
  const Index n = noise.size();
  MatrixXd l = MatrixXd::Zero(n, n);
  for (Index j = 0; j < n; ++j) {
    l(j, j) = std::exp(values(at++));
    for (Index i = j + 1; i < n; ++i) l(i, j) = values(at++);
  }
  noise = GaussianNoise::from_covariance(l * l.transpose(), "a learned covariance");
}

void append(VectorXd& out, const MatrixXd& m) {
  const Index at = out.size();
  out.conservativeResize(at + m.size());
  out.tail(m.size()) = m.reshaped();
}

void append_noise(VectorXd& out, const GaussianNoise& noise) {
  const MatrixXd l = noise.covariance.llt().matrixL();
  for (Index j = 0; j < l.cols(); ++j) {
    MatrixXd column = l.col(j).tail(l.rows() - j);
    column(0) = std::log(column(0));
    append(out, column);
  }
}

// d/dL of -1/2 tr(S Sigma^-1) - count/2 ln|Sigma|, Sigma = L L', in append_noise()'s coordinates.
void append_noise_score(VectorXd& out, const GaussianNoise& noise, const MatrixXd& squares, double count) {
  const MatrixXd l = noise.covariance.llt().matrixL(), &pi = noise.precision;
  const MatrixXd slope = (pi * squares * pi - count * pi) * l;
  for (Index j = 0; j < l.cols(); ++j) {
    MatrixXd column = slope.col(j).tail(l.rows() - j);
    column(0) *= l(j, j);
    append(out, column);
  }
}

void take(MatrixXd& m, const VectorXd& values, Index& at) {
  m.reshaped() = values.segment(at, m.size());
  at += m.size();
}

}  // namespace

VectorXd pack(const TemporalHierarchy& h, const TemporalParameters& p) {
  VectorXd out(0);
  for (int k = 0; k < h.levels(); ++k) {
    const auto& m = *h.level(k).model;
    if (const LinearTemporalModel* linear = h.linear(k)) {
      if (p.transition) append(out, linear->A);
      if (p.action) append(out, linear->B);
      if (p.observation) append(out, linear->C);
    }
    if (p.state_noise) append_noise(out, m.state_noise);
    if (p.observation_noise) append_noise(out, m.observation_noise);
    if (p.initial_mean) append(out, m.initial_mean);
  }
  return out;
}

void unpack(const VectorXd& values, const TemporalParameters& p, TemporalHierarchy& h) {
  Index at = 0;
  for (int k = 0; k < h.levels(); ++k) {
    auto& m = *h.level(k).model;
    if (LinearTemporalModel* linear = h.linear(k)) {
      if (p.transition) take(linear->A, values, at);
      if (p.action) take(linear->B, values, at);
      if (p.observation) take(linear->C, values, at);
    }
    if (p.state_noise) set_noise(m.state_noise, values, at);
    if (p.observation_noise && m.observations() > 0) set_noise(m.observation_noise, values, at);
    if (!p.initial_mean) continue;
    m.initial_mean = values.segment(at, m.states());
    at += m.states();
  }
  h.refresh();
}

VectorXd score(const TemporalHierarchy& h, const std::vector<LevelMoments>& sums, const TemporalParameters& p,
               double share) {
  VectorXd out(0);
  const double weight = share * p.prior_weight;
  for (int k = 0; k < h.levels(); ++k) {
    const auto& m = *h.level(k).model;
    const Moments &moved = sums[k].moved, &sight = sums[k].observed;
    MatrixXd w(m.states(), 0), c(m.observations(), 0);
    if (const LinearTemporalModel* linear = h.linear(k)) {
      w.resize(m.states(), m.states() + m.actions());
      w << linear->A, linear->B;
      c = linear->C;
      const MatrixXd law = m.state_noise.precision * (moved.yz - w * moved.zz);
      if (p.transition) append(out, law.leftCols(m.states()));
      if (p.action) append(out, law.rightCols(m.actions()));
      if (p.observation) append(out, m.observation_noise.precision * (sight.yz - c * sight.zz));
    }
    if (p.state_noise)
      append_noise_score(out, m.state_noise,
                         moved.residual(w) + weight * block(p.prior_state_noise, h.state_offset(k), m.states()),
                         moved.count + weight);
    if (p.observation_noise)
      append_noise_score(
          out, m.observation_noise,
          sight.residual(c) + weight * block(p.prior_observation_noise, h.observation_offset(k), m.observations()),
          sight.count + weight);
    if (p.initial_mean) append(out, VectorXd::Zero(m.states()));
  }
  return out;
}

}  // namespace infans::inference
