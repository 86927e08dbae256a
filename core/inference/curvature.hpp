// The Gauss-Newton curvature of F over the free units of one sample: the inverse is the Laplace covariance of the
// posterior over activities (exact for linear hierarchies). Dense: for small hierarchies and oracles.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/model/hierarchy.hpp"

namespace infans::inference {

// The free units of a sample, stacked node by node: [start, start + count) of each node.
struct FreeUnits {
  std::vector<std::vector<int>> units;  // [node]
  std::vector<int> start;               // [node]
  int count = 0;
};

template <typename T>
FreeUnits free_units(const model::Hierarchy<T>& model, const model::HierarchyState<T>& state, int sample);

// J_j = de_j / dx over the free units, [node]: width x count; empty where nothing predicts the node. The state must be
// evaluated (free_energy). A categorical node's is -da/dx.
template <typename T>
std::vector<Eigen::MatrixXd> error_jacobians(const model::Hierarchy<T>& model, const model::HierarchyState<T>& state,
                                             int sample, const FreeUnits& free);

// sum_j J_j' Pi_j J_j + decay, count x count; a categorical node enters with diag(p) - p p'.
template <typename T>
Eigen::MatrixXd curvature(const model::Hierarchy<T>& model, const model::HierarchyState<T>& state, int sample,
                          const FreeUnits& free, const std::vector<Eigen::MatrixXd>& jacobians);

// Whether every sample has the same curvature: linear, Gaussian, and the same units clamped in each.
template <typename T>
bool same_curvature(const model::Hierarchy<T>& model, const model::HierarchyState<T>& state);

}  // namespace infans::inference
