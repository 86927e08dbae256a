// The forward side of mechanics: from weights to accelerations and energy, for all rows at once.
#include <algorithm>
#include <cmath>

#include "core/model/friction.hpp"
#include "core/model/mechanics.hpp"

namespace infans::model {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Solves P a = r for every row by L D L' with pivots held above the floor; p: N x pairs, r: N x n, a over r.
void solve_inertia(MatrixXd& p, MatrixXd& r, int n, double floor) {
  ArrayXd factor;
  for (int j = 0; j < n; ++j) {
    auto pivot = p.col(pair_index(j, j, n));
    pivot = pivot.cwiseMax(floor);
    for (int i = j + 1; i < n; ++i) {
      factor = p.col(pair_index(j, i, n)).array() / pivot.array();
      for (int k = i; k < n; ++k) p.col(pair_index(i, k, n)).array() -= factor * p.col(pair_index(j, k, n)).array();
      r.col(i).array() -= factor * r.col(j).array();
    }
  }
  for (int j = n - 1; j >= 0; --j) {
    for (int k = j + 1; k < n; ++k) r.col(j).array() -= p.col(pair_index(j, k, n)).array() * r.col(k).array();
    r.col(j).array() /= p.col(pair_index(j, j, n)).array();
  }
}

}  // namespace

MatrixXd MechanicsLaw::inertia(const MatrixXd& q) const {
  MatrixXd c, s;
  harmonics.phases(q, c, s);
  return c * inertia_cosine + s * inertia_sine;
}

// P a = B u - D - dV/dq + F + dT/dq - P' v, where with s_w = slope_w . v and m_w = (dP/dphase_w) v:
// P' v = sum_w s_w m_w and dT/dq = sum_w (v.m_w / 2) slope_w.
void MechanicsLaw::acceleration(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u, MatrixXd& a) const {
  const Index rows = q.rows();
  const int n = joints();
  MatrixXd c, s;
  harmonics.phases(q, c, s);
  MatrixXd p = c * inertia_cosine + s * inertia_sine;
  a.noalias() = u * command.transpose();
  for (int term = 0; term < friction.rows(); ++term)
    for (int i = 0; i < n; ++i)
      if (friction(term, i) != 0.0)
        a.col(i).array() -= friction(term, i) * friction_feature(v.col(i).array() / velocity_scale(i), term);
  MatrixXd m(rows, n);
  ArrayXd along(rows), d(rows);
  for (int w = 0; w < harmonics.waves(); ++w) {
    const VectorXd slope = harmonics.phase_gradient(w);
    if (slope.isZero(0.0)) continue;
    along = potential_cosine(w) * s.col(w).array() - potential_sine(w) * c.col(w).array();  // -dV/dphase
    if (!inertia_cosine.row(w).isZero(0.0) || !inertia_sine.row(w).isZero(0.0)) {
      m.setZero();
      for (int i = 0; i < n; ++i)
        for (int j = i; j < n; ++j) {
          const double wc = inertia_cosine(w, pair_index(i, j, n)), ws = inertia_sine(w, pair_index(i, j, n));
          if (wc == 0.0 && ws == 0.0) continue;
          d = ws * c.col(w).array() - wc * s.col(w).array();
          m.col(i).array() += d * v.col(j).array();
          if (i != j) m.col(j).array() += d * v.col(i).array();
        }
      along += 0.5 * m.cwiseProduct(v).rowwise().sum().array();
      const ArrayXd turn = (v * slope).array();
      for (int i = 0; i < n; ++i) a.col(i).array() -= turn * m.col(i).array();
    }
    for (int i = 0; i < n; ++i)
      if (slope(i) != 0.0) a.col(i).array() += slope(i) * along;
  }
  if (forces) {
    std::vector<MatrixXd> f;
    forces->evaluate(q, v, u, f);
    for (std::size_t k = 0; k < f.size(); ++k) a += force_weight(static_cast<Index>(k)) * f[k];
  }
  solve_inertia(p, a, n, pivot_floor);
  for (int i = 0; i < n; ++i) a.col(i) = a.col(i).cwiseMin(acceleration_limit(i)).cwiseMax(-acceleration_limit(i));
}

VectorXd MechanicsLaw::energy(const MatrixXd& q, const MatrixXd& v) const {
  MatrixXd c, s;
  harmonics.phases(q, c, s);
  const MatrixXd p = c * inertia_cosine + s * inertia_sine;
  VectorXd out = c * potential_cosine + s * potential_sine;
  for (int i = 0; i < joints(); ++i)
    for (int j = i; j < joints(); ++j)
      out.array() +=
          (i == j ? 0.5 : 1.0) * p.col(pair_index(i, j, joints())).array() * v.col(i).array() * v.col(j).array();
  return out;
}

}  // namespace infans::model
