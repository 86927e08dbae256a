#include "core/model/mechanics.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/model/friction.hpp"

namespace infans::model {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd default_command(int joints, int commands) {
  MatrixXd b = MatrixXd::Zero(joints, commands);
  for (int j = 0; j < std::min(joints, commands); ++j) b(j, j) = 1.0;
  return b;
}

int or_else(int value, int otherwise) { return value > 0 ? value : otherwise; }

}  // namespace

Mechanics::Mechanics(const Encoding& e, const MechanicsOptions& o, std::shared_ptr<const ForceFeatures> forces)
    : joints_(e.positions()),
      velocity_scale_(e.velocity_scale),
      inertia_(make_harmonics(harmonic_scale(e), or_else(o.inertia_order, std::max(1, joints_ - 1)),
                              or_else(o.inertia_box, joints_ <= 3 ? 2 : 1))),
      potential_(make_harmonics(harmonic_scale(e), or_else(o.potential_order, joints_), o.potential_box)),
      friction_terms_(o.friction_terms),
      command_(o.command.size() > 0 ? o.command : default_command(joints_, e.actions)),
      forces_(std::move(forces)) {
  if (command_.rows() != joints_ || command_.cols() != e.actions || !(command_.array() != 0.0).any())
    throw std::logic_error("Mechanics: the command matrix must be joints x commands with an entry that is not 0");
  bool unit_found = false;
  for (int j = 0; j < e.actions; ++j)
    for (int i = 0; i < joints_; ++i) {
      const bool given = command_(i, j) != 0.0;
      const bool unit = given && !unit_found;
      unit_found |= unit;
      if (unit || o.commands == CommandMatrix::known) continue;
      if (given || o.commands == CommandMatrix::full) learned_.push_back({i, j});
    }
  const int pairs = pair_count(joints_), extra = forces_ ? forces_->count() : 0;
  potential_at_ = pairs * inertia_.count();
  friction_at_ = potential_at_ + potential_.count();
  command_at_ = friction_at_ + friction_terms_ * joints_;
  force_at_ = command_at_ + static_cast<int>(learned_.size());
  grouping_.group.resize(force_at_ + extra);
  grouping_.decay = MatrixXd::Zero(force_at_ + extra, joints_);
  int group = 0;
  for (int p = 0; p < pairs; ++p, ++group) {
    grouping_.group.segment(p * inertia_.count(), inertia_.count()).setConstant(group);
    grouping_.decay.middleRows(p * inertia_.count(), inertia_.count()) = inertia_.order();
  }
  grouping_.group.segment(potential_at_, potential_.count()).setConstant(group++);
  grouping_.decay.middleRows(potential_at_, potential_.count()) = potential_.order();
  if (command_at_ > friction_at_)
    grouping_.group.segment(friction_at_, command_at_ - friction_at_).setConstant(group++);
  if (force_at_ > command_at_) grouping_.group.segment(command_at_, force_at_ - command_at_).setConstant(group++);
  if (extra > 0) {
    grouping_.group.tail(extra) = forces_->group().array() + group;
    group = grouping_.group.maxCoeff() + 1;
  }
  grouping_.groups = group;
}

VectorXd Mechanics::prior_mean(const VectorXd& inertia) const {
  VectorXd w = VectorXd::Zero(weights());
  for (int i = 0; i < joints_; ++i) w(inertia_weight(pair_index(i, i, joints_))) = inertia(i);
  for (std::size_t k = 0; k < learned_.size(); ++k)
    w(command_at_ + static_cast<int>(k)) = command_(learned_[k].joint, learned_[k].command);
  return w;
}

MatrixXd Mechanics::known_force(const MatrixXd& u) const {
  MatrixXd b = command_;
  for (const Entry& e : learned_) b(e.joint, e.command) = 0.0;
  return u * b.transpose();
}

// x += momentum * P v - force * dT/dq, as columns of the weights of P.
void Mechanics::add_inertia(const MatrixXd& q, const MatrixXd& v, double momentum, double force, Design& d) const {
  const Index n = q.rows();
  MatrixXd c, s;
  inertia_.phases(q, c, s);
  VectorXd twice_t(n), along(n);
  for (int i = 0; i < joints_; ++i)
    for (int j = i; j < joints_; ++j) {
      twice_t = (i == j ? 0.5 : 1.0) * force * v.col(i).cwiseProduct(v.col(j));
      for (int feature = 0; feature < inertia_.count(); ++feature) {
        const int at = d.at[static_cast<std::size_t>(inertia_weight(pair_index(i, j, joints_)) + feature)];
        if (at < 0) continue;
        const bool cosine = feature < inertia_.waves();
        const int w = cosine ? feature : feature - inertia_.waves() + 1;
        const auto value = cosine ? c.col(w) : s.col(w);
        if (momentum != 0.0) {
          d.x.col(at).segment(i * n, n) += momentum * value.cwiseProduct(v.col(j));
          if (i != j) d.x.col(at).segment(j * n, n) += momentum * value.cwiseProduct(v.col(i));
        }
        if (force == 0.0 || w == 0) continue;
        along = cosine ? VectorXd(-s.col(w).cwiseProduct(twice_t)) : VectorXd(c.col(w).cwiseProduct(twice_t));
        const VectorXd slope = inertia_.phase_gradient(w);
        for (int r = 0; r < joints_; ++r)
          if (slope(r) != 0.0) d.x.col(at).segment(r * n, n) -= slope(r) * along;
      }
    }
}

// x += weight * (dV/dq + D - B u - F), as columns of their weights.
void Mechanics::add_forces(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u, double weight, Design& d) const {
  const Index n = q.rows();
  const auto add = [&](int k, int joint, const auto& value) {
    const int at = d.at[static_cast<std::size_t>(k)];
    if (at >= 0) d.x.col(at).segment(joint * n, n) += value;
  };
  MatrixXd c, s;
  potential_.phases(q, c, s);
  for (int w = 1; w < potential_.waves(); ++w) {
    const VectorXd slope = weight * potential_.phase_gradient(w);
    for (int r = 0; r < joints_; ++r) {
      if (slope(r) == 0.0) continue;
      add(potential_at_ + potential_.cosine(w), r, -slope(r) * s.col(w));
      add(potential_at_ + potential_.sine(w), r, slope(r) * c.col(w));
    }
  }
  for (int i = 0; i < joints_; ++i)
    for (int term = 0; term < friction_terms_; ++term)
      add(friction_at_ + term * joints_ + i, i,
          weight * friction_feature(v.col(i).array() / velocity_scale_(i), term).matrix());
  for (std::size_t k = 0; k < learned_.size(); ++k)
    add(command_at_ + static_cast<int>(k), learned_[k].joint, -weight * u.col(learned_[k].command));
  if (!forces_) return;
  std::vector<MatrixXd> f;
  forces_->evaluate(q, v, u, f);
  for (std::size_t k = 0; k < f.size(); ++k)
    for (int i = 0; i < joints_; ++i) add(force_at_ + static_cast<int>(k), i, -weight * f[k].col(i));
}

MatrixXd Mechanics::design(const Transitions& t, const Path& path, const Quadrature& quadrature, double h, int test,
                           const std::vector<int>& kept) const {
  Design d;
  d.x = MatrixXd::Zero(t.count() * joints_, static_cast<Index>(kept.size()));
  d.at.assign(static_cast<std::size_t>(weights()), -1);
  for (std::size_t k = 0; k < kept.size(); ++k) d.at[static_cast<std::size_t>(kept[k])] = static_cast<int>(k);
  // int w d/dt(P v) dt = [w P v] - int w' P v dt
  if (test == 0) add_inertia(t.q1, t.v1, 1.0 / h, 0.0, d);
  add_inertia(t.q0, t.v0, (test == 0 ? -1.0 : -2.0) / h, 0.0, d);
  for (int k = 0; k < quadrature.count(); ++k) {
    const auto i = static_cast<std::size_t>(k);
    const double weight = quadrature.tested(k, test);
    add_inertia(path.q[i], path.v[i], test == 0 ? 0.0 : 2.0 * quadrature.weight(k) / h, weight, d);
    add_forces(path.q[i], path.v[i], t.u, weight, d);
  }
  return std::move(d.x);
}

MechanicsLaw Mechanics::law(const VectorXd& w) const {
  if (w.size() != weights()) throw std::logic_error("Mechanics: wrong number of weights");
  MechanicsLaw law;
  const int pairs = pair_count(joints_);
  // One list of waves for P and V: those of V that P does not have come after.
  std::vector<VectorXd> inertia_c, inertia_s;
  std::vector<double> potential_c, potential_s;
  std::vector<Eigen::RowVectorXi> wave;
  for (int k = 0; k < inertia_.waves(); ++k) {
    VectorXd c(pairs), s = VectorXd::Zero(pairs);
    for (int p = 0; p < pairs; ++p) {
      c(p) = w(inertia_weight(p) + inertia_.cosine(k));
      if (k > 0) s(p) = w(inertia_weight(p) + inertia_.sine(k));
    }
    if (k > 0 && c.isZero(0.0) && s.isZero(0.0)) continue;
    wave.push_back(inertia_.wave.row(k));
    inertia_c.push_back(c);
    inertia_s.push_back(s);
    potential_c.push_back(0.0);
    potential_s.push_back(0.0);
  }
  for (int k = 1; k < potential_.waves(); ++k) {
    const double c = w(potential_at_ + potential_.cosine(k)), s = w(potential_at_ + potential_.sine(k));
    if (c == 0.0 && s == 0.0) continue;
    std::size_t at = 0;
    while (at < wave.size() && wave[at] != potential_.wave.row(k)) ++at;
    if (at == wave.size()) {
      wave.push_back(potential_.wave.row(k));
      inertia_c.push_back(VectorXd::Zero(pairs));
      inertia_s.push_back(VectorXd::Zero(pairs));
      potential_c.push_back(0.0);
      potential_s.push_back(0.0);
    }
    potential_c[at] = c;
    potential_s[at] = s;
  }
  const auto count = static_cast<Index>(wave.size());
  law.harmonics.scale = inertia_.scale;
  law.harmonics.wave.resize(count, joints_);
  law.inertia_cosine.resize(count, pairs);
  law.inertia_sine.resize(count, pairs);
  law.potential_cosine = Eigen::Map<const VectorXd>(potential_c.data(), count);
  law.potential_sine = Eigen::Map<const VectorXd>(potential_s.data(), count);
  for (Index k = 0; k < count; ++k) {
    const auto i = static_cast<std::size_t>(k);
    law.harmonics.wave.row(k) = wave[i];
    law.inertia_cosine.row(k) = inertia_c[i];
    law.inertia_sine.row(k) = inertia_s[i];
  }
  law.friction = w.segment(friction_at_, friction_terms_ * joints_).reshaped(joints_, friction_terms_).transpose();
  law.command = command_;
  for (std::size_t k = 0; k < learned_.size(); ++k)
    law.command(learned_[k].joint, learned_[k].command) = w(command_at_ + static_cast<int>(k));
  law.velocity_scale = velocity_scale_;
  law.forces = forces_;
  law.force_weight = w.tail(w.size() - force_at_);
  law.acceleration_limit = VectorXd::Constant(joints_, std::numeric_limits<double>::infinity());
  return law;
}

}  // namespace infans::model
