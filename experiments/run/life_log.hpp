// What is kept of a life beside its table: signals of mind and body, the body's physics, the bodies that it lived in
// (at birth, where physics is kept, and at the ends of stages), and the state of the mind at the end of each stage.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/archive.hpp"
#include "core/config/option.hpp"
#include "experiments/protocols/protocol.hpp"
#include "experiments/record/study_recorder.hpp"

namespace infans::experiments {

// record.signals and the options beside it.
struct LogPolicy {
  enum class Signals { none, every, last, events };
  Signals signals = Signals::none;
  long signals_every = 1;
  long physics_every = 0;  // samples; 0: none
  bool states = false;
  bool bodies() const { return physics_every > 0 || states; }
};
LogPolicy log_policy(const config::Options& options);

// [{"name", "unit", "doc", "shape", "offset"}]; offset: in a row of signals, after the sample.
std::string signals_json(const std::vector<Signal>& signals);
std::size_t values_of(const std::vector<Signal>& signals);

class LifeLog {
 public:
  // signals: how many values the participant declares.
  LifeLog(const LogPolicy& policy, std::size_t signals) : policy_(policy), signals_(signals) {}

  // Each adds to the block what the policy keeps and returns how many rows that is.
  long birth(const Participant& participant, double age_days, StudyRecorder::Block& block);
  long sample(const Participant& participant, long samples, double age_days, StudyRecorder::Block& block);
  long stage_end(Participant& participant, long samples, double age_days, std::size_t stage,
                 StudyRecorder::Block& block);

  void describe(base::Archive& archive) { archive("body", body_)("bodies", bodies_); }

 private:
  long body(const Participant& participant, long samples, double age_days, StudyRecorder::Block& block);
  long signals(const Participant& participant, long samples, StudyRecorder::Block& block) const;
  long physics(const Participant& participant, long samples, double age_days, StudyRecorder::Block& block);

  LogPolicy policy_;
  std::size_t signals_;
  std::string body_;  // as it was recorded last
  long bodies_ = 0;   // recorded
};

}  // namespace infans::experiments
