// Linear temporal models with stable random laws, and lives simulated from them.
#pragma once

#include <Eigen/Dense>
#include <memory>

#include "core/inference/temporal_filter.hpp"
#include "core/model/temporal_hierarchy.hpp"
#include "core/random/stream.hpp"
#include "tests/random_matrix.hpp"

namespace infans::tests {

inline Eigen::MatrixXd covariance(int n, double scale, infans::random::Stream& s) {
  const Eigen::MatrixXd l = normal(n, n, s);
  return scale * (l * l.transpose() / n + Eigen::MatrixXd::Identity(n, n));
}

inline infans::model::GaussianNoise noise(const Eigen::MatrixXd& covariance) {
  return covariance.size() == 0 ? infans::model::GaussianNoise{}
                                : infans::model::GaussianNoise::from_covariance(covariance);
}

// n states, k actions, m observations (may be 0); spectral radius of A 0.9.
inline infans::model::LinearTemporalModel linear_model(int n, int k, int m, infans::random::Stream& s) {
  Eigen::MatrixXd a = normal(n, n, s);
  a *= 0.9 / a.eigenvalues().cwiseAbs().maxCoeff();
  const Eigen::MatrixXd b = normal(n, k, s), c = normal(m, n, s), q = covariance(n, 0.3, s);
  return {a,
          b,
          c,
          normal(n, 1, s),
          noise(Eigen::MatrixXd::Identity(n, n)),
          noise(q),
          noise(m > 0 ? covariance(m, 0.3, s) : Eigen::MatrixXd(0, 0))};
}

// A life of a stack whose levels are linear. missing: probability that an element is not seen.
inline infans::inference::TemporalSequence simulate(const infans::model::TemporalHierarchy& h, int steps,
                                                    double missing, infans::random::Stream& s) {
  infans::inference::TemporalSequence out{normal(h.actions(), steps, s), Eigen::MatrixXd(h.observations(), steps), {}};
  if (missing > 0.0) out.seen.setConstant(h.observations(), steps, true);
  Eigen::VectorXd x = h.initial_mean + h.initial.covariance.llt().matrixL() * normal(h.states(), 1, s), o(0);
  const Eigen::MatrixXd q = h.state_noise.covariance.llt().matrixL(),
                        r = h.observation_noise.covariance.llt().matrixL();
  for (int t = 0; t < steps; ++t) {
    const Eigen::VectorXd w = q * normal(h.states(), 1, s), before = x;
    for (int k = 0; k < h.levels(); ++k) {
      if (!h.moves(k, t)) continue;
      const auto& m = *h.linear(k);
      const int at = h.state_offset(k), n = m.states(), own = h.own_actions(k), above = m.actions() - own;
      Eigen::VectorXd drive(m.actions());
      drive << out.actions.col(t).segment(h.action_offset(k), own), before.segment(at + n, above);
      x.segment(at, n) = m.A * before.segment(at, n) + m.B * drive + w.segment(at, n);
    }
    out.observations.col(t) = r * normal(h.observations(), 1, s);
    for (int k = 0; k < h.levels(); ++k) {
      const auto& m = *h.linear(k);
      out.observations.col(t).segment(h.observation_offset(k), m.observations()) +=
          m.C * x.segment(h.state_offset(k), m.states());
    }
    for (int i = 0; missing > 0.0 && i < h.observations(); ++i) {
      out.seen(i, t) = s.uniform() >= missing;
      if (!out.seen(i, t)) out.observations(i, t) = NAN;
    }
  }
  return out;
}

inline infans::model::TemporalLevel level(infans::model::LinearTemporalModel m, int period) {
  return {std::make_shared<infans::model::LinearTemporalModel>(std::move(m)), period};
}

inline double relative(const Eigen::MatrixXd& found, const Eigen::MatrixXd& truth) {
  return (found - truth).norm() / truth.norm();
}

}  // namespace infans::tests
