#include "experiments/run/design.hpp"

namespace infans::experiments {
namespace {

using config::quote;

template <typename Items, typename Write>
std::string list(const Items& items, Write&& write) {
  std::string text = "[";
  for (const auto& item : items) text += (text.size() > 1 ? ", " : "") + write(item);
  return text + "]";
}

std::string levels_json(const Levels& levels) {
  std::string text = "{";
  for (const auto& [factor, level] : levels)
    text += (text.size() > 1 ? ", " : "") + quote(factor) + ": " + quote(level);
  return text + "}";
}

std::string value_json(const config::Value& value) {
  if (const auto* texts = std::get_if<config::Texts>(&value))
    return list(*texts, [](const auto& t) { return quote(t); });
  return config::to_text(value);
}

// What an entry says of itself, under the names of its fields.
std::string fields_json(const Entry& entry) {
  std::string text = "{";
  for (const config::Option& o : entry.fields.table()) {
    if (entry.fields.where(o.key).empty()) continue;
    text += (text.size() > 1 ? ", " : "") + quote(o.key.substr(entry.kind.size() + 1)) + ": " +
            value_json(entry.fields.value(o.key));
  }
  std::string changes;
  for (const Setting& s : entry.settings)
    changes += (changes.empty() ? "" : ", ") + quote(s.key) + ": " + value_json(s.value);
  if (!changes.empty()) text += (text.size() > 1 ? ", " : "") + quote("changes") + ": {" + changes + "}";
  return text + "}";
}

}  // namespace

std::string variables_json(const std::vector<Variable>& variables) {
  return list(variables, [](const Variable& v) {
    return "{\"name\": " + quote(v.name) + ", \"unit\": " + quote(v.unit) + ", \"doc\": " + quote(v.doc) + "}";
  });
}

std::string stages_json(const std::vector<StagePlan>& stages) {
  return list(stages, [](const StagePlan& s) {
    return "{\"name\": " + quote(s.entry->name()) + ", \"levels\": " + levels_json(s.levels) + "}";
  });
}

std::string design_json(const Design& d) {
  const StudyFile& s = d.study;
  const auto entries = [](const std::vector<Entry>& all) { return list(all, fields_json); };
  std::string text = "{\"cells\": " + list(d.cells, [&](const Cell& c) {
                       const std::string partner =
                           c.yoked_to < 0 ? "null" : quote(d.cells[static_cast<std::size_t>(c.yoked_to)].name);
                       return "{\"name\": " + quote(c.name) + ", \"group\": " + quote(c.group) +
                              ", \"levels\": " + levels_json(c.levels) + ", \"yoked_to\": " + partner +
                              ", \"participants\": " + std::to_string(c.participants) + "}";
                     });
  text += ", \"groups\": " + entries(s.groups);
  text += ", \"factors\": " + list(s.factors, [](const Factor& f) {
            return "{\"name\": " + quote(f.entry.name()) +
                   ", \"within\": " + (f.entry.fields.flag("factor.within") ? "true" : "false") +
                   ", \"levels\": " + list(f.levels, [](const Entry& l) { return quote(l.name()); }) + "}";
          });
  text += ", \"stages\": " + entries(s.stages);
  text += ", \"variables\": " + variables_json(s.protocol.variables);
  text += ", \"probes\": " + list(d.probes, [](const ProbePlan& p) {
            std::string fields = fields_json(*p.entry);
            fields.pop_back();
            return fields + ", \"doc\": " + quote(p.kind->doc) + ", \"measures\": " + variables_json(p.kind->measures) +
                   "}";
          });
  text += ", \"exclusions\": " + entries(s.exclusions) + ", \"analyses\": " + entries(s.analyses);
  text += ", \"time\": {\"start_days\": " + config::to_text(d.start_days) +
          ", \"sample_days\": " + config::to_text(d.sample_days) + "}}";
  return text;
}

}  // namespace infans::experiments
