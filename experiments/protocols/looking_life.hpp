// A participant of a study of looking: sequence after sequence, each watched until it looks away.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "experiments/protocols/looking_view.hpp"
#include "experiments/protocols/protocol.hpp"

namespace infans::experiments {

std::vector<Variable> looking_variables();
std::vector<Variable> looking_criteria();
// What can be recorded of every event (looking_signals.cpp).
const std::vector<Signal>& looking_signals();

class LookingLife final : public Participant {
 public:
  LookingLife(const config::Options& options, const Identity& who);

  void begin_stage(const config::Options& options) override;
  void set_age(double days) override { view_.world().set_age(days); }
  Sample live(std::span<const double> partner) override;
  double seconds() const override { return view_.world().seconds() - born_; }
  bool reached(const std::string& criterion) const override;
  std::unique_ptr<Participant> clone() const override { return std::make_unique<LookingLife>(*this); }
  std::vector<double> test(const Trial& trial) override;
  void describe(base::Archive& archive) override;
  std::string body() const override { return view_.world().body().mjcf(); }
  std::vector<double> physics() const override { return view_.world().body().physics(); }
  std::vector<double> signals() const override;
  // A new display, or a look away.
  bool event() const override { return last_ && (last_->number == 1 || last_->away); }
  Work work() const override;

 private:
  void begin_sequence(std::span<const double> partner);
  envs::SequenceKind next_kind();
  void end_sequence(bool away);

  LookingSettings settings_;
  Identity who_;
  LookingView view_;
  inference::SequenceModel model_;
  double born_;  // s of the world's time: places had been found

  std::optional<envs::Sequence> sequence_;  // of this participant's own; none: a new one is due
  envs::SequenceKind kind_ = envs::SequenceKind::constant;
  random::Stream shown_, chosen_;
  int display_ = 0;
  long number_ = 0;              // of the sequence, from 1
  int event_ = 0;                // of the sequence, from 1
  std::vector<int> kinds_left_;  // of the block, places in settings_.kinds
  long blocks_ = 0;
  std::vector<double> looks_;  // s, of this stage's sequences
  std::uint64_t updates_ = 0;  // of the model

  // Of the event just lived, for who looks at it.
  struct Event {
    int number = 1;
    bool away = false;
    SeenEvent seen;
    agents::LookChoice choice;
    Eigen::VectorXd expected;  // P(s) before it
    Eigen::VectorXd qs, next;  // belief about it, and about the one after it
    Eigen::Vector3d D;
  };
  std::optional<Event> last_;
};

}  // namespace infans::experiments
