#include "experiments/run/population_progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "experiments/run/age.hpp"
#include "experiments/run/clocks.hpp"
#include "experiments/run/format.hpp"

namespace infans::experiments {
namespace {

constexpr double redraw_seconds = 0.2;

std::string duration(double seconds) {
  const long s = static_cast<long>(seconds + 0.5);
  return s < 100 ? format("%.1f s", seconds) : format("%ld min %02ld s", s / 60, s % 60);
}

}  // namespace

PopulationProgress::PopulationProgress(const Design& design, const std::vector<int>& numbers, bool quiet)
    : design_(design), quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1), started_(wall_seconds()) {
  for (const int k : numbers) {
    const Design::Person person = design.person(k);
    people_.push_back({k, person.cell, person.identity.seed, 0, 0.0, 0.0, 0.0, 0, false, false, false, ""});
  }
}

void PopulationProgress::update(Person& p, const Lifetime& life) {
  p.began = true;
  p.samples = life.samples();
  p.age_days = life.age_days();
  p.seconds = life.seconds();
  p.excluded = life.excluded();
  p.wall = life.wall_seconds();
}

void PopulationProgress::report(int index, const Lifetime& life) {
  const std::scoped_lock lock(mutex_);
  update(people_[static_cast<std::size_t>(index)], life);
  if (quiet_ || !terminal_ || wall_seconds() - drawn_ < redraw_seconds) return;
  drawn_ = wall_seconds();
  bar();
}

void PopulationProgress::end(int index, const Lifetime& life, const std::string& failure) {
  const std::scoped_lock lock(mutex_);
  Person& p = people_[static_cast<std::size_t>(index)];
  update(p, life);
  p.ended = true;
  p.failure = failure;
  if (quiet_) return;
  const Cell& cell = design_.cells[static_cast<std::size_t>(p.cell)];
  std::string how = p.failure.empty() ? "" : "  FAILED: " + p.failure;
  if (p.excluded > 0) how = "  left out: " + design_.study.exclusions[static_cast<std::size_t>(p.excluded - 1)].name();
  std::fprintf(stderr, "%sparticipant %4d  %-16s %6ld samples  to %s  %s%s\n", terminal_ ? "\r\033[K" : "", p.number,
               cell.name.c_str(), p.samples, age_in_words(p.age_days).c_str(), duration(p.wall).c_str(), how.c_str());
  if (terminal_) bar();
  std::fflush(stderr);
}

void PopulationProgress::never_lived(int index, const std::string& why) {
  const std::scoped_lock lock(mutex_);
  Person& p = people_[static_cast<std::size_t>(index)];
  p.began = p.ended = true;
  p.excluded = -1;
  p.failure = why;
  if (quiet_) return;
  std::fprintf(stderr, "%sparticipant %4d  FAILED: %s\n", terminal_ ? "\r\033[K" : "", p.number, why.c_str());
}

void PopulationProgress::ended_before(int index, long samples, double wall, int excluded) {
  const std::scoped_lock lock(mutex_);
  Person& p = people_[static_cast<std::size_t>(index)];
  p.began = p.ended = p.before = true;
  p.samples = samples;
  p.age_days = design_.start_days + static_cast<double>(samples) * design_.sample_days;
  p.seconds = std::numeric_limits<double>::quiet_NaN();  // the record knows, the summary need not
  p.wall = wall;
  p.excluded = excluded;
  if (excluded < 0) p.failure = "it failed in an earlier session";
}

void PopulationProgress::remark(const std::string& sentence) {
  const std::scoped_lock lock(mutex_);
  if (!remarks_.insert(sentence).second || quiet_) return;
  std::fprintf(stderr, "%sinfans: %s\n", terminal_ ? "\r\033[K" : "", sentence.c_str());
}

void PopulationProgress::bar() const {
  long samples = 0;
  int done = 0;
  for (const Person& p : people_) {
    samples += p.samples;
    done += p.ended ? 1 : 0;
  }
  const int all = static_cast<int>(people_.size()), width = 24, filled = width * done / all;
  const double passed = wall_seconds() - started_;
  std::fprintf(stderr, "\r\033[K[%.*s%.*s] %d/%d participants  %ld samples  %.0f samples/s%s", filled,
               "########################", width - filled, "........................", done, all, samples,
               static_cast<double>(samples) / std::max(passed, 1e-9),
               done > 0 ? ("  about " + duration(passed * (all - done) / done) + " to go").c_str() : "");
  std::fflush(stderr);
}

void PopulationProgress::finish() const {
  if (!quiet_ && terminal_) std::fputs("\r\033[K", stderr);
}

std::string PopulationProgress::table() const {
  std::string text = format("%-24s %12s %9s %9s %12s\n", "group", "participants", "left out", "samples", "wall s each");
  int ended = 0;
  for (std::size_t c = 0; c < design_.cells.size(); ++c) {
    long samples = 0;
    double wall = 0.0;
    int people = 0, out = 0;
    for (const Person& p : people_) {
      if (p.cell != static_cast<int>(c) || !p.ended) continue;
      ++people;
      ended += p.before ? 0 : 1;
      samples += p.samples;
      wall += p.wall;
      out += p.excluded != 0 ? 1 : 0;
    }
    text += format("%-24s %12d %9d %9ld %12.2f\n", design_.cells[c].name.c_str(), people, out, samples,
                   wall / std::max(people, 1));
  }
  const double passed = wall_seconds() - started_;
  return text + format("wall time %s, %.1f participants a minute\n", duration(passed).c_str(),
                       60.0 * ended / std::max(passed, 1e-9));
}

std::string PopulationProgress::json(bool interrupted) const {
  using config::quote;
  std::string text = "{\n  \"study\": " + quote(design_.study.options.text("study.name")) +
                     ",\n  \"protocol\": " + quote(design_.study.protocol.name) +
                     ",\n  \"interrupted\": " + (interrupted ? "true" : "false") +
                     format(",\n  \"wall_seconds\": %.3f", wall_seconds() - started_) + ",\n  \"participants\": [";
  std::string separator = "\n";
  for (const Person& p : people_) {
    if (!p.began) continue;
    const Cell& cell = design_.cells[static_cast<std::size_t>(p.cell)];
    const std::string reason =
        p.excluded > 0 ? quote(design_.study.exclusions[static_cast<std::size_t>(p.excluded - 1)].name()) : "null";
    text += separator + "    {\"number\": " + std::to_string(p.number) + ", \"seed\": " + std::to_string(p.seed) +
            ", \"cell\": " + quote(cell.name) + ", \"samples\": " + std::to_string(p.samples) +
            ", \"age_days\": " + config::to_text(p.age_days) +
            ", \"seconds\": " + (std::isnan(p.seconds) ? "null" : config::to_text(p.seconds)) +
            ", \"excluded\": " + reason + ", \"failure\": " + (p.failure.empty() ? "null" : quote(p.failure)) +
            format(", \"wall_seconds\": %.3f}", p.wall);
    separator = ",\n";
  }
  return text + "\n  ]\n}\n";
}

}  // namespace infans::experiments
