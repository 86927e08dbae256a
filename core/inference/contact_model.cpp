// The forward side of ContactModel: flights, sensitivities, predictions and their noise, and one more sample.
#include "core/inference/contact_model.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/base/archive.hpp"
#include "core/inference/leave_out.hpp"
#include "core/parallel/parallel.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::Transitions;

constexpr double relative_difference = 1e-5;
constexpr double smallest_variance = 1e-20;  // squared scales: keeps the density of a perfect fit finite
// Share of a prediction's deviation that a straight line through the posterior misses: contact bends. Without it the
// covariance of an uncertain stop is a line, and every end off that line a surprise.
constexpr double bend = 0.1;
constexpr int most_halvings = 12;
constexpr double limit_over_free = 100.0;  // a body that was pushed swings faster than any that mechanics saw

// Rows one after the other.
VectorXd stacked(const MatrixXd& rows) { return MatrixXd(rows.transpose()).reshaped(); }

}  // namespace

ContactModel::ContactModel(model::Encoding encoding, const ContactModelOptions& options)
    : encoding_(std::move(encoding)),
      options_(options),
      mechanics_(encoding_, options.mechanics),
      contact_(encoding_.positions(), {}, options.waves) {
  if (options.steps < 1 || options.outlier <= 1.0 || options.tolerance <= 0.0 || options.iterations < 1)
    throw std::logic_error("ContactModel: steps and iterations at least 1, outlier above 1, tolerance above 0");
}

model::MechanicsLaw ContactModel::law_of(const VectorXd& kept_weights) const {
  VectorXd weights = VectorXd::Zero(mechanics_.mechanics().weights());
  weights(mechanics_.kept()) = kept_weights;
  model::MechanicsLaw law = mechanics_.mechanics().law(weights);
  law.pivot_floor = mechanics_.law().pivot_floor;
  law.acceleration_limit = limit_over_free * mechanics_.law().acceleration_limit;
  return law;
}

MatrixXd ContactModel::fly(const model::Contact& c, const VectorXd& parameters, const model::MechanicsLaw& law,
                           const MatrixXd& q, const MatrixXd& v, const MatrixXd& u, Flags* touched) const {
  const model::FreeLaw free = [&law](const MatrixXd& at, const MatrixXd& speed, const MatrixXd& command, MatrixXd& a,
                                     MatrixXd& inertia) {
    law.acceleration(at, speed, command, a);
    inertia = law.inertia(at);
  };
  const auto settled = [&](const MatrixXd& at, const MatrixXd& speed, const MatrixXd& command, MatrixXd& a) {
    c.acceleration(parameters, free, at, speed, command, a, touched);
  };
  return model::end_of(settled, q, v, u, encoding_.dt, options_.steps);
}

VectorXd ContactModel::numbers(const Part& part) const {
  VectorXd out((part.weights ? kept_weights_.size() : 0) + part.count);
  if (part.weights) out.head(kept_weights_.size()) = kept_weights_;
  out.tail(part.count) = parameters_.segment(part.from, part.count);
  return out;
}

void ContactModel::take(const Part& part, const VectorXd& numbers) {
  if (part.weights) {
    kept_weights_ = numbers.head(kept_weights_.size());
    law_ = law_of(kept_weights_);
  }
  parameters_.segment(part.from, part.count) = numbers.tail(part.count);
}

// Steps of finite differences: of the inertia's size for weights, of the number's own size for the rest.
VectorXd ContactModel::difference(const Part& part, const VectorXd& numbers) const {
  VectorXd out = relative_difference * numbers.cwiseAbs().cwiseMax(1.0);
  if (part.weights) out.head(kept_weights_.size()).setConstant(relative_difference * inertia_scale_);
  return out;
}

VectorXd ContactModel::moved_ends(const model::Contact& c, const VectorXd& parameters, const Part& part,
                                  const VectorXd& numbers, const Transitions& t) const {
  VectorXd p = parameters;
  p.segment(part.from, part.count) = numbers.tail(part.count);
  const MatrixXd end = fly(c, p, part.weights ? law_of(numbers.head(kept_weights_.size())) : law_, t.q0, t.v0, t.u);
  return stacked(end * scale_.cwiseInverse().asDiagonal());
}

MatrixXd ContactModel::sensitivity(const Part& part, const Transitions& t) const {
  const VectorXd at = numbers(part), step = difference(part, at);
  const VectorXd base = moved_ends(contact_, parameters_, part, at, t);
  MatrixXd j(base.size(), at.size());
  parallel::for_each(static_cast<int>(at.size()), options_.threads, [&](int k) {
    VectorXd moved = at;
    moved(k) += step(k);
    j.col(k) = (moved_ends(contact_, parameters_, part, moved, t) - base) / step(k);
  });
  return j;
}

MatrixXd ContactModel::mean(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) const {
  return contact_.kinds().any() ? fly(contact_, parameters_, law_, q, v, u) : mechanics_.mean(q, v, u);
}

void ContactModel::add_variance(const Belief& b, const Transitions& t, const std::vector<Index>& rows,
                                MotionBatch& out) const {
  if (rows.empty()) return;
  const Index block = scale_.size();
  const MatrixXd j = sensitivity(b.part, t.rows(rows));
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const MatrixXd mine = j.middleRows(block * static_cast<Index>(k), block);
    MatrixXd variance = mine * b.covariance * mine.transpose();
    variance.diagonal() += bend * bend * variance.diagonal() + b.noise;
    out.noise.row(rows[k]) += b.noise.cwiseProduct(scale_.cwiseAbs2()).transpose();
    out.covariance[static_cast<std::size_t>(rows[k])] += scale_.asDiagonal() * variance * scale_.asDiagonal();
  }
}

MotionBatch ContactModel::predict(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) const {
  MotionBatch out = mechanics_.predict(q, v, u);
  if (!contact_.kinds().any()) return out;
  Flags touched = Flags::Constant(q.rows(), false);
  out.mean = fly(contact_, parameters_, law_, q, v, u, &touched);
  const Transitions t{q, v, u, out.mean.leftCols(q.cols()), out.mean.rightCols(q.cols())};
  std::vector<Index> all, held;
  for (Index k = 0; k < q.rows(); ++k) {
    all.push_back(k);
    if (touched(k)) held.push_back(k);
  }
  if (!friction_.empty()) {
    for (MatrixXd& c : out.covariance) c.setZero();
    out.noise.setZero();
    add_variance(friction_, t, all, out);
  }
  if (!touch_.empty()) add_variance(touch_, t, held, out);
  return out;
}

// One Gauss-Newton step on the new rows from the present posterior, halved until the free energy of the new rows falls.
void ContactModel::update(Belief& b, const Transitions& t) {
  const MatrixXd j = sensitivity(b.part, t);
  const VectorXd precision = b.noise.cwiseInverse().replicate(t.count(), 1), before = numbers(b.part);
  const VectorXd y = stacked(ends(t) * scale_.cwiseInverse().asDiagonal());
  const MatrixXd known = b.posterior.precision;
  const auto free_energy = [&](const VectorXd& at, const VectorXd& error) {
    return error.cwiseAbs2().dot(precision) + (at - before).dot(known * (at - before));
  };
  const VectorXd error = y - moved_ends(contact_, parameters_, b.part, before, t);
  b.posterior.precision += j.transpose() * precision.asDiagonal() * j;
  const Eigen::LLT<MatrixXd> factor(b.posterior.precision);
  b.covariance = factor.solve(MatrixXd::Identity(j.cols(), j.cols()));
  VectorXd step = factor.solve(j.transpose() * precision.cwiseProduct(error));
  for (int half = 0; half < most_halvings; ++half, step *= 0.5) {
    const VectorXd after = before + step;
    const VectorXd left = y - moved_ends(contact_, parameters_, b.part, after, t);
    if (!left.allFinite() || free_energy(after, left) > free_energy(before, error)) continue;
    take(b.part, after);
    return;
  }
}

void ContactModel::add(const Transitions& t) {
  Flags touched = Flags::Constant(t.count(), false);
  if (contact_.kinds().any()) fly(contact_, parameters_, law_, t.q0, t.v0, t.u, &touched);
  std::vector<Index> free, held;
  for (Index k = 0; k < t.count(); ++k) (touched(k) ? held : free).push_back(k);
  if (!free.empty() && !friction_.empty()) {
    update(friction_, t.rows(free));
  } else if (!free.empty()) {
    mechanics_.add(t.rows(free));
    law_ = law_of(mechanics_.weights()(mechanics_.kept()));
    kept_weights_ = mechanics_.weights()(mechanics_.kept());
  }
  if (!held.empty()) update(touch_, t.rows(held));
}

// Noise of every output from errors and what they would be without the sample (blockwise leverage), over free or held
// samples; replaces the left-out prediction of these. Held samples that nothing explains count as free.
void ContactModel::calibrate(Belief& b, const Transitions& t, bool held) {
  const Index block = scale_.size(), size = b.posterior.mean.size();
  b.covariance = b.posterior.precision.llt().solve(MatrixXd::Identity(size, size));
  const MatrixXd end = ends(t);
  MatrixXd error = (end - left_out_.mean) * scale_.cwiseInverse().asDiagonal(), left = error;
  for (std::size_t k = 0; k < b.sample.size(); ++k) {
    const MatrixXd j = b.posterior.jacobian.middleRows(block * static_cast<Index>(k), block);
    const MatrixXd leverage = j * b.covariance * j.transpose() / b.posterior.noise(held && held_(b.sample[k]) ? 1 : 0);
    left.row(b.sample[k]) = (left_out_inverse(leverage, 0.95) * error.row(b.sample[k]).transpose()).transpose();
  }
  VectorXd sum = VectorXd::Zero(block);
  double count = 0.0;
  for (Index k = 0; k < t.count(); ++k) {
    if (held_(k) != held && (held || !touch_.empty())) continue;
    sum += (error.row(k).array() * left.row(k).array()).max(error.row(k).array().square()).matrix().transpose();
    left_out_.mean.row(k) = end.row(k) - left.row(k) * scale_.asDiagonal();
    count += 1.0;
  }
  b.noise = (sum / std::max(count, 1.0)).cwiseMax(smallest_variance);
}

void ContactModel::calibrate(const Transitions& t) {
  left_out_.mean = mean(t.q0, t.v0, t.u);
  if (!friction_.empty()) calibrate(friction_, t, false);
  if (!touch_.empty()) calibrate(touch_, t, true);
  if (friction_.empty())
    for (std::size_t k = 0; k < free_.size(); ++k)
      left_out_.mean.row(free_[k]) = mechanics_.left_out().mean.row(static_cast<Index>(k));
  left_out_.covariance = predict(t.q0, t.v0, t.u).covariance;
}

void ContactModel::Belief::describe(base::Archive& archive) {
  archive("weights", part.weights)("from", part.from)("count", part.count);
  archive("posterior", posterior)("sample", sample)("covariance", covariance)("noise", noise);
}

void ContactModel::describe(base::Archive& archive) {
  model::ContactKinds kinds = contact_.kinds();
  archive("mechanics", mechanics_)("kept_weights", kept_weights_);
  archive("friction", kinds.friction)("stops", kinds.stops)("touch", kinds.touch)("parameters", parameters_);
  archive("scale", scale_)("inertia_scale", inertia_scale_)("held", held_)("free", free_);
  archive("friction_belief", friction_)("touch_belief", touch_)("left_out", left_out_);
  if (!archive.restoring()) return;
  contact_ = model::Contact(contact_.joints(), kinds, options_.waves);
  if (kept_weights_.size() > 0) law_ = law_of(kept_weights_);
}

}  // namespace infans::inference
