#include "experiments/run/lifetime.hpp"

#include <stdexcept>

#include "experiments/record/difference.hpp"
#include "experiments/run/clocks.hpp"

namespace infans::experiments {
namespace {

// What a killed process can lose of a life.
constexpr long block_rows = 256;

void require_size(std::size_t given, std::size_t declared, const std::string& what) {
  if (given != declared)
    throw std::logic_error("Participant: " + what + " gave " + std::to_string(given) + " values, " +
                           std::to_string(declared) + " are declared");
}

}  // namespace

Lifetime::Lifetime(Unborn, const Design& design, const Design::Person& person, const Tape* partner,
                   const Output& output)
    : design_(design),
      person_(person),
      cell_(design.cells[static_cast<std::size_t>(person.cell)]),
      partner_(partner),
      output_(output),
      participant_(design.study.protocol.make(person.stages->front().options, person.identity)),
      exclusions_(design),
      log_(output.recorder != nullptr ? log_policy(design.study.options) : LogPolicy{}, output.signals),
      asked_(design.probes.size(), 0),
      tested_at_(design.probes.size(), -1),
      occasions_(design.probes.size(), 0),
      started_wall_(experiments::wall_seconds()),
      started_cpu_(thread_cpu_seconds()) {
  block_.probes.resize(design.probes.size());
}

Lifetime::Lifetime(const Design& design, const Design::Person& person, const Tape* partner, const Output& output)
    : Lifetime(Unborn{}, design, person, partner, output) {
  begin_stage();
  participant_->set_age(age_days());
  open_rows_ += log_.birth(*participant_, age_days(), block_);
  test_when_due();
}

Lifetime::Lifetime(const Design& design, const Design::Person& person, const Tape* partner, const Output& output,
                   base::Archive& saved)
    : Lifetime(Unborn{}, design, person, partner, output) {
  describe(saved);
}

void Lifetime::begin_stage() {
  stage_began_ = samples_;
  stage_began_seconds_ = participant_->seconds();
  participant_->begin_stage(plan().options);
}

// Invariants: a probe works on a copy, so the participant is the same with and without it; everything drawn is keyed by
// the participant's own seed, so it lives the same life alone and among others.
bool Lifetime::next_step() {
  const auto now = static_cast<std::size_t>(samples_);
  if (partner_ != nullptr && now >= partner_->samples.size()) return false;  // nothing is left to live through
  participant_->set_age(age_days());
  const Sample sample = participant_->live(partner_ != nullptr ? std::span<const double>(partner_->samples[now])
                                                               : std::span<const double>());
  ++samples_;
  if (output_.tape != nullptr) {
    if (sample.tape.empty())
      throw std::logic_error("Participant: somebody is yoked to it, and it gives no tape of its samples");
    output_.tape->samples.push_back(sample.tape);
  }
  record(sample);
  test_when_due();
  const long most = design_.study.options.integer("time.most_samples");
  const bool cut = most > 0 && samples_ >= most;
  if (!stage_ends() && !cut) return true;
  test_at_stage_end();
  open_rows_ += log_.stage_end(*participant_, samples_, age_days(), stage_, block_);
  if (output_.tape != nullptr) output_.tape->stage_ends.push_back(samples_);
  if (cut || stage_ + 1 == person_.stages->size()) return false;
  ++stage_;
  begin_stage();
  test_when_due();
  return true;
}

void Lifetime::test_at_stage_end() {
  for (const int k : cell_.probes)
    if (design_.probes[static_cast<std::size_t>(k)].stage_ends) test(k);
}

bool Lifetime::stage_ends() const {
  // Who lives through another's data goes from stage to stage with it.
  if (partner_ != nullptr) return stage_ < partner_->stage_ends.size() && samples_ >= partner_->stage_ends[stage_];
  const StagePlan& s = plan();
  constexpr double rounding = 1e-9;  // of sums of control periods, and of ages
  return (s.samples > 0 && samples_ - stage_began_ >= s.samples) ||
         (s.seconds > 0.0 && participant_->seconds() - stage_began_seconds_ >= s.seconds - rounding) ||
         (s.until_days && age_days() >= *s.until_days - rounding) ||
         (!s.criterion.empty() && participant_->reached(s.criterion));
}

// Where one stage ends and the next begins, a test is the old stage's, and only else the new one's.
void Lifetime::test_when_due() {
  for (const int k : cell_.probes) {
    const auto i = static_cast<std::size_t>(k);
    const std::vector<long>& at = design_.probes[i].at;
    while (asked_[i] < at.size() && at[asked_[i]] < samples_) ++asked_[i];
    if (asked_[i] < at.size() && at[asked_[i]] == samples_) test(k);
  }
}

void Lifetime::test(int probe) {
  const auto k = static_cast<std::size_t>(probe);
  const ProbePlan& p = design_.probes[k];
  if (tested_at_[k] == samples_ || !p.entry->admits("probe.stages", plan().entry->name())) return;
  tested_at_[k] = samples_;
  config::Options options = plan().options;
  apply(*p.entry, options);
  const auto copy = participant_->clone();
  copy->set_age(age_days());
  const std::uint64_t occasion = occasions_[k]++;
  for (int i = 0; i < p.trials; ++i) {
    const std::vector<double> measures =
        copy->test({p.kind->name, options, age_days(), occasion, i, static_cast<int>(p.trials)});
    require_size(measures.size(), p.kind->measures.size(), "probe " + p.kind->name);
    exclusions_.see_trial(probe, measures);
    std::vector<double>& rows = block_.probes[k];
    rows.insert(rows.end(), {static_cast<double>(occasion), static_cast<double>(i + 1), age_days(),
                             static_cast<double>(samples_), static_cast<double>(stage_)});
    rows.insert(rows.end(), measures.begin(), measures.end());
    ++open_rows_;
  }
}

void Lifetime::record(const Sample& sample) {
  require_size(sample.values.size(), design_.study.protocol.variables.size(), "a sample of life");
  exclusions_.see_sample(sample.values);
  if (samples_ % design_.study.options.integer("record.every") == 0) {
    block_.life.insert(block_.life.end(), {static_cast<double>(samples_), age_days(), participant_->seconds(),
                                           static_cast<double>(stage_)});
    block_.life.insert(block_.life.end(), sample.values.begin(), sample.values.end());
    ++open_rows_;
  }
  open_rows_ += log_.sample(*participant_, samples_, age_days(), block_);
  if (open_rows_ >= block_rows) commit();
}

void Lifetime::commit() {
  StudyRecorder::Block block;
  block.probes.resize(design_.probes.size());
  std::swap(block, block_);
  if (output_.recorder != nullptr && open_rows_ > 0) output_.recorder->commit(output_.index, std::move(block));
  open_rows_ = 0;
}

void Lifetime::save(base::Archive& archive) {
  commit();
  describe(archive);
}

void Lifetime::describe(base::Archive& a) {
  double wall = wall_seconds(), cpu = cpu_seconds();
  a("stage", stage_)("samples", samples_)("stage_began", stage_began_)("stage_began_seconds", stage_began_seconds_);
  a("asked", asked_)("tested_at", tested_at_)("occasions", occasions_)("excluded", excluded_);
  a("wall_seconds", wall)("cpu_seconds", cpu)("exclusions", exclusions_)("log", log_);
  if (a.restoring()) {
    if (stage_ >= person_.stages->size())
      throw base::StateError(
          "stage", std::to_string(stage_) + " was saved, this study has " + std::to_string(person_.stages->size()));
    started_wall_ = experiments::wall_seconds() - wall;
    started_cpu_ = thread_cpu_seconds() - cpu;
    participant_->begin_stage(plan().options);
    participant_->set_age(age_days());
  }
  a("participant", *participant_);
  describe_body(a);
}

// A body of another shape is refused by its state; one of other masses or sizes would only live another life.
void Lifetime::describe_body(base::Archive& a) {
  const std::string here = participant_->body();
  std::string saved = here;
  a("body", saved);
  if (saved != here) throw base::StateError("body", first_difference(saved, here));
}

void Lifetime::end(int excluded) {
  commit();
  excluded_ = excluded;
  const Work work = participant_->work();
  if (output_.recorder != nullptr)
    output_.recorder->commit_end(
        output_.index, excluded,
        {wall_seconds(), cpu_seconds(), static_cast<double>(samples_), work.belief_updates, work.operations});
}

double Lifetime::wall_seconds() const { return experiments::wall_seconds() - started_wall_; }
double Lifetime::cpu_seconds() const { return thread_cpu_seconds() - started_cpu_; }

void Lifetime::finalize() { end(exclusions_.verdict()); }
void Lifetime::fail() { end(-1); }

}  // namespace infans::experiments
