// A hierarchical generative model: Gaussian nodes on any acyclic graph of dense and residual edges, whose activities
// are settled by predictive coding (Rao & Ballard 1999; Friston 2005; graphs: Salvatori et al. 2022).
//
// A node is predicted by its parents. With net input a_j = sum_i s_ij W_ij r_i + b_j over its dense edges,
//   AMB form:  r_i = f_i(x_i), mu_j = a_j + sum_k s_kj x_k       (f of the node that sends)
//   MBA form:  r_i = x_i,      mu_j = f_j(a_j) + sum_k s_kj x_k  (f of the node that receives)
// where k runs over its residual edges. Any node, unit or sample can be clamped, so one model runs generatively,
// discriminatively, or completes what is missing.
#pragma once

#include <Eigen/Dense>
#include <string>
#include <vector>

#include "core/model/activation.hpp"
#include "core/model/precision.hpp"
#include "core/random/stream.hpp"

namespace infans::model {

enum class Form { amb, mba };
// categorical: mu = softmax(a), energy KL[x || mu], which is the cross-entropy of clamped labels; leaves only.
enum class Likelihood { gaussian, categorical };
enum class EdgeKind { dense, residual };

struct NodeSpec {
  std::string name;
  int width = 1;  // units
  Activation activation = Activation::identity;
  Likelihood likelihood = Likelihood::gaussian;
  PrecisionKind precision = PrecisionKind::unit;
  // Of a node without parents: it has a prior N(b, Pi^-1). Without one, nothing predicts it and it costs nothing.
  bool prior = false;
  double decay = 0.0;         // lambda: adds lambda/2 x'x to F
  double bias_deviation = 0;  // of the initial biases
};

struct EdgeSpec {
  int from = 0, to = 0;  // indices of nodes
  EdgeKind kind = EdgeKind::dense;
  double scale = 1.0;       // s, fixed: the parametrisation (muPC)
  double deviation = -1.0;  // of the initial weights; negative: 1 / sqrt(fan-in)
};

struct HierarchySpec {
  Form form = Form::amb;
  std::vector<NodeSpec> nodes;
  std::vector<EdgeSpec> edges;
};

// Nodes 0 (top: causes or inputs) to L (bottom: outputs), each predicted by the one above. Hidden nodes have
// `activation`; top and bottom are linear.
HierarchySpec chain(const std::vector<int>& widths, Activation activation, Form form = Form::amb);

// The same with the muPC parametrisation (Innocenti, Achour & Buckley 2025, table 1): weights N(0, 1), scales
// 1/sqrt(N_0), 1/sqrt(N_l L), 1/N_L, and residual edges between hidden nodes of equal width, so that depth does not
// change the size of activities and their updates. L counts the dense edges.
HierarchySpec mupc_chain(const std::vector<int>& widths, Activation activation);

// Parameters only: const while activities settle, shared by all threads.
template <typename T>
struct Hierarchy {
  HierarchySpec spec;
  std::vector<MatrixOf<T>> weight;                   // [edge]: width(to) x width(from); empty for a residual edge
  std::vector<VectorOf<T>> bias;                     // [node]; of a node without parents: the mean of its prior
  std::vector<Precision<T>> precision;               // [node]
  std::vector<int> order;                            // nodes, parents before children
  std::vector<std::vector<int>> incoming, outgoing;  // [node]: edges

  // Weights N(0, deviation^2), biases N(0, bias_deviation^2), precisions 1, drawn in topological order.
  // Throws std::invalid_argument, naming node or edge: no node, a width below 1, an edge to nowhere or to itself, a
  // cycle, a residual edge between different widths or into a categorical node, a categorical node with children,
  // activation or decay, a negative decay.
  Hierarchy(const HierarchySpec& spec, random::Stream& stream);

  int nodes() const { return static_cast<int>(spec.nodes.size()); }
  int edges() const { return static_cast<int>(spec.edges.size()); }
  bool predicted(int node) const { return !incoming[node].empty() || spec.nodes[node].prior; }
  bool categorical(int node) const { return spec.nodes[node].likelihood == Likelihood::categorical; }
  // Index of the node of this name; throws std::invalid_argument with the known names.
  int node(const std::string& name) const;

  void describe(base::Archive& archive) { archive("weight", weight)("bias", bias)("precision", precision); }
};

// Activities of a batch (a column a sample) and every array that settling and learning need; sized once.
template <typename T>
struct HierarchyState {
  HierarchyState(const Hierarchy<T>& model, int batch);

  std::vector<MatrixOf<T>> activity;                             // x, [node]: width x B
  std::vector<MatrixOf<T>> rate;                                 // r
  std::vector<MatrixOf<T>> net;                                  // a
  std::vector<MatrixOf<T>> prediction;                           // mu
  std::vector<MatrixOf<T>> error;                                // e = x - mu; zero where nothing predicts the node
  std::vector<MatrixOf<T>> weighted;                             // Pi e
  std::vector<MatrixOf<T>> drive;                                // -dF/da: what a dense edge learns from and sends back
  std::vector<MatrixOf<T>> gradient;                             // dF/dx; zero where clamped
  std::vector<MatrixOf<T>> free;                                 // 1: settles, 0: clamped
  std::vector<bool> settles;                                     // [node]: has a free unit
  std::vector<double> energy;                                    // [node]: its part of F, nats, summed over the batch
  std::vector<MatrixOf<T>> scratch, variable, before, velocity;  // of the solvers

  int batch() const { return static_cast<int>(activity.front().cols()); }

  // Clamps a node to values (width x B); or only some of its units (values units x B); or only where mask (width x B)
  // is not 0, for values that some samples miss. release() frees all units and keeps their activities. Throws
  // std::invalid_argument for a wrong shape, values that are not finite, or a part of a categorical node.
  void clamp(const Hierarchy<T>& model, int node, const MatrixOf<T>& values);
  void clamp_units(const Hierarchy<T>& model, int node, const std::vector<int>& units, const MatrixOf<T>& values);
  void clamp_where(const Hierarchy<T>& model, int node, const MatrixOf<T>& values, const MatrixOf<T>& mask);
  void release(int node);
  bool clamped(int node) const { return !settles[node]; }
};

// Sets every free unit that something predicts to its prediction (the feedforward pass), in topological order.
template <typename T>
void predict_all(const Hierarchy<T>& model, HierarchyState<T>& state);

// Refreshes rates, predictions and errors; returns F = sum_j 1/2 e' Pi e - 1/2 ln|Pi| + lambda/2 x'x per sample, summed
// over the batch, in nats, without the constant (n/2) ln 2 pi.
template <typename T>
double free_energy(const Hierarchy<T>& model, HierarchyState<T>& state);

// Parts of the two above, for solvers: rates and net input of one node from its parents, then mu = prediction.
template <typename T>
void predict_node(const Hierarchy<T>& model, HierarchyState<T>& state, int node);
// e, Pi e and this node's part of F, which is returned and kept in state.energy.
template <typename T>
double refresh_error(const Hierarchy<T>& model, HierarchyState<T>& state, int node);
// r of one node from its activity.
template <typename T>
void refresh_rate(const Hierarchy<T>& model, HierarchyState<T>& state, int node);
// drive = signal through the slope of the node's own function (MBA) or unchanged (AMB).
template <typename T>
void through_slope(const Hierarchy<T>& model, HierarchyState<T>& state, int node, const MatrixOf<T>& signal);
// out = what the children of `node` send back from their drives (dense edges) and signals (residual edges), through the
// slope of its own function (AMB); zero without children.
template <typename T>
void send_back(const Hierarchy<T>& model, HierarchyState<T>& state, int node, const std::vector<MatrixOf<T>>& signal,
               MatrixOf<T>& out);

}  // namespace infans::model
