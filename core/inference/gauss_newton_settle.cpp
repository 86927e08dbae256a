#include "core/inference/curvature.hpp"
#include "core/inference/descent.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// dF/dx over the free units of one sample.
template <typename T>
VectorXd gradient_of(const model::Hierarchy<T>& m, const model::HierarchyState<T>& s, int sample, const FreeUnits& f,
                     const std::vector<MatrixXd>& jacobians) {
  VectorXd g = VectorXd::Zero(f.count);
  for (int j = 0; j < m.nodes(); ++j) {
    const double decay = m.spec.nodes[j].decay;
    for (std::size_t u = 0; u < f.units[j].size(); ++u)
      g(f.start[j] + static_cast<Index>(u)) += decay * static_cast<double>(s.activity[j](f.units[j][u], sample));
    if (jacobians[j].size() > 0) g += jacobians[j].transpose() * s.weighted[j].col(sample).template cast<double>();
  }
  return g;
}

// H^-1, or its pseudo-inverse where F is flat in some direction.
class Solver {
 public:
  void compute(const MatrixXd& h) {
    llt_.compute(h);
    flat_ = llt_.info() != Eigen::Success || llt_.rcond() < 1e-13;
    if (flat_) pseudo_.compute(h);
  }
  VectorXd solve(const VectorXd& g) const { return flat_ ? VectorXd(pseudo_.solve(g)) : VectorXd(llt_.solve(g)); }

 private:
  Eigen::LLT<MatrixXd> llt_;
  Eigen::CompleteOrthogonalDecomposition<MatrixXd> pseudo_;
  bool flat_ = false;
};

// Fills velocity with the Newton step of every sample and gradient with dF/dx.
template <typename T>
void newton_step(const model::Hierarchy<T>& m, model::HierarchyState<T>& s) {
  const bool shared = same_curvature(m, s);
  Solver solver;
  FreeUnits f;
  std::vector<MatrixXd> jacobians;
  for (int b = 0; b < s.batch(); ++b) {
    if (b == 0 || !shared) {
      f = free_units(m, s, b);
      jacobians = error_jacobians(m, s, b, f);
      if (f.count > 0) solver.compute(curvature(m, s, b, f, jacobians));
    }
    if (f.count == 0) continue;
    const VectorXd g = gradient_of(m, s, b, f, jacobians);
    const VectorXd d = solver.solve(g);
    for (int j = 0; j < m.nodes(); ++j)
      for (std::size_t u = 0; u < f.units[j].size(); ++u) {
        const Index row = f.start[j] + static_cast<Index>(u);
        s.gradient[j](f.units[j][u], b) = static_cast<T>(g(row));
        s.velocity[j](f.units[j][u], b) = static_cast<T>(-d(row));
      }
  }
}

template <typename T>
void move(model::HierarchyState<T>& s, double share) {
  for (std::size_t j = 0; j < s.activity.size(); ++j)
    if (s.settles[j]) s.activity[j] = s.before[j] + static_cast<T>(share) * s.velocity[j];
}

}  // namespace

template <typename T>
SettleReport settle_gauss_newton(const model::Hierarchy<T>& m, model::HierarchyState<T>& s, const SettleOptions& o) {
  SettleReport report;
  report.energy = model::free_energy(m, s);
  for (auto& v : s.velocity) v.setZero();
  while (report.steps < o.max_steps) {
    newton_step(m, s);
    if (o.gradient > 0.0 && largest_gradient(s) <= o.gradient) {
      report.end = SettleEnd::gradient;
      break;
    }
    s.before = s.activity;
    double energy = 0.0;
    for (report.step = 1.0; report.step > 1e-12; report.step *= 0.5, ++report.rejected) {
      move(s, report.step);
      energy = model::free_energy(m, s);
      if (energy <= report.energy + energy_rounding<T>(report.energy)) break;
    }
    if (report.step <= 1e-12) {
      s.activity = s.before;
      model::free_energy(m, s);
      report.end = SettleEnd::no_descent;
      break;
    }
    const double fall = report.energy - energy;
    report.energy = energy;
    ++report.steps;
    if (o.slope > 0.0 && fall < o.slope * (1.0 + std::abs(energy))) {
      report.end = SettleEnd::slope;
      break;
    }
  }
  report.converged = report.end == SettleEnd::gradient || report.end == SettleEnd::slope;
  return report;
}

template SettleReport settle_gauss_newton(const model::Hierarchy<float>&, model::HierarchyState<float>&,
                                          const SettleOptions&);
template SettleReport settle_gauss_newton(const model::Hierarchy<double>&, model::HierarchyState<double>&,
                                          const SettleOptions&);

}  // namespace infans::inference
