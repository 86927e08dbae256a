#include "core/inference/told_hand.hpp"

#include <algorithm>

#include "core/base/archive_store.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

VectorXd on_circles(const VectorXd& q) {
  VectorXd z(2 * q.size());
  z << q.array().cos(), q.array().sin();
  return z;
}

}  // namespace

ToldHand::ToldHand(std::unique_ptr<HandModel> map, const ToldOptions& o) : map_(std::move(map)), options_(o) {
  if (!map_) throw std::logic_error("ToldHand: a map is needed");
  if (!(o.told > 0.0 && o.missed > 0.0 && o.sharpness > 0.0))
    throw std::logic_error("ToldHand: counts and sharpness are positive");
}

ToldHand::ToldHand(const ToldHand& o)
    : map_(o.map_->clone()),
      options_(o.options_),
      circle_(o.circle_),
      told_(o.told_),
      weight_(o.weight_),
      rows_(o.rows_) {}

void ToldHand::add(const VectorXd& q, const Eigen::Vector3d& x, double weight) {
  map_->add(q, x, weight);
  count(q, true);
}

void ToldHand::count(const VectorXd& q, bool told) {
  if (rows_ == told_.size()) {
    const Index capacity = std::max<Index>(64, 2 * rows_);
    circle_.conservativeResize(2 * q.size(), capacity);
    told_.conservativeResize(capacity);
    weight_.conservativeResize(capacity);
  }
  circle_.col(rows_) = on_circles(q);
  told_(rows_) = told ? 1.0 : 0.0;
  weight_(rows_++) = 1.0;
}

void ToldHand::discount(double share) {
  map_->discount(share);
  weight_.head(rows_) *= share;
}

double ToldHand::told(const VectorXd& q) const {
  double told = options_.told, all = options_.told + options_.missed;
  if (rows_ > 0) {
    const double n = static_cast<double>(q.size());
    const VectorXd k = weight_.head(rows_).array() *
                       (options_.sharpness * ((circle_.leftCols(rows_).transpose() * on_circles(q)).array() - n)).exp();
    told += k.dot(told_.head(rows_));
    all += k.sum();
  }
  return told / all;
}

HandBelief ToldHand::predict(const VectorXd& q) const {
  HandBelief belief = map_->predict(q);
  belief.told = told(q);
  return belief;
}

void ToldHand::describe(base::Archive& archive) {
  archive("map", *map_);
  base::describe_columns(archive, "circle", circle_, rows_);
  Eigen::Index told = rows_, weights = rows_;
  base::describe_rows(archive, "told", told_, told);
  base::describe_rows(archive, "weight", weight_, weights);
  base::require_state(told == rows_ && weights == rows_ && (rows_ == 0 || circle_.rows() == 2 * joints()), "circle",
                      "its samples are not as many as those that told");
}

}  // namespace infans::inference
