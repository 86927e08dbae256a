// The forward side of MechanicsModel: predictions, their covariance, and one more sample.
#include <algorithm>
#include <cmath>

#include "core/inference/leave_out.hpp"
#include "core/inference/mechanics_model.hpp"
#include "core/inference/mechanics_tables.hpp"
#include "core/kernels/operations.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::Transitions;

class FrozenMechanics final : public FrozenLaw {
 public:
  // deviation: what an acceleration of 1 is worth in standard deviations of a row's noise, n.
  FrozenMechanics(const MotionModel& model, MechanicsTables mean, std::vector<MechanicsTables> draws,
                  VectorXd deviation)
      : FrozenLaw(model), mean_(std::move(mean)), draws_(std::move(draws)), deviation_(std::move(deviation)) {}

  void step(const Batch& x, int joints, int commands, int n, Batch& end, float* gain) override {
    end.resize(2 * joints, n);
    kernels::best_body().fly(mean_.model(), x.row(0), padded(n), x.stride, end.row(0));
    if (gain == nullptr) return;
    middle_of(x, end, joints, commands, n, middle_);
    accelerate(middle_, joints, commands, n, acceleration_, gain);
  }

  void accelerate(const Batch& x, int joints, int, int n, Batch& acceleration, float* gain) override {
    const int width = padded(n), count = static_cast<int>(draws_.size());
    const auto evaluate = [&](const MechanicsTables& t, float* out) {
      kernels::best_body().accelerate(t.model(), x.row(0), width, x.stride, out);
    };
    acceleration.resize(joints, n);
    evaluate(mean_, acceleration.row(0));
    if (gain == nullptr) return;
    deviations_.resize(joints * count, n);
    for (int d = 0; d < count; ++d) {
      evaluate(draws_[static_cast<std::size_t>(d)], deviations_.row(d * joints));
      for (int i = 0; i < joints; ++i) {
        float* row = deviations_.row(d * joints + i);
        const float* mean = acceleration.row(i);
        const float unit = static_cast<float>(deviation_(i));
        for (int k = 0; k < width; ++k) row[k] = unit * (row[k] - mean[k]);
      }
    }
    information_.compute(deviations_, count, joints, 2.0F / static_cast<float>(count), n, gain);
  }

  double operations(bool informed) const override {
    const double middle = 2.0 * (2.0 * mean_.joints);
    return kernels::fly_operations(mean_.model()) + (informed ? middle + accelerate_operations(true) : 0.0);
  }
  double accelerate_operations(bool informed) const override {
    double sum = kernels::accelerate_operations(mean_.model());
    if (!informed) return sum;
    for (const MechanicsTables& t : draws_) sum += kernels::accelerate_operations(t.model()) + 2.0 * t.joints;
    return sum + DrawInformation::operations(static_cast<int>(draws_.size()), mean_.joints);
  }

  Deviations deviations() const override {
    if (draws_.empty()) return {};
    return {&deviations_, 0, static_cast<int>(draws_.size()), static_cast<int>(deviation_.size()), 2.0F, 1};
  }

 private:
  MechanicsTables mean_;
  std::vector<MechanicsTables> draws_;
  VectorXd deviation_;
  Batch middle_, acceleration_, deviations_;
  DrawInformation information_;
};

}  // namespace

MechanicsTables MechanicsModel::drawn_tables(random::Stream& stream) const {
  const double noise = std::sqrt(posterior_.noise(0));
  VectorXd z(posterior_.mean.rows());
  for (double& value : z) value = noise * stream.normal();
  posterior_.precision.matrixU().solveInPlace(z);  // of covariance noise^2 A^-1
  return {law_of(weights_(kept_) + z), encoding_.dt, options_.steps};
}

std::unique_ptr<FrozenMotion> MechanicsModel::freeze_draw(random::Stream& stream) const {
  if (law_.forces || law_.joints() > kernels::max_joints) return nullptr;
  return std::make_unique<FrozenMechanics>(*this, drawn_tables(stream), std::vector<MechanicsTables>(), VectorXd());
}

std::unique_ptr<FrozenMotion> MechanicsModel::freeze(int draws, random::Stream& stream) const {
  if (law_.forces || law_.joints() > kernels::max_joints) return MotionModel::freeze(draws, stream);
  std::vector<MechanicsTables> drawn;
  const double noise = std::sqrt(posterior_.noise(0));
  for (int d = 0; d < draws; ++d) drawn.push_back(drawn_tables(stream));
  return std::make_unique<FrozenMechanics>(*this, MechanicsTables(law_, encoding_.dt, options_.steps), std::move(drawn),
                                           (noise * scale_).cwiseInverse());
}

MatrixXd MechanicsModel::mean(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) const {
  return model::end_of(acceleration(), q, v, u, encoding_.dt, options_.steps);
}

MotionBatch MechanicsModel::predict(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) const {
  const Index n = q.cols();
  MotionBatch out;
  out.mean = mean(q, v, u);
  const MatrixXd difference = model::step_difference(acceleration(), q, v, u, encoding_.dt, options_.steps, out.mean);
  out.noise = noise_.diagonal(difference);
  const Transitions imagined{q, v, u, out.mean.leftCols(n), out.mean.rightCols(n)};
  const Rows r = rows(imagined, hermite(imagined, encoding_.dt, quadrature_.node));
  const std::vector<MatrixXd> epistemic = posterior_.epistemic(r.x, 2 * n);
  for (Index k = 0; k < q.rows(); ++k)
    out.covariance.push_back(noise_.covariance(epistemic[static_cast<std::size_t>(k)], difference.row(k).transpose()));
  return out;
}

void MechanicsModel::calibrate(const Transitions& t, const Rows& r) {
  const Index n = t.q0.cols(), count = t.count();
  const VectorXd unit = end_unit(scale_, encoding_.dt);
  const MatrixXd end = ends(t), predicted = mean(t.q0, t.v0, t.u);
  const MatrixXd difference =
      model::step_difference(acceleration(), t.q0, t.v0, t.u, encoding_.dt, options_.steps, predicted);
  std::vector<MatrixXd> epistemic = posterior_.epistemic(r.x, 2 * n);
  MatrixXd error(count, 2 * n), inflation(count, 2 * n);
  for (Index k = 0; k < count; ++k) {
    MatrixXd& e = epistemic[static_cast<std::size_t>(k)];
    const MatrixXd inverse = left_out_inverse(sample_precision_(k) * e, 0.95);
    const VectorXd scaled = (end.row(k) - predicted.row(k)).transpose().cwiseQuotient(unit);
    error.row(k) = unit.cwiseProduct(inverse * scaled);
    e = (0.5 * (e * inverse + inverse * e)).eval();
    inflation.row(k) = 1.0 + e.diagonal().array();
  }
  noise_ = fit_forward_noise(error, inflation, difference, (smallest_noise * unit).cwiseAbs2(),
                             static_cast<int>(parameters_.size()));
  left_out_.mean = end - error;
  left_out_.covariance.clear();
  for (Index k = 0; k < count; ++k)
    left_out_.covariance.push_back(
        noise_.covariance(epistemic[static_cast<std::size_t>(k)], difference.row(k).transpose()));
}

void MechanicsModel::add(const Transitions& t) {
  const Index block = 2 * t.q0.cols();
  const model::Flight flight =
      model::fly(acceleration(), t.q0, t.v0, t.u, encoding_.dt, quadrature_.node, options_.steps);
  Rows r = rows(t, settle_path(t, flight, encoding_.dt, quadrature_.node, scale_));
  const VectorXd prior = prior_mean_(kept_);
  r.y -= r.x * prior;
  const std::vector<MatrixXd> epistemic = posterior_.epistemic(r.x, block);
  for (Index k = 0; k < t.count(); ++k) {
    auto x = r.x.middleRows(block * k, block);
    auto y = r.y.segment(block * k, block);
    double precision = 1.0;
    if (options_.robustness > 0.0) {
      const double expected =
          posterior_.noise(0) * (1.0 + epistemic[static_cast<std::size_t>(k)].trace() / static_cast<double>(block));
      const double square = (y - x * posterior_.mean.col(0)).squaredNorm() / static_cast<double>(block);
      precision = (options_.robustness + 1.0) / (options_.robustness + square / expected);
    }
    for (Index i = 0; i < block; ++i) posterior_.precision.rankUpdate(x.row(i).transpose(), precision);
    moment_ += precision * x.transpose() * y;
  }
  posterior_.mean = posterior_.precision.solve(moment_);
  set_weights(prior + posterior_.mean);
}

}  // namespace infans::inference
