#include "core/inference/temporal_learn.hpp"

#include <cmath>
#include <deque>
#include <string>
#include <utility>

#include "core/base/error.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::GaussianNoise;
using model::LinearTemporalModel;
using model::Moments;
using model::TemporalHierarchy;

// An extrapolated step is taken back when F rises by more than its rounding.
constexpr double rounding = 1e-13;

MatrixXd block(const MatrixXd& m, Index at, Index size) { return m.block(at, at, size, size); }

double prior_energy(const GaussianNoise& noise, const MatrixXd& prior, double weight) {
  return 0.5 * weight * (prior.cwiseProduct(noise.precision).sum() - noise.log_det_precision);
}

struct Pass {
  double energy = 0.0;
  std::vector<LevelMoments> moments;
  VectorXd first;
};

Pass expect(const TemporalHierarchy& h, const std::vector<TemporalSequence>& sequences, const TemporalParameters& p) {
  Pass pass{0.0, empty_moments(h), VectorXd::Zero(h.states())};
  for (int k = 0; k < h.levels(); ++k) {
    const auto& m = *h.level(k).model;
    if (p.state_noise)
      pass.energy +=
          prior_energy(m.state_noise, block(p.prior_state_noise, h.state_offset(k), m.states()), p.prior_weight);
    if (p.observation_noise)
      pass.energy +=
          prior_energy(m.observation_noise, block(p.prior_observation_noise, h.observation_offset(k), m.observations()),
                       p.prior_weight);
  }
  Mask seen = Mask::Constant(h.observations(), true);
  for (const auto& s : sequences) {
    const Smoothed q = smooth(h, s);
    pass.energy -= q.log_evidence;
    pass.first += q.mean[0] / static_cast<double>(sequences.size());
    for (Index t = 0; t < s.observations.cols(); ++t) {
      if (s.seen.size() > 0) seen = s.seen.col(t);
      add_move(h, t, q, t, s.actions.col(t), pass.moments);
      add_sight(h, q, t, s.observations.col(t), seen, pass.moments);
    }
  }
  if (!std::isfinite(pass.energy)) throw base::Error("learn: F is not finite");
  return pass;
}

// Extrapolates a fixed-point iteration by the combination of its last steps whose residual is least.
class Anderson {
 public:
  explicit Anderson(int memory) : memory_(memory) {}
  void clear() {
    here_.clear();
    step_.clear();
  }
  // The point to try after `here` led to `there`.
  VectorXd next(const VectorXd& here, const VectorXd& there) {
    here_.push_back(here);
    step_.push_back(there - here);
    if (static_cast<int>(here_.size()) > memory_ + 1) {
      here_.pop_front();
      step_.pop_front();
    }
    const Index count = static_cast<Index>(here_.size()) - 1;
    if (count < 1) return there;
    MatrixXd steps(here.size(), count), points(here.size(), count);
    for (Index i = 0; i < count; ++i) {
      steps.col(i) = step_[i + 1] - step_[i];
      points.col(i) = here_[i + 1] - here_[i];
    }
    MatrixXd normal = steps.transpose() * steps;
    normal.diagonal().array() += 1e-12 * normal.diagonal().maxCoeff();
    const VectorXd share = normal.ldlt().solve(steps.transpose() * step_.back());
    const VectorXd out = there - (points + steps) * share;
    return out.allFinite() ? out : there;
  }

 private:
  int memory_;
  std::deque<VectorXd> here_, step_;
};

}  // namespace

std::vector<LevelMoments> empty_moments(const TemporalHierarchy& h) {
  std::vector<LevelMoments> out;
  for (int k = 0; k < h.levels(); ++k) {
    const auto& m = *h.level(k).model;
    const bool linear = h.linear(k) != nullptr;
    out.push_back({Moments(m.states(), linear ? m.states() + m.actions() : 0),
                   Moments(m.observations(), linear ? m.states() : 0)});
  }
  return out;
}

void add_move(const TemporalHierarchy& h, long step, const Smoothed& q, Index t, const VectorXd& a,
              std::vector<LevelMoments>& sums) {
  VectorXd next;
  MatrixXd jacobian;
  for (int k = 0; k < h.levels(); ++k) {
    if (!h.moves(k, step)) continue;
    const auto& m = *h.level(k).model;
    const Index n = m.states(), own = h.own_actions(k), above = m.actions() - own, at = h.state_offset(k);
    Moments& sum = sums[k].moved;
    const auto now = q.mean[t + 1].segment(at, n);
    const auto p = q.covariance[t + 1].block(at, at, n, n);
    sum.count += 1.0;
    if (!h.linear(k)) {
      if (next.size() == 0) {
        next.resize(h.states());
        jacobian.resize(h.states(), h.states());
        h.transition_at(step, q.mean[t], a, next, &jacobian);
      }
      const VectorXd e = now - next.segment(at, n);
      const MatrixXd law = jacobian.middleRows(at, n), mixed = q.cross[t].middleRows(at, n) * law.transpose();
      sum.yy += e * e.transpose() + p - mixed - mixed.transpose() + law * q.covariance[t] * law.transpose();
      continue;
    }
    // z = (x^k, a^k, x^{k+1}); the two states lie side by side in x.
    VectorXd z(n + own + above);
    z << q.mean[t].segment(at, n), a.segment(h.action_offset(k), own), q.mean[t].segment(at + n, above);
    const auto& before = q.covariance[t];
    sum.yy += p + now * now.transpose();
    sum.yz += now * z.transpose();
    sum.yz.leftCols(n) += q.cross[t].block(at, at, n, n);
    sum.yz.rightCols(above) += q.cross[t].block(at, at + n, n, above);
    sum.zz += z * z.transpose();
    sum.zz.topLeftCorner(n, n) += before.block(at, at, n, n);
    sum.zz.topRightCorner(n, above) += before.block(at, at + n, n, above);
    sum.zz.bottomLeftCorner(above, n) += before.block(at + n, at, above, n);
    sum.zz.bottomRightCorner(above, above) += before.block(at + n, at + n, above, above);
  }
}

void add_sight(const TemporalHierarchy& h, const Smoothed& q, Index t, const VectorXd& o, const Mask& seen,
               std::vector<LevelMoments>& sums) {
  for (int k = 0; k < h.levels(); ++k) {
    const auto& m = *h.level(k).model;
    const Index n = m.states(), size = m.observations(), at = h.state_offset(k), first = h.observation_offset(k);
    if (size == 0) continue;
    const VectorXd mean = q.mean[t + 1].segment(at, n);
    const MatrixXd xx = q.covariance[t + 1].block(at, at, n, n) + mean * mean.transpose();
    const MatrixXd& r = m.observation_noise.covariance;
    const Mask mask = seen.segment(first, size);
    if (const LinearTemporalModel* linear = h.linear(k)) {
      model::add_observation(linear->C, r, o.segment(first, size), mask, mean, xx, sums[k].observed);
      continue;
    }
    VectorXd g(size);
    MatrixXd c(size, n);
    m.observation(mean, g, &c);
    Moments one(static_cast<int>(size), static_cast<int>(n));
    model::add_observation(c, r, o.segment(first, size) - g + c * mean, mask, mean, xx, one);
    sums[k].observed.yy += one.residual(c);
    sums[k].observed.count += 1.0;
  }
}

void maximise(TemporalHierarchy& h, const std::vector<LevelMoments>& moments, const TemporalParameters& p) {
  // All that may throw comes before the first change.
  std::vector<MatrixXd> law, seen;
  std::vector<GaussianNoise> state, observed;
  for (int k = 0; k < h.levels(); ++k) {
    const auto& m = *h.level(k).model;
    const int n = m.states(), actions = m.actions();
    const Moments &moved = moments[k].moved, &sight = moments[k].observed;
    MatrixXd w(n, 0), c(m.observations(), 0);
    if (const LinearTemporalModel* linear = h.linear(k)) {
      w.resize(n, n + actions);
      w << linear->A, linear->B;
      c = linear->C;
      if (moved.count > 0.0 && (p.transition || p.action))
        moved.regress(p.transition ? 0 : n, (p.transition ? n : 0) + (p.action ? actions : 0), w);
      if (sight.count > 0.0 && p.observation) sight.regress(0, n, c);
    }
    state.push_back(m.state_noise);
    observed.push_back(m.observation_noise);
    if (p.state_noise && moved.count > 0.0)
      state.back() = moved.noise(w, block(p.prior_state_noise, h.state_offset(k), n), p.prior_weight);
    if (p.observation_noise && sight.count > 0.0)
      observed.back() =
          sight.noise(c, block(p.prior_observation_noise, h.observation_offset(k), m.observations()), p.prior_weight);
    law.push_back(std::move(w));
    seen.push_back(std::move(c));
  }
  for (int k = 0; k < h.levels(); ++k) {
    auto& m = *h.level(k).model;
    m.state_noise = state[k];
    m.observation_noise = observed[k];
    LinearTemporalModel* linear = h.linear(k);
    if (!linear) continue;
    linear->A = law[k].leftCols(m.states());
    linear->B = law[k].rightCols(m.actions());
    linear->C = seen[k];
  }
  h.refresh();
}

TemporalParameters with_priors(const TemporalHierarchy& h, const TemporalParameters& p) {
  TemporalParameters out = p;
  if (!(p.prior_weight >= 0.0)) throw base::UserError("learn: prior_weight must be 0 or more");
  if (out.prior_state_noise.size() == 0) out.prior_state_noise = h.state_noise.covariance;
  if (out.prior_observation_noise.size() == 0) out.prior_observation_noise = h.observation_noise.covariance;
  const auto fits = [](const MatrixXd& m, int size) { return m.rows() == size && m.cols() == size; };
  if (!fits(out.prior_state_noise, h.states()) || !fits(out.prior_observation_noise, h.observations()))
    throw base::UserError("learn: the priors of Q and R must be n x n and m x m over the whole model");
  return out;
}

TemporalLearnReport learn(TemporalHierarchy& h, const std::vector<TemporalSequence>& sequences,
                          const TemporalLearnOptions& o) {
  if (sequences.empty() || o.max_iterations < 0 || !(o.slope >= 0.0) || o.memory < 0)
    throw base::UserError("learn: at least one sequence; max_iterations, slope and memory must be 0 or more");
  const TemporalParameters p = with_priors(h, o);
  TemporalLearnReport report;
  Anderson anderson(o.memory);
  VectorXd here = pack(h, p), safe = here;
  bool tried = false;  // the model stands at an extrapolated point whose F is not known yet
  for (; report.passes < o.max_iterations; ++report.passes) {
    Pass pass;
    bool good = true;
    try {
      pass = expect(h, sequences, p);
      good = !tried || pass.energy <= report.energy.back() + rounding * (1.0 + std::abs(pass.energy));
    } catch (const base::Error&) {
      if (!tried) throw;
      good = false;
    }
    if (!good) {
      unpack(safe, p, h);
      here = safe;
      anderson.clear();
      tried = false;
      continue;
    }
    const bool last = !report.energy.empty() && o.slope > 0.0 &&
                      report.energy.back() - pass.energy < o.slope * (1.0 + std::abs(pass.energy));
    report.energy.push_back(pass.energy);
    safe = here;
    if (last) {
      report.converged = true;
      tried = false;
      break;
    }
    if (pass.moments[0].observed.count == 0.0 && pass.moments[0].moved.count == 0.0)
      throw base::UserError("learn: the sequences hold no steps");
    maximise(h, pass.moments, p);
    if (o.initial_mean)
      for (int k = 0; k < h.levels(); ++k)
        h.level(k).model->initial_mean = pass.first.segment(h.state_offset(k), h.level(k).model->states());
    h.refresh();
    tried = false;
    if (o.memory == 0) continue;
    safe = pack(h, p);
    VectorXd next = anderson.next(here, safe);
    tried = next != safe;
    here = std::move(next);
    if (!tried) continue;
    try {
      unpack(here, p, h);
    } catch (const base::Error&) {
      unpack(safe, p, h);
      here = safe;
      anderson.clear();
      tried = false;
    }
  }
  if (tried) unpack(safe, p, h);
  return report;
}

TemporalLearnReport learn(LinearTemporalModel& m, const std::vector<TemporalSequence>& sequences,
                          const TemporalLearnOptions& options) {
  // A stack of one level that works on the caller's model and does not own it.
  TemporalHierarchy h({{std::shared_ptr<model::TemporalModel>(std::shared_ptr<void>(), &m), 1}});
  return learn(h, sequences, options);
}

}  // namespace infans::inference
