#include "core/inference/stepped_motion.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/archive.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using model::Transitions;

constexpr double instant_share = 1e-5;  // of a control step: 1e-5 of truncation, 1e-16 / 1e-6 of rounding

// Sum over joints of the logarithm of the median size.
double log_medians(const MatrixXd& error) {
  double sum = 0.0;
  for (Index i = 0; i < error.cols(); ++i) {
    VectorXd size = error.col(i).cwiseAbs();
    const auto middle = size.begin() + size.size() / 2;
    std::nth_element(size.begin(), middle, size.end());
    sum += std::log(std::max(*middle, 1e-14));
  }
  return sum;
}

}  // namespace

Stepping detect_stepping(const Transitions& t, double h) {
  const MatrixXd moved = t.q1 - t.q0;
  const double continuous = log_medians(moved - 0.5 * h * (t.v0 + t.v1)), early = log_medians(moved - h * t.v0),
               late = log_medians(moved - h * t.v1);
  if (continuous <= std::min(early, late)) return Stepping::continuous;
  return early <= late ? Stepping::explicit_euler : Stepping::semi_implicit;
}

namespace {

class FrozenSteps final : public FrozenMotion {
 public:
  FrozenSteps(const MotionModel& model, std::unique_ptr<FrozenLaw> law, const model::Encoding& e, Stepping stepping)
      : FrozenMotion(model),
        law_(std::move(law)),
        joints_(e.positions()),
        period_(static_cast<float>(e.dt)),
        stepping_(stepping) {}

  double operations(bool informed) const override {
    const double euler = 4.0 * joints_;
    return law_->accelerate_operations(informed) + euler;
  }

  void step(const Batch& x, int joints, int commands, int n, Batch& end, float* gain) override {
    end.resize(2 * joints, n);
    acceleration_.resize(joints, n);
    law_->accelerate(x, joints, commands, n, acceleration_, gain);
    for (int i = 0; i < joints; ++i) {
      const float *q = x.row(i), *v = x.row(joints + i), *a = acceleration_.row(i);
      float *q1 = end.row(i), *v1 = end.row(joints + i);
      for (int k = 0; k < padded(n); ++k) {
        v1[k] = v[k] + period_ * a[k];
        q1[k] = q[k] + period_ * (stepping_ == Stepping::explicit_euler ? v[k] : v1[k]);
      }
    }
  }

  Deviations deviations() const override { return law_->deviations(); }

 private:
  std::unique_ptr<FrozenLaw> law_;
  int joints_;
  float period_;
  Stepping stepping_;
  Batch acceleration_;
};

}  // namespace

SteppedMotion::SteppedMotion(model::Encoding encoding, Make make)
    : encoding_(std::move(encoding)), make_(std::move(make)), base_(make_(encoding_)) {}

Transitions SteppedMotion::instant(const Transitions& t) const {
  const double d = instant_share * encoding_.dt;
  const MatrixXd a = (t.v1 - t.v0) / encoding_.dt;
  return {t.q0, t.v0, t.u, t.q0 + d * t.v0 + 0.5 * d * d * a, t.v0 + d * a};
}

// From the end of the first instant to that of the step: velocities change 1 / share times as much.
MotionBatch SteppedMotion::grown(const MotionBatch& p, const MatrixXd& q, const MatrixXd& v) const {
  const Index n = q.cols();
  const double h = encoding_.dt, stretch = 1.0 / instant_share;
  const bool late = stepping_ == Stepping::semi_implicit;
  MotionBatch out;
  out.mean.resize(q.rows(), 2 * n);
  out.mean.rightCols(n) = v + stretch * (p.mean.rightCols(n) - v);
  out.mean.leftCols(n) = q + h * (late ? MatrixXd(out.mean.rightCols(n)) : v);
  // What positions do follows from velocities: only rounding is left of their own.
  const double own = 1e-12;
  for (Index k = 0; k < q.rows(); ++k) {
    const MatrixXd c = stretch * stretch * p.covariance[static_cast<std::size_t>(k)].bottomRightCorner(n, n);
    MatrixXd whole = MatrixXd::Zero(2 * n, 2 * n);
    whole.bottomRightCorner(n, n) = c;
    if (late) {
      whole.topLeftCorner(n, n) = h * h * c;
      whole.topRightCorner(n, n) = h * c;
      whole.bottomLeftCorner(n, n) = h * c;
    }
    whole.topLeftCorner(n, n).diagonal().array() += own * (1.0 + whole.topLeftCorner(n, n).diagonal().array());
    out.covariance.push_back(whole);
  }
  if (p.noise.size() > 0) {
    out.noise.resize(q.rows(), 2 * n);
    out.noise.rightCols(n) = stretch * stretch * p.noise.rightCols(n);
    out.noise.leftCols(n).setConstant(own);
    if (late) out.noise.leftCols(n) += h * h * out.noise.rightCols(n);
  }
  return out;
}

// A model that knows nothing, of the instant that the stepping asks for.
void SteppedMotion::remake() {
  model::Encoding e = encoding_;
  if (stepping_ != Stepping::continuous) e.dt *= instant_share;
  base_ = make_(e);
}

void SteppedMotion::fit(const Transitions& t) {
  stepping_ = detect_stepping(t, encoding_.dt);
  remake();
  if (stepping_ == Stepping::continuous) {
    base_->fit(t);
    return;
  }
  base_->fit(instant(t));
  left_out_ = grown(base_->left_out(), t.q0, t.v0);
}

void SteppedMotion::add(const Transitions& t) { base_->add(stepping_ == Stepping::continuous ? t : instant(t)); }

MatrixXd SteppedMotion::mean(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) const {
  const MatrixXd end = base_->mean(q, v, u);
  if (stepping_ == Stepping::continuous) return end;
  const Index n = q.cols();
  MatrixXd out(q.rows(), 2 * n);
  out.rightCols(n) = v + (end.rightCols(n) - v) / instant_share;
  out.leftCols(n) = q + encoding_.dt * (stepping_ == Stepping::semi_implicit ? MatrixXd(out.rightCols(n)) : v);
  return out;
}

MotionBatch SteppedMotion::predict(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) const {
  MotionBatch p = base_->predict(q, v, u);
  return stepping_ == Stepping::continuous ? p : grown(p, q, v);
}

std::unique_ptr<FrozenMotion> SteppedMotion::freeze(int draws, random::Stream& stream) const {
  std::unique_ptr<FrozenMotion> found = stepped(base_->freeze(draws, stream));
  return found ? std::move(found) : MotionModel::freeze(draws, stream);
}

std::unique_ptr<FrozenMotion> SteppedMotion::freeze_draw(random::Stream& stream) const {
  return stepped(base_->freeze_draw(stream));
}

// Null: the base is no law that could be stepped.
std::unique_ptr<FrozenMotion> SteppedMotion::stepped(std::unique_ptr<FrozenMotion> base) const {
  if (stepping_ == Stepping::continuous) return base;
  auto* law = dynamic_cast<FrozenLaw*>(base.get());
  if (law == nullptr) return nullptr;
  base.release();
  return std::make_unique<FrozenSteps>(*this, std::unique_ptr<FrozenLaw>(law), encoding_, stepping_);
}

void SteppedMotion::describe(base::Archive& archive) {
  archive("stepping", stepping_);
  if (archive.restoring()) remake();
  archive("base", *base_)("left_out", left_out_);
}

}  // namespace infans::inference
