// A participant that learns where its own hand is: the seated infant with its right arm (seated_reacher), a mind that
// maps it (agents/reflex/body_mapper) and goals of its own (agents/drives/own_goals). One sample of life is one
// decision of 0.4 s. Protocols body_map and growth.
#pragma once

#include <array>
#include <deque>
#include <optional>

#include "agents/drives/own_goals.hpp"
#include "agents/reflex/body_mapper.hpp"
#include "experiments/protocols/movement.hpp"
#include "experiments/protocols/protocol.hpp"
#include "experiments/protocols/reaching_body.hpp"
#include "experiments/protocols/seated_reacher.hpp"

namespace infans::experiments {

std::vector<Variable> reaching_variables();
std::vector<ProbeKind> reaching_probes();
std::vector<Variable> reaching_criteria();
// What can be recorded of every sample, of a mind that compares so many candidates (reaching_signals.cpp).
std::vector<Signal> reaching_signals(const config::Options& options);
// Options that no stage can change.
std::vector<std::string> reaching_fixed();

class ReachingParticipant final : public Participant {
 public:
  // Throws base::OptionError for options that do not fit together.
  ReachingParticipant(const config::Options& options, const Identity& identity);
  ReachingParticipant(const ReachingParticipant& other);
  ReachingParticipant& operator=(const ReachingParticipant&) = delete;

  void begin_stage(const config::Options& options) override;
  void set_age(double days) override;
  Sample live(std::span<const double> partner) override;
  double seconds() const override { return decision_seconds * static_cast<double>(decisions_); }
  bool reached(const std::string& criterion) const override;
  std::unique_ptr<Participant> clone() const override { return std::make_unique<ReachingParticipant>(*this); }
  std::vector<double> test(const Trial& trial) override;
  void describe(base::Archive& archive) override;
  std::string body() const override { return body_ ? body_->world().mjcf() : std::string(); }
  std::vector<double> physics() const override { return body_ ? body_->world().physics() : std::vector<double>(); }
  std::vector<double> signals() const override;
  // A touch, or the end of a reach.
  bool event() const override { return last_ && (last_->outcome.touch.part >= 0 || ended_); }
  Work work() const override;

  static constexpr double decision_seconds = 0.4;

 private:
  // A decision as it was lived.
  struct Lived {
    Eigen::VectorXd command;  // as the mind means it, rad
    agents::Feeling felt;
    ReachOutcome outcome;
    agents::Percept percept;
  };
  struct Aim {
    Eigen::Vector3d place = Eigen::Vector3d::Zero();
    int decisions = 0;

    void describe(base::Archive& archive) { archive("place", place)("decisions", decisions); }
  };
  random::Stream stream(random::Purpose purpose, std::uint64_t what = 0) const;
  void use(const config::Options& options);  // from now on
  void free_joints();
  void grow();
  double change_now() const;
  bool nerves_crossed() const;
  Eigen::VectorXd as_meant(const Eigen::VectorXd& q) const;  // of the body's angles, and back
  void survey();  // the goal space and places within reach of the body as it is now

  // Decides on a posture for a place; the command for it.
  Eigen::VectorXd towards(const Eigen::Vector3d& place);
  Lived act(const Eigen::VectorXd& command, bool learn, Path* path = nullptr);
  agents::Feeling feel(const ReachOutcome& outcome) const;
  Eigen::Vector3d seen(const Eigen::Vector3d& place, random::Stream& stream) const;
  Eigen::VectorXd own_choice();
  void set_aim();
  void finish_reach(double error, bool hit);
  std::vector<double> values(const Lived& lived) const;

  // The laboratory.
  std::vector<double> reach(const Trial& trial);
  std::vector<double> choose(const Trial& trial);
  std::vector<double> play(const Trial& trial);
  void go_home();
  std::optional<Eigen::Vector3d> present(const Eigen::Vector3d& place);
  std::vector<Eigen::Vector3d> reachable(int count, random::Stream& stream);
  struct Reach {
    Path path;
    std::vector<double> errors, misses;  // m, at the end of every decision: from the target, from what was expected
    std::vector<agents::Percept> percepts;
    bool touched = false, hit = false;
  };
  Reach reach_for(const Eigen::Vector3d& target, const Eigen::Vector3d& wanted);
  Eigen::VectorXd home() const;

  ReachingSettings settings_;
  Identity who_;
  BodyDraw draw_;
  double age_days_ = -1.0, size_days_ = -1.0;  // size: the age that the body has
  std::optional<SeatedReacher> body_;          // from the first age on
  std::optional<agents::BodyMapper> mind_;
  std::optional<agents::OwnGoals> goals_;
  std::vector<Eigen::Vector3d> offered_;  // places within reach, of caregivers and tasks
  bool changing_ = false;
  long decisions_ = 0, changed_at_ = 0;
  double changed_ = 0.0;  // that the body has

  std::optional<Aim> aim_;
  Eigen::VectorXd believed_;  // angles, rad
  Eigen::Vector3d last_hand_ = Eigen::Vector3d::Zero();
  std::deque<Eigen::Vector3d> been_;  // where the hand was lately
  std::deque<bool> hits_;
  double reach_error_, hit_;   // of a reach that ended at this sample, else NaN
  std::uint64_t updates_ = 0;  // of beliefs

  // Of the last sample, for who looks at it: what was lived; the plan, and what it was compared with, if there was one.
  std::shared_ptr<const std::vector<Signal>> signals_;
  std::optional<Lived> last_;
  bool ended_ = false;
  agents::PosturePlan plan_;
  std::vector<agents::PosturePlan> considered_;

  // Set in a laboratory: its streams.
  std::uint32_t agent_ = 0;
  std::uint64_t occasion_ = 0;
};

}  // namespace infans::experiments
