#include "core/inference/rollout_information.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace infans::inference {

using Eigen::MatrixXf;

void RolloutInformation::begin(int steps, int n) {
  steps_ = steps;
  n_ = n;
  added_ = 0;
}

void RolloutInformation::add(const Deviations& step) {
  if (added_ == steps_ || step.rows == nullptr)
    throw std::logic_error("RolloutInformation: more steps than it began with, or a model without draws");
  if (added_ == 0) {
    draws_ = step.draws;
    size_ = step.size;
    copies_ = step.copies;
    share_ = step.share();
    deviation_.resize(steps_ * size_ * draws_, n_);
  }
  for (int d = 0; d < draws_; ++d)
    for (int i = 0; i < size_; ++i) {
      const float* from = step.rows->row(step.first + d * size_ + i);
      std::copy(from, from + n_, deviation_.row(place(added_ * size_ + i, d)));
    }
  ++added_;
}

void RolloutInformation::variance(float* sum) const {
  std::fill(sum, sum + padded(n_), 0.0F);
  for (int r = 0; r < elements(); ++r)
    for (int d = 0; d < draws_; ++d) {
      const float* row = deviation_.row(place(r, d));
      for (int k = 0; k < n_; ++k) sum[k] += row[k] * row[k];
    }
  for (int k = 0; k < n_; ++k) sum[k] *= share_ * static_cast<float>(copies_);
}

void RolloutInformation::joint(float* gain) {
  std::fill(gain, gain + padded(n_), 0.0F);
  if (added_ == 0) return;
  // Steps that were not added are rows of zeros only if the layout is by draw; here a rollout is always whole.
  if (added_ != steps_) throw std::logic_error("RolloutInformation: the rollout is not at its end");
  if (by_draws())
    determinant_.compute(deviation_, elements(), draws_, share_, n_, gain);
  else
    determinant_.compute(deviation_, draws_, elements(), share_, n_, gain);
  for (int k = 0; k < n_; ++k) gain[k] *= static_cast<float>(copies_);
}

void RolloutInformation::foresight(const Deviations& targets, int n_targets, float* gain) {
  if (targets.rows == nullptr || targets.draws != draws_ || added_ != steps_)
    throw std::logic_error("RolloutInformation: targets need the draws of a whole rollout");
  const int rows = elements(), wanted = n_targets * targets.size;
  MatrixXf target(draws_, wanted);
  for (int d = 0; d < draws_; ++d)
    for (int j = 0; j < wanted; ++j)
      target(d, j) = targets.rows->row(targets.first + d * targets.size + j % targets.size)[j / targets.size];
  const Eigen::RowVectorXf before = share_ * target.colwise().squaredNorm();
  MatrixXf own(rows, draws_), gram(rows, rows), shared(rows, wanted);
  for (int k = 0; k < n_; ++k) {
    for (int d = 0; d < draws_; ++d)
      for (int r = 0; r < rows; ++r) own(r, d) = deviation_.row(place(r, d))[k];
    gram.noalias() = share_ * own * own.transpose();
    gram.diagonal().array() += 1.0F;
    shared.noalias() = share_ * own * target;
    gram.llt().matrixL().solveInPlace(shared);
    const Eigen::ArrayXf explained = shared.colwise().squaredNorm().transpose();
    const Eigen::ArrayXf prior = before.transpose();
    const float sum = ((1.0F + prior) / (1.0F + (prior - explained).max(0.0F))).log().sum();
    gain[k] = 0.5F * static_cast<float>(copies_) * sum / static_cast<float>(n_targets);
  }
}

}  // namespace infans::inference
