// A mind that maps its own arm: it descends postures, hears of its hand from joints, eyes and skin, and learns where
// the hand is at which angles. Beside the map, which is learned, it infers two states that hold for one reach only:
//   hand offset o     hand = f(q) + o,       o ~ N(0, V(q)) before the hand is seen, then o <- o + V (V + N)^-1 e
//   command offset d  q = command + d,       d ~ N(0, c^2) before it is felt, then d <- d + c^2/(c^2 + p^2) (felt - q^)
// so that a hand that is seen beside its goal is brought nearer although nothing is learned. The angles themselves are
// inferred from the efference copy and the felt angles, joint by joint, each with its precision; a joint is blocked
// with probability `blocked`, and then only felt.
#pragma once

#include <Eigen/Dense>
#include <limits>
#include <memory>
#include <optional>

#include "agents/planning/posture_planner.hpp"
#include "core/inference/hand_model.hpp"

namespace infans::agents {

struct BodyMapperOptions {
  PosturePlannerOptions planner;
  bool efference_copy = true;       // without it the mind does not know what it commanded: angles are as they are felt,
                                    // and what the command missed is not noticed
  double proprioceptive_sd = 0.04;  // p, rad: of felt angles
  double command_sd = 0.05;         // c, rad: of postures about commands
  double blocked = 0.1, blocked_sd = 0.5;                   // probability, and sd of angles about the command then, rad
  double vision_sd = 0.005;                                 // m a coordinate; the usual sample
  double touch_sd = 0.025;                                  // m
  double sensory_precision = 1.0;                           // factor on the precision that is given to felt angles
  double memory = std::numeric_limits<double>::infinity();  // samples until old ones weigh 1/e
};

// What is felt at the end of a decision.
struct Feeling {
  Eigen::VectorXd q;                             // rad
  std::optional<Eigen::Vector3d> seen, touched;  // the hand, m
};

struct Percept {
  Eigen::VectorXd q;                    // believed angles, rad
  Eigen::Vector3d predicted;            // hand by map and offset, m
  std::optional<Eigen::Vector3d> hand;  // by eyes and skin, each with its precision
  double surprise = 0.0;                // -ln p(hand), nats; 0 when there is none
  double information = 0.0;             // that the map gains of the sample, nats
  double kl = 0.0;                      // of the belief where the hand is, after against before the senses, nats
  double vfe = 0.0;                     // -ln p(hand) - ln p(felt angles | command), nats: all that had to be explained
  // What that is made of: vfe = complexity - accuracy. Accuracy: E_q[ln p(hand | place)] + E_q[ln p(felt | angles)].
  double accuracy = 0.0, complexity = 0.0;

  Eigen::VectorXd expected_q;  // angles before they were felt, rad; empty without efference copy
  Eigen::Matrix3d total;       // covariance of the hand before it was sensed, of place and senses, m^2
  Eigen::Matrix3d epistemic;   // of its place alone
  Eigen::Vector3d believed;    // its place, after the senses, m
};

class BodyMapper {
 public:
  // low, high: ranges that postures are chosen in, rad. Throws std::logic_error for widths that are not positive.
  BodyMapper(std::unique_ptr<inference::HandModel> map, const Eigen::VectorXd& low, const Eigen::VectorXd& high,
             const BodyMapperOptions& options);
  BodyMapper(const BodyMapper& other);

  // What is held true from now on; the map stays. Throws like the constructor.
  void set_options(const BodyMapperOptions& options);
  // Ranges from now on, as in the constructor: degrees of freedom are frozen or freed.
  void set_ranges(const Eigen::VectorXd& low, const Eigen::VectorXd& high);
  // A new goal: the offsets are forgotten.
  void begin_reach();
  // The posture of least expected free energy for a goal, with what the offsets say; any posture while nothing is
  // known.
  PosturePlan plan(const Eigen::Vector3d& goal, const Eigen::VectorXd& now, random::Stream& stream,
                   std::vector<PosturePlan>* considered = nullptr) const;
  // The command for a posture that is to be reached, in the ranges.
  Eigen::VectorXd command(const Eigen::VectorXd& posture) const;
  // After a decision with that command. learn: the sample goes to the map; else it moves the offsets.
  Percept perceive(const Eigen::VectorXd& command, const Feeling& felt, bool learn);

  Eigen::VectorXd random_posture(random::Stream& stream) const { return planner_.random_posture(stream); }
  const inference::HandModel& map() const { return *map_; }
  const Eigen::Vector3d& hand_offset() const { return hand_offset_; }
  const Eigen::VectorXd& command_offset() const { return command_offset_; }
  void describe(base::Archive& archive);

 private:
  struct Angles {
    Eigen::VectorXd q;
    double energy;    // -ln p(felt | command), nats
    double accuracy;  // E_q[ln p(felt | angles)], nats
    Eigen::VectorXd expected;
  };
  Angles infer_angles(const Eigen::VectorXd& command, const Eigen::VectorXd& felt);
  // The hand by all senses, and the weight of that sample.
  std::optional<Eigen::Vector3d> fuse(const Feeling& felt, double& weight) const;

  std::unique_ptr<inference::HandModel> map_;
  PosturePlanner planner_;
  Eigen::VectorXd low_, high_;
  BodyMapperOptions options_;
  Eigen::Vector3d hand_offset_ = Eigen::Vector3d::Zero();
  Eigen::VectorXd command_offset_;
};

}  // namespace infans::agents
