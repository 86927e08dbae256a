// An infant under a mobile: slow level, what its limbs do to the mobile and which to move (ContingencyModel,
// SpontaneousPolicy), one decision of half a second at a time; fast level, reflex arcs that fulfil the predicted
// postures in the body (ReflexArc, Crib).
#pragma once

#include <Eigen/Dense>
#include <array>
#include <memory>
#include <vector>

#include "agents/planning/spontaneous_policy.hpp"
#include "agents/reflex/reflex_arc.hpp"
#include "core/inference/contingency_model.hpp"
#include "envs/worlds/crib.hpp"
#include "experiments/protocols/mobile_options.hpp"
#include "experiments/protocols/protocol.hpp"

namespace infans::experiments {

envs::Mobile mobile_of(Tied tied);
// What can be recorded of every sample (mobile_signals.cpp).
std::vector<Signal> mobile_signals(const MobileOptions& options);
agents::SpontaneousPolicyOptions policy_options(const MobileOptions& options);

class MobileInfant final : public Participant {
 public:
  static constexpr int steps = 25;                                // of the body, in a decision
  static constexpr double decision = steps * envs::Crib::period;  // s
  static constexpr int limbs = 4;                                 // order of envs::Limb

  MobileInfant(const config::Options& options, const Identity& identity);
  static int joint_count(const MobileOptions& options);  // of the limbs

  void begin_stage(const config::Options& options) override;
  void set_age(double days) override;
  Sample live(std::span<const double> partner) override;
  double seconds() const override { return decision * static_cast<double>(samples_); }
  bool reached(const std::string& criterion) const override;
  std::unique_ptr<Participant> clone() const override { return std::make_unique<MobileInfant>(*this); }
  std::vector<double> test(const Trial& trial) override;
  void describe(base::Archive& archive) override;
  std::string body() const override { return crib_.mjcf(); }
  std::vector<double> physics() const override { return crib_.physics(); }
  std::vector<double> signals() const override;
  bool event() const override { return last_.kicks[0] + last_.kicks[1] > 0.0; }  // a kick
  Work work() const override { return {static_cast<double>(updates_), operations_}; }

  MobileInfant(const MobileInfant& other);
  MobileInfant& operator=(const MobileInfant&) = delete;

  const inference::ContingencyModel& model() const { return model_; }

 private:
  // What one decision brought about.
  struct Moment {
    agents::SpontaneousChoice choice;
    std::array<double, 2> kicks{};  // left, right
    double effect = 0.0;            // m/s, true mean speed
    double seen = 0.0;              // m/s
    inference::EffectBelief expected;
    inference::EffectUpdate update;
    std::vector<double> tape;  // the mobile's angles before the first step and after each
  };
  // Whose streams: life (agent 0) or laboratory (agent 1), and when.
  struct Occasion {
    std::uint32_t agent = 0;
    std::uint64_t step = 0;
  };

  Moment decide(const Occasion& occasion, std::span<const double> partner, bool learn);
  double operations(bool learn) const;  // of a decision
  void move(const Eigen::VectorXd& vigour, std::span<const double> partner, Moment& moment);
  std::vector<double> reflexes();  // of the next step: parts of the largest torques
  Eigen::VectorXd posture(const Eigen::VectorXd& vigour) const;
  void tie(envs::Mobile mobile);
  void change(const envs::InfantOptions& infant);
  agents::ReflexArc arc() const;

  struct Play;
  Play play(const Trial& trial, double seconds, bool until_kick);

  MobileOptions options_;
  Identity identity_;
  envs::Crib crib_;
  agents::ReflexArc reflex_;
  inference::ContingencyModel model_;
  agents::SpontaneousPolicy policy_;
  std::uint64_t samples_ = 0;
  // Kicks of each leg in every whole minute of the present stage and, for each, in the minute under way; of the first
  // stage a minute.
  std::vector<std::array<double, 2>> minutes_;
  std::array<double, 2> minute_{}, baseline_{};
  std::uint64_t stage_samples_ = 0;
  int stage_ = 0;
  std::uint64_t updates_ = 0;  // of the contingency
  double operations_ = 0.0;
  std::shared_ptr<const std::vector<Signal>> signals_;
  Moment last_;  // for who looks at it; without its tape
};

}  // namespace infans::experiments
