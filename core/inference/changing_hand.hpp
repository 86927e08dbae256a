// A map of a hand whose body may change unannounced: surprise tells that it has, causes compete to explain it.
//
// Surprise. Each sample's calibrated likelihood is compared with that of a changed body, whose errors are `ratio` times
// as large in variance; the log ratios add up in a CUSUM (Page 1954) that never falls below 0:
//   m = e' S^-1 e / s,   c <- max(0, c + m/2 (1 - 1/ratio) - 3/2 ln ratio),   changed when c > threshold,
// e, S: error and predicted covariance of the hand, s >= 1: the mean m / 3 of the last samples before c left 0.
//
// Causes. What the map knew when c left 0 competes, over the samples since, in these forms; the one of largest evidence
// (Laplace) predicts, and stays after `open` samples:
//   nothing has changed; one joint's sensor lies by an offset, or is turned over (q -> c - q, c uniform on the circle,
//   if asked for); one link is another by a vector (maps with links only); something else: old evidence discounted
//   once, and learning goes on.
#pragma once

#include <Eigen/Dense>
#include <deque>
#include <memory>
#include <vector>

#include "core/inference/hand_model.hpp"

namespace infans::inference {

struct ChangeOptions {
  double ratio = 4.0;
  double threshold = 9.2;  // nats: one false alarm in e^9.2 = 10,000 samples if the likelihood holds
  double most = 0.6;       // part of the threshold that one sample can add: no single one is an alarm
  int record = 20;         // samples that calibrate
  int from = 10;           // samples before the watch begins
  double discount = 0.01;  // weight of old evidence after a change
  bool causes = true;      // else an alarm always discounts
  int open = 12;           // samples that causes compete for
  bool mirrors = false;    // joints that are turned over are among them
  double offset_sd = 0.3;  // rad
  double link_sd = 0.03;   // m, a coordinate
};

class ChangingHand final : public HandModel {
 public:
  ChangingHand(std::unique_ptr<HandModel> map, const ChangeOptions& options = {});
  ChangingHand(const ChangingHand& other);

  int joints() const override { return map_->joints(); }
  int samples() const override { return map_->samples(); }
  void add(const Eigen::VectorXd& q, const Eigen::Vector3d& x, double weight = 1.0) override;
  void discount(double share) override { map_->discount(share); }
  HandBelief predict(const Eigen::VectorXd& q) const override;
  std::unique_ptr<HandModel> clone() const override { return std::make_unique<ChangingHand>(*this); }
  void describe(base::Archive& archive) override;

  enum class Kind { none, offset, link, other, mirror };
  struct Cause {
    Kind kind = Kind::other;
    int which = 0;                                    // joint or link
    double offset = 0.0;                              // rad; of a joint turned over: c
    Eigen::Vector3d shift = Eigen::Vector3d::Zero();  // m
    double energy = 0.0;                              // minus log evidence, nats

    void describe(base::Archive& archive);
  };
  int alarms() const { return alarms_; }
  bool open() const { return open_ > 0; }
  double suspicion() const { return cusum_; }  // c, nats
  // Of the last alarm, as it is believed now; before any alarm: other.
  const Cause& cause() const { return cause_; }
  // What the sensors are believed to lie by, rad, after their sign: 1, or -1 of a joint that is turned over.
  const Eigen::VectorXd& offset() const { return offset_; }
  const Eigen::VectorXd& sign() const { return sign_; }

 private:
  struct Sample {
    Eigen::VectorXd q;
    Eigen::Vector3d x;
    double weight;

    void describe(base::Archive& archive);
  };
  void watch(const Sample& sample);
  void alarm();
  void relearn(const Sample& sample);
  void compete();
  void settle();
  Cause unchanged() const;
  Eigen::VectorXd corrected(const Eigen::VectorXd& q) const { return sign_.cwiseProduct(q) + offset_; }
  struct Turned {
    double sign, start, prior;  // of the offset: where the search begins (rad), precision of its prior about 0
  };
  Cause turned(int joint, const Turned& how, double& curvature) const;
  Cause shifted(int joint) const;
  Cause mirrored(int joint) const;
  Cause moved(int link) const;

  ChangeOptions options_;
  std::unique_ptr<HandModel> map_;        // learns on, whatever the cause
  std::unique_ptr<HandModel> before_;     // as it was before the samples in since_
  std::unique_ptr<HandModel> explained_;  // before_ with the cause, while it is the best one
  Eigen::VectorXd sign_, offset_;         // committed; angles sign_ q + offset_ go to map_ and before_
  std::vector<Sample> since_;             // since c left 0
  std::vector<double> pending_;           // m / 3 of them
  std::deque<double> record_;             // m / 3 before
  double cusum_ = 0.0, scale_ = 1.0;
  double other_ = 0.0;  // energy of the cause "other": prequential
  int open_ = 0, alarms_ = 0;
  Cause cause_;
};

}  // namespace infans::inference
