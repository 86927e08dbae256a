#include "core/model/temporal_hierarchy.hpp"

#include <string>
#include <utility>

#include "core/base/error.hpp"

namespace infans::model {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int max_levels = 8;

void check(bool fits, int level, const char* what) {
  if (!fits) throw base::UserError("TemporalHierarchy: level " + std::to_string(level) + " " + what);
}

std::vector<TemporalLevel> checked(std::vector<TemporalLevel> levels) {
  const int count = static_cast<int>(levels.size());
  if (count < 1 || count > max_levels)
    throw base::UserError("TemporalHierarchy: it has " + std::to_string(count) + " levels, it must have 1 .. " +
                          std::to_string(max_levels));
  int observations = 0;
  for (int k = 0; k < count; ++k) {
    check(levels[k].model != nullptr, k, "has no model");
    check(levels[k].period >= 1, k, "has a period below 1 step");
    observations += levels[k].model->observations();
    if (k + 1 < count && levels[k + 1].model)
      check(levels[k].model->actions() >= levels[k + 1].model->states(), k,
            "has fewer actions than the level above has states");
  }
  if (observations < 1) throw base::UserError("TemporalHierarchy: no level has senses");
  return levels;
}

int own_actions_of(const std::vector<TemporalLevel>& levels, std::size_t k) {
  return levels[k].model->actions() - (k + 1 < levels.size() ? levels[k + 1].model->states() : 0);
}

// Block diagonal over levels; a noise of no size takes no room.
template <class Noise>
GaussianNoise stack(const std::vector<TemporalLevel>& levels, Noise noise) {
  GaussianNoise out;
  Index size = 0;
  for (const auto& level : levels) size += noise(*level.model).size();
  out.precision = out.covariance = MatrixXd::Zero(size, size);
  Index at = 0;
  for (const auto& level : levels) {
    const GaussianNoise& part = noise(*level.model);
    const Index m = part.size();
    out.precision.block(at, at, m, m) = part.precision;
    out.covariance.block(at, at, m, m) = part.covariance;
    out.log_det_precision += part.log_det_precision;
    at += m;
  }
  return out;
}

const GaussianNoise& initial_of(const TemporalModel& m) { return m.initial; }
const GaussianNoise& state_of(const TemporalModel& m) { return m.state_noise; }
const GaussianNoise& observed_of(const TemporalModel& m) { return m.observation_noise; }

VectorXd stacked_mean(const std::vector<TemporalLevel>& levels) {
  VectorXd out(0);
  for (const auto& level : levels) {
    out.conservativeResize(out.size() + level.model->states());
    out.tail(level.model->states()) = level.model->initial_mean;
  }
  return out;
}

int all_actions(const std::vector<TemporalLevel>& levels) {
  int count = 0;
  for (std::size_t k = 0; k < levels.size(); ++k) count += own_actions_of(levels, k);
  return count;
}

}  // namespace

TemporalHierarchy::TemporalHierarchy(std::vector<TemporalLevel> levels)
    : TemporalHierarchy(Checked{checked(std::move(levels))}) {}

TemporalHierarchy::TemporalHierarchy(Checked&& c)
    : TemporalModel(stacked_mean(c.levels), stack(c.levels, initial_of), stack(c.levels, state_of),
                    stack(c.levels, observed_of), all_actions(c.levels)),
      levels_(std::move(c.levels)) {
  Place at{0, 0, 0, 0};
  for (std::size_t k = 0; k < levels_.size(); ++k) {
    at.actions = own_actions_of(levels_, k);
    places_.push_back(at);
    linear_.push_back(dynamic_cast<LinearTemporalModel*>(levels_[k].model.get()));
    at.state += levels_[k].model->states();
    at.action += at.actions;
    at.observation += levels_[k].model->observations();
  }
  refresh();
}

void TemporalHierarchy::refresh() {
  initial_mean = stacked_mean(levels_);
  initial = stack(levels_, initial_of);
  state_noise = stack(levels_, state_of);
  observation_noise = stack(levels_, observed_of);
  noise_.assign(std::size_t{1} << levels_.size(), MatrixXd::Zero(states(), states()));
  for (std::size_t set = 0; set < noise_.size(); ++set)
    for (int k = 0; k < levels(); ++k) {
      if (!(set >> k & 1)) continue;
      const int at = places_[k].state, n = levels_[k].model->states();
      noise_[set].block(at, at, n, n) = levels_[k].model->state_noise.covariance;
    }
}

TemporalHierarchy TemporalHierarchy::clone() const {
  std::vector<TemporalLevel> copy = levels_;
  for (int k = 0; k < levels(); ++k)
    if (linear_[k]) copy[k].model = std::make_shared<LinearTemporalModel>(*linear_[k]);
  return TemporalHierarchy(std::move(copy));
}

unsigned TemporalHierarchy::moving(long step) const {
  unsigned set = 0;
  for (int k = 0; k < levels(); ++k) set |= moves(k, step) ? 1u << k : 0u;
  return set;
}

const MatrixXd& TemporalHierarchy::state_covariance_at(long step) const { return noise_[moving(step)]; }

void TemporalHierarchy::transition(const VectorXd& x, const VectorXd& a, VectorXd& next, MatrixXd* jacobian) const {
  move((1u << levels()) - 1u, x, a, next, jacobian);
}

void TemporalHierarchy::transition_at(long step, const VectorXd& x, const VectorXd& a, VectorXd& next,
                                      MatrixXd* jacobian) const {
  move(moving(step), x, a, next, jacobian);
}

void TemporalHierarchy::move(unsigned moving, const VectorXd& x, const VectorXd& a, VectorXd& next,
                             MatrixXd* jacobian) const {
  next = x;
  if (jacobian) jacobian->setIdentity();
  for (int k = 0; k < levels(); ++k) {
    if (!(moving >> k & 1)) continue;
    const TemporalModel& level = *levels_[k].model;
    const Place& at = places_[k];
    const Index n = level.states(), own = at.actions, above = level.actions() - own, up = at.state + n;
    auto out = next.segment(at.state, n);
    if (const LinearTemporalModel* m = linear_[k]) {
      out.noalias() = m->A * x.segment(at.state, n);
      out.noalias() += m->B.leftCols(own) * a.segment(at.action, own);
      out.noalias() += m->B.rightCols(above) * x.segment(up, above);
      if (jacobian) {
        jacobian->block(at.state, at.state, n, n) = m->A;
        jacobian->block(at.state, up, n, above) = m->B.rightCols(above);
      }
      continue;
    }
    const VectorXd from = x.segment(at.state, n);
    VectorXd drive(level.actions()), to(n);
    drive << a.segment(at.action, own), x.segment(up, above);
    MatrixXd law(n, n);
    level.transition(from, drive, to, jacobian ? &law : nullptr);
    out = to;
    if (!jacobian) continue;
    jacobian->block(at.state, at.state, n, n) = law;
    if (above == 0) continue;
    MatrixXd driven(n, level.actions());
    level.action_jacobian(from, drive, driven);
    jacobian->block(at.state, up, n, above) = driven.rightCols(above);
  }
}

void TemporalHierarchy::observation(const VectorXd& x, VectorXd& o, MatrixXd* jacobian) const {
  if (jacobian) jacobian->setZero();
  for (int k = 0; k < levels(); ++k) {
    const TemporalModel& level = *levels_[k].model;
    const Place& at = places_[k];
    const Index n = level.states(), m = level.observations();
    if (m == 0) continue;
    if (const LinearTemporalModel* linear = linear_[k]) {
      o.segment(at.observation, m).noalias() = linear->C * x.segment(at.state, n);
      if (jacobian) jacobian->block(at.observation, at.state, m, n) = linear->C;
      continue;
    }
    const VectorXd from = x.segment(at.state, n);
    VectorXd out(m);
    MatrixXd seen(m, n);
    level.observation(from, out, jacobian ? &seen : nullptr);
    o.segment(at.observation, m) = out;
    if (jacobian) jacobian->block(at.observation, at.state, m, n) = seen;
  }
}

}  // namespace infans::model
