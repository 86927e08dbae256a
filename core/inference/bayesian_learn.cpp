#include "core/inference/bayesian_learn.hpp"

#include <cmath>
#include <numbers>
#include <stdexcept>

namespace infans::inference {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::BayesianHierarchy;
using model::BayesianHierarchyState;
using Llt = Eigen::LLT<MatrixXd>;

constexpr int halvings = 6;
constexpr double stride_growth = 1.1;  // of an over-relaxed round after each success (Salakhutdinov & Roweis 2003)
constexpr double rounding = 1e-14;     // share of an energy that is rounding, not a rise

bool has_below(const BayesianHierarchy& m, int l) { return l + 1 < m.levels(); }

MatrixXd activity_gradient(const BayesianHierarchy& m, const BayesianHierarchyState& s, int l) {
  MatrixXd g = s.weighted[l];
  if (!has_below(m, l)) return g;
  const Eigen::Index n = g.rows();
  const auto& w = m.weight[l];
  MatrixXd back = m.moments[l].covariance.topRows(n) * s.rate[l] * static_cast<double>(w.outputs());
  back.noalias() -= w.mean.leftCols(n).transpose() * s.weighted[l + 1];
  return g + back.cwiseProduct(model::rate_slope(m, s, l));
}

VectorXd local_energy(const BayesianHierarchy& m, BayesianHierarchyState& s, int l) {
  model::refresh_rate(m, s, l);
  model::refresh_error(m, s, l);
  if (!has_below(m, l)) return s.energy[l];
  model::refresh_error(m, s, l + 1);
  return s.energy[l] + s.energy[l + 1];
}

void newton_step(const BayesianHierarchy& m, BayesianHierarchyState& s, int l, const Llt& curvature) {
  const MatrixXd before = s.activity[l], direction = curvature.solve(activity_gradient(m, s, l));
  VectorXd energy = s.energy[l];
  if (has_below(m, l)) energy += s.energy[l + 1];
  VectorXd step = VectorXd::Ones(s.batch());
  for (int tries = 0; tries <= halvings; ++tries) {
    s.activity[l] = before - direction * step.asDiagonal();
    const VectorXd after = local_energy(m, s, l);
    bool rose = false;
    for (Eigen::Index n = 0; n < step.size(); ++n) {
      if (after(n) <= energy(n) + rounding * (1.0 + std::abs(energy(n)))) continue;
      step(n) = tries + 1 < halvings ? 0.5 * step(n) : 0.0;
      rose = true;
    }
    if (!rose) return;
  }
  s.activity[l] = before;
  local_energy(m, s, l);
}

// Optimal covariances of a level's activities, summed over the batch: S = (Lambda_l + D C D)^-1.
void spread_level(const BayesianHierarchy& m, BayesianHierarchyState& s, int l) {
  const Eigen::Index n = s.activity[l].rows();
  const MatrixXd& own = m.moments[l - 1].precision;
  const MatrixXd slope = model::rate_slope(m, s, l);
  s.spread[l] = MatrixXd::Zero(n, n);
  s.rate_spread[l] = MatrixXd::Zero(n, n);
  s.entropy[l] = 0.0;
  const double constant = 0.5 * static_cast<double>(n) * std::log(2.0 * std::numbers::pi * std::numbers::e);
  const MatrixXd identity = MatrixXd::Identity(n, n);
  const bool shared =
      !has_below(m, l) || m.shape.activation == model::Activation::identity;  // one covariance for all samples
  const int count = shared ? 1 : s.batch();
  const double times = shared ? s.batch() : 1.0;
  for (int b = 0; b < count; ++b) {
    MatrixXd h = own;
    if (has_below(m, l)) h += slope.col(b).asDiagonal() * m.moments[l].curvature * slope.col(b).asDiagonal();
    const Llt llt(h);
    const MatrixXd covariance = llt.solve(identity);
    s.spread[l] += times * covariance;
    s.rate_spread[l] += times * (slope.col(b).asDiagonal() * covariance * slope.col(b).asDiagonal());
    s.entropy[l] += times * (constant - llt.matrixLLT().diagonal().array().log().sum());
  }
}

void hebbian_update(model::MatrixNormalWishart& q, const BayesianHierarchyState& s, std::size_t l, double weight) {
  MatrixXd rate_spread;
  if (s.rate_spread[l].size() > 0) {
    rate_spread = MatrixXd::Zero(q.inputs(), q.inputs());
    rate_spread.topLeftCorner(q.inputs() - 1, q.inputs() - 1) = s.rate_spread[l];
  }
  q.update(s.rate[l], s.activity[l + 1], weight, rate_spread, s.spread[l + 1]);
}

// Natural parameters go `stride` times as far as from `before` to where they are; false, and nothing moves, where that
// would leave the beliefs that exist.
bool overrelax(BayesianHierarchy& m, const std::vector<model::MatrixNormalWishart>& before, double stride) {
  std::vector<model::MatrixNormalWishart> beyond = before;
  for (std::size_t l = 0; l < beyond.size(); ++l) {
    beyond[l].move_towards(m.weight[l], stride);
    const bool exists = Llt(beyond[l].column_precision).info() == Eigen::Success &&
                        Llt(beyond[l].scale).info() == Eigen::Success && beyond[l].dof > beyond[l].outputs() - 1;
    if (!exists) return false;
  }
  m.weight = std::move(beyond);
  m.refresh();
  return true;
}

}  // namespace

BayesianSettleReport settle(const BayesianHierarchy& m, BayesianHierarchyState& s, const BayesianSettleOptions& o) {
  std::vector<int> free;
  std::vector<Llt> curvature;
  for (int l = 1; l < m.levels(); ++l) {
    if (s.clamped[l]) continue;
    free.push_back(l);
    MatrixXd h = m.moments[l - 1].precision;
    if (has_below(m, l)) h += m.moments[l].curvature;
    curvature.emplace_back(h);
  }
  BayesianSettleReport report;
  report.energy = model::free_energy(m, s);
  while (report.sweeps < o.sweeps && !report.converged && !free.empty()) {
    for (std::size_t k = 0; k < free.size(); ++k) newton_step(m, s, free[k], curvature[k]);
    const double energy = model::free_energy(m, s);
    report.converged = o.slope > 0.0 && report.energy - energy < o.slope * (1.0 + std::abs(energy));
    report.energy = energy;
    ++report.sweeps;
  }
  if (m.shape.latent == model::Latent::gaussian) {
    for (const int l : free) spread_level(m, s, l);
    report.energy = model::free_energy(m, s);
  }
  return report;
}

void learn(BayesianHierarchy& m, const BayesianHierarchyState& s) {
  for (std::size_t l = 0; l < m.weight.size(); ++l) {
    m.weight[l] = m.prior[l];
    hebbian_update(m.weight[l], s, l, 1.0);
  }
  m.refresh();
}

void learn(BayesianHierarchy& m, const BayesianHierarchyState& s, double rows, double rate) {
  if (!(rate > 0.0 && rate <= 1.0)) throw std::logic_error("learn: a rate is a share above 0 and at most 1");
  for (std::size_t l = 0; l < m.weight.size(); ++l) {
    model::MatrixNormalWishart target = m.prior[l];
    hebbian_update(target, s, l, rows / s.batch());
    m.weight[l].move_towards(target, rate);
  }
  m.refresh();
}

BayesianFitReport fit(BayesianHierarchy& m, const MatrixXd& inputs, const MatrixXd& outputs,
                      const BayesianFitOptions& o) {
  if (inputs.cols() != outputs.cols() || inputs.rows() != m.shape.widths.front() ||
      outputs.rows() != m.shape.widths.back() || inputs.cols() < 1)
    throw std::logic_error("fit: a data set needs I x N inputs and O x N outputs");
  BayesianHierarchyState s(m, static_cast<int>(inputs.cols()));
  s.activity.front() = inputs;
  s.activity.back() = outputs;
  s.clamped.back() = true;
  model::predict_all(m, s);
  BayesianFitReport report;
  report.free_energy = settle(m, s, o.settle).energy + model::weight_divergence(m);
  double stride = 1.0;
  while (report.rounds < o.rounds && !report.converged) {
    const std::vector<model::MatrixNormalWishart> before = m.weight;
    learn(m, s);
    const BayesianHierarchy exact = m;
    const BayesianHierarchyState settled = s;
    const bool beyond = stride > 1.0 && overrelax(m, before, stride);
    double f = settle(m, s, o.settle).energy + model::weight_divergence(m);
    if (beyond && !(f < report.free_energy)) {
      m = exact;
      s = settled;
      f = settle(m, s, o.settle).energy + model::weight_divergence(m);
      stride = 1.0;
    } else {
      stride = beyond || stride == 1.0 ? stride * stride_growth : 1.0;
    }
    report.converged = std::abs(report.free_energy - f) < o.slope * (1.0 + std::abs(f));
    report.free_energy = f;
    ++report.rounds;
  }
  return report;
}

BayesianPrediction predict(const BayesianHierarchy& m, const MatrixXd& inputs, int draws, random::Stream& stream) {
  if (draws < 2) throw std::logic_error("predict: a variance needs two draws");
  const Eigen::Index o = m.shape.widths.back(), batch = inputs.cols();
  BayesianHierarchyState clean(m, static_cast<int>(batch)), noisy(m, static_cast<int>(batch));
  clean.activity[0] = noisy.activity[0] = inputs;
  model::refresh_rate(m, clean, 0);
  model::refresh_rate(m, noisy, 0);
  BayesianPrediction p{MatrixXd::Zero(o, batch), MatrixXd::Zero(o, batch), MatrixXd::Zero(o, batch)};
  MatrixXd clean_mean = p.mean, weight, factor;
  for (int k = 0; k < draws; ++k) {
    for (int l = 1; l < m.levels(); ++l) {
      m.weight[l - 1].draw(stream, weight, factor);
      MatrixXd noise(m.shape.widths[l], batch);
      for (double& e : noise.reshaped()) e = stream.normal();
      clean.activity[l].noalias() = weight * clean.rate[l - 1];
      noisy.activity[l].noalias() = weight * noisy.rate[l - 1] + factor * noise;
      model::refresh_rate(m, clean, l);
      model::refresh_rate(m, noisy, l);
    }
    // Running moments (Welford 1962).
    const MatrixXd d = noisy.activity.back() - p.mean, c = clean.activity.back() - clean_mean;
    p.mean += d / (k + 1.0);
    clean_mean += c / (k + 1.0);
    p.variance += d.cwiseProduct(noisy.activity.back() - p.mean);
    p.epistemic += c.cwiseProduct(clean.activity.back() - clean_mean);
  }
  p.variance /= draws - 1.0;
  p.epistemic /= draws - 1.0;
  return p;
}

}  // namespace infans::inference
