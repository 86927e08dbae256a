// Reaching with many joints from zero knowledge: random targets in reach, one posture a decision (0.4 s), reflexes in
// between. A reach ends with a hit (hand within `radius` of the target at the end of a decision) or after five
// decisions; nothing is reset. Counted: decisions until 9 of the last 10 reaches were hits (at least 10).
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <string>
#include <vector>

#include "agents/reflex/reacher.hpp"
#include "agents/reflex/reflex_arc.hpp"
#include "core/inference/changing_hand.hpp"
#include "core/inference/schema_learner.hpp"
#include "core/inference/torus_learner.hpp"
#include "envs/bodies/reaching_arm.hpp"
#include "envs/mujoco/body.hpp"

namespace infans::experiments {

// An arm in its world under reflex arcs, as its mind senses it.
class ReachingBody {
 public:
  explicit ReachingBody(const envs::ReachingArm& arm, const agents::ReflexOptions& reflex = {});

  struct Moment {
    Eigen::VectorXd q;     // sensed angles, rad
    Eigen::Vector3d hand;  // m, of the same instant
  };
  // One decision; its last `count` moments, evenly spaced, the last one at its end.
  std::vector<Moment> fulfil(const Eigen::VectorXd& posture, double seconds, int count = 1);
  // Where the hand is at true angles q, m.
  Eigen::Vector3d hand_at(const Eigen::VectorXd& q);
  // A place that the hand can be: of a posture uniform in the ranges.
  Eigen::Vector3d target(random::Stream& stream);

  // The body grows (same joints), a joint sensor begins to lie by `offset` rad.
  void grow(const envs::ReachingArm& arm);
  void shift_sensor(int joint, double offset) { offset_(joint) += offset; }

  const Eigen::VectorXd& low() const { return low_; }
  const Eigen::VectorXd& high() const { return high_; }
  const Eigen::VectorXd& sensed() const { return sensed_; }  // angles now, rad
  int joints() const { return static_cast<int>(low_.size()); }

 private:
  void step(const Eigen::VectorXd& torque);

  std::unique_ptr<envs::BodyWorld> world_, ruler_;  // the ruler: the same arm, to measure targets with
  agents::ReflexArc reflex_;
  Eigen::VectorXd low_, high_, torque_, offset_;
  Eigen::VectorXd sensed_, velocity_;
  Moment moment_;
};

enum class ReachModel { chain, torus };

struct ReachOptions {
  ReachModel model = ReachModel::chain;
  inference::SchemaOptions chain;
  inference::TorusOptions torus;
  bool watch = false;  // for changes of the body
  inference::ChangeOptions change;
  agents::ReacherOptions reacher;
  agents::ReflexOptions reflex;
  double decision = 0.4;  // s
  int samples = 1;        // (posture, hand) pairs learned of a decision
  double radius = 0.02;   // m
  int decisions_a_reach = 5;
  int window = 10, hits = 9;
  int most_decisions = 300;
  int taught = 0;        // random postures lived before the count begins: what a known body can do
  double margin = 0.03;  // rad, postures keep away from the limits
};

struct ReachResult {
  int decisions = 0;     // until the criterion, or all when never
  bool reached = false;  // the criterion
  int babbled = 0;       // decisions without a goal
  int reaches = 0;
  int noticed = 0;                     // decisions until a change of the body was noticed; 0: never
  std::vector<Eigen::Vector3d> hands;  // at the end of every decision, m
  double plan_seconds = 0.0, learn_seconds = 0.0, body_seconds = 0.0;
};

// Options with what was best on seeds of their own (100 and more).
ReachOptions tuned(ReachModel model);

// What is measured beside each other: a name and its options.
struct ReachRow {
  std::string name;
  ReachOptions options;
};
// "known" (a body lived for 60 random postures: the floor of reflexes and planning), "chain" and "torus" as tuned, and
// of both: with four samples a decision, with the canonical G (w = 1, V at full weight), with random babbling first,
// with reflexes of a quarter of the stiffness.
std::vector<ReachRow> reach_rows();

// "planarN", "seven", "infant" (its right arm, 6 months, supine; or "infant?age=12&..."). Throws base::UserError.
envs::ReachingArm reaching_arm(const std::string& name);

ReachResult run_reach(const envs::ReachingArm& arm, const ReachOptions& options, std::uint64_t seed);

// How a mind meets a changed body: a name and its options; "anew" (run_anew) learns it from zero. Of chain, torus and
// torus with four samples: "watch" (surprise, causes, discount), "discount" (surprise and discount), "keep" (nothing).
std::vector<ReachRow> change_rows();

// What happens to a body: the forearm (of planar arms the last link) a fifth longer, or the sensor of the elbow (of
// planar arms the last joint) off by 15 degrees.
enum class BodyChange { none, growth, sensor };

struct ChangeResult {
  ReachResult before, after;             // after: decisions since the change until the criterion is met again
  int false_alarms = 0;                  // before the change
  inference::ChangingHand::Cause cause;  // as it is believed at the end
};

// A life of reaches until the criterion, `practice` decisions more, then the change, of which nothing is told.
ChangeResult run_change(const std::string& arm, BodyChange change, const ReachOptions& options, int practice,
                        std::uint64_t seed);
// The changed body from zero knowledge.
ReachResult run_anew(const std::string& arm, BodyChange change, const ReachOptions& options, std::uint64_t seed);

}  // namespace infans::experiments
