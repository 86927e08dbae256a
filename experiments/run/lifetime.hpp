// One participant's life: its stages one after another, and the probes that come at their ages.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiments/record/study_recorder.hpp"
#include "experiments/run/design.hpp"
#include "experiments/run/exclusion.hpp"
#include "experiments/run/life_log.hpp"

namespace infans::experiments {

// What a yoked partner lives through: of every sample what it needs, and the samples after which stages ended.
struct Tape {
  std::vector<std::vector<double>> samples;
  std::vector<long> stage_ends;

  void describe(base::Archive& archive) { archive("samples", samples)("stage_ends", stage_ends); }
};

class Lifetime {
 public:
  struct Output {
    StudyRecorder* recorder = nullptr;  // null: nothing is written
    int index = 0;                      // in the recorder
    Tape* tape = nullptr;               // null: nobody is yoked to it
    std::size_t signals = 0;            // values that the participant declares
  };

  // partner: the tape that a yoked participant lives through, else null. All must outlive it.
  Lifetime(const Design& design, const Design::Person& person, const Tape* partner, const Output& output);
  // Goes on from what save() wrote; what was committed after it must have been cut off. Throws base::StateError where
  // it is of another mind or body.
  Lifetime(const Design& design, const Design::Person& person, const Tape* partner, const Output& output,
           base::Archive& saved);

  // One sample of life, with the probes that come due after it. False when the life has ended.
  bool next_step();
  // At the end of life: commits what is open, applies the exclusion rules.
  void finalize();
  // It is broken off: what was lived is kept, and nothing is said of the whole.
  void interrupt() { commit(); }
  // Commits what is open and writes all that is needed to go on with the same bits.
  void save(base::Archive& archive);
  // The participant failed: what was lived is kept, and it is left out.
  void fail();

  long samples() const { return samples_; }
  double age_days() const { return design_.start_days + static_cast<double>(samples_) * design_.sample_days; }
  double seconds() const { return participant_->seconds(); }
  const std::string& stage() const { return plan().entry->name(); }
  int excluded() const { return excluded_; }
  double wall_seconds() const;  // that it was lived
  const Participant& participant() const { return *participant_; }

 private:
  struct Unborn {};
  Lifetime(Unborn, const Design& design, const Design::Person& person, const Tape* partner, const Output& output);
  void describe(base::Archive& archive);
  void describe_body(base::Archive& archive);
  double cpu_seconds() const;
  const StagePlan& plan() const { return (*person_.stages)[stage_]; }
  void begin_stage();
  bool stage_ends() const;
  void test_when_due();
  void test_at_stage_end();
  void test(int probe);
  void record(const Sample& sample);
  void commit();
  void end(int excluded);

  const Design& design_;
  const Design::Person person_;
  const Cell& cell_;
  const Tape* const partner_;
  const Output output_;
  std::unique_ptr<Participant> participant_;
  Exclusions exclusions_;
  LifeLog log_;

  std::size_t stage_ = 0;
  long samples_ = 0, stage_began_ = 0;
  double stage_began_seconds_ = 0.0;
  std::vector<std::size_t> asked_;  // of each probe: ages that have come
  std::vector<long> tested_at_;     // samples lived at its last test; -1: none
  std::vector<std::uint64_t> occasions_;
  StudyRecorder::Block block_;
  long open_rows_ = 0;
  int excluded_ = 0;
  double started_wall_, started_cpu_;
};

}  // namespace infans::experiments
