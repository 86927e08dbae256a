// The learning side of ContactModel.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "core/inference/contact_model.hpp"
#include "core/inference/contact_prior.hpp"
#include "core/inference/gap_start.hpp"
#include "core/inference/leave_out.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::Contact;
using model::Transitions;

using Rows = std::vector<Index>;

constexpr int trimming_fits = 8;
// Shares of the samples that the first fits keep.
constexpr double first_share = 0.75, least_share = 0.5;
constexpr double friction_share = 0.85;  // of the samples: those that a search for friction starts from
constexpr int fits_by_share = 4;
constexpr Index fewest_held = 1;
constexpr double largest_change = 0.7;  // of a contact number in one iteration, e-folds or its own unit
constexpr double settled_noise = 1e-8;  // sigma of a settled error, in scales

double quantile(VectorXd x, double share) {
  auto at = x.begin() + std::min(x.size() - 1, static_cast<Index>(share * static_cast<double>(x.size())));
  std::nth_element(x.begin(), at, x.end());
  return *at;
}

Rows below(const VectorXd& errors, double limit) {
  Rows out;
  for (Index k = 0; k < errors.size(); ++k)
    if (errors(k) <= limit) out.push_back(k);
  return out;
}

// What a typical change of speed is worth at the end of a step.
VectorXd end_scale(const Transitions& t, double h) {
  return end_unit(column_deviation(t.v1 - t.v0).cwiseMax(1e-6) / h, h);
}

VectorXd error_norms(const MatrixXd& error, const VectorXd& scale) {
  return ((error * scale.cwiseInverse().asDiagonal()).rowwise().squaredNorm() / static_cast<double>(scale.size()))
      .cwiseSqrt();
}

// At most `most` of the rows, evenly spread.
Rows spread(const Rows& rows, Index most) {
  const Index count = static_cast<Index>(rows.size());
  if (count <= most) return rows;
  Rows out;
  for (Index k = 0; k < most; ++k) out.push_back(rows[static_cast<std::size_t>(k * count / most)]);
  return out;
}

MatrixXd inverse_inertia(const Eigen::RowVectorXd& pairs, int n) {
  MatrixXd p(n, n);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) p(i, j) = pairs(model::pair_index(i, j, n));
  return p.inverse();
}

// J P^-1 J' of a gap's gradient, mean over held samples, over the gap's unit squared (see ContactLayout).
double gap_mobility(const Contact& c, const VectorXd& gap, const MatrixXd& mobility, const MatrixXd& q,
                    const Eigen::Array<bool, Eigen::Dynamic, 1>& held) {
  double sum = 0.0;
  for (Index k = 0; k < q.rows(); ++k) {
    if (!held(k)) continue;
    const VectorXd normal = c.gap(gap, q.row(k).transpose()).normal;
    sum += normal.dot(mobility * normal);
  }
  const double unit_squared = gap.tail(gap.size() - 1).squaredNorm() / static_cast<double>(c.waves().rows());
  return sum / (static_cast<double>(held.count()) * unit_squared);
}

}  // namespace

VectorXd ContactModel::sample_errors(const Transitions& t) const {
  return error_norms(ends(t) - mean(t.q0, t.v0, t.u), scale_);
}

void ContactModel::mark_held(const VectorXd& errors) {
  held_ = errors.array() > std::max(options_.outlier * quantile(errors, 0.5), options_.tolerance);
}

// Mechanics of the samples that agree with each other, from some of them; the first fits keep a share. Returns the
// median error.
double ContactModel::trim(const Transitions& t, Rows from, double share) {
  free_ = std::move(from);
  double median = 0.0;
  for (int k = 0; k < trimming_fits; ++k) {
    mechanics_.fit(t.rows(free_));
    const VectorXd errors = sample_errors(t);
    median = quantile(errors, 0.5);
    mark_held(errors);
    const bool by_share = k < fits_by_share;
    const double limit = by_share ? quantile(errors, share) : options_.outlier * median;
    const Rows next = below(errors, std::max(limit, options_.tolerance));
    if (!by_share && next == free_) break;
    if (k + 1 < trimming_fits) free_ = next;
  }
  return median;
}

void ContactModel::start(const Transitions& t) {
  contact_ = Contact(encoding_.positions(), {}, options_.waves);
  parameters_.resize(0);
  friction_ = touch_ = {};
  scale_ = end_scale(t, encoding_.dt);
  Rows all(static_cast<std::size_t>(t.count()));
  std::iota(all.begin(), all.end(), 0);
  const double median = trim(t, all, first_share);
  if (median > options_.tolerance) {
    // No law fits most samples, perhaps because too many of them were held. Those change their velocity most.
    MatrixXd still(t.count(), 2 * t.joints());
    still << t.q0 + encoding_.dt * t.v0, t.v0;
    const VectorXd change = error_norms(ends(t) - still, scale_);
    if (trim(t, below(change, quantile(change, least_share)), least_share) >= median) trim(t, all, first_share);
  }
  law_ = law_of(mechanics_.weights()(mechanics_.kept()));
  kept_weights_ = mechanics_.weights()(mechanics_.kept());
  scale_ = end_scale(t.rows(free_), encoding_.dt);
  inertia_scale_ = law_.inertia(t.q0).cwiseAbs().mean();
}

// Positions at the start, in the middle and at the end of every step: flown without stops, and the end as seen.
std::vector<MatrixXd> ContactModel::places(const Transitions& t) const {
  const model::Acceleration free = [this](const MatrixXd& q, const MatrixXd& v, const MatrixXd& u, MatrixXd& a) {
    law_.acceleration(q, v, u, a);
  };
  std::vector<MatrixXd> out{t.q0};
  MatrixXd q = t.q0, v = t.v0;
  for (int half = 0; half < 2; ++half) {
    model::advance(free, q, v, t.u, 0.5 * encoding_.dt, options_.steps);
    out.push_back(q);
  }
  out.push_back(t.q1);
  return out;
}

LeastSquares ContactModel::problem(const Contact& c, const VectorXd& parameters, const Part& part, const Transitions& t,
                                   const Rows& rows) const {
  const Index weights = part.weights ? kept_weights_.size() : 0, size = weights + part.count, block = scale_.size();
  LeastSquares p;
  const Transitions mine = t.rows(rows);
  p.f = [this, c, parameters, part, mine](const VectorXd& x) { return moved_ends(c, parameters, part, x, mine); };
  const MatrixXd scaled = (ends(mine) * scale_.cwiseInverse().asDiagonal()).transpose();
  p.y = scaled.reshaped();
  p.row_class.resize(p.y.size());
  for (std::size_t k = 0; k < rows.size(); ++k)
    p.row_class.segment(block * static_cast<Index>(k), block).setConstant(held_(rows[k]) ? 1 : 0);
  p.mean = VectorXd::Zero(size);
  p.precision = MatrixXd::Zero(size, size);
  if (weights > 0) {
    // The weights' prior: that of mechanics, in units of its noise.
    const GroupedPosterior& posterior = mechanics_.posterior();
    const model::Grouping grouping = mechanics_.mechanics().grouping().kept(mechanics_.kept());
    p.mean.head(weights) = mechanics_.weights()(mechanics_.kept()) - posterior.mean.col(0);
    p.precision.diagonal().head(weights) =
        grouping.log_precision(mechanics_.precisions()).array().exp() / posterior.noise(0);
  }
  p.largest_step = VectorXd::Constant(size, largest_change);
  p.largest_step.head(weights).setConstant(std::numeric_limits<double>::infinity());
  p.iterations = options_.iterations;
  p.threads = options_.threads;
  p.noise_floor = settled_noise;
  return p;
}

// One search for dry friction and the weights under it, over the samples that are not held.
bool ContactModel::search_friction(const Transitions& t, Index most) {
  Rows rows;
  for (Index k = 0; k < t.count(); ++k)
    if (!held_(k)) rows.push_back(k);
  rows = spread(rows, most);
  const double before = sample_errors(t.rows(rows)).squaredNorm();
  const Part part{true, 0, contact_.parameters()};
  LeastSquares p = problem(contact_, parameters_, part, t, rows);
  const VectorXd mobility = inverse_inertia(law_.inertia(t.q0).colwise().mean(), contact_.joints()).diagonal();
  const ContactPrior prior = expected_contact(contact_, encoding_.dt, mobility, {}, {}, 1.0);
  p.mean.tail(part.count) = prior.mean;
  p.precision.diagonal().tail(part.count) = prior.deviation.array().square().inverse();
  VectorXd start = numbers(part);
  if (friction_.empty()) start.tail(part.count) = prior.start;
  p.difference = difference(part, start);
  friction_ = {part, gauss_newton(p, start), rows, {}, {}};
  take(part, friction_.posterior.mean);
  const double after = sample_errors(t.rows(rows)).squaredNorm(), size = static_cast<double>(p.y.size());
  return size * std::log(before / after) > static_cast<double>(part.count) * std::log(size);
}

// Friction is there if mechanics leaves an error on most samples and friction explains it at the price of its numbers
// (Schwarz 1978). Two samples a number are enough to find it; the second search takes all that agree with what was
// found.
void ContactModel::learn_friction(const Transitions& t) {
  const VectorXd errors = sample_errors(t);
  if (!options_.kinds.friction || quantile(errors, 0.5) <= options_.tolerance) return;
  held_ = errors.array() > quantile(errors, friction_share);
  const Contact none = contact_;
  contact_ = Contact(none.joints(), {true, false, false}, options_.waves);
  parameters_ = VectorXd::Constant(contact_.parameters(), -20.0);
  if (search_friction(t, 2 * (kept_weights_.size() + contact_.parameters()))) {
    mark_held(sample_errors(t));
    search_friction(t, t.count());
    mark_held(sample_errors(t));
    return;
  }
  contact_ = none;
  parameters_.resize(0);
  friction_ = {};
  law_ = law_of(mechanics_.weights()(mechanics_.kept()));
  kept_weights_ = mechanics_.weights()(mechanics_.kept());
  mark_held(errors);
}

// Stops, a surface, or both: what explains the held samples at the least free energy, if anything does.
void ContactModel::learn_held(const Transitions& t) {
  if (held_.count() < fewest_held) return;
  const int n = contact_.joints();
  const std::vector<MatrixXd> where = places(t);
  MatrixXd all_places(t.count() * 2, n);
  all_places << t.q0, t.q1;
  const GapStart gap = options_.kinds.touch ? separate(contact_, where, held_) : GapStart{};
  const Rows rows = contact_witnesses(held_, where, gap.nearest);
  const MatrixXd mobility = inverse_inertia(law_.inertia(t.q0).colwise().mean(), n);
  const double along_gap = options_.kinds.touch ? gap_mobility(contact_, gap.gap, mobility, t.q0, held_) : 1.0;
  const LeastSquares nothing = problem(contact_, parameters_, {}, t, rows);
  double best =
      plain_free_energy(nothing.y - nothing.f({}), nothing.row_class, nothing.noise_floor, nothing.noise_ratio);
  const Contact found = contact_;
  const VectorXd known = parameters_;
  for (const auto& [stops, touch] : {std::pair{true, false}, {false, true}, {true, true}}) {
    if ((stops && !options_.kinds.stops) || (touch && !options_.kinds.touch)) continue;
    const Contact c(n, {found.kinds().friction, stops, touch}, options_.waves);
    const Part part{false, found.parameters(), c.parameters() - found.parameters()};
    const ContactPrior prior = expected_contact(c, encoding_.dt, mobility.diagonal(), all_places, gap.gap, along_gap);
    VectorXd parameters = prior.start;
    parameters.head(known.size()) = known;
    LeastSquares p = problem(c, parameters, part, t, rows);
    p.mean = prior.mean.tail(part.count);
    p.precision.diagonal() = prior.deviation.tail(part.count).array().square().inverse();
    p.difference = difference(part, p.mean);
    LaplacePosterior posterior = gauss_newton(p, prior.start.tail(part.count));
    if (posterior.free_energy >= best) continue;
    best = posterior.free_energy;
    contact_ = c;
    parameters_ = parameters;
    parameters_.tail(part.count) = posterior.mean;
    touch_ = {part, std::move(posterior), rows, {}, {}};
  }
}

void ContactModel::fit(const Transitions& t) {
  if (t.count() < 2 || t.joints() != contact_.joints() || t.commands() != encoding_.actions)
    throw std::logic_error("ContactModel: transitions of another body, or fewer than two");
  start(t);
  learn_friction(t);
  learn_held(t);
  calibrate(t);
}

}  // namespace infans::inference
