// A map of a hand that also knows at which angles its owner is told where the hand is: behind the back no eye sees it.
// Not being told is a sample as well. With a kernel on the torus of angles,
//   p(told | q) = (a + sum of k over told samples) / (a + b + sum of k over all),   k = exp(kappa sum_i (cos d_i - 1)),
// d_i the difference of angle i: a Beta belief whose counts fade with distance.
#pragma once

#include <Eigen/Dense>
#include <memory>

#include "core/inference/hand_model.hpp"

namespace infans::inference {

struct ToldOptions {
  double told = 1.0, missed = 0.25;  // a, b: pseudo-counts
  double sharpness = 1.5;            // kappa
};

class ToldHand final : public HandModel {
 public:
  // Throws std::logic_error without a map, or for options that are not positive.
  explicit ToldHand(std::unique_ptr<HandModel> map, const ToldOptions& options = {});
  ToldHand(const ToldHand& other);

  int joints() const override { return map_->joints(); }
  int samples() const override { return map_->samples(); }
  void add(const Eigen::VectorXd& q, const Eigen::Vector3d& x, double weight = 1.0) override;
  void miss(const Eigen::VectorXd& q) override { count(q, false); }
  void discount(double share) override;
  HandBelief predict(const Eigen::VectorXd& q) const override;
  std::unique_ptr<HandModel> clone() const override { return std::make_unique<ToldHand>(*this); }
  int links() const override { return map_->links(); }
  void shift_link(int link, const Eigen::Vector3d& by) override { map_->shift_link(link, by); }
  void describe(base::Archive& archive) override;

  double told(const Eigen::VectorXd& q) const;
  const HandModel& map() const { return *map_; }

 private:
  void count(const Eigen::VectorXd& q, bool told);

  std::unique_ptr<HandModel> map_;
  ToldOptions options_;
  Eigen::MatrixXd circle_;         // 2n x capacity: cosines, then sines, of the angles of every decision
  Eigen::VectorXd told_, weight_;  // capacity
  Eigen::Index rows_ = 0;
};

}  // namespace infans::inference
