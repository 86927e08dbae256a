#include "core/model/contact.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

namespace infans::model {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double unbounded = std::numeric_limits<double>::infinity();

MatrixXd chain_waves(int joints) {
  MatrixXd k = MatrixXd::Zero(joints, joints);
  for (int w = 0; w < joints; ++w) k.row(w).head(w + 1).setOnes();
  return k;
}

ContactLayout make_layout(int n, const ContactKinds& kinds, int waves) {
  ContactLayout l;
  const auto take = [&l](int size) {
    const int at = l.count;
    l.count += size;
    return at;
  };
  if (kinds.friction) {
    l.log_friction = take(n);
    l.log_friction_rate = take(1);
    l.log_friction_compliance = take(n);
  }
  if (kinds.stops) {
    l.stop_low = take(n);
    l.stop_high = take(n);
    l.log_stop_stiffness = take(1);
    l.log_stop_rate = take(1);
    l.log_stop_compliance = take(n);
  }
  if (kinds.touch) {
    l.gap = take(1 + 2 * waves);
    l.log_touch_stiffness = take(1);
    l.log_touch_rate = take(1);
    l.log_touch_compliance = take(1);
    l.log_grip = take(1);
    l.lever = take(2);
  }
  return l;
}

std::span<const double> view(const VectorXd& x) { return {x.data(), static_cast<std::size_t>(x.size())}; }

}  // namespace

Contact::Contact(int joints, ContactKinds kinds, MatrixXd waves)
    : joints_(joints), kinds_(kinds), waves_(waves.size() > 0 ? std::move(waves) : chain_waves(joints)) {
  if (joints < 1 || waves_.cols() != joints) throw std::logic_error("Contact: no joint, or waves of another body");
  layout_ = make_layout(joints, kinds, static_cast<int>(waves_.rows()));
}

VectorXd Contact::gap_features(const VectorXd& q) const {
  const Index k = waves_.rows();
  const Eigen::ArrayXd phase = (waves_ * q).array();
  VectorXd f(1 + 2 * k);
  f << 1.0, phase.cos().matrix(), phase.sin().matrix();
  return f;
}

void Contact::evaluate_gap(const VectorXd& p, int at, const VectorXd& q, Gap& gap) const {
  const Index count = waves_.rows();
  gap.value = p(at);
  gap.normal.setZero(joints_);
  gap.tangent.setZero(joints_);
  for (Index w = 0; w < count; ++w) {
    double phase = 0.0;
    for (int j = 0; j < joints_; ++j) phase += waves_(w, j) * q(j);
    const double c = std::cos(phase), s = std::sin(phase);
    const double a = p(at + 1 + w), b = p(at + 1 + count + w);
    gap.value += a * c + b * s;
    for (int j = 0; j < joints_; ++j) {
      gap.normal(j) += waves_(w, j) * (b * c - a * s);
      gap.tangent(j) += waves_(w, j) * (a * c + b * s);
    }
  }
}

Gap Contact::gap(const VectorXd& parameters, const VectorXd& q) const {
  Gap g;
  const bool alone = parameters.size() == 1 + 2 * waves_.rows();
  evaluate_gap(parameters, alone ? 0 : layout_.gap, q, g);
  if (!alone)
    g.tangent += (gap_unit(parameters) * parameters(layout_.lever) + parameters(layout_.lever + 1) * g.value) *
                 waves_.row(waves_.rows() - 1).transpose();
  return g;
}

double Contact::gap_unit(const VectorXd& p) const {
  const Index waves = waves_.rows();
  return std::sqrt(p.segment(layout_.gap + 1, 2 * waves).squaredNorm() / static_cast<double>(waves));
}

VectorXd Contact::natural(VectorXd p) const {
  const auto exponential = [&p](int at, int size) {
    if (at >= 0) p.segment(at, size) = p.segment(at, size).array().exp();
  };
  exponential(layout_.log_friction, 2 * joints_ + 1);
  exponential(layout_.log_stop_stiffness, joints_ + 2);
  exponential(layout_.log_touch_stiffness, 4);
  if (kinds_.touch) {
    const double unit = gap_unit(p);
    p(layout_.log_touch_compliance) *= unit * unit;
    p(layout_.lever) *= unit;
  }
  return p;
}

int Contact::add_friction(const VectorXd& p, const VectorXd& v, LeastConstraint& c) const {
  const double rate = p(layout_.log_friction_rate);
  VectorXd unit = VectorXd::Zero(joints_);
  for (int i = 0; i < joints_; ++i) {
    const double most = p(layout_.log_friction + i);
    unit(i) = 1.0;
    c.add(view(unit), -rate * v(i), p(layout_.log_friction_compliance + i), -most, most);
    unit(i) = 0.0;
  }
  return joints_;
}

void Contact::add_stops(const VectorXd& p, const VectorXd& q, const VectorXd& v, LeastConstraint& c) const {
  VectorXd direction = VectorXd::Zero(joints_);
  for (int i = 0; i < joints_; ++i)
    for (const double side : {1.0, -1.0}) {
      const double gap = side * (q(i) - p((side > 0.0 ? layout_.stop_low : layout_.stop_high) + i));
      if (gap >= 0.0) continue;
      const double rate = p(layout_.log_stop_rate), stiffness = p(layout_.log_stop_stiffness);
      direction(i) = side;
      c.add(view(direction), -rate * side * v(i) - stiffness * gap, p(layout_.log_stop_compliance + i), 0.0, unbounded);
      direction(i) = 0.0;
    }
}

void Contact::add_touch(const VectorXd& p, const VectorXd& q, const VectorXd& v, Gap& gap, LeastConstraint& c) const {
  evaluate_gap(p, layout_.gap, q, gap);
  if (gap.value >= 0.0) return;
  const double offset = p(layout_.lever) + p(layout_.lever + 1) * gap.value, grip = p(layout_.log_grip);
  const double rate = p(layout_.log_touch_rate), stiffness = p(layout_.log_touch_stiffness);
  for (int j = 0; j < joints_; ++j) gap.tangent(j) += offset * waves_(waves_.rows() - 1, j);
  gap.normal += grip * gap.tangent;
  for (int edge = 0; edge < 2; ++edge) {
    c.add(view(gap.normal), -rate * gap.normal.dot(v) - stiffness * gap.value, p(layout_.log_touch_compliance), 0.0,
          unbounded);
    gap.normal -= 2.0 * grip * gap.tangent;
  }
}

void Contact::acceleration(const VectorXd& parameters, const FreeLaw& free, const MatrixXd& q, const MatrixXd& v,
                           const MatrixXd& u, MatrixXd& a, Eigen::Array<bool, Eigen::Dynamic, 1>* touched) const {
  const int n = joints_;
  const VectorXd p = natural(parameters);
  MatrixXd pairs, inertia(n, n);
  free(q, v, u, a, pairs);
  LeastConstraint c(n, 3 * n + 2);
  Gap gap;
  VectorXd at(n), speed(n), free_acceleration(n), settled(n);
  for (Index k = 0; k < q.rows(); ++k) {
    at = q.row(k).transpose();
    speed = v.row(k).transpose();
    c.clear();
    const int steady = kinds_.friction ? add_friction(p, speed, c) : 0;
    if (kinds_.stops) add_stops(p, at, speed, c);
    if (kinds_.touch) add_touch(p, at, speed, gap, c);
    if (c.count() == 0) continue;
    for (int i = 0, pair = 0; i < n; ++i)
      for (int j = i; j < n; ++j, ++pair) inertia(i, j) = inertia(j, i) = pairs(k, pair);
    free_acceleration = a.row(k).transpose();
    c.settle(inertia, free_acceleration, settled);
    a.row(k) = settled.transpose();
    if (touched != nullptr)
      for (int i = steady; i < c.count(); ++i) (*touched)(k) = (*touched)(k) || c.force(i) > 0.0;
  }
}

}  // namespace infans::model
