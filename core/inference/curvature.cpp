#include "core/inference/curvature.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// f' of a node at one sample's values.
template <typename T>
VectorXd slopes(model::Activation f, const model::MatrixOf<T>& values, int sample) {
  MatrixXd x = values.col(sample).template cast<double>(), rate, slope = MatrixXd::Ones(values.rows(), 1);
  model::activate(f, x, rate);
  model::times_slope(f, x, rate, slope);
  return slope.col(0);
}

// -dmu_to/dx_from of one edge, width(to) x width(from).
template <typename T>
MatrixXd edge_jacobian(const model::Hierarchy<T>& m, const model::HierarchyState<T>& s, int sample, int k) {
  const model::EdgeSpec& e = m.spec.edges[k];
  if (e.kind == model::EdgeKind::residual)
    return -e.scale * MatrixXd::Identity(s.activity[e.to].rows(), s.activity[e.from].rows());
  MatrixXd j = -e.scale * m.weight[k].template cast<double>();
  if (m.spec.form == model::Form::amb)
    j = j * slopes(m.spec.nodes[e.from].activation, s.activity[e.from], sample).asDiagonal();
  else
    j = slopes(m.spec.nodes[e.to].activation, s.net[e.to], sample).asDiagonal() * j;
  return j;
}

}  // namespace

template <typename T>
FreeUnits free_units(const model::Hierarchy<T>& m, const model::HierarchyState<T>& s, int sample) {
  FreeUnits f;
  for (int j = 0; j < m.nodes(); ++j) {
    f.start.push_back(f.count);
    f.units.emplace_back();
    if (!s.settles[j] || m.categorical(j)) continue;
    for (int i = 0; i < s.free[j].rows(); ++i)
      if (s.free[j](i, sample) != T(0)) f.units.back().push_back(i);
    f.count += static_cast<int>(f.units.back().size());
  }
  return f;
}

template <typename T>
std::vector<MatrixXd> error_jacobians(const model::Hierarchy<T>& m, const model::HierarchyState<T>& s, int sample,
                                      const FreeUnits& f) {
  std::vector<MatrixXd> out(s.activity.size());
  for (int j = 0; j < m.nodes(); ++j) {
    if (!m.predicted(j) || (m.categorical(j) && s.settles[j])) continue;
    out[j] = MatrixXd::Zero(s.activity[j].rows(), f.count);
    for (std::size_t u = 0; u < f.units[j].size(); ++u) out[j](f.units[j][u], f.start[j] + static_cast<Index>(u)) = 1.0;
    for (const int k : m.incoming[j]) {
      const int from = m.spec.edges[k].from;
      if (f.units[from].empty()) continue;
      const MatrixXd edge = edge_jacobian(m, s, sample, k);
      for (std::size_t u = 0; u < f.units[from].size(); ++u)
        out[j].col(f.start[from] + static_cast<Index>(u)) += edge.col(f.units[from][u]);
    }
  }
  return out;
}

template <typename T>
MatrixXd curvature(const model::Hierarchy<T>& m, const model::HierarchyState<T>& s, int sample, const FreeUnits& f,
                   const std::vector<MatrixXd>& jacobians) {
  MatrixXd h = MatrixXd::Zero(f.count, f.count);
  for (int j = 0; j < m.nodes(); ++j) {
    const double decay = m.spec.nodes[j].decay;
    for (std::size_t u = 0; u < f.units[j].size(); ++u)
      h(f.start[j] + static_cast<Index>(u), f.start[j] + static_cast<Index>(u)) += decay;
    const MatrixXd& jacobian = jacobians[j];
    if (jacobian.size() == 0) continue;
    if (m.categorical(j)) {
      const VectorXd p = s.prediction[j].col(sample).template cast<double>();
      h += jacobian.transpose() * (MatrixXd(p.asDiagonal()) - p * p.transpose()) * jacobian;
    } else {
      h += jacobian.transpose() * m.precision[j].matrix().template cast<double>() * jacobian;
    }
  }
  return h;
}

template <typename T>
bool same_curvature(const model::Hierarchy<T>& m, const model::HierarchyState<T>& s) {
  for (int j = 0; j < m.nodes(); ++j) {
    if (m.spec.nodes[j].activation != model::Activation::identity || m.categorical(j)) return false;
    if ((s.free[j].colwise() - s.free[j].col(0)).array().abs().maxCoeff() > T(0)) return false;
  }
  return true;
}

#define INFANS_INSTANTIATE(T)                                                                                      \
  template FreeUnits free_units(const model::Hierarchy<T>&, const model::HierarchyState<T>&, int);                 \
  template std::vector<MatrixXd> error_jacobians(const model::Hierarchy<T>&, const model::HierarchyState<T>&, int, \
                                                 const FreeUnits&);                                                \
  template MatrixXd curvature(const model::Hierarchy<T>&, const model::HierarchyState<T>&, int, const FreeUnits&,  \
                              const std::vector<MatrixXd>&);                                                       \
  template bool same_curvature(const model::Hierarchy<T>&, const model::HierarchyState<T>&);
INFANS_INSTANTIATE(float)
INFANS_INSTANTIATE(double)
#undef INFANS_INSTANTIATE

}  // namespace infans::inference
