#include "core/model/harmonics.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace infans::model {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Extends a prefix by every number that the bounds allow.
void enumerate(std::vector<int>& prefix, int joints, int left, int box, std::vector<std::vector<int>>& out) {
  if (static_cast<int>(prefix.size()) == joints) {
    const auto first = std::find_if(prefix.begin(), prefix.end(), [](int k) { return k != 0; });
    if (first == prefix.end() || *first > 0) out.push_back(prefix);
    return;
  }
  const int reach = std::min(left, box);
  for (int k = -reach; k <= reach; ++k) {
    prefix.push_back(k);
    enumerate(prefix, joints, left - std::abs(k), box, out);
    prefix.pop_back();
  }
}

int weight(const std::vector<int>& k) {
  int sum = 0;
  for (const int i : k) sum += std::abs(i);
  return sum;
}

}  // namespace

Harmonics make_harmonics(const VectorXd& scale, int order, int box) {
  if (scale.size() < 1 || order < 0 || box < 0) throw std::logic_error("make_harmonics: no joint or a negative order");
  std::vector<std::vector<int>> all;
  std::vector<int> prefix;
  enumerate(prefix, static_cast<int>(scale.size()), order, box, all);
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return weight(a) < weight(b); });
  Harmonics h;
  h.scale = scale;
  h.wave.resize(static_cast<Index>(all.size()), scale.size());
  for (std::size_t w = 0; w < all.size(); ++w)
    for (Index i = 0; i < scale.size(); ++i) h.wave(static_cast<Index>(w), i) = all[w][static_cast<std::size_t>(i)];
  return h;
}

MatrixXd Harmonics::order() const {
  MatrixXd out(count(), wave.cols());
  out.topRows(waves()) = wave.cast<double>().cwiseAbs();
  out.bottomRows(waves() - 1) = out.middleRows(1, waves() - 1).eval();
  return out;
}

VectorXd Harmonics::phase_gradient(int w) const { return wave.row(w).transpose().cast<double>().cwiseProduct(scale); }

void Harmonics::phases(const MatrixXd& q, MatrixXd& cosine, MatrixXd& sine) const {
  const Index n = q.rows(), joints = q.cols();
  const int box = wave.cwiseAbs().maxCoeff();
  // e^{i m q_j}: column j * box + m - 1.
  MatrixXd c(n, joints * box), s(n, joints * box);
  for (Index j = 0; j < joints && box > 0; ++j) {
    const ArrayXd angle = scale(j) * q.col(j).array();
    const ArrayXd c1 = angle.cos(), s1 = angle.sin();
    c.col(j * box) = c1;
    s.col(j * box) = s1;
    for (int m = 1; m < box; ++m) {
      c.col(j * box + m) = c.col(j * box + m - 1).array() * c1 - s.col(j * box + m - 1).array() * s1;
      s.col(j * box + m) = s.col(j * box + m - 1).array() * c1 + c.col(j * box + m - 1).array() * s1;
    }
  }
  cosine.resize(n, waves());
  sine.resize(n, waves());
  ArrayXd re(n), next(n), im(n);
  for (int w = 0; w < waves(); ++w) {
    re.setOnes();
    im.setZero();
    for (Index j = 0; j < joints; ++j) {
      const int k = wave(w, j);
      if (k == 0) continue;
      const Index column = j * box + std::abs(k) - 1;
      const double sign = k > 0 ? 1.0 : -1.0;
      next = re * c.col(column).array() - sign * im * s.col(column).array();
      im = im * c.col(column).array() + sign * re * s.col(column).array();
      re.swap(next);
    }
    cosine.col(w) = re;
    sine.col(w) = im;
  }
}

MatrixXd Harmonics::features(const MatrixXd& q) const {
  MatrixXd c, s, out(q.rows(), count());
  phases(q, c, s);
  out << c, s.rightCols(waves() - 1);
  return out;
}

}  // namespace infans::model
