#include "core/inference/temporal_online.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"

namespace infans::inference {
namespace {

// Share of each diagonal element added to H: holds directions that observations do not tell, as the change of states.
constexpr double ridge = 0.03;

}  // namespace

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

TemporalOnline::TemporalOnline(model::TemporalHierarchy& model, const TemporalOnlineOptions& options,
                               const TemporalOptions& filter)
    : model_(model),
      options_(options),
      parameters_(with_priors(model, options)),
      filter_(model, filter),
      moments_(empty_moments(model)),
      fresh_(moments_),
      block_(moments_),
      moved_(model.levels()) {
  if (options.lag < 1 || options.wait < 1 || !(options.power > 0.5 && options.power <= 1.0) ||
      !(options.least_step >= 0.0 && options.least_step < 1.0))
    throw base::UserError("TemporalOnline: lag and wait must be 1 or more, power in (0.5, 1], least_step in [0, 1)");
  if (options.initial_mean) throw base::UserError("TemporalOnline: a life has one start; initial_mean is not learned");
  trace_.start(filter_);
}

double TemporalOnline::Weights::next(const TemporalOnlineOptions& o) {
  const double step = std::max(o.least_step, std::pow(static_cast<double>(++count), -o.power));
  squares = (1.0 - step) * (1.0 - step) * squares + step * step;
  return step;
}

TemporalReport TemporalOnline::infer_states(const VectorXd& a, const VectorXd& o, const Mask* seen) {
  const TemporalReport report = filter_.step(a, o, seen);
  trace_.add(model_, filter_, a, o, seen);
  return report;
}

void TemporalOnline::gather(const Smoothed& q, Index t) {
  const long step = trace_.first + t;
  for (auto& f : fresh_) {
    f.moved.scale(0.0);
    f.observed.scale(0.0);
  }
  add_move(model_, step, q, t, trace_.actions[t], fresh_);
  add_sight(model_, q, t, trace_.observations[t], trace_.seen[t], fresh_);
  const auto mix = [](model::Moments& sum, double keep, const model::Moments& one, double share) {
    sum.yy = keep * sum.yy + share * one.yy;
    sum.yz = keep * sum.yz + share * one.yz;
    sum.zz = keep * sum.zz + share * one.zz;
    sum.count = keep * sum.count + share * one.count;
  };
  const double share = seen_.next(options_);
  for (int k = 0; k < model_.levels(); ++k) {
    mix(block_[k].moved, 1.0, fresh_[k].moved, 1.0);
    mix(block_[k].observed, 1.0, fresh_[k].observed, 1.0);
    mix(moments_[k].observed, 1.0 - share, fresh_[k].observed, share);
    if (!model_.moves(k, step)) continue;
    const double moved = moved_[k].next(options_);
    mix(moments_[k].moved, 1.0 - moved, fresh_[k].moved, moved);
  }
}

// The mean square of block gradients is the information of a step, the gradients of blocks being nearly uncorrelated.
// The first half of the way to scoring is left out: gradients there are far from those at the maximum.
void TemporalOnline::expand(const VectorXd& gradient, int steps) {
  if (blocks_ == 0) information_ = MatrixXd::Zero(gradient.size(), gradient.size());
  const long since = ++blocks_ - scoring_from() / 2;
  if (since < 1) return;
  const double share = std::min(1.0, 3.0 / (2.0 + static_cast<double>(since)));
  information_ *= 1.0 - share;
  information_.noalias() += share / steps * gradient * gradient.transpose();
}

long TemporalOnline::scoring_from() const {
  return options_.scoring_from > 0 ? options_.scoring_from : 20 * information_.rows();
}

bool TemporalOnline::climb(const VectorXd& gradient, int steps) {
  const Index size = gradient.size();
  const long since = blocks_ - scoring_from();
  if (size == 0 || since < 1) return false;
  MatrixXd h = information_;
  h.diagonal() *= 1.0 + ridge;
  h.diagonal().array() += 1e-9 * information_.diagonal().maxCoeff();
  const Eigen::LLT<MatrixXd> factor(h);
  if (factor.info() != Eigen::Success) return false;
  const double pace = std::max(options_.least_step, std::pow(static_cast<double>(since + 20), -options_.power));
  VectorXd step = pace / steps * factor.solve(gradient);
  // step' H step is pace^2 size / steps on average at the maximum; a block far beyond is held back.
  const double length = step.dot(h * step), usual = 4.0 * pace * pace * static_cast<double>(size) / steps;
  if (length > usual) step *= std::sqrt(usual / length);
  const VectorXd before = pack(model_, parameters_);
  try {
    unpack(before + step, parameters_, model_);
  } catch (const base::Error&) {
    unpack(before, parameters_, model_);
    return false;
  }
  return true;
}

void TemporalOnline::average() {
  if (filter_.steps() < options_.average_from) return;
  const VectorXd now = pack(model_, parameters_);
  if (averaged_ == 0) mean_ = VectorXd::Zero(now.size());
  mean_ += (now - mean_) / static_cast<double>(++averaged_);
}

bool TemporalOnline::learn() {
  const int waiting = static_cast<int>(trace_.predicted.size());
  if (waiting < 2 * options_.lag) return false;
  const Smoothed q = smooth(trace_);
  const int ripe = waiting - options_.lag;
  for (auto& b : block_) {
    b.moved.scale(0.0);
    b.observed.scale(0.0);
  }
  for (int t = 0; t < ripe; ++t) gather(q, t);
  trace_.drop(ripe);
  bool climbed = false;
  if (options_.scoring) {
    const double share = static_cast<double>(ripe) / static_cast<double>(seen_.count);
    const VectorXd gradient = score(model_, block_, parameters_, share);
    expand(gradient, ripe);
    climbed = climb(gradient, ripe);
  }
  if (!climbed) {
    std::vector<LevelMoments> moments;
    for (int k = 0; k < model_.levels(); ++k) {
      moments.push_back(statistics(k));
      if (moved_[k].count < options_.wait) moments[k].moved.count = 0.0;
      if (seen_.count < options_.wait) moments[k].observed.count = 0.0;
    }
    maximise(model_, moments, parameters_);
  }
  average();
  return true;
}

LevelMoments TemporalOnline::statistics(int level) const {
  LevelMoments out = moments_[level];
  if (moved_[level].count > 0) out.moved.scale(1.0 / moved_[level].squares);
  if (seen_.count > 0) out.observed.scale(1.0 / seen_.squares);
  return out;
}

TemporalOnline::Belief TemporalOnline::belief(int level) const {
  const Index at = model_.state_offset(level), n = model_.level(level).model->states();
  return {filter_.mean().segment(at, n), filter_.covariance().block(at, at, n, n)};
}

model::TemporalHierarchy TemporalOnline::averaged() const {
  model::TemporalHierarchy out = model_.clone();
  if (averaged_ > 0) unpack(mean_, parameters_, out);
  return out;
}

}  // namespace infans::inference
