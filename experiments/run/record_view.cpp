#include "experiments/run/record_view.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "core/base/error.hpp"
#include "experiments/record/access.hpp"
#include "experiments/record/recorder.hpp"
#include "experiments/record/study_recorder.hpp"
#include "experiments/run/clocks.hpp"
#include "experiments/run/format.hpp"
#include "experiments/run/table_reader.hpp"

namespace infans::experiments {
namespace {

// Of the study's file: the names of its stages where all live them in this order, and the samples of all together
// where each ends after so many.
struct Plan {
  std::vector<std::string> stages;
  std::int64_t samples = 0;
};

Plan plan_of(const std::string& path) {
  Plan plan;
  const toml::table table = parse_toml(read_text(path, "spec_toml"), path);
  bool all_count = true, all_alike = true;
  if (const toml::array* stages = table["stage"].as_array())
    for (const toml::node& node : *stages) {
      const toml::table& stage = *node.as_table();
      const auto samples = stage["samples"].value_or(std::int64_t{0});
      all_count = all_count && samples > 0;
      all_alike = all_alike && !stage.contains("groups") && !stage.contains("within");
      plan.samples += samples;
      plan.stages.push_back(stage["name"].value_or(std::string()));
    }
  if (!all_count || !all_alike) plan.samples = 0;
  if (!all_alike) plan.stages.clear();
  return plan;
}

std::string life_table(int number) { return format("participants/%04d/life", number); }

// Columns of life that every protocol has: sample, age, seconds, stage.
void read_last_rows(RecordView& view, const Plan& plan) {
  std::vector<std::pair<std::string, std::int64_t>> places;
  for (const RecordView::Life& life : view.lives)
    if (life.rows > 0) places.emplace_back(life_table(life.number), life.rows - 1);
  const std::vector<std::vector<double>> last = read_rows(view.path, places);
  auto row = last.begin();
  for (RecordView::Life& life : view.lives) {
    if (life.rows == 0) continue;
    const auto stage = static_cast<std::size_t>((*row)[3]);
    life.samples = static_cast<std::int64_t>((*row)[0]);
    life.age_days = (*row)[1];
    life.where = std::to_string(stage + 1) + (stage < plan.stages.size() ? " " + plan.stages[stage] : "");
    ++row;
  }
}

RecordView study_view(const std::string& path) {
  const StudySummary s = inspect_study(path);
  const Plan plan = plan_of(path);
  const std::vector<double> wall = read_values(path, "ledger/wall_seconds");
  RecordView view{path, s.spec_name + " (" + s.protocol + ")", "participant", "samples"};
  view.longest = plan.samples;
  for (std::size_t k = 0; k < s.people.size(); ++k) {
    const StudySummary::Person& p = s.people[k];
    RecordView::Life& life = view.lives.emplace_back();
    life.number = p.number;
    life.group = p.cell_name;
    life.rows = p.rows.front();
    life.ended = p.ended || p.excluded < 0;  // who never lived has no wall time
    life.excluded = p.excluded;
    life.wall_seconds = wall[k];
  }
  read_last_rows(view, plan);
  return view;
}

RecordView run_view(const std::string& path) {
  const RunSummary r = inspect(path);
  const std::vector<double> wall = read_values(path, "ledger/agent_wall_seconds");
  const toml::table options = parse_toml(read_text(path, "spec_toml"), path);
  RecordView view{path, r.spec_name, "agent", "decisions"};
  view.longest = options["life"]["decisions"].value_or(std::int64_t{0});
  for (std::size_t k = 0; k < r.per_agent.size(); ++k) {
    const RunSummary::Agent& agent = r.per_agent[k];
    RecordView::Life& life = view.lives.emplace_back();
    life.number = static_cast<int>(k) + 1;
    life.group = "seed " + std::to_string(agent.seed);
    life.rows = agent.committed_steps;
    // Test episodes, where there are any, are no decisions of its life.
    const bool tested = std::count(agent.evaluation.begin(), agent.evaluation.end(), 1) > 0;
    life.samples = tested ? agent.decisions.back() : agent.committed_steps;
    life.where = std::to_string(agent.committed_episodes) + ", " +
                 std::to_string(std::count(agent.success.begin(), agent.success.end(), 1)) + " won";
    life.ended = !std::isnan(wall[k]);
    life.wall_seconds = wall[k];
  }
  return view;
}

const RecordView::Life* same_life(const RecordView* view, const RecordView::Life& life) {
  if (view == nullptr) return nullptr;
  const auto found =
      std::find_if(view->lives.begin(), view->lives.end(), [&](const auto& l) { return l.number == life.number; });
  return found == view->lives.end() ? nullptr : &*found;
}

// Samples a second; none where nothing is known.
std::optional<double> rate_of(const RecordView::Life& life, const RecordView& now, const RecordView* before) {
  if (life.ended) {
    if (!(life.wall_seconds > 0.0)) return std::nullopt;
    return static_cast<double>(life.samples) / life.wall_seconds;
  }
  const RecordView::Life* const then = same_life(before, life);
  if (then == nullptr || now.at <= before->at) return std::nullopt;
  return static_cast<double>(life.samples - then->samples) / (now.at - before->at);
}

std::string number_or(const std::optional<double>& value) { return value ? format("%.3g", *value) : "-"; }

std::string clock_words(double seconds) {
  const auto s = static_cast<long long>(std::ceil(seconds));
  return format("%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
}

// Samples of a life as far as one can tell: what the study says, else the mean of those who have ended.
double expected_samples(const RecordView& now) {
  if (now.longest > 0) return static_cast<double>(now.longest);
  double sum = 0.0, count = 0.0;
  for (const RecordView::Life& life : now.lives)
    if (life.ended && life.samples > 0) {
      sum += static_cast<double>(life.samples);
      ++count;
    }
  return count > 0.0 ? sum / count : 0.0;
}

std::string head_in_words(const RecordView& now, const RecordView* before, const std::string& state) {
  double samples = 0.0, left = 0.0, rate = 0.0;
  std::size_t ended = 0, excluded = 0;
  const double expected = expected_samples(now);
  bool rate_known = false;
  for (const RecordView::Life& life : now.lives) {
    samples += static_cast<double>(life.samples);
    ended += life.ended ? 1 : 0;
    excluded += life.excluded != 0 ? 1 : 0;
    if (life.ended) continue;
    left += std::max(0.0, expected - static_cast<double>(life.samples));
    const auto own = rate_of(life, now, before);
    rate_known = rate_known || own.has_value();
    rate += own.value_or(0.0);
  }
  std::string text = now.title + "  " + now.path + "\n" + state + ": " + std::to_string(ended) + " of " +
                     std::to_string(now.lives.size()) + " " + now.noun + "s ended";
  if (excluded > 0) text += ", " + std::to_string(excluded) + " left out";
  text += format(", %.0f %s", samples, now.unit.c_str());
  if (rate_known) text += format(", %.3g/s", rate);
  if (rate > 0.0 && expected > 0.0)
    text += std::string(now.longest > 0 ? ", at most " : ", about ") + clock_words(left / rate) + " left";
  return text + "\n";
}

std::string remark(const RecordView::Life& life) {
  if (life.excluded < 0) return "failed";
  if (life.excluded > 0) return "left out by rule " + std::to_string(life.excluded);
  return life.ended ? "ended" : life.rows == 0 ? "not begun" : "";
}

std::string age_words(double days) { return std::isnan(days) ? "-" : format("%.1f d", days); }

}  // namespace

bool RecordView::ended() const {
  return std::all_of(lives.begin(), lives.end(), [](const Life& life) { return life.ended; });
}

RecordView view_of(const std::string& path) {
  RecordView view = filetype_of(path) == "infans-study" ? study_view(path) : run_view(path);
  view.at = wall_seconds();
  return view;
}

// Whoever lives comes first: that is what one watches.
std::string view_in_words(const RecordView& now, const RecordView* before, const std::string& state,
                          std::size_t lines) {
  std::string text = head_in_words(now, before, state);
  std::vector<const RecordView::Life*> order;
  for (const RecordView::Life& life : now.lives) order.push_back(&life);
  const bool few = lines == 0 || order.size() + 4 <= lines;
  const std::size_t most = few ? order.size() : lines > 4 ? lines - 4 : 0;
  const auto rank = [](const RecordView::Life& l) { return l.ended ? 2 : l.rows > 0 ? 0 : 1; };
  if (!few) std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return rank(*a) < rank(*b); });
  text += format("%11s %-20s %10s %10s %-18s %10s %10s\n", now.noun.c_str(), "", now.unit.c_str(), "rows",
                 now.noun == "agent" ? "episodes" : "stage", "age", "per s");
  for (std::size_t k = 0; k < most; ++k) {
    const RecordView::Life& l = *order[k];
    text += format("%11d %-20.20s %10lld %10lld %-18.18s %10s %10s  %s\n", l.number, l.group.c_str(),
                   static_cast<long long>(l.samples), static_cast<long long>(l.rows), l.where.c_str(),
                   age_words(l.age_days).c_str(), number_or(rate_of(l, now, before)).c_str(), remark(l).c_str());
  }
  if (most < order.size()) text += format("%11s %zu more\n", "...", order.size() - most);
  return text;
}

}  // namespace infans::experiments
