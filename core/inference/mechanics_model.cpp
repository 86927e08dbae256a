#include "core/inference/mechanics_model.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "core/base/archive.hpp"
#include "core/inference/leave_out.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::Path;
using model::Transitions;

constexpr double inertia_floor = 0.02;  // of the smallest prior inertia

double median(VectorXd x) {
  auto middle = x.begin() + x.size() / 2;
  std::nth_element(x.begin(), middle, x.end());
  return *middle;
}

// Inverse of a symmetric matrix whose eigenvalues are lifted to the floor.
MatrixXd positive_inverse(const MatrixXd& p, double floor) {
  const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(p);
  const VectorXd inverse = eigen.eigenvalues().cwiseMax(floor).cwiseInverse();
  return eigen.eigenvectors() * inverse.asDiagonal() * eigen.eigenvectors().transpose();
}

MatrixXd unpacked(const Eigen::RowVectorXd& pairs, int n) {
  MatrixXd p(n, n);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) p(i, j) = pairs(model::pair_index(i, j, n));
  return p;
}

EvidenceAscent hyper_prior(const model::Grouping& g, double log_inertia, int fixed_points, int iterations) {
  EvidenceAscent o;
  const Index joints = g.decay.cols();
  const auto both = [&](double group, double decay) {
    VectorXd x(g.parameters());
    x << VectorXd::Constant(g.groups, group), VectorXd::Constant(joints, decay);
    return x;
  };
  o.centre = both(-2.0 * log_inertia - 2.0, 0.5);
  o.deviation = both(5.0, 1.0);
  o.low = both(-2.0 * log_inertia - 18.0, -0.5);
  o.high = both(-2.0 * log_inertia + 14.0, 5.0);
  o.iterations = iterations;
  o.fixed_points = fixed_points;
  return o;
}

}  // namespace

MechanicsModel::MechanicsModel(model::Encoding encoding, const MechanicsModelOptions& options,
                               std::shared_ptr<const model::ForceFeatures> forces)
    : encoding_(std::move(encoding)),
      options_(options),
      mechanics_(encoding_, options.mechanics, std::move(forces)),
      quadrature_(model::gauss_legendre(options.nodes)) {
  if (options.steps < 2 || options.steps % 2 != 0 || options.sweeps < 1)
    throw std::logic_error("MechanicsModel: steps must be even and positive, sweeps at least 1");
}

model::Acceleration MechanicsModel::acceleration() const {
  return
      [this](const MatrixXd& q, const MatrixXd& v, const MatrixXd& u, MatrixXd& a) { law_.acceleration(q, v, u, a); };
}

void MechanicsModel::start(const Transitions& t) {
  const double h = encoding_.dt;
  const MatrixXd dv = t.v1 - t.v0;
  scale_ = column_deviation(dv).cwiseMax(1e-6) / h;
  limit_ = 4.0 * dv.cwiseAbs().colwise().maxCoeff().transpose() / h;
  const double force = std::max(column_deviation(mechanics_.command_force(t.u)).maxCoeff(), 1e-3);
  inertia_ = force * scale_.cwiseInverse();
  prior_mean_ = mechanics_.prior_mean(inertia_);
  kept_.resize(static_cast<std::size_t>(mechanics_.weights()));
  std::iota(kept_.begin(), kept_.end(), 0);
  sample_precision_ = VectorXd::Ones(t.count());
  parameters_ = hyper_prior(mechanics_.grouping(), std::log(inertia_.mean()), 0, 0).centre;
  started_ = false;
}

// The balance of momentum times the inverse inertia in mid-step: rows in units of acceleration, so that their noise is
// the same everywhere.
MechanicsModel::Rows MechanicsModel::rows(const Transitions& t, const Path& path) const {
  const int n = mechanics_.joints();
  const Index count = t.count();
  const MatrixXd force = mechanics_.known_force(t.u);
  std::vector<MatrixXd> inverse;
  MatrixXd pairs;
  if (started_) pairs = law_.inertia(path.q[path.q.size() / 2]);
  const double floor = 3.0 * inertia_floor * inertia_.minCoeff();
  for (Index k = 0; k < count; ++k) {
    const MatrixXd p = started_ ? unpacked(pairs.row(k), n) : MatrixXd(inertia_.asDiagonal());
    inverse.push_back(scale_.cwiseInverse().asDiagonal() * positive_inverse(p, floor));
  }
  Rows r{MatrixXd(2 * n * count, static_cast<Index>(kept_.size())), VectorXd(2 * n * count)};
  for (int test = 0; test < 2; ++test) {
    const MatrixXd x = mechanics_.design(t, path, quadrature_, encoding_.dt, test, kept_);
    const Index first = test == 1 ? 0 : n;
    VectorXd balance(n);
    for (Index k = 0; k < count; ++k)
      r.y.segment(2 * n * k + first, n) = inverse[static_cast<std::size_t>(k)] * force.row(k).transpose();
    for (Index c = 0; c < x.cols(); ++c)
      for (Index k = 0; k < count; ++k) {
        for (int i = 0; i < n; ++i) balance(i) = x(i * count + k, c);
        r.x.col(c).segment(2 * n * k + first, n).noalias() = inverse[static_cast<std::size_t>(k)] * balance;
      }
  }
  return r;
}

// Precisions of the groups and the weights' posterior, for the rows at hand.
void MechanicsModel::weigh(const Rows& r, int fixed_points, int iterations) {
  const Index block = 2 * mechanics_.joints(), count = sample_precision_.size();
  const model::Grouping grouping = mechanics_.grouping().kept(kept_);
  const VectorXd prior = prior_mean_(kept_);
  VectorXd root(r.y.size());
  for (Index k = 0; k < count; ++k) root.segment(block * k, block).setConstant(std::sqrt(sample_precision_(k)));
  const GroupedRegression regression(root.asDiagonal() * r.x, root.cwiseProduct(r.y - r.x * prior),
                                     options_.noise_floor);
  const EvidenceAscent how = hyper_prior(grouping, std::log(inertia_.mean()), fixed_points, iterations);
  parameters_ = ascend(regression, grouping, how, parameters_);
  posterior_ = regression.posterior(grouping.log_precision(parameters_));
  moment_ = regression.x().transpose() * regression.y();
  set_weights(prior + posterior_.mean);
}

// Precision of whole samples: errors that are too large for the rest lose weight.
void MechanicsModel::weigh_samples(const Rows& r) {
  if (options_.robustness <= 0.0) return;
  const Index block = 2 * mechanics_.joints(), count = sample_precision_.size();
  const VectorXd square = (r.y - r.x * weights_(kept_)).array().square();
  VectorXd mean_square(count);
  for (Index k = 0; k < count; ++k) mean_square(k) = square.segment(block * k, block).mean();
  const double typical = std::max(median(mean_square), options_.noise_floor * options_.noise_floor);
  sample_precision_ = (options_.robustness + 1.0) / (options_.robustness + mean_square.array() / typical);
}

// A weight leaves when the evidence is highest with its own precision at infinity (Tipping & Faul 2003: q^2 <= s), or
// when it contributes next to nothing. What has a prior mean stays.
void MechanicsModel::prune(Rows& r) {
  if (options_.prune <= 0.0) return;
  std::vector<int> kept;
  std::vector<Index> columns;
  const VectorXd lambda = mechanics_.grouping().kept(kept_).log_precision(parameters_).array().exp();
  const VectorXd variance = inverse_lower(posterior_.precision.matrixLLT()).colwise().squaredNorm();
  for (std::size_t k = 0; k < kept_.size(); ++k) {
    const auto i = static_cast<Index>(k);
    const double w = weights_(kept_[k]);
    const double contribution = std::abs(w) * std::sqrt(r.x.col(i).squaredNorm() / static_cast<double>(r.x.rows()));
    const double quality = w * w / (posterior_.noise(0) * variance(i) * variance(i));
    const double sparsity = 1.0 / variance(i) - lambda(i);
    const bool counts = quality > options_.significance * sparsity && contribution > 0.2 * options_.prune &&
                        (contribution > options_.prune || quality > 16.0 * sparsity);
    if (prior_mean_(kept_[k]) == 0.0 && !counts) continue;
    kept.push_back(kept_[k]);
    columns.push_back(i);
  }
  kept_ = std::move(kept);
  r.x = r.x(Eigen::all, columns).eval();
}

void MechanicsModel::set_weights(const VectorXd& kept_weights) {
  weights_ = VectorXd::Zero(mechanics_.weights());
  weights_(kept_) = kept_weights;
  law_ = law_of(kept_weights);
  started_ = true;
}

model::MechanicsLaw MechanicsModel::law_of(const VectorXd& kept_weights) const {
  VectorXd all = VectorXd::Zero(mechanics_.weights());
  all(kept_) = kept_weights;
  model::MechanicsLaw law = mechanics_.law(all);
  law.pivot_floor = inertia_floor * inertia_.minCoeff();
  law.acceleration_limit = limit_;
  return law;
}

void MechanicsModel::fit(const Transitions& t) {
  if (t.count() < 2 || t.joints() != mechanics_.joints() || t.commands() != encoding_.actions)
    throw std::logic_error("MechanicsModel: transitions of another body, or fewer than two");
  start(t);
  Path path = hermite(t, encoding_.dt, quadrature_.node);
  Rows r = rows(t, path);
  for (int sweep = 0; sweep < options_.sweeps; ++sweep) {
    const bool first = sweep == 0;
    weigh(r, first ? options_.fixed_points : 0, first ? options_.evidence_steps : 5);
    for (int round = 0; round < options_.rounds; ++round) {
      prune(r);
      weigh_samples(r);
      weigh(r, 2, first ? options_.evidence_steps : 5);
    }
    const model::Flight flight =
        model::fly(acceleration(), t.q0, t.v0, t.u, encoding_.dt, quadrature_.node, options_.steps);
    path = settle_path(t, flight, encoding_.dt, quadrature_.node, scale_);
    r = rows(t, path);
  }
  calibrate(t, r);
}

void MechanicsModel::describe(base::Archive& archive) {
  archive("scale", scale_)("limit", limit_)("inertia", inertia_)("prior_mean", prior_mean_);
  archive("parameters", parameters_)("weights", weights_)("sample_precision", sample_precision_)("kept", kept_);
  archive("posterior", posterior_)("moment", moment_)("started", started_)("noise", noise_)("left_out", left_out_);
  if (archive.restoring() && started_) law_ = law_of(weights_(kept_));
}

}  // namespace infans::inference
