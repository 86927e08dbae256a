// Goals that a mind sets itself, and those that others set: where to bring the hand next, without any reward.
//   random       uniform in the goal space
//   information  where the map expects to learn most: of `candidates` postures whose hand is expected in the goal space
//                the one of largest 1/2 ln det(I + N^-1 V) nats (novelty of the map's weights, Lindley 1956)
//   progress     the regions of the goal space in which reaching changes most are chosen most often (competence
//   progress,
//                Baranes & Oudeyer 2013): interest = |sum of the newer half - sum of the older half| / window of the
//                last `window` errors there; a share `curious` of the goals so, the others uniform
//   caregiver    of the places given one within `near` m of where the hand was, or the nearest
//   task         the places given, one after the other
#pragma once

#include <Eigen/Dense>
#include <deque>
#include <functional>
#include <vector>

#include "core/inference/hand_model.hpp"
#include "core/random/stream.hpp"

namespace infans::agents {

enum class GoalSource { random, information, progress, caregiver, task };

// Places within `radius` of `centre` that an eye at the origin sees: `least` m away or more, at most `half_field`
// (rad) off its gaze (unit vector).
struct GoalSpace {
  Eigen::Vector3d centre = Eigen::Vector3d::Zero();
  double radius = 0.2;
  Eigen::Vector3d gaze = Eigen::Vector3d::UnitX();
  double half_field = 0.9;
  double least = 0.04;

  bool holds(const Eigen::Vector3d& place) const;
  // Uniform, by rejection; the centre's direction of gaze when nothing is found in 1,000 draws.
  Eigen::Vector3d draw(random::Stream& stream) const;

  void describe(base::Archive& archive) {
    archive("centre", centre)("radius", radius)("gaze", gaze)("half_field", half_field)("least", least);
  }
};

struct OwnGoalsOptions {
  GoalSource source = GoalSource::random;
  int candidates = 64;  // postures that information compares
  int cells = 3;        // regions a side of the cube around the goal space
  int window = 8;       // errors a region remembers, even
  double curious = 0.8;
  double near = 0.06;  // m
  std::vector<Eigen::Vector3d> given = {};
};

class OwnGoals {
 public:
  // Throws std::logic_error for counts below 1, an odd window, or a task or caregiver without places.
  OwnGoals(const OwnGoalsOptions& options, const GoalSpace& space);

  struct Knowledge {
    const inference::HandModel& map;
    std::function<Eigen::VectorXd(random::Stream&)> posture;  // any that the arm can take
    Eigen::Vector3d hand;                                     // where it was last
  };
  Eigen::Vector3d next(const Knowledge& known, random::Stream& stream);
  // How a reach to a goal ended, m.
  void outcome(const Eigen::Vector3d& goal, double error);

  // Other options from now on, as in the constructor; what regions remember stays unless there are others.
  void configure(const OwnGoalsOptions& options);
  // The space moves and grows with its owner; what the regions remember stays.
  void set_space(const GoalSpace& space) { space_ = space; }
  const GoalSpace& space() const { return space_; }
  int region(const Eigen::Vector3d& place) const;
  int regions() const { return static_cast<int>(errors_.size()); }
  // Change of the errors in a region, m a reach; of one that has fewer than two errors: the largest of all others.
  double interest(int region) const;
  void describe(base::Archive& archive);

 private:
  Eigen::Vector3d informative(const Knowledge& known, random::Stream& stream) const;
  Eigen::Vector3d changing(random::Stream& stream) const;
  Eigen::Vector3d held_out(const Knowledge& known, random::Stream& stream) const;
  double progress(int region) const;

  OwnGoalsOptions options_;
  GoalSpace space_;
  std::vector<std::deque<double>> errors_;  // of every region, the oldest first
  std::size_t given_ = 0;
};

// Expected information of one sample of the hand at a belief, nats.
double expected_information(const inference::HandBelief& belief);

}  // namespace infans::agents
