#include "core/inference/changing_hand.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "core/base/archive_store.hpp"

namespace infans::inference {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector3d;
using Eigen::VectorXd;

constexpr int newton_steps = 8;
constexpr int circle_starts = 6;
constexpr double largest_step = 0.3;  // rad

// Predicted covariance of what will be seen, by a factor that calibrates it.
Matrix3d seen_covariance(const HandBelief& b, double scale, double weight) {
  Matrix3d s = b.covariance;
  s.diagonal() += b.noise / weight;
  return scale * s;
}

double squared_surprise(const Matrix3d& covariance, const Vector3d& error) {
  return error.dot(covariance.llt().solve(error));
}

// - ln N(error | 0, covariance) without its constant.
double energy_of(const Matrix3d& covariance, const Vector3d& error) {
  const Eigen::LLT<Matrix3d> llt(covariance);
  return 0.5 * error.dot(llt.solve(error)) + Matrix3d(llt.matrixL()).diagonal().array().log().sum();
}

}  // namespace

ChangingHand::ChangingHand(std::unique_ptr<HandModel> map, const ChangeOptions& o) : options_(o), map_(std::move(map)) {
  if (!map_) throw std::logic_error("ChangingHand: a map is needed");
  if (!(o.ratio > 1.0 && o.threshold > 0.0 && o.most > 0.0 && o.record > 0 && o.open > 0 && o.discount > 0.0 &&
        o.discount <= 1.0 && o.offset_sd > 0.0 && o.link_sd > 0.0))
    throw std::logic_error("ChangingHand: an option is out of range");
  sign_ = VectorXd::Ones(map_->joints());
  offset_ = VectorXd::Zero(map_->joints());
}

ChangingHand::ChangingHand(const ChangingHand& o)
    : options_(o.options_),
      map_(o.map_->clone()),
      before_(o.before_ ? o.before_->clone() : nullptr),
      explained_(o.explained_ ? o.explained_->clone() : nullptr),
      sign_(o.sign_),
      offset_(o.offset_),
      since_(o.since_),
      pending_(o.pending_),
      record_(o.record_),
      cusum_(o.cusum_),
      scale_(o.scale_),
      other_(o.other_),
      open_(o.open_),
      alarms_(o.alarms_),
      cause_(o.cause_) {}

HandBelief ChangingHand::predict(const VectorXd& q) const {
  if (!explained_) return map_->predict(corrected(q));
  VectorXd angles = corrected(q);
  if (cause_.kind == Kind::offset) angles(cause_.which) += cause_.offset;
  if (cause_.kind == Kind::mirror) angles(cause_.which) = cause_.offset - angles(cause_.which);
  return explained_->predict(angles);
}

void ChangingHand::add(const VectorXd& q, const Vector3d& x, double weight) {
  const Sample sample{q, x, checked_weight(weight)};
  if (open_ > 0) {
    since_.push_back(sample);
    relearn(sample);
    compete();
    if (--open_ == 0) settle();
    return;
  }
  if (samples() > 0) watch(sample);
  if (open_ == 0) map_->add(corrected(q), x, weight);
}

void ChangingHand::watch(const Sample& sample) {
  const HandBelief b = predict(sample.q);
  const double m = squared_surprise(seen_covariance(b, 1.0, sample.weight), sample.x - b.mean);
  if (samples() >= options_.from) {
    if (cusum_ == 0.0) {
      before_ = map_->clone();
      since_.clear();
      scale_ = std::max(1.0, record_.empty() ? 1.0
                                             : std::accumulate(record_.begin(), record_.end(), 0.0) /
                                                   static_cast<double>(record_.size()));
    }
    const double gain = 0.5 * m / scale_ * (1.0 - 1.0 / options_.ratio) - 1.5 * std::log(options_.ratio);
    cusum_ = std::max(0.0, cusum_ + std::min(gain, options_.most * options_.threshold));
    since_.push_back(sample);
  }
  pending_.push_back(m / 3.0);
  if (cusum_ > options_.threshold) {
    alarm();
  } else if (cusum_ == 0.0) {
    record_.insert(record_.end(), pending_.begin(), pending_.end());
    while (std::ssize(record_) > options_.record) record_.pop_front();
    pending_.clear();
  }
}

void ChangingHand::alarm() {
  ++alarms_;
  cusum_ = 0.0;
  pending_.clear();
  map_ = before_->clone();
  map_->discount(options_.discount);
  other_ = 0.0;
  cause_ = {};
  for (const Sample& s : since_) relearn(s);
  open_ = options_.open;
  compete();
}

// The cause "other" goes on; its energy is that of its predictions, one after the other.
void ChangingHand::relearn(const Sample& s) {
  const HandBelief b = map_->predict(corrected(s.q));
  other_ += energy_of(seen_covariance(b, scale_, s.weight), s.x - b.mean);
  map_->add(corrected(s.q), s.x, s.weight);
}

void ChangingHand::compete() {
  cause_ = {};
  cause_.energy = other_;
  explained_.reset();
  if (!options_.causes) return;
  const auto enter = [&](const Cause& cause) {
    if (cause.energy < cause_.energy) cause_ = cause;
  };
  enter(unchanged());
  for (int j = 0; j < joints(); ++j) enter(shifted(j));
  for (int j = 0; options_.mirrors && j < joints(); ++j) enter(mirrored(j));
  for (int l = 0; l < before_->links(); ++l) enter(moved(l));
  if (cause_.kind == Kind::other) return;
  explained_ = before_->clone();
  if (cause_.kind == Kind::link) explained_->shift_link(cause_.which, cause_.shift);
}

ChangingHand::Cause ChangingHand::unchanged() const {
  Cause c;
  c.kind = Kind::none;
  for (const Sample& s : since_) {
    const HandBelief b = before_->predict(corrected(s.q));
    c.energy += energy_of(seen_covariance(b, scale_, s.weight), s.x - b.mean);
  }
  return c;
}

// Gauss-Newton on the offset of one joint's sensor, as it is or turned over. The energy is that of samples and prior.
ChangingHand::Cause ChangingHand::turned(int joint, const Turned& how, double& curvature) const {
  Cause c;
  c.which = joint;
  c.offset = how.start;
  for (int k = 0; k <= newton_steps; ++k) {
    double descent = -how.prior * c.offset;
    curvature = how.prior;
    c.energy = 0.5 * how.prior * c.offset * c.offset;
    for (const Sample& s : since_) {
      VectorXd q = corrected(s.q);
      q(joint) = how.sign * q(joint) + c.offset;
      const HandBelief b = before_->predict(q);
      const Matrix3d covariance = seen_covariance(b, scale_, s.weight);
      const Vector3d error = s.x - b.mean, pull = covariance.llt().solve(b.jacobian.col(joint));
      curvature += pull.dot(b.jacobian.col(joint));
      descent += pull.dot(error);
      c.energy += energy_of(covariance, error);
    }
    if (k < newton_steps) c.offset += std::clamp(descent / curvature, -largest_step, largest_step);
  }
  return c;
}

ChangingHand::Cause ChangingHand::shifted(int joint) const {
  const double prior = 1.0 / (options_.offset_sd * options_.offset_sd);
  double curvature = prior;
  Cause c = turned(joint, {1.0, 0.0, prior}, curvature);
  c.kind = Kind::offset;
  c.energy += 0.5 * std::log(curvature / prior);
  return c;
}

// The best of searches from all around the circle.
ChangingHand::Cause ChangingHand::mirrored(int joint) const {
  constexpr double circle = 2.0 * std::numbers::pi;
  Cause best;
  for (int k = 0; k < circle_starts; ++k) {
    double curvature = 0.0;
    Cause c = turned(joint, {-1.0, circle * k / circle_starts, 0.0}, curvature);
    c.kind = Kind::mirror;
    c.energy += 0.5 * std::log(circle * std::max(curvature, 1.0 / circle));
    if (k == 0 || c.energy < best.energy) best = c;
  }
  return best;
}

// Linear in the vector: one solve.
ChangingHand::Cause ChangingHand::moved(int link) const {
  const double prior = 1.0 / (options_.link_sd * options_.link_sd);
  std::array<std::unique_ptr<HandModel>, 3> along;
  for (int i = 0; i < 3; ++i) {
    along[static_cast<std::size_t>(i)] = before_->clone();
    along[static_cast<std::size_t>(i)]->shift_link(link, Vector3d::Unit(i));
  }
  Cause c;
  c.kind = Kind::link;
  c.which = link;
  Matrix3d curvature = prior * Matrix3d::Identity();
  Vector3d descent = Vector3d::Zero();
  for (const Sample& s : since_) {
    const VectorXd q = corrected(s.q);
    const HandBelief b = before_->predict(q);
    const Matrix3d covariance = seen_covariance(b, scale_, s.weight);
    Matrix3d slope;
    for (int i = 0; i < 3; ++i) slope.col(i) = along[static_cast<std::size_t>(i)]->predict(q).mean - b.mean;
    const Matrix3d pull = covariance.llt().solve(slope);
    curvature += slope.transpose() * pull;
    descent += pull.transpose() * (s.x - b.mean);
    c.energy += energy_of(covariance, s.x - b.mean);
  }
  c.shift = curvature.llt().solve(descent);
  // The squares at the optimum are those at 0 minus descent' shift.
  c.energy += 0.5 * std::log((curvature / prior).determinant()) - 0.5 * descent.dot(c.shift);
  return c;
}

void ChangingHand::Sample::describe(base::Archive& archive) { archive("q", q)("x", x)("weight", weight); }

void ChangingHand::Cause::describe(base::Archive& archive) {
  archive("kind", kind)("which", which)("offset", offset)("shift", shift)("energy", energy);
}

void ChangingHand::describe(base::Archive& archive) {
  archive("map", *map_);
  const auto other = [&](const std::string& name, std::unique_ptr<HandModel>& map) {
    bool known = map != nullptr;
    archive(name + "_known", known);
    if (!known) map.reset();
    if (known && !map) map = map_->clone();
    if (map) archive(name, *map);
  };
  other("before", before_);
  other("explained", explained_);
  archive("sign", sign_)("offset", offset_)("since", since_)("pending", pending_)("record", record_);
  archive("cusum", cusum_)("scale", scale_)("other", other_)("open", open_)("alarms", alarms_)("cause", cause_);
  base::require_state(sign_.size() == joints() && offset_.size() == joints(), "sign",
                      "it is of another number of joints");
  const int most = cause_.kind == Kind::link ? map_->links() : joints();
  base::require_state(cause_.which >= 0 && cause_.which < most, "cause", "there is no such joint or link");
}

void ChangingHand::settle() {
  explained_.reset();
  if (cause_.kind != Kind::other) {
    map_ = before_->clone();
    if (cause_.kind == Kind::offset) offset_(cause_.which) += cause_.offset;
    if (cause_.kind == Kind::mirror) {
      sign_(cause_.which) = -sign_(cause_.which);
      offset_(cause_.which) = cause_.offset - offset_(cause_.which);
    }
    if (cause_.kind == Kind::link) {
      map_->shift_link(cause_.which, cause_.shift);
      map_->discount(options_.discount);
    }
    for (const Sample& s : since_) map_->add(corrected(s.q), s.x, s.weight);
  }
  since_.clear();
  before_.reset();
}

}  // namespace infans::inference
