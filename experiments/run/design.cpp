#include "experiments/run/design.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "experiments/run/age.hpp"
#include "experiments/run/study_checks.hpp"

namespace infans::experiments {
namespace {

using config::Texts;

double positive_days(const config::Options& o, const std::string& key) {
  const double days = days_of(o.text(key), key, o.where(key));
  if (days > 0.0) return days;
  throw base::OptionError(key, o.where(key) + ": " + key + " must be longer than nothing, e.g. \"12 hours\"");
}

// Every combination of one level of each factor, the last factor changing fastest.
std::vector<std::vector<const Entry*>> combinations(const std::vector<const Factor*>& factors) {
  std::vector<std::vector<const Entry*>> all{{}};
  for (const Factor* f : factors) {
    std::vector<std::vector<const Entry*>> longer;
    for (const auto& before : all)
      for (const Entry& level : f->levels) {
        longer.push_back(before);
        longer.back().push_back(&level);
      }
    all = std::move(longer);
  }
  return all;
}

// The group of a study that names none.
Entry everybody(const StudyFile& study) {
  Entry e{config::Options(group_fields()), {}, study.source, "group"};
  e.fields.set("group.name", std::string("all"), study.source);
  return e;
}

class Builder {
 public:
  explicit Builder(Design& design) : d_(design), study_(design.study) {
    for (const Factor& f : study_.factors) (f.entry.fields.flag("factor.within") ? within_ : between_).push_back(&f);
  }

  void build() {
    cells();
    yokes();
    probes();
  }

 private:
  void cells() {
    for (const Entry& group : study_.groups)
      for (const auto& levels : combinations(between_)) d_.cells.push_back(cell(group, levels));
  }

  Cell cell(const Entry& group, const std::vector<const Entry*>& levels) {
    Cell c;
    c.group = c.name = group.name();
    config::Options options = study_.options;
    apply(group, options);
    for (std::size_t i = 0; i < levels.size(); ++i) {
      apply(*levels[i], options);
      c.levels[between_[i]->entry.name()] = levels[i]->name();
      c.name += " / " + levels[i]->name();
    }
    const long own = group.fields.integer("group.participants");
    c.participants = static_cast<int>(own > 0 ? own : study_.options.integer("population.participants"));
    c.first = d_.participants + 1;
    d_.participants += c.participants;
    for (const auto& order : orders()) c.orders.push_back(stages(c, options, order));
    if (c.orders.size() > 1 && static_cast<std::size_t>(c.participants) % c.orders.size() != 0)
      d_.remarks.push_back(group.called() + ": " + std::to_string(c.participants) + " participants cannot share " +
                           std::to_string(c.orders.size()) +
                           " orders of the within-subject levels evenly; a multiple would counterbalance them");
    if (c.orders.front().empty())
      throw base::OptionError("stage", group.where + ": stage: " + group.called() +
                                           " lives no stage; add a [[stage]], or name the group in "
                                           "stage.groups");
    return c;
  }

  static constexpr std::size_t most_orders = 1000;

  // An order of levels for every within-subject factor; every combination of orders.
  std::vector<std::map<std::string, std::vector<int>>> orders() const {
    std::vector<std::map<std::string, std::vector<int>>> all{{}};
    for (const Factor* f : within_) {
      decltype(all) longer;
      for (const auto& before : all)
        for (const auto& order : williams_orders(static_cast<int>(f->levels.size()))) {
          longer.push_back(before);
          longer.back()[f->entry.name()] = order;
        }
      all = std::move(longer);
      if (all.size() > most_orders)
        throw base::OptionError(
            "factor.level", f->entry.where + ": factor.level: the levels of the within-subject factors can come in " +
                                std::to_string(all.size()) + " orders; use fewer levels (at most " +
                                std::to_string(most_orders) + " orders)");
    }
    return all;
  }

  // Stages in a row that are about the same within-subject factor are lived together, level by level.
  std::vector<StagePlan> stages(const Cell& cell, const config::Options& options,
                                const std::map<std::string, std::vector<int>>& order) const {
    std::vector<StagePlan> plans;
    for (std::size_t i = 0; i < study_.stages.size();) {
      const std::string& factor = study_.stages[i].fields.text("stage.within");
      std::size_t end = i + 1;
      while (!factor.empty() && end < study_.stages.size() && study_.stages[end].fields.text("stage.within") == factor)
        ++end;
      if (factor.empty()) {
        add_stage(plans, cell, options, study_.stages[i], nullptr);
      } else {
        const Factor& f =
            **std::find_if(within_.begin(), within_.end(), [&](const Factor* w) { return w->entry.name() == factor; });
        for (const int level : order.at(factor))
          for (std::size_t k = i; k < end; ++k)
            add_stage(plans, cell, options, study_.stages[k], &f, &f.levels[static_cast<std::size_t>(level)]);
      }
      i = end;
    }
    return plans;
  }

  void add_stage(std::vector<StagePlan>& plans, const Cell& cell, config::Options options, const Entry& stage,
                 const Factor* factor, const Entry* level = nullptr) const {
    if (!stage.admits("stage.groups", cell.group)) return;
    Levels levels = cell.levels;
    if (factor != nullptr) {
      check_level_stands(*level, stage);
      apply(*level, options);
      levels[factor->entry.name()] = level->name();
    }
    apply(stage, options);
    const std::string& until = stage.fields.text("stage.until");
    plans.push_back(
        {&stage, std::move(levels), std::move(options), stage.fields.integer("stage.samples"),
         stage.fields.number("stage.seconds"),
         until.empty() ? std::nullopt : std::optional(days_of(until, "stage.until", stage.fields.where("stage.until"))),
         stage.fields.text("stage.criterion")});
  }

  // The cell of the partner's group at the same levels.
  void yokes() {
    for (Cell& c : d_.cells) {
      const Entry& group = *std::find_if(study_.groups.begin(), study_.groups.end(),
                                         [&](const Entry& g) { return g.name() == c.group; });
      const std::string& wanted = group.fields.text("group.yoked_to");
      if (wanted.empty()) continue;
      const auto partner = std::find_if(d_.cells.begin(), d_.cells.end(), [&](const Cell& other) {
        return other.group == wanted && other.levels == c.levels;
      });
      c.yoked_to = static_cast<int>(partner - d_.cells.begin());
      if (!same_stages(c, *partner))
        throw base::OptionError("group.yoked_to",
                                group.fields.where("group.yoked_to") + ": group.yoked_to: " + group.called() +
                                    " lives other stages than '" + wanted + "'; let stage.groups name both or neither");
      if (c.participants > partner->participants)
        throw base::OptionError("group.participants", group.where + ": group.participants: " + group.called() +
                                                          " has " + std::to_string(c.participants) +
                                                          " participants and its partners in '" + wanted + "' are " +
                                                          std::to_string(partner->participants) + "; give '" + wanted +
                                                          "' as many");
    }
  }

  static bool same_stages(const Cell& a, const Cell& b) {
    const auto same = [](const StagePlan& x, const StagePlan& y) { return x.entry == y.entry; };
    return std::equal(a.orders.front().begin(), a.orders.front().end(), b.orders.front().begin(),
                      b.orders.front().end(), same);
  }

  void probes() {
    for (const Entry& probe : study_.probes) {
      const std::string& kind = probe.fields.text("probe.kind");
      ProbePlan plan{&probe, nullptr, {}, probe.fields.flag("probe.stage_ends"), probe.fields.integer("probe.trials")};
      for (const ProbeKind& k : study_.protocol.probes)
        if (k.name == kind) plan.kind = &k;
      for (const double age : ages_of(probe))
        plan.at.push_back(static_cast<long>(std::ceil((age - d_.start_days) / d_.sample_days - 1e-6)));
      std::sort(plan.at.begin(), plan.at.end());
      plan.at.erase(std::unique(plan.at.begin(), plan.at.end()), plan.at.end());
      for (Cell& c : d_.cells)
        if (probe.admits("probe.groups", c.group)) c.probes.push_back(static_cast<int>(d_.probes.size()));
      d_.probes.push_back(std::move(plan));
    }
  }

  // The ages of a probe that comes at intervals reach to the end of the longest life that is known in advance.
  std::vector<double> ages_of(const Entry& probe) const {
    std::vector<double> ages;
    const std::string where = probe.fields.where("probe.ages"), from = probe.fields.where("probe.every");
    for (const std::string& age : std::get<Texts>(probe.fields.value("probe.ages")))
      ages.push_back(days_of(age, "probe.ages", where));
    const double last = last_age(probe);
    check_ages(probe, ages, d_.start_days, last);
    if (const std::string& every = probe.fields.text("probe.every"); !every.empty()) {
      const double step = days_of(every, "probe.every", from);
      if (step < d_.sample_days)
        throw base::OptionError("probe.every", from + ": probe.every = \"" + every + "\" is shorter than one sample (" +
                                                   age_in_words(d_.sample_days) + "); make it at least that");
      const double end = std::min(last, d_.start_days + step * 100000.0);
      for (long k = 0; d_.start_days + static_cast<double>(k) * step <= end + 1e-9; ++k)
        ages.push_back(d_.start_days + static_cast<double>(k) * step);
    }
    return ages;
  }

  // Upper bound over the cells that the probe is for; infinite where simulated time alone decides.
  double last_age(const Entry& probe) const {
    double last = d_.start_days;
    bool lived = false;
    for (const Cell& c : d_.cells) {
      if (!probe.admits("probe.groups", c.group)) continue;
      last = std::max(last, longest_life(c.orders.front(), d_.start_days, d_.sample_days));
      for (const StagePlan& s : c.orders.front()) lived = lived || probe.admits("probe.stages", s.entry->name());
    }
    if (lived) return last;
    throw base::OptionError("probe.stages", probe.where + ": probe.stages: " + probe.called() +
                                                " is never asked: its groups live none of its stages");
  }

  Design& d_;
  StudyFile& study_;
  std::vector<const Factor*> within_, between_;
};

}  // namespace

std::unique_ptr<const Design> make_design(StudyFile file) {
  if (file.groups.empty()) file.groups.push_back(everybody(file));
  auto design = std::make_unique<Design>(Design{std::move(file), 0.0, 0.0, {}, {}, 0, {}});
  check_parts(design->study);
  const config::Options& o = design->study.options;
  design->start_days = days_of(o.text("time.start"), "time.start", o.where("time.start"));
  design->sample_days = positive_days(o, "time.sample");
  Builder(*design).build();
  check_stages(*design);
  check_analyses(*design);
  return design;
}

Design::Person Design::person(int number) const {
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const Cell& c = cells[k];
    const int index = number - c.first;
    if (index < 0 || index >= c.participants) continue;
    const auto base = static_cast<std::uint64_t>(study.options.integer("population.seed"));
    const int luck = study.options.flag("population.matched") ? index : number - 1;
    return {{number, base + static_cast<std::uint64_t>(luck)},
            static_cast<int>(k),
            c.yoked_to < 0 ? 0 : cells[static_cast<std::size_t>(c.yoked_to)].first + index,
            &c.orders[static_cast<std::size_t>(index) % c.orders.size()]};
  }
  throw std::logic_error("Design: participant " + std::to_string(number) + " of " + std::to_string(participants));
}

std::vector<std::vector<int>> williams_orders(int n) {
  std::vector<int> first;
  for (int k = 0; k < n; ++k) first.push_back(k % 2 == 1 ? (k + 1) / 2 : (n - k / 2) % n);
  std::vector<std::vector<int>> rows;
  for (int shift = 0; shift < n; ++shift) {
    std::vector<int> row;
    for (const int level : first) row.push_back((level + shift) % n);
    rows.push_back(row);
  }
  for (int r = 0; n % 2 == 1 && n > 1 && r < n; ++r) {
    auto reversed = rows[static_cast<std::size_t>(r)];
    std::reverse(reversed.begin(), reversed.end());
    rows.push_back(reversed);
  }
  return rows;
}

}  // namespace infans::experiments
