#include "experiments/run/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "core/config/option.hpp"
#include "experiments/run/clocks.hpp"
#include "experiments/run/format.hpp"

namespace infans::experiments {
namespace {

std::string count_or(std::int64_t value, const char* missing) {
  return value < 0 ? std::string(missing) : std::to_string(value);
}

double middle(std::vector<double> values) {
  if (values.empty()) return 0.0;
  std::sort(values.begin(), values.end());
  return 0.5 * (values[(values.size() - 1) / 2] + values[values.size() / 2]);
}

// Median with unreached (-1) as infinity.
std::string median(const std::vector<LifeProgress>& lives, std::int64_t LifeProgress::*member) {
  std::vector<double> values;
  for (const LifeProgress& l : lives) values.push_back(l.*member < 0 ? 1e300 : static_cast<double>(l.*member));
  if (values.empty()) return "-";
  const double m = middle(values);
  if (m > 1e200) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%g", m);
  return text;
}

}  // namespace

Progress::Progress(int agents, bool quiet)
    : lives_(static_cast<std::size_t>(agents)),
      ended_(static_cast<std::size_t>(agents), false),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) == 1),
      started_(wall_seconds()) {}

void Progress::finish() {
  if (!quiet_ && terminal_) std::fputs("\r\033[K", stderr);
}

void Progress::report(const LifeProgress& life, bool ended) {
  const std::scoped_lock lock(mutex_);
  lives_[static_cast<std::size_t>(life.agent)] = life;
  if (ended) ended_[static_cast<std::size_t>(life.agent)] = true;
  if (quiet_) return;
  if (terminal_) {
    std::fputs("\r\033[K", stderr);
    if (ended) line(life, true);
    bar();
  } else {
    line(life, ended);
  }
  std::fflush(stderr);
}

void Progress::ended_before(const LifeProgress& life) {
  const std::scoped_lock lock(mutex_);
  lives_[static_cast<std::size_t>(life.agent)] = life;
  ended_[static_cast<std::size_t>(life.agent)] = true;
}

std::vector<LifeProgress> Progress::started_lives() const {
  std::vector<LifeProgress> started;
  for (const LifeProgress& l : lives_)
    if (l.decisions > 0 || !l.failure.empty()) started.push_back(l);
  return started;
}

void Progress::line(const LifeProgress& l, bool ended) const {
  const double rate = static_cast<double>(l.decisions) / std::max(l.seconds, 1e-9);
  if (!l.failure.empty())
    std::fprintf(stderr, "agent %3d  FAILED after %lld decisions: %s\n", l.agent + 1,
                 static_cast<long long>(l.decisions), l.failure.c_str());
  else if (ended)
    std::fprintf(stderr, "agent %3d  lived %4lld decisions  first success %5s  three in a row %5s  %.0f decisions/s\n",
                 l.agent + 1, static_cast<long long>(l.decisions), count_or(l.first_success, "-").c_str(),
                 count_or(l.three_in_a_row, "-").c_str(), rate);
  else
    std::fprintf(stderr, "agent %3d  episode %3d  decisions %4lld  %-7s  hold %.3f m  F %8.2f nats  %.0f decisions/s\n",
                 l.agent + 1, l.episode, static_cast<long long>(l.decisions), l.success ? "success" : "-",
                 l.hold_distance, l.mean_vfe, rate);
}

void Progress::bar() const {
  std::int64_t decisions = 0;
  int done = 0, successes = 0, living = 0;
  double vfe = 0.0;
  for (std::size_t k = 0; k < lives_.size(); ++k) {
    decisions += lives_[k].decisions;
    successes += lives_[k].first_success >= 0 ? 1 : 0;
    done += ended_[k] ? 1 : 0;
    if (lives_[k].episode > 0) {
      vfe += lives_[k].mean_vfe;
      ++living;
    }
  }
  const int width = 24, filled = width * done / static_cast<int>(lives_.size());
  std::fprintf(stderr, "[%.*s%.*s] %d/%zu lives  %lld decisions  %d have succeeded  F %.1f nats  %.0f decisions/s",
               filled, "########################", width - filled, "........................", done, lives_.size(),
               static_cast<long long>(decisions), successes, living > 0 ? vfe / living : 0.0,
               static_cast<double>(decisions) / std::max(wall_seconds() - started_, 1e-9));
}

std::string summary_table(const std::vector<LifeProgress>& lives) {
  std::string text = format("%8s %8s %10s %10s %14s %16s %8s\n", "agent", "seed", "episodes", "decisions",
                            "first success", "three in a row", "wall s");
  std::vector<double> wall;
  for (const LifeProgress& l : lives) {
    text += format("%8d %8llu %10d %10lld %14s %16s %8.1f\n", l.agent + 1, static_cast<unsigned long long>(l.seed),
                   l.episode, static_cast<long long>(l.decisions), count_or(l.first_success, "-").c_str(),
                   count_or(l.three_in_a_row, "-").c_str(), l.seconds);
    if (!l.failure.empty()) text.insert(text.size() - 1, "  FAILED: " + l.failure);
    wall.push_back(l.seconds);
  }
  text += format("%8s %8s %10s %10s %14s %16s %8.1f\n", "median", "", "",
                 median(lives, &LifeProgress::decisions).c_str(), median(lives, &LifeProgress::first_success).c_str(),
                 median(lives, &LifeProgress::three_in_a_row).c_str(), middle(wall));
  return text;
}

std::string summary_json(const std::string& study, const std::vector<LifeProgress>& lives, bool interrupted) {
  std::string text = "{\n  \"study\": " + config::quote(study) +
                     ",\n  \"interrupted\": " + (interrupted ? "true" : "false") + ",\n  \"agents\": [";
  for (std::size_t k = 0; k < lives.size(); ++k) {
    const LifeProgress& l = lives[k];
    text += k == 0 ? "\n" : ",\n";
    text += "    {\"seed\": " + std::to_string(l.seed) + ", \"episodes\": " + std::to_string(l.episode) +
            ", \"decisions\": " + std::to_string(l.decisions) +
            ", \"decisions_to_first_success\": " + count_or(l.first_success, "null") +
            ", \"decisions_to_three_in_a_row\": " + count_or(l.three_in_a_row, "null") +
            ", \"successful_episodes\": " + std::to_string(l.successes) +
            ", \"failure\": " + (l.failure.empty() ? "null" : config::quote(l.failure)) +
            format(", \"wall_seconds\": %.3f}", l.seconds);
  }
  return text + "\n  ]\n}\n";
}

}  // namespace infans::experiments
