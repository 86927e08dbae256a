// A hierarchy of Gaussian layers whose activities are settled by predictive coding (Rao & Ballard 1999; Friston 2005).
//
// Level 0 is the top (causes, here: the inputs), level L the bottom (outputs). Level l+1 is predicted by level l in AMB
// form: mu_{l+1} = W_l f_l(x_l) + b_l, with f_0 the identity. Precision Pi_l = inverse variance, one value a unit.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/random/stream.hpp"

namespace infans::model {

enum class Activation { identity, tanh };

struct HierarchyShape {
  std::vector<int> widths;                   // units of each level, top first; at least 2 levels
  Activation activation = Activation::tanh;  // of the hidden levels
};

// Parameters only: const while activities settle, shared by all threads.
struct Hierarchy {
  HierarchyShape shape;
  std::vector<Eigen::MatrixXd> weight;     // [l]: widths[l+1] x widths[l]
  std::vector<Eigen::VectorXd> bias;       // [l]: widths[l+1]
  std::vector<Eigen::VectorXd> precision;  // [l]: widths[l+1], of level l+1

  // Weights N(0, gain^2 / fan-in); biases of the first hidden level N(0, 0.25), else 0; precisions 1.
  // Throws std::logic_error for fewer than two levels or a width below 1.
  Hierarchy(const HierarchyShape& shape, random::Stream& stream);

  int levels() const { return static_cast<int>(shape.widths.size()); }
};

// Activities of a batch (a column a sample) and everything an update needs; sized once.
struct HierarchyState {
  HierarchyState(const Hierarchy& model, int batch);

  std::vector<Eigen::MatrixXd> activity;    // [l]: widths[l] x B
  std::vector<Eigen::MatrixXd> rate;        // f_l(x_l)
  std::vector<Eigen::MatrixXd> prediction;  // [l]: mu of level l; [0] unused
  std::vector<Eigen::MatrixXd> error;       // e_l = x_l - mu_l; [0] unused
  std::vector<Eigen::MatrixXd> weighted;    // Pi_l e_l
  std::vector<Eigen::MatrixXd> gradient;    // dF/dx_l
  std::vector<bool> clamped;                // levels that stay as they are; the top is clamped from the start
};

// Sets every free level below the top to its prediction (the feedforward pass).
void predict_all(const Hierarchy& model, HierarchyState& state);

// Refreshes rates, predictions and errors; returns F = sum_l 1/2 e' Pi e - 1/2 ln|Pi| per sample, summed over the
// batch, in nats, without the constant (n/2) ln 2 pi.
double free_energy(const Hierarchy& model, HierarchyState& state);

}  // namespace infans::model
