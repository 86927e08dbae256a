#include "core/inference/field_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>

#include "core/base/archive.hpp"
#include "core/inference/field_tables.hpp"
#include "core/inference/lbfgs.hpp"
#include "core/inference/leave_out.hpp"
#include "core/inference/normals.hpp"
#include "core/kernels/operations.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::Path;
using model::Transitions;

// A 2 x 2 matrix over (positions, velocities) that holds for every joint alike: 2n x 2n.
MatrixXd for_every_joint(const MatrixXd& m, Index n) {
  MatrixXd out = MatrixXd::Zero(2 * n, 2 * n);
  for (int a = 0; a < 2; ++a)
    for (int b = 0; b < 2; ++b) out.block(a * n, b * n, n, n).diagonal().setConstant(m(a, b));
  return out;
}

class FrozenField final : public FrozenLaw {
 public:
  // draws: accelerations that posterior draws add, in standard deviations of the noise; empty: none.
  FrozenField(const MotionModel& model, FieldTables mean, std::optional<FieldTables> draws)
      : FrozenLaw(model), mean_(std::move(mean)), draws_(std::move(draws)) {}

  void step(const Batch& x, int joints, int commands, int n, Batch& end, float* gain) override {
    end.resize(2 * joints, n);
    kernels::best_field().fly(mean_.model(), x.row(0), padded(n), x.stride, end.row(0), scratch(mean_));
    if (gain == nullptr) return;
    middle_of(x, end, joints, commands, n, middle_);
    inform(middle_, joints, n, gain);
  }

  void accelerate(const Batch& x, int joints, int, int n, Batch& acceleration, float* gain) override {
    acceleration.resize(joints, n);
    kernels::best_field().evaluate(mean_.model(), x.row(0), padded(n), x.stride, acceleration.row(0), scratch(mean_));
    if (gain != nullptr) inform(x, joints, n, gain);
  }

  double operations(bool informed) const override {
    const double middle = 2.0 * (2.0 * mean_.joints);
    return kernels::fly_operations(mean_.model()) + (informed ? middle + inform_operations() : 0.0);
  }
  double accelerate_operations(bool informed) const override {
    return kernels::evaluate_operations(mean_.model()) + (informed ? inform_operations() : 0.0);
  }

  Deviations deviations() const override {
    if (!draws_) return {};
    return {&deviation_, 0, draws_->outputs, 1, 2.0F, mean_.joints};
  }

 private:
  // The draws' own accelerations at x are all that the information needs.
  void inform(const Batch& x, int joints, int n, float* gain) {
    deviation_.resize(draws_->outputs, n);
    kernels::best_field().evaluate(draws_->model(), x.row(0), padded(n), x.stride, deviation_.row(0), scratch(*draws_));
    // Every joint has weights of its own with the same posterior covariance: n times one joint's information.
    information_.compute(deviation_, draws_->outputs, 1, 2.0F / static_cast<float>(draws_->outputs), n, gain);
    for (int k = 0; k < n; ++k) gain[k] *= static_cast<float>(joints);
  }
  double inform_operations() const {
    return kernels::evaluate_operations(draws_->model()) + DrawInformation::operations(draws_->outputs, 1) + 1.0;
  }

  float* scratch(const FieldTables& tables) {
    scratch_.resize(static_cast<std::size_t>(kernels::scratch_floats(tables.model())));
    return scratch_.data();
  }

  FieldTables mean_;
  std::optional<FieldTables> draws_;
  Batch middle_, deviation_;
  std::vector<float> scratch_;
  DrawInformation information_;
};

}  // namespace

std::unique_ptr<FrozenMotion> FieldModel::freeze(int draws, random::Stream& stream) const {
  const auto* gated = dynamic_cast<const model::GatedHarmonics*>(features_.get());
  if (gated == nullptr || !FieldTables::fits(*gated, encoding_.actions, draws))
    return MotionModel::freeze(draws, stream);
  std::optional<FieldTables> drawn;
  if (draws > 0) {
    MatrixXd z = standard_normals(posterior_.mean.rows(), draws, stream);
    posterior_.precision.matrixU().solveInPlace(z);
    drawn.emplace(*gated, encoding_.actions, z, VectorXd(), encoding_.dt, options_.steps);
  }
  return std::make_unique<FrozenField>(*this,
                                       FieldTables(*gated, encoding_.actions, posterior_.mean * scale_.asDiagonal(),
                                                   limit_, encoding_.dt, options_.steps),
                                       std::move(drawn));
}

std::unique_ptr<FrozenMotion> FieldModel::freeze_draw(random::Stream& stream) const {
  const auto* gated = dynamic_cast<const model::GatedHarmonics*>(features_.get());
  if (gated == nullptr || !FieldTables::fits(*gated, encoding_.actions, encoding_.positions())) return nullptr;
  MatrixXd z(posterior_.mean.rows(), posterior_.mean.cols());
  for (double& value : z.reshaped()) value = stream.normal();
  posterior_.precision.matrixU().solveInPlace(z);
  const MatrixXd weights = posterior_.mean + z * posterior_.noise.cwiseSqrt().asDiagonal();
  FieldTables drawn(*gated, encoding_.actions, weights * scale_.asDiagonal(), limit_, encoding_.dt, options_.steps);
  return std::make_unique<FrozenField>(*this, std::move(drawn), std::nullopt);
}

FieldModel::FieldModel(model::Encoding encoding, std::unique_ptr<model::FieldFeatures> features,
                       const FieldModelOptions& options)
    : encoding_(std::move(encoding)),
      features_(std::move(features)),
      options_(options),
      quadrature_(model::gauss_legendre(options.nodes)),
      first_shape_(features_->shape()) {
  if (options.steps < 2 || options.steps % 2 != 0 || options.sweeps < 1)
    throw std::logic_error("FieldModel: steps must be even and positive, sweeps at least 1");
}

model::Acceleration FieldModel::acceleration() const {
  return [this](const MatrixXd& q, const MatrixXd& v, const MatrixXd& u, MatrixXd& a) {
    MatrixXd phi;
    features_->evaluate(q, v, u, phi);
    a.noalias() = phi * posterior_.mean * scale_.asDiagonal();
    for (Index i = 0; i < a.cols(); ++i) a.col(i) = a.col(i).cwiseMin(limit_(i)).cwiseMax(-limit_(i));
  };
}

MatrixXd FieldModel::rows(const Path& path, const MatrixXd& u) const {
  MatrixXd out = MatrixXd::Zero(2 * u.rows(), features_->count()), phi;
  for (int k = 0; k < quadrature_.count(); ++k) {
    const auto i = static_cast<std::size_t>(k);
    features_->evaluate(path.q[i], path.v[i], u, phi);
    out(Eigen::seqN(0, u.rows(), 2), Eigen::all) += quadrature_.tested(k, 1) * phi;
    out(Eigen::seqN(1, u.rows(), 2), Eigen::all) += quadrature_.tested(k, 0) * phi;
  }
  return out;
}

MatrixXd FieldModel::targets(const Transitions& t) const {
  const std::vector<MatrixXd> weak = weak_targets(t, encoding_.dt);
  MatrixXd y(2 * t.count(), t.joints());
  y(Eigen::seqN(0, t.count(), 2), Eigen::all) = weak[1] * scale_.cwiseInverse().asDiagonal();
  y(Eigen::seqN(1, t.count(), 2), Eigen::all) = weak[0] * scale_.cwiseInverse().asDiagonal();
  return y;
}

// Evidence over [group precisions; decays; shape], with the shape's gradient through the path-integrated features.
void FieldModel::climb(const Path& path, const MatrixXd& u, const MatrixXd& y, int iterations) {
  const model::Grouping& g = features_->grouping();
  const Index groups = g.groups, joints = g.decay.cols(), shapes = first_shape_.size();
  VectorXd centre(groups + joints + shapes), deviation(centre.size()), low(centre.size()), high(centre.size());
  centre << VectorXd::Constant(groups, options_.log_precision), VectorXd::Constant(joints, options_.decay),
      first_shape_;
  deviation << VectorXd::Constant(groups, 4.0), VectorXd::Constant(joints + shapes, 1.0);
  low << VectorXd::Constant(groups, -18.0), VectorXd::Constant(joints, -0.5), VectorXd::Constant(shapes, -1.5);
  high << VectorXd::Constant(groups, 14.0), VectorXd::Constant(joints, 6.0), VectorXd::Constant(shapes, 4.0);
  if (parameters_.size() == 0) parameters_ = centre;

  std::unique_ptr<GroupedRegression> fixed;
  if (shapes == 0) fixed = std::make_unique<GroupedRegression>(rows(path, u), y, options_.noise_floor);
  const auto objective = [&](const VectorXd& x, VectorXd& gradient) {
    features_->set_shape(x.tail(shapes));
    std::unique_ptr<GroupedRegression> moving;
    if (shapes > 0) moving = std::make_unique<GroupedRegression>(rows(path, u), y, options_.noise_floor);
    const GroupedRegression& regression = shapes > 0 ? *moving : *fixed;
    GroupedRegression::Effect effect;
    MatrixXd d_rows;
    const double value =
        regression.log_evidence(g.log_precision(x.head(groups + joints)), &effect, shapes > 0 ? &d_rows : nullptr);
    if (!std::isfinite(value)) return std::numeric_limits<double>::infinity();
    const VectorXd z = (x - centre).cwiseQuotient(deviation);
    gradient = z.cwiseQuotient(deviation);
    gradient.head(groups + joints) -= g.gather(effect.gradient());
    for (int k = 0; k < quadrature_.count() && shapes > 0; ++k) {
      const auto i = static_cast<std::size_t>(k);
      const MatrixXd d_phi = quadrature_.tested(k, 1) * d_rows(Eigen::seqN(0, u.rows(), 2), Eigen::all) +
                             quadrature_.tested(k, 0) * d_rows(Eigen::seqN(1, u.rows(), 2), Eigen::all);
      gradient.tail(shapes) -= features_->shape_gradient(path.q[i], path.v[i], u, d_phi);
    }
    return 0.5 * z.squaredNorm() - value;
  };
  minimise(objective, parameters_, low, high, iterations);
  features_->set_shape(parameters_.tail(shapes));
  const GroupedRegression last(rows(path, u), y, options_.noise_floor);
  posterior_ = last.posterior(g.log_precision(parameters_.head(groups + joints)));
  moment_ = last.x().transpose() * y;
}

void FieldModel::fit(const Transitions& t) {
  if (t.count() < 2 || t.joints() != encoding_.positions() || t.commands() != encoding_.actions)
    throw std::logic_error("FieldModel: transitions of another body, or fewer than two");
  scale_ = column_deviation(t.v1 - t.v0).cwiseMax(1e-6) / encoding_.dt;
  limit_ = (4.0 / encoding_.dt) * (t.v1 - t.v0).cwiseAbs().colwise().maxCoeff().transpose().cwiseMax(1e-6);
  parameters_.resize(0);
  const MatrixXd y = targets(t);
  Path path = hermite(t, encoding_.dt, quadrature_.node);
  for (int sweep = 0; sweep < options_.sweeps; ++sweep) {
    if (sweep > 0) {
      const model::Flight flight =
          model::fly(acceleration(), t.q0, t.v0, t.u, encoding_.dt, quadrature_.node, options_.steps);
      path = settle_path(t, flight, encoding_.dt, quadrature_.node, scale_);
    }
    climb(path, t.u, y, sweep == 0 ? options_.evidence_steps : std::max(5, options_.evidence_steps / 3));
  }
  calibrate(t, path);
}

MatrixXd FieldModel::mean(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) const {
  return model::end_of(acceleration(), q, v, u, encoding_.dt, options_.steps);
}

MotionBatch FieldModel::predict(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) const {
  const Index n = q.cols();
  MotionBatch out;
  out.mean = mean(q, v, u);
  const MatrixXd difference = model::step_difference(acceleration(), q, v, u, encoding_.dt, options_.steps, out.mean);
  out.noise = noise_.diagonal(difference);
  const Transitions imagined{q, v, u, out.mean.leftCols(n), out.mean.rightCols(n)};
  const MatrixXd x = rows(hermite(imagined, encoding_.dt, quadrature_.node), u);
  const std::vector<MatrixXd> epistemic = posterior_.epistemic(x, 2);
  for (Index k = 0; k < q.rows(); ++k)
    out.covariance.push_back(
        noise_.covariance(for_every_joint(epistemic[static_cast<std::size_t>(k)], n), difference.row(k).transpose()));
  return out;
}

void FieldModel::calibrate(const Transitions& t, const Path& path) {
  const Index n = t.q0.cols(), count = t.count();
  const VectorXd unit = end_unit(scale_, encoding_.dt);
  const MatrixXd end = ends(t), predicted = mean(t.q0, t.v0, t.u);
  const MatrixXd difference =
      model::step_difference(acceleration(), t.q0, t.v0, t.u, encoding_.dt, options_.steps, predicted);
  const MatrixXd x = rows(path, t.u), weak = targets(t) - x * posterior_.mean;
  std::vector<MatrixXd> epistemic = posterior_.epistemic(x, 2);
  MatrixXd error(count, 2 * n), inflation(count, 2 * n);
  for (Index k = 0; k < count; ++k) {
    MatrixXd& e = epistemic[static_cast<std::size_t>(k)];
    const MatrixXd inverse = left_out_inverse(e, 1.0 - 1e-7);
    // What this sample moved its own prediction by comes off again.
    const MatrixXd moved = (inverse - MatrixXd::Identity(2, 2)) * weak.middleRows(2 * k, 2);
    error.row(k) = end.row(k) - predicted.row(k) + moved.transpose().reshaped().cwiseProduct(unit).transpose();
    e = (0.5 * (e * inverse + inverse * e)).eval();
    inflation.row(k) << Eigen::RowVectorXd::Constant(n, 1.0 + e(0, 0)), Eigen::RowVectorXd::Constant(n, 1.0 + e(1, 1));
  }
  noise_ = fit_forward_noise(error, inflation, difference, (smallest_noise * unit).cwiseAbs2(),
                             static_cast<int>(parameters_.size()));
  left_out_.mean = end - error;
  left_out_.covariance.clear();
  for (Index k = 0; k < count; ++k)
    left_out_.covariance.push_back(
        noise_.covariance(for_every_joint(epistemic[static_cast<std::size_t>(k)], n), difference.row(k).transpose()));
}

void FieldModel::add(const Transitions& t) {
  const model::Flight flight =
      model::fly(acceleration(), t.q0, t.v0, t.u, encoding_.dt, quadrature_.node, options_.steps);
  const MatrixXd x = rows(settle_path(t, flight, encoding_.dt, quadrature_.node, scale_), t.u);
  for (Index k = 0; k < x.rows(); ++k) posterior_.precision.rankUpdate(x.row(k).transpose(), 1.0);
  moment_ += x.transpose() * targets(t);
  posterior_.mean = posterior_.precision.solve(moment_);
}

std::unique_ptr<FieldModel> make_fourier_field(const model::Encoding& e, int count, std::uint64_t seed,
                                               std::uint32_t agent, const FieldModelOptions& options) {
  random::Stream stream({seed, agent, random::Purpose::features, 0});
  auto features = std::make_unique<model::FourierField>(e, model::FourierFeatures(e.inputs(), count, 1.5, stream));
  return std::make_unique<FieldModel>(e, std::move(features), options);
}

std::unique_ptr<FieldModel> make_gated_harmonics(const model::Encoding& e, int order,
                                                 const FieldModelOptions& options) {
  return std::make_unique<FieldModel>(e, std::make_unique<model::GatedHarmonics>(e, order), options);
}

void FieldModel::describe(base::Archive& archive) {
  archive("parameters", parameters_)("scale", scale_)("limit", limit_);
  archive("posterior", posterior_)("moment", moment_)("noise", noise_)("left_out", left_out_);
  if (archive.restoring())
    features_->set_shape(parameters_.size() > 0 ? parameters_.tail(first_shape_.size()) : first_shape_);
}

}  // namespace infans::inference
