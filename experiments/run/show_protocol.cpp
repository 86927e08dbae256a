#include "experiments/run/show_protocol.hpp"

#include <cstdio>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "experiments/protocols/protocol.hpp"
#include "experiments/run/format.hpp"
#include "experiments/run/study_fields.hpp"

namespace infans::experiments {
namespace {

void add_table(std::string& text, const config::OptionTable& table, const std::string& filter, bool entries) {
  std::string header;
  for (const config::Option& o : table) {
    if (!o.fields.empty() || o.key.find(filter) == std::string::npos) continue;
    const std::string name = o.key.substr(0, o.key.rfind('.'));
    const bool list = entries || name.find('.') != std::string::npos;
    if (name != header)
      text += format("%s%s%s%s\n", text.empty() ? "" : "\n", list ? "[[" : "[", name.c_str(), list ? "]]" : "]");
    header = name;
    text += format("  %-28s %-18s %s\n  %-28s %s\n", o.key.c_str(), config::to_text(o.standard).c_str(),
                   config::legal_values(o).c_str(), "", o.doc.c_str());
  }
}

std::string variables_in_words(const std::vector<Variable>& variables) {
  std::string text;
  for (const Variable& v : variables)
    text += format("  %-28s %-8s %s\n", v.name.c_str(), v.unit.c_str(), v.doc.c_str());
  return text;
}

std::string signals_in_words(const Protocol& p) {
  if (!p.signals) return "";
  config::OptionTable table = study_options();
  table.insert(table.end(), p.options.begin(), p.options.end());
  std::string text = "\nSignals of every sample (record.signals), with the shape that the defaults give\n";
  for (const Signal& s : p.signals(config::Options(std::move(table)))) {
    std::string shape;
    for (const int n : s.shape) shape += (shape.empty() ? "" : " x ") + std::to_string(n);
    text += format("  %-28s %-8s %-8s %s\n", s.name.c_str(), s.unit.c_str(), shape.c_str(), s.doc.c_str());
  }
  return text;
}

}  // namespace

std::string options_in_words(const config::OptionTable& table, const std::string& filter, bool entries) {
  std::string text;
  add_table(text, table, filter, entries);
  for (const config::Option& o : table) add_table(text, o.fields, filter, true);
  return text;
}

std::string protocol_in_words(const std::string& name) {
  std::vector<std::string> names;
  for (const Protocol& p : shipped_protocols()) {
    names.push_back(p.name);
    if (p.name != name) continue;
    std::string text = p.name + ": " + p.summary + "\n\nOptions of the protocol\n" + options_in_words(p.options, "");
    std::string fixed;
    for (const std::string& f : p.fixed) fixed += (fixed.empty() ? "" : ", ") + f + (f.ends_with('.') ? "*" : "");
    if (!fixed.empty()) text += "  for a whole life, not for a stage: " + fixed + "\n";
    text += "\nVariables of life, one row a sample\n" + variables_in_words(p.variables);
    for (const ProbeKind& k : p.probes)
      text += "\nProbe " + k.name + ": " + k.doc + "\n" + variables_in_words(k.measures);
    text += signals_in_words(p);
    if (!p.criteria.empty()) text += "\nCriteria that can end a stage\n" + variables_in_words(p.criteria);
    text += p.yoked ? "\nParticipants can be yoked.\n" : "";
    text += "\nOptions of every study\n" + options_in_words(study_options(), "");
    for (const auto& table : {group_fields(), factor_fields(), level_fields(), stage_fields(), probe_fields(),
                              exclusion_fields(), analysis_fields()})
      text.append("\n").append(options_in_words(table, "", true));
    return text;
  }
  throw base::OptionError("protocol", "there is no protocol '" + name + "'; did you mean '" +
                                          config::nearest(name, names) + "'? `infans list` shows all");
}

}  // namespace infans::experiments
