#include "experiments/run/life_file.hpp"

#include <algorithm>

#include "experiments/run/table_reader.hpp"

namespace infans::experiments {

void read_life_file(const std::string& text, const std::string& source, config::Options& options,
                    std::vector<base::OptionError>* mistakes) {
  TableReader reader(source);
  reader.read(parse_toml(text, source), "", options);
  const std::vector<base::OptionError> found = reader.mistakes();
  if (mistakes != nullptr)
    *mistakes = found;
  else if (!found.empty())
    throw found.front();
}

namespace {

bool takes_list(const config::Options& options, const std::string& key) {
  const auto& table = options.table();
  const auto option = std::find_if(table.begin(), table.end(), [&](const auto& o) { return o.key == key; });
  return option != table.end() && option->fields.empty() &&
         (std::holds_alternative<config::Texts>(option->standard) ||
          std::holds_alternative<config::Numbers>(option->standard));
}

}  // namespace

void set_option(config::Options& options, const std::string& key, const std::string& text, const std::string& where) {
  const bool entries = options.takes_entries(key);
  if (!entries && !takes_list(options, key)) return options.set_text(key, text, where);
  toml::table parsed;
  try {
    parsed = toml::parse("value = " + text);
  } catch (const toml::parse_error& e) {
    throw base::OptionError(key, where + ": " + std::string(e.description()) + "; write it as TOML does, e.g. " +
                                     (entries ? "'[{geoms = [\"*_hand*\"]}]'" : "'[\"a\", \"b\"]'"));
  }
  if (entries) options.set(key, config::Texts{}, where);
  TableReader reader("", where);
  reader.read_node(*parsed.get("value"), key, options);
  if (const auto found = reader.mistakes(); !found.empty()) throw found.front();
}

}  // namespace infans::experiments
