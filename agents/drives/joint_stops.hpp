// Where joints end, felt within an episode: a law of motion that turns for ever does not know it.
#pragma once

#include <Eigen/Dense>
#include <span>

#include "core/inference/batch.hpp"

namespace infans::base {
class Archive;
}

namespace infans::agents {

// A joint that stands still although it was expected to move, `patience` decisions in a row and always the same way,
// has met a stop: from then on no posture beyond the place is expected to be reached,
//   ln p = -1/2 sum_i (excess_i / width)^2,   excess_i = how far q_i is beyond its stop.
// A joint that is seen beyond its stop moves it. Nothing is kept from one episode to the next: a model that is still
// wrong would otherwise leave stops where there are none.
class JointStops {
 public:
  explicit JointStops(int joints);

  void begin_episode();
  // Where the joints are expected next (at least [q n, v n]; nothing is compared before).
  void expect(const Eigen::VectorXd& next);
  // Where they are: [q n, v n, ...].
  void see(std::span<const double> observation);

  bool any() const { return any_; }
  double low(int joint) const { return low_(joint); }  // rad or m, -infinity where none was met
  double high(int joint) const { return high_(joint); }

  // Whether a joint of this posture is at a stop that was met.
  bool touched(const Eigen::VectorXd& q) const;
  // Adds ln p of n states to sum[0..n).
  void add_log_density(const inference::Batch& state, int n, float* sum) const;
  // excess / width of every joint at a posture.
  Eigen::VectorXd excess(const Eigen::VectorXd& q) const;

  void describe(base::Archive& archive);

  static constexpr int patience = 3;
  static constexpr double width = 0.02;         // rad or m
  static constexpr double margin = 0.03;        // rad or m: a stop gives way a little
  static constexpr double stillness = 0.2;      // of the motion that was expected
  static constexpr double least_motion = 0.01;  // rad or m a decision: less says nothing

 private:
  Eigen::VectorXd low_, high_;
  Eigen::VectorXd last_, expected_;  // n; expected_ empty: nothing to compare
  Eigen::VectorXi held_;             // decisions in a row, signed by direction
  bool any_ = false;
};

}  // namespace infans::agents
