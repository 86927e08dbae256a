#include "core/inference/schema_learner.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/base/archive_store.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::BodySchema;

// A uniform axis says as much of its two tangent coordinates as a Gaussian of about one radian.
constexpr double axis_precision = 1.0;
constexpr int first_restart = 3;     // samples before a bad fit is worth a restart
constexpr int learn_noise_from = 8;  // samples
constexpr double smallest_noise = 1e-5;

VectorXd prior_precision(const SchemaOptions& o, int joints) {
  VectorXd p = VectorXd::Constant(5 * joints + 3, 1.0 / (o.link_sd * o.link_sd));
  p.head(2 * joints).setConstant(axis_precision);
  return p;
}

}  // namespace

SchemaLearner::SchemaLearner(int joints, const SchemaOptions& options, random::Stream stream)
    : options_(options),
      stream_(stream),
      schema_(BodySchema::random(joints, options.link_sd, stream_)),
      angles_(joints, 0),
      hands_(3, 0),
      covariance_(prior_precision(options, joints).cwiseInverse().asDiagonal()),
      noise_(options.noise / std::sqrt(options.precision)) {
  if (!(options.noise > 0.0) || !(options.link_sd > 0.0) || !(options.precision > 0.0))
    throw std::logic_error("SchemaLearner: noise, prior widths and precisions must be positive");
}

void SchemaLearner::add(const VectorXd& q, const Eigen::Vector3d& x, double weight) {
  if (q.size() != angles_.rows()) throw std::logic_error("SchemaLearner: a sample needs one angle a joint");
  if (rows_ == angles_.cols()) {
    const Index capacity = std::max<Index>(64, 2 * rows_);
    angles_.conservativeResize(angles_.rows(), capacity);
    hands_.conservativeResize(3, capacity);
    weights_.conservativeResize(capacity);
  }
  angles_.col(rows_) = q;
  hands_.col(rows_) = x;
  weights_(rows_++) = checked_weight(weight);
  fit();
}

void SchemaLearner::discount(double share) {
  if (!(share > 0.0 && share <= 1.0)) throw std::logic_error("SchemaLearner: a discount is a share above 0, at most 1");
  weights_.head(rows_) *= share;
  if (rows_ > 0) believe();
}

double SchemaLearner::squared_error(const BodySchema& s) const {
  double sum = 0.0;
  for (Index n = 0; n < rows_; ++n) sum += weights_(n) * (hands_.col(n) - s.hand(angles_.col(n))).squaredNorm();
  return sum;
}

double SchemaLearner::energy(const BodySchema& s) const {
  return squared_error(s) / (noise_ * noise_) + s.link.squaredNorm() / (options_.link_sd * options_.link_sd);
}

MatrixXd SchemaLearner::curvature(const BodySchema& s, VectorXd* descent) const {
  const Index d = s.parameters();
  MatrixXd jacobian(d, 3 * rows_);  // columns: weighted J' of every seen coordinate
  VectorXd error(3 * rows_);
  Eigen::Matrix3Xd by_parameter(3, d);
  for (Index n = 0; n < rows_; ++n) {
    const double root = std::sqrt(weights_(n)) / noise_;
    const Eigen::Vector3d hand = s.differentiate(angles_.col(n), nullptr, &by_parameter);
    jacobian.middleCols<3>(3 * n) = root * by_parameter.transpose();
    error.segment<3>(3 * n) = root * (hands_.col(n) - hand);
  }
  const VectorXd prior = prior_precision(options_, s.joints());
  MatrixXd h = prior.asDiagonal();
  h.selfadjointView<Eigen::Lower>().rankUpdate(jacobian);
  if (descent != nullptr) {
    *descent = jacobian * error;
    const Index links = 2 * s.joints();
    descent->tail(d - links) -= prior.tail(d - links).cwiseProduct(s.link.reshaped());
  }
  return h.selfadjointView<Eigen::Lower>();
}

// Levenberg-Marquardt with the damping on the curvature's own diagonal (Marquardt 1963).
SchemaLearner::Fit SchemaLearner::descend(BodySchema from, int iterations) {
  Fit best{std::move(from), 0.0};
  best.energy = energy(best.schema);
  double damping = 1e-2;
  VectorXd descent;
  for (int k = 0; k < iterations; ++k) {
    const MatrixXd h = curvature(best.schema, &descent);
    double fall = 0.0;
    for (int tries = 0; tries < 5 && !(fall > 0.0); ++tries) {
      MatrixXd damped = h;
      damped.diagonal() *= 1.0 + damping;
      BodySchema next = best.schema.move(damped.llt().solve(descent));
      const double after = energy(next);
      ++steps_;
      if (after < best.energy) {
        fall = best.energy - after;
        best = {std::move(next), after};
        damping = std::max(damping / 5.0, 1e-6);
      } else {
        damping *= 4.0;
      }
    }
    if (fall < 1e-3 * std::max(best.energy, 1.0)) break;
  }
  return best;
}

void SchemaLearner::fit() {
  Fit best = descend(schema_, options_.iterations);
  const int n = samples();
  const double values = 3.0 * weights_.head(rows_).sum();
  // By the given noise: a learned one would excuse a wrong body.
  const double chi = squared_error(best.schema) / (options_.noise * options_.noise * values);
  const bool bad = n >= first_restart && chi > options_.chi_limit;
  const bool young = n < options_.restart_below && n >= next_restart_;
  if (n < options_.give_up && (bad || young)) {
    next_restart_ = n + options_.restart_every;
    for (int k = 0; k < options_.restarts; ++k) {
      Fit other = descend(BodySchema::random(schema_.joints(), options_.link_sd, stream_), options_.restart_iterations);
      ++random_starts_;
      if (other.energy < best.energy) best = std::move(other);
    }
  }
  schema_ = std::move(best.schema);
  believe();
}

void SchemaLearner::believe() {
  const Index d = schema_.parameters();
  const MatrixXd identity = MatrixXd::Identity(d, d);
  const double values = 3.0 * weights_.head(rows_).sum(), squared = squared_error(schema_);
  if (options_.learn_noise && samples() >= learn_noise_from) {
    // Each parameter that the data decide takes one value's worth of residual.
    const MatrixXd p = curvature(schema_, nullptr).llt().solve(identity);
    const double decided = static_cast<double>(d) - p.diagonal().dot(prior_precision(options_, schema_.joints()));
    const double left = std::max(0.0, values - decided);
    const double prior = options_.noise_dof * options_.noise * options_.noise;
    noise_ = std::max(smallest_noise, std::sqrt((squared + prior) / (left + options_.noise_dof) / options_.precision));
  }
  chi_squared_ = values > 0.0 ? squared / (noise_ * noise_ * values) : 0.0;
  covariance_ = std::max(1.0, chi_squared_) * curvature(schema_, nullptr).llt().solve(identity);
}

void SchemaLearner::describe(base::Archive& archive) {
  archive("stream", stream_)("axis", schema_.axis)("link", schema_.link);
  const Eigen::Index n = angles_.rows();
  base::require_state(schema_.axis.cols() == n && schema_.link.cols() == n + 1, "axis", "a chain of other joints");
  base::describe_columns(archive, "angles", angles_, rows_);
  Index hands = rows_, weights = rows_;
  base::describe_columns(archive, "hands", hands_, hands);
  base::describe_rows(archive, "weights", weights_, weights);
  base::require_state(hands == rows_ && weights == rows_, "angles", "they are not as many as the hands");
  archive("covariance", covariance_)("noise", noise_)("chi_squared", chi_squared_);
  archive("next_restart", next_restart_)("random_starts", random_starts_)("steps", steps_);
}

HandBelief SchemaLearner::predict(const VectorXd& q) const {
  HandBelief b;
  Eigen::Matrix3Xd by_parameter;
  b.mean = schema_.differentiate(q, &b.jacobian, &by_parameter);
  b.covariance = by_parameter * covariance_ * by_parameter.transpose();
  b.noise.setConstant(noise_ * noise_ * std::max(1.0, chi_squared_));
  return b;
}

}  // namespace infans::inference
