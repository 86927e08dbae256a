// Hierarchies for the generalised filters (Friston 2008, eq. 3): level i has states x_i and causes v_i,
//
//   x_i' = f_i(x_i, v_i) + w_i,   y = g_0(x_0, v_0) + z,   v_i = g_i+1(x_i+1, v_i+1) + r_i,   v_top = eta + r_top
//
// and is itself a GeneralisedModel whose outputs are the causes of the level below. Seen from the filter the stack is
// one model: x = (x_0, x_1, ..), v = (v_0, v_1, ..), lowest level first; h(x, v) is what the levels above say of v.
// The filter's cause precision is then block diagonal over levels, and eta is 0 but for the causes of the top level.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/inference/generalised_filter.hpp"

namespace infans::inference {

class GeneralisedHierarchy final : public GeneralisedModel {
 public:
  // Lowest level first, at least one; levels must outlive the hierarchy and may have no states. Throws base::UserError
  // unless outputs of level i + 1 are as many as causes of level i.
  explicit GeneralisedHierarchy(std::vector<const GeneralisedModel*> levels);
  int states() const override { return states_; }
  int causes() const override { return causes_; }
  int outputs() const override { return levels_.front()->outputs(); }
  void evaluate(const Eigen::VectorXd& x, const Eigen::VectorXd& v, GeneralisedTerms& terms) const override;

 private:
  std::vector<const GeneralisedModel*> levels_;
  int states_ = 0, causes_ = 0;
};

// A differentiable function given by its value and Jacobian. Const under evaluate() and shared by all threads.
class SmoothMap {
 public:
  virtual ~SmoothMap() = default;
  virtual int inputs() const = 0;
  virtual int outputs() const = 0;
  // out (outputs) and jacobian (outputs x inputs) have their size.
  virtual void evaluate(const Eigen::VectorXd& in, Eigen::VectorXd& out, Eigen::MatrixXd& jacobian) const = 0;
};

// Dense layers in AMB form: a_0 = in, a_l+1 = W_l f_l(a_l) + b_l, f_0 the identity, else tanh; out = the last a.
class DenseChain final : public SmoothMap {
 public:
  // weights[l]: a_l+1 x a_l; biases[l]: a_l+1. Throws base::UserError if they do not fit each other.
  DenseChain(std::vector<Eigen::MatrixXd> weights, std::vector<Eigen::VectorXd> biases);
  int inputs() const override { return static_cast<int>(weights_.front().cols()); }
  int outputs() const override { return static_cast<int>(weights_.back().rows()); }
  void evaluate(const Eigen::VectorXd& in, Eigen::VectorXd& out, Eigen::MatrixXd& jacobian) const override;

 private:
  std::vector<Eigen::MatrixXd> weights_;
  std::vector<Eigen::VectorXd> biases_;
};

// f and g as maps of (x, v) stacked.
class MapModel final : public GeneralisedModel {
 public:
  // f: null for a level without states. The maps must outlive the model. Throws base::UserError if f does not take
  // (x, v) to N_x, or g does not take (x, v).
  MapModel(int states, int causes, const SmoothMap* f, const SmoothMap& g);
  int states() const override { return states_; }
  int causes() const override { return causes_; }
  int outputs() const override { return g_->outputs(); }
  void evaluate(const Eigen::VectorXd& x, const Eigen::VectorXd& v, GeneralisedTerms& terms) const override;

 private:
  int states_, causes_;
  const SmoothMap *f_, *g_;
};

// Square blocks along the diagonal: the precision of causes or states of a stack.
Eigen::MatrixXd block_diagonal(const std::vector<Eigen::MatrixXd>& blocks);

}  // namespace infans::inference
