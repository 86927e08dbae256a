#include "core/inference/generalised_hierarchy.hpp"

#include <string>
#include <utility>

#include "core/base/error.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

void check(bool fits, const std::string& what) {
  if (!fits) throw base::UserError("generalised hierarchy: " + what);
}

}  // namespace

GeneralisedHierarchy::GeneralisedHierarchy(std::vector<const GeneralisedModel*> levels) : levels_(std::move(levels)) {
  check(!levels_.empty(), "at least one level is needed");
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    states_ += levels_[i]->states();
    causes_ += levels_[i]->causes();
    check(i == 0 || levels_[i]->outputs() == levels_[i - 1]->causes(),
          "level " + std::to_string(i) + " has " + std::to_string(levels_[i]->outputs()) + " outputs; level " +
              std::to_string(i - 1) + " has " + std::to_string(levels_[i > 0 ? i - 1 : 0]->causes()) + " causes");
  }
}

void GeneralisedHierarchy::evaluate(const VectorXd& x, const VectorXd& v, GeneralisedTerms& t) const {
  if (t.parts.size() != levels_.size()) {
    t.parts.clear();
    for (const GeneralisedModel* level : levels_)
      t.parts.emplace_back(level->states(), level->causes(), level->outputs());
  }
  Index at_x = 0, at_v = 0, below = 0, below_size = 0;
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    GeneralisedTerms& p = t.parts[i];
    const Index nx = p.f.size(), nv = p.h.size();
    p.x = x.segment(at_x, nx);
    p.v = v.segment(at_v, nv);
    levels_[i]->evaluate(p.x, p.v, p);
    t.f.segment(at_x, nx) = p.f;
    t.f_x.block(at_x, at_x, nx, nx) = p.f_x;
    t.f_v.block(at_x, at_v, nx, nv) = p.f_v;
    t.h.segment(at_v, nv) = p.h;
    t.h_x.block(at_v, at_x, nv, nx) = p.h_x;
    t.h_v.block(at_v, at_v, nv, nv) = p.h_v;
    if (i == 0) {
      t.g = p.g;
      t.g_x.leftCols(nx) = p.g_x;
      t.g_v.leftCols(nv) = p.g_v;
    } else {
      t.h.segment(below, below_size) += p.g;
      t.h_x.block(below, at_x, below_size, nx) = p.g_x;
      t.h_v.block(below, at_v, below_size, nv) = p.g_v;
    }
    below = at_v;
    below_size = nv;
    at_x += nx;
    at_v += nv;
  }
}

DenseChain::DenseChain(std::vector<MatrixXd> weights, std::vector<VectorXd> biases)
    : weights_(std::move(weights)), biases_(std::move(biases)) {
  check(!weights_.empty() && weights_.size() == biases_.size(),
        "a chain needs as many biases as weights, at least one");
  for (std::size_t l = 0; l < weights_.size(); ++l)
    check(biases_[l].size() == weights_[l].rows() && (l == 0 || weights_[l].cols() == weights_[l - 1].rows()),
          "layer " + std::to_string(l) + " of a chain does not fit");
}

void DenseChain::evaluate(const VectorXd& in, VectorXd& out, MatrixXd& jacobian) const {
  VectorXd a = weights_[0] * in + biases_[0];
  MatrixXd j = weights_[0];
  for (std::size_t l = 1; l < weights_.size(); ++l) {
    a = a.array().tanh().eval();
    j = ((1.0 - a.array().square()).matrix().asDiagonal() * j).eval();
    a = (weights_[l] * a + biases_[l]).eval();
    j = (weights_[l] * j).eval();
  }
  out = a;
  jacobian = j;
}

MapModel::MapModel(int states, int causes, const SmoothMap* f, const SmoothMap& g)
    : states_(states), causes_(causes), f_(f), g_(&g) {
  check(states >= 0 && causes >= 0, "a level has no negative number of states or causes");
  check(f ? f->inputs() == states + causes && f->outputs() == states : states == 0,
        "f must take (x, v) to x', and be there when there are states");
  check(g.inputs() == states + causes, "g must take (x, v)");
}

void MapModel::evaluate(const VectorXd& x, const VectorXd& v, GeneralisedTerms& t) const {
  VectorXd in(states_ + causes_), out(states_);
  in << x, v;
  MatrixXd jacobian(states_, states_ + causes_);
  if (f_) {
    f_->evaluate(in, out, jacobian);
    t.f = out;
    t.f_x = jacobian.leftCols(states_);
    t.f_v = jacobian.rightCols(causes_);
  }
  out.resize(g_->outputs());
  jacobian.resize(g_->outputs(), states_ + causes_);
  g_->evaluate(in, out, jacobian);
  t.g = out;
  t.g_x = jacobian.leftCols(states_);
  t.g_v = jacobian.rightCols(causes_);
}

MatrixXd block_diagonal(const std::vector<MatrixXd>& blocks) {
  Index size = 0;
  for (const MatrixXd& b : blocks) {
    check(b.rows() == b.cols(), "blocks of a diagonal must be square");
    size += b.rows();
  }
  MatrixXd out = MatrixXd::Zero(size, size);
  Index at = 0;
  for (const MatrixXd& b : blocks) {
    out.block(at, at, b.rows(), b.cols()) = b;
    at += b.rows();
  }
  return out;
}

}  // namespace infans::inference
