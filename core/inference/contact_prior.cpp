#include "core/inference/contact_prior.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double near_share = 0.03;  // of a joint's range: so near to its end counts as a witness

void set(ContactPrior& p, int at, int size, double mean, double deviation) {
  p.mean.segment(at, size).setConstant(mean);
  p.deviation.segment(at, size).setConstant(deviation);
  p.start.segment(at, size).setConstant(mean);
}

}  // namespace

ContactPrior expected_contact(const model::Contact& contact, double h, const VectorXd& mobility, const MatrixXd& places,
                              const VectorXd& gap, double gap_mobility) {
  const model::ContactLayout& l = contact.layout();
  const int n = contact.joints();
  ContactPrior p{VectorXd::Zero(l.count), VectorXd::Ones(l.count), VectorXd::Zero(l.count)};
  const double rate = std::log(4.0 / h), stiffness = std::log(4.0 / (h * h));
  if (contact.kinds().friction) {
    set(p, l.log_friction, n, std::log(0.03), 2.0);
    set(p, l.log_friction_rate, 1, rate, 1.0);
    for (int i = 0; i < n; ++i) set(p, l.log_friction_compliance + i, 1, std::log(0.05 * mobility(i)), 1.0);
  }
  if (contact.kinds().stops) {
    for (int i = 0; i < n; ++i) {
      const double low = places.col(i).minCoeff(), high = places.col(i).maxCoeff();
      set(p, l.stop_low + i, 1, low, 0.025 * (high - low));
      set(p, l.stop_high + i, 1, high, 0.025 * (high - low));
      set(p, l.log_stop_compliance + i, 1, std::log(0.05 * mobility(i)), 1.0);
    }
    set(p, l.log_stop_stiffness, 1, stiffness, 2.0);
    set(p, l.log_stop_rate, 1, rate, 1.0);
  }
  if (contact.kinds().touch) {
    set(p, l.gap, static_cast<int>(gap.size()), 0.0, 10.0);
    p.start.segment(l.gap, gap.size()) = gap;
    set(p, l.log_touch_stiffness, 1, stiffness, 2.0);
    set(p, l.log_touch_rate, 1, rate, 1.0);
    set(p, l.log_touch_compliance, 1, std::log(0.05 * gap_mobility), 1.0);
    set(p, l.log_grip, 1, std::log(0.5), 1.0);
    set(p, l.lever, 2, 0.0, 0.3);
  }
  return p;
}

std::vector<Index> contact_witnesses(const Eigen::Array<bool, Eigen::Dynamic, 1>& held,
                                     const std::vector<MatrixXd>& places, const VectorXd& nearest_gap) {
  const Index count = held.size();
  Eigen::Array<bool, Eigen::Dynamic, 1> in = held;
  std::vector<Index> order(static_cast<std::size_t>(nearest_gap.size()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return nearest_gap(a) < nearest_gap(b); });
  Index left = 2 * held.count();
  for (const Index k : order)
    if (!held(k) && left-- > 0) in(k) = true;
  for (Index i = 0; i < places.front().cols(); ++i) {
    const double low = places.front().col(i).minCoeff(), high = places.front().col(i).maxCoeff();
    const double margin = near_share * (high - low);
    for (const MatrixXd& q : places)
      for (Index k = 0; k < count; ++k) in(k) = in(k) || q(k, i) < low + margin || q(k, i) > high - margin;
  }
  std::vector<Index> out;
  for (Index k = 0; k < count; ++k)
    if (in(k)) out.push_back(k);
  return out;
}

}  // namespace infans::inference
