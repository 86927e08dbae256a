#include "experiments/run/study_checks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "core/base/error.hpp"
#include "experiments/run/age.hpp"

namespace infans::experiments {
namespace {

using config::Texts;

// "file:3: table.key: what is wrong; what to do"
base::OptionError mistake(const std::string& key, const std::string& where, const std::string& text) {
  return base::OptionError(key, where + ": " + key + ": " + text);
}

template <typename Items, typename Name>
std::vector<std::string> names_of(const Items& items, Name&& name) {
  std::vector<std::string> names;
  for (const auto& item : items) names.push_back(name(item));
  return names;
}

std::vector<std::string> entry_names(const std::vector<Entry>& entries) {
  return names_of(entries, [](const Entry& e) { return e.name(); });
}

std::vector<std::string> variable_names(const std::vector<Variable>& variables) {
  return names_of(variables, [](const Variable& v) { return v.name; });
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& n : names) text += (text.empty() ? "" : ", ") + n;
  return text.empty() ? "none" : text;
}

// `what` is what the name should be one of: "a probe of this study".
void require_known(const Entry& entry, const std::string& key, const std::string& name, const std::string& what,
                   const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  const std::string nearest = config::nearest(name, known);
  const std::string where = entry.fields.where(key).empty() ? entry.where : entry.fields.where(key);
  throw base::OptionError(key, where + ": " + key + " = \"" + name + "\" of " + entry.kind + " '" + entry.name() +
                                   "' is not " + what + " (" + joined(known) + ")" +
                                   (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
}

void require_all_known(const Entry& entry, const std::string& key, const std::string& what,
                       const std::vector<std::string>& known) {
  for (const std::string& name : std::get<Texts>(entry.fields.value(key))) require_known(entry, key, name, what, known);
}

void require_unique(const std::vector<Entry>& entries) {
  std::set<std::string> seen;
  for (const Entry& e : entries)
    if (!seen.insert(e.name()).second)
      throw mistake(e.kind + ".name", e.where, e.called() + " is there twice; give one of them another name");
}

void check_groups(const StudyFile& s) {
  for (const Entry& g : s.groups) {
    const std::string& partner = g.fields.text("group.yoked_to");
    if (partner.empty()) continue;
    const std::string where = g.fields.where("group.yoked_to");
    if (partner == g.name())
      throw mistake("group.yoked_to", where,
                    "group '" + g.name() + "' is yoked to itself; name the group whose lives it shall live through");
    require_known(g, "group.yoked_to", partner, "a group of this study", entry_names(s.groups));
    const auto other =
        std::find_if(s.groups.begin(), s.groups.end(), [&](const Entry& o) { return o.name() == partner; });
    if (!other->fields.text("group.yoked_to").empty())
      throw mistake("group.yoked_to", where,
                    "group '" + g.name() + "' is yoked to '" + partner +
                        "', which is yoked itself; name a group that lives its own life");
    if (!s.protocol.yoked)
      throw mistake("group.yoked_to", where,
                    "in protocol " + s.protocol.name + " nobody can live through another's data; take yoked_to out");
  }
}

std::vector<std::string> factor_names(const StudyFile& s, bool within) {
  std::vector<std::string> names;
  for (const Factor& f : s.factors)
    if (f.entry.fields.flag("factor.within") == within) names.push_back(f.entry.name());
  return names;
}

void check_factors(const StudyFile& s) {
  std::vector<Entry> factors;
  for (const Factor& f : s.factors) {
    factors.push_back(f.entry);
    require_unique(f.levels);
  }
  require_unique(factors);
  for (const std::string& name : factor_names(s, true)) {
    if (std::none_of(s.stages.begin(), s.stages.end(),
                     [&](const Entry& e) { return e.fields.text("stage.within") == name; }))
      throw mistake(
          "factor.within", s.source,
          "within-subject factor '" + name + "' is in no stage; write within = \"" + name + "\" in a [[stage]]");
  }
}

void check_probe(const StudyFile& s, const Entry& p) {
  require_known(p, "probe.kind", p.fields.text("probe.kind"), "a probe of protocol " + s.protocol.name,
                names_of(s.protocol.probes, [](const ProbeKind& k) { return k.name; }));
  require_all_known(p, "probe.stages", "a stage of this study", entry_names(s.stages));
  require_all_known(p, "probe.groups", "a group of this study", entry_names(s.groups));
  config::Options tried = s.options;
  apply(p, tried);
  if (std::get<Texts>(p.fields.value("probe.ages")).empty() && p.fields.text("probe.every").empty() &&
      !p.fields.flag("probe.stage_ends"))
    throw mistake("probe.ages", p.where, p.called() + " is never asked; set ages, every or stage_ends");
}

const ProbeKind& kind_of(const StudyFile& s, const std::string& probe) {
  const auto entry = std::find_if(s.probes.begin(), s.probes.end(), [&](const Entry& p) { return p.name() == probe; });
  return *std::find_if(s.protocol.probes.begin(), s.protocol.probes.end(),
                       [&](const ProbeKind& k) { return k.name == entry->fields.text("probe.kind"); });
}

// A measure of a probe or a variable of life.
void check_source(const StudyFile& s, const Entry& e) {
  const std::string probe = e.fields.text(e.kind + ".probe"), series = e.fields.text(e.kind + ".series");
  if (probe.empty() == series.empty())
    throw mistake(e.kind + ".probe", e.where, e.called() + " must name either a probe and its measure, or a series");
  if (!series.empty())
    return require_known(e, e.kind + ".series", series, "a variable of life", variable_names(s.protocol.variables));
  require_known(e, e.kind + ".probe", probe, "a probe of this study", entry_names(s.probes));
  require_known(e, e.kind + ".measure", e.fields.text(e.kind + ".measure"), "a measure of probe " + probe,
                variable_names(kind_of(s, probe).measures));
}

bool is_set(const Entry& e, const std::string& key) { return !e.fields.where(key).empty(); }

void require_bound(const Entry& e) {
  if (!is_set(e, e.kind + ".below") && !is_set(e, e.kind + ".above"))
    throw mistake(e.kind + ".below", e.where, e.called() + " has no bound; set below or above");
}

void check_stage_end(const StudyFile& s, const Entry& e) {
  const std::string& criterion = e.fields.text("stage.criterion");
  if (!criterion.empty())
    require_known(e, "stage.criterion", criterion, "a criterion of protocol " + s.protocol.name,
                  variable_names(s.protocol.criteria));
  if (e.fields.integer("stage.samples") > 0 || e.fields.number("stage.seconds") > 0.0 ||
      !e.fields.text("stage.until").empty())
    return;
  throw mistake("stage.samples", e.where,
                e.called() + (criterion.empty() ? " never ends; set samples, seconds or until"
                                                : " never ends if its criterion is not met; set also samples, "
                                                  "seconds or until"));
}

bool is_fixed(const Protocol& p, const std::string& key) {
  return std::any_of(p.fixed.begin(), p.fixed.end(),
                     [&](const std::string& f) { return f == key || (f.ends_with('.') && key.starts_with(f)); });
}

// What a stage, a level of a within-subject factor or a probe may not change.
void check_changes(const StudyFile& s, const Entry& e) {
  for (const Setting& x : e.settings) {
    const bool of_study = x.key.starts_with("study.") || x.key.starts_with("population.") ||
                          x.key.starts_with("time.") || x.key.starts_with("record.");
    if (of_study || is_fixed(s.protocol, x.key))
      throw mistake(x.key, x.where,
                    e.kind + " '" + e.name() + "' cannot change " + x.key +
                        ", which holds for a whole life; set it in its own table or in a [[group]]");
  }
}

// What a group or a level may not change: it would not be one study.
void check_overrides(const Entry& e) {
  for (const Setting& x : e.settings)
    for (const char* table : {"study.", "population.", "time.", "record."})
      if (x.key.starts_with(table))
        throw mistake(x.key, x.where,
                      e.kind + " '" + e.name() + "' cannot change " + x.key +
                          ", which holds for the whole study; set it in [" + x.key.substr(0, x.key.find('.')) + "]");
}

// An exclusion, an analysis or a factor is about what is lived, and changes nothing of it.
void check_no_changes(const Entry& e, const std::string& remedy) {
  if (!e.settings.empty())
    throw mistake(e.settings.front().key, e.settings.front().where, e.called() + " changes nothing; " + remedy);
}

}  // namespace

void check_parts(const StudyFile& s) {
  if (s.stages.empty())
    throw mistake("stage", s.source, "nobody lives anything; add a [[stage]] with a name and samples = 100");
  for (const auto* entries : {&s.groups, &s.stages, &s.probes, &s.exclusions, &s.analyses}) require_unique(*entries);
  check_groups(s);
  check_factors(s);
  for (const Entry& e : s.stages) {
    check_stage_end(s, e);
    if (const std::string& f = e.fields.text("stage.within"); !f.empty())
      require_known(e, "stage.within", f, "a within-subject factor of this study", factor_names(s, true));
    require_all_known(e, "stage.groups", "a group of this study", entry_names(s.groups));
  }
  for (const auto* entries : {&s.stages, &s.probes})
    for (const Entry& e : *entries) check_changes(s, e);
  for (const auto* entries : {&s.exclusions, &s.analyses})
    for (const Entry& e : *entries) check_no_changes(e, "set options in [[group]], [[stage]] or [[probe]]");
  for (const Factor& f : s.factors) check_no_changes(f.entry, "set options in a [[factor.level]]");
  for (const Entry& e : s.groups) check_overrides(e);
  for (const Factor& f : s.factors)
    for (const Entry& level : f.levels)
      f.entry.fields.flag("factor.within") ? check_changes(s, level) : check_overrides(level);
  for (const Entry& e : s.probes) check_probe(s, e);
}

void check_level_stands(const Entry& level, const Entry& stage) {
  for (const Setting& a : level.settings)
    for (const Setting& b : stage.settings)
      if (a.key == b.key)
        throw mistake(
            a.key, b.where,
            stage.called() + " sets what its within-subject " + level.called() + " sets; take it out of one of them");
}

void check_ages(const Entry& probe, const std::vector<double>& ages, double start, double last) {
  const std::string where = probe.fields.where("probe.ages");
  for (std::size_t i = 0; i < ages.size(); ++i) {
    if (i > 0 && ages[i] <= ages[i - 1])
      throw mistake("probe.ages", where,
                    "probe.ages of '" + probe.name() + "' go back from " + age_in_words(ages[i - 1]) + " to " +
                        age_in_words(ages[i]) + "; list them from young to old");
    if (ages[i] < start - 1e-9)
      throw mistake("probe.ages", where,
                    "probe '" + probe.name() + "' is asked at " + age_in_words(ages[i]) +
                        ", before life begins (time.start = " + age_in_words(start) + ")");
    if (ages[i] > last + 1e-9)
      throw mistake("probe.ages", where,
                    "probe '" + probe.name() + "' is asked at " + age_in_words(ages[i]) +
                        ", after the longest life has ended (" + age_in_words(last) +
                        "); lengthen a stage or ask before");
  }
}

double longest_life(const std::vector<StagePlan>& stages, double start, double sample) {
  constexpr double never = std::numeric_limits<double>::infinity();
  double age = start;
  for (const StagePlan& s : stages) {
    double end = never;
    if (s.samples > 0) end = std::min(end, age + static_cast<double>(s.samples) * sample);
    if (s.until_days) end = std::min(end, std::max(age, *s.until_days));
    age = end;
  }
  return age;
}

void check_stages(const Design& d) {
  for (const Cell& cell : d.cells)
    for (const auto& stages : cell.orders) {
      double age = d.start_days;  // at least
      for (const StagePlan& s : stages) {
        if (s.until_days && *s.until_days <= age + 1e-9)
          throw mistake("stage.until", s.entry->fields.where("stage.until"),
                        "stage '" + s.entry->name() + "' ends at " + age_in_words(*s.until_days) + ", but begins at " +
                            age_in_words(age) + " or later; ages cannot go back");
        const bool certain = s.criterion.empty() && s.seconds <= 0.0;
        if (certain && s.samples > 0 && !s.until_days) age += static_cast<double>(s.samples) * d.sample_days;
        if (certain && s.samples == 0 && s.until_days) age = *s.until_days;
      }
    }
  for (const Cell& cell : d.cells)
    for (const StagePlan& s : cell.orders.front()) {
      const auto tried = d.study.protocol.make(s.options, d.person(cell.first).identity);
      tried->begin_stage(s.options);
      tried->set_age(d.start_days);
    }
}

void check_analyses(const Design& d) {
  const StudyFile& s = d.study;
  const auto variables = variable_names(s.protocol.variables);
  for (const Entry& e : s.exclusions) {
    check_source(s, e);
    require_bound(e);
  }
  for (const Entry& e : s.analyses) {
    const std::string& kind = e.fields.text("analysis.kind");
    require_all_known(e, "analysis.groups", "a group of this study", entry_names(s.groups));
    for (const char* key : {"analysis.stages", "analysis.numerator", "analysis.denominator"})
      require_all_known(e, key, "a stage of this study", entry_names(s.stages));
    for (const char* key : {"analysis.predictors", "analysis.quadratic"})
      require_all_known(e, key, "a variable of life", variables);
    if (const std::string& f = e.fields.text("analysis.factor"); !f.empty())
      require_known(e, "analysis.factor", f, "a factor of this study",
                    names_of(s.factors, [](const Factor& x) { return x.entry.name(); }));
    if (const std::string& r = e.fields.text("analysis.reference"); !r.empty())
      require_known(e, "analysis.reference", r, "a group of this study", entry_names(s.groups));
    if (const std::string& f = e.fields.text("analysis.from_stage"); !f.empty())
      require_known(e, "analysis.from_stage", f, "a stage of this study", entry_names(s.stages));
    if (kind == "regression" && std::get<Texts>(e.fields.value("analysis.predictors")).empty())
      throw mistake("analysis.predictors", e.where, e.called() + " has no predictors; name variables of life");
    if (kind == "regression")
      require_known(e, "analysis.outcome", e.fields.text("analysis.outcome"), "a variable of life", variables);
    else if (kind != "touches")
      check_source(s, e);
    if (kind == "samples_to") require_bound(e);
    if (kind == "ratio" && (std::get<Texts>(e.fields.value("analysis.numerator")).empty() ||
                            std::get<Texts>(e.fields.value("analysis.denominator")).empty()))
      throw mistake("analysis.numerator", e.where, e.called() + " is a ratio; set numerator and denominator to stages");
  }
}

}  // namespace infans::experiments
