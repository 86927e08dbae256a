#include "experiments/run/study_file.hpp"

#include <algorithm>

#include "experiments/run/life_file.hpp"
#include "experiments/run/options.hpp"
#include "experiments/run/study_fields.hpp"
#include "experiments/run/table_reader.hpp"

namespace infans::experiments {
namespace {

Protocol find_protocol(const std::string& name, const std::optional<Protocol>& given, const std::string& where) {
  std::vector<Protocol> all = given ? std::vector<Protocol>{*given} : shipped_protocols();
  std::vector<std::string> names;
  for (Protocol& p : all) {
    if (p.name == name) return std::move(p);
    names.push_back(p.name);
  }
  std::string list;
  for (const std::string& n : names) list += (list.empty() ? "" : ", ") + n;
  throw base::OptionError("study.protocol", where + ": study.protocol = \"" + name + "\" is none of " + list +
                                                "; did you mean '" + config::nearest(name, names) + "'?");
}

class StudyReader {
 public:
  StudyReader(StudyFile& study) : study_(study), reader_(study.source) {}

  void read(const toml::table& table) {
    for (const auto& [name, node] : table) {
      const std::string key(name.str());
      reader_.guarded(node, [&, &node = node] { read_part(key, node); });
    }
    if (const auto found = reader_.mistakes(); !found.empty()) throw found.front();
  }

 private:
  void read_part(const std::string& key, const toml::node& node) {
    if (key == "group") return read_list(node, key, group_fields(), study_.groups);
    if (key == "stage") return read_list(node, key, stage_fields(), study_.stages);
    if (key == "probe") return read_list(node, key, probe_fields(), study_.probes);
    if (key == "exclude") return read_list(node, key, exclusion_fields(), study_.exclusions);
    if (key == "analysis") return read_list(node, key, analysis_fields(), study_.analyses);
    if (key == "factor") return read_factors(node);
    if (const toml::array* list = node.as_array(); list != nullptr && list->is_array_of_tables())
      throw base::OptionError(
          key, reader_.where(node) + ": a study has no [[" + key + "]]; did you mean [[" +
                   config::nearest(key, {"group", "factor", "stage", "probe", "exclude", "analysis"}) + "]]?");
    reader_.read_node(node, key, study_.options);
  }

  const toml::array& tables_of(const toml::node& node, const std::string& key) const {
    const toml::array* list = node.as_array();
    if (list == nullptr || (!list->empty() && !list->is_array_of_tables()))
      throw base::OptionError(
          key, reader_.where(node) + ": " + key + " must be a list of tables; begin each with [[" + key + "]]");
    return *list;
  }

  // header: as the file writes it, where that is not the kind.
  void read_list(const toml::node& node, const std::string& kind, const config::OptionTable& fields,
                 std::vector<Entry>& entries, const std::string& header = {}) {
    for (const toml::node& item : tables_of(node, header.empty() ? kind : header))
      reader_.guarded(item, [&] { entries.push_back(read_entry(*item.as_table(), kind, fields)); });
  }

  void read_factors(const toml::node& node) {
    for (const toml::node& item : tables_of(node, "factor")) {
      reader_.guarded(item, [&] {
        const toml::table& table = *item.as_table();
        Factor factor{read_entry(table, "factor", factor_fields(), "level"), {}};
        const toml::node* levels = table.get("level");
        if (levels != nullptr) read_list(*levels, "level", level_fields(), factor.levels, "factor.level");
        const std::size_t count = levels == nullptr ? 0 : levels->as_array()->size();
        if (count < 2)
          throw base::OptionError("factor.level", factor.entry.where + ": factor.level: " + factor.entry.called() +
                                                      " has " + std::to_string(count) +
                                                      " levels; give it at least two [[factor.level]]");
        study_.factors.push_back(std::move(factor));
      });
    }
  }

  // skip: a key that is read elsewhere.
  Entry read_entry(const toml::table& table, const std::string& kind, const config::OptionTable& fields,
                   const std::string& skip = {}) {
    Entry entry{config::Options(fields), {}, reader_.where(table), kind};
    for (const auto& [name, node] : table) {
      const std::string key(name.str());
      if (key == skip) continue;
      if (node.is_table())
        read_settings(*node.as_table(), key, entry);
      else
        set_field(entry, kind + "." + key, node);
    }
    for (const config::Option& o : fields) {
      if (o.required && entry.fields.text(o.key).empty())
        throw base::OptionError(o.key, entry.where + ": " + o.key + ": [[" + kind + "]] has no " +
                                           o.key.substr(kind.size() + 1) + "; it is " + o.doc);
    }
    check_name(entry);
    return entry;
  }

  // Names stand in tables, in messages and in the record.
  static void check_name(const Entry& entry) {
    const std::string& name = entry.name();
    const bool odd = std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < ' ' || c == 127; });
    const bool padded = name.front() == ' ' || name.back() == ' ';
    const bool path =
        entry.kind == "probe" && (name.find('/') != std::string::npos || name == "." || name == ".." || name == "life");
    if (odd || padded || path)
      throw base::OptionError(entry.kind + ".name",
                              entry.where + ": " + entry.kind + ".name = " + config::quote(name) +
                                  " is no name; use letters, digits, spaces and -" +
                                  (entry.kind == "probe" ? ", and not life, which is a table of its own" : ""));
  }

  // A list of one text may be written as the text.
  void set_field(Entry& entry, const std::string& key, const toml::node& node) {
    config::Value value = value_of(node, key, reader_.where(node));
    const auto& table = entry.fields.table();
    const auto option = std::find_if(table.begin(), table.end(), [&](const auto& o) { return o.key == key; });
    if (option != table.end() && std::holds_alternative<config::Texts>(option->standard) &&
        std::holds_alternative<std::string>(value))
      value = config::Texts{std::get<std::string>(value)};
    entry.fields.set(key, value, reader_.where(node));
  }

  void read_settings(const toml::table& table, const std::string& prefix, Entry& entry) {
    for (const auto& [name, node] : table) {
      const std::string key = prefix + "." + std::string(name.str());
      if (node.is_table())
        read_settings(*node.as_table(), key, entry);
      else
        entry.settings.push_back({key, value_of(node, key, reader_.where(node)), reader_.where(node)});
    }
  }

  StudyFile& study_;
  TableReader reader_;
};

}  // namespace

bool Entry::admits(const std::string& key, const std::string& one) const {
  const auto& list = std::get<config::Texts>(fields.value(key));
  return list.empty() || std::find(list.begin(), list.end(), one) != list.end();
}

std::string protocol_of(const std::string& spec) {
  const StudyText study = study_text(spec);
  return parse_toml(study.text, study.source)["study"]["protocol"].value_or(std::string());
}

StudyFile read_study_file(const std::string& spec, const std::optional<Protocol>& given,
                          const std::vector<std::pair<std::string, std::string>>& settings) {
  const StudyText text = study_text(spec);
  const toml::table table = parse_toml(text.text, text.source);
  const auto named = table["study"]["protocol"];
  const std::string where = named ? text.source + ":" + std::to_string(named.node()->source().begin.line) : text.source;
  Protocol protocol = find_protocol(named.value_or(std::string()), given, where);
  config::OptionTable options = study_options();
  options.insert(options.end(), protocol.options.begin(), protocol.options.end());
  StudyFile study{text.source, text.text, std::move(protocol), config::Options(std::move(options)), {}, {}, {}, {},
                  {},          {}};
  StudyReader(study).read(table);
  for (const auto& [key, value] : settings) {
    if (key == "study.protocol")
      throw base::OptionError(key,
                              "--set study.protocol: a study is of the protocol that its file names; edit the file");
    set_option(study.options, key, value, "--set " + key);
  }
  return study;
}

void apply(const Entry& entry, config::Options& options) {
  for (const Setting& s : entry.settings) options.set(s.key, s.value, s.where);
}

}  // namespace infans::experiments
