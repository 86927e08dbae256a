#include "experiments/run/show_record.hpp"

#include <cstdio>
#include <map>
#include <vector>

#include "experiments/record/recorder.hpp"
#include "experiments/record/study_recorder.hpp"
#include "experiments/run/format.hpp"

namespace infans::experiments {
namespace {

constexpr std::size_t most_lines = 24;  // of participants

std::string run_in_words(const std::string& path) {
  std::string text;
  const RunSummary r = inspect(path);
  text += format("%s: %s %d.%d, study %s\ninfans %s (%s), MuJoCo %s, %s\n", path.c_str(), r.filetype.c_str(),
                 r.format_major, r.format_minor, r.spec_name.c_str(), r.infans_version.c_str(), r.git_hash.c_str(),
                 r.mujoco_version.c_str(), r.isa.c_str());
  text += format("%8s %8s %8s %10s %10s %14s %16s\n", "agent", "seed", "rows", "episodes", "decisions", "first success",
                 "three in a row");
  for (std::size_t k = 0; k < r.per_agent.size(); ++k) {
    const RunSummary::Agent& a = r.per_agent[k];
    bool tested = false;
    for (const int e : a.evaluation) tested = tested || e != 0;
    std::int64_t first = -1, three = -1;
    int row = 0;
    for (std::size_t e = 0; e < a.success.size(); ++e) {
      if (tested && a.evaluation[e] == 0) continue;
      row = a.success[e] != 0 ? row + 1 : 0;
      if (row == 1 && first < 0) first = a.decisions[e];
      if (row == 3 && three < 0) three = a.decisions[e];
    }
    const auto word = [](std::int64_t n) { return n < 0 ? std::string("-") : std::to_string(n); };
    text += format("%8zu %8llu %8lld %10lld %10s %14s %16s\n", k + 1, static_cast<unsigned long long>(a.seed),
                   static_cast<long long>(a.committed_steps), static_cast<long long>(a.committed_episodes),
                   a.decisions.empty() ? "0" : std::to_string(a.decisions.back()).c_str(), word(first).c_str(),
                   word(three).c_str());
  }
  return text;
}

// Of every table the rows, of a participant or of a cell.
std::string rows_in_words(const std::vector<std::int64_t>& rows) {
  std::string text;
  for (const std::int64_t n : rows) text += format(" %10lld", static_cast<long long>(n));
  return text;
}

std::string study_in_words(const std::string& path) {
  const StudySummary s = inspect_study(path);
  std::string text = format("%s: infans-study %d.%d, study %s of protocol %s\ninfans %s (%s), MuJoCo %s, %s\n",
                            path.c_str(), s.format_major, s.format_minor, s.spec_name.c_str(), s.protocol.c_str(),
                            s.infans_version.c_str(), s.git_hash.c_str(), s.mujoco_version.c_str(), s.isa.c_str());
  struct Total {
    int people = 0, ended = 0, excluded = 0;
    std::vector<std::int64_t> rows;
  };
  std::map<std::string, Total> cells;
  for (const StudySummary::Person& p : s.people) {
    Total& t = cells[p.cell_name];
    ++t.people;
    t.ended += p.ended ? 1 : 0;
    t.excluded += p.excluded != 0 ? 1 : 0;
    t.rows.resize(p.rows.size());
    for (std::size_t i = 0; i < p.rows.size(); ++i) t.rows[i] += p.rows[i];
  }
  std::string tables;
  for (const std::string& name : s.tables) tables += format(" %10.10s", name.c_str());
  text += format("%-24s %12s %6s %9s%s\n", "group", "participants", "ended", "left out", tables.c_str());
  for (const auto& [name, t] : cells)
    text += format("%-24s %12d %6d %9d", name.c_str(), t.people, t.ended, t.excluded) + rows_in_words(t.rows) + "\n";
  if (s.people.size() > most_lines) return text;
  text += format("%11s %12s %-24s%s\n", "participant", "seed", "group", tables.c_str());
  for (const StudySummary::Person& p : s.people)
    text += format("%11d %12llu %-24s", p.number, static_cast<unsigned long long>(p.seed), p.cell_name.c_str()) +
            rows_in_words(p.rows) + (p.ended ? "" : "  not at its end") + (p.excluded != 0 ? "  left out" : "") + "\n";
  return text;
}

}  // namespace

std::string record_in_words(const std::string& path) {
  return filetype_of(path) == "infans-study" ? study_in_words(path) : run_in_words(path);
}

}  // namespace infans::experiments
