#include "experiments/run/table_reader.hpp"

#include <algorithm>

namespace infans::experiments {

config::Value value_of(const toml::node& node, const std::string& key, const std::string& where) {
  if (const auto b = node.value_exact<bool>()) return *b;
  if (const auto i = node.value_exact<std::int64_t>()) return static_cast<long>(*i);
  if (const auto d = node.value_exact<double>()) return *d;
  if (const auto s = node.value_exact<std::string>()) return *s;
  if (const toml::array* list = node.as_array()) {
    config::Texts texts;
    config::Numbers numbers;
    for (const toml::node& item : *list) {
      if (const auto s = item.value_exact<std::string>()) texts.push_back(*s);
      if (item.is_number()) numbers.push_back(item.value<double>().value());
    }
    if (texts.size() == list->size()) return texts;
    if (numbers.size() == list->size()) return numbers;
  }
  throw base::OptionError(
      key, where + ": " + key + " must be a text, a number, true or false, or a list of texts or of numbers");
}

void TableReader::read(const toml::table& table, const std::string& prefix, config::Options& options) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix.empty() ? std::string(name.str()) : prefix + "." + std::string(name.str());
    // Of a table that is written piece by piece ([[body.skin]]) the first piece has the line.
    guarded(node, [&, &node = node] { read_node(node, key, options); });
  }
}

void TableReader::read_node(const toml::node& node, const std::string& key, config::Options& options) {
  const toml::array* const list = node.as_array();
  const toml::table* const table = node.as_table();
  if (options.takes_entries(key) && table != nullptr) {
    read(*table, key, options.add(key, where(node)));
  } else if (list != nullptr && (options.takes_entries(key) || list->is_array_of_tables())) {
    read_list(*list, key, options);
  } else if (table != nullptr) {
    read(*table, key, options);
  } else {
    options.set(key, value_of(node, key, where(node)), where(node));
  }
}

std::vector<base::OptionError> TableReader::mistakes() {
  std::stable_sort(mistakes_.begin(), mistakes_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<base::OptionError> errors;
  for (auto& [line, error] : mistakes_) errors.push_back(std::move(error));
  return errors;
}

void TableReader::read_list(const toml::array& list, const std::string& key, config::Options& options) {
  if (list.empty()) options.set(key, config::Texts{}, where(list));
  for (const toml::node& item : list) {
    guarded(item, [&] {
      if (!item.is_table())
        throw base::OptionError(
            key, where(item) + ": " + key + " must be a list of tables; begin each with [[" + key + "]]");
      read(*item.as_table(), key, options.add(key, where(item)));
    });
  }
}

std::string TableReader::where(const toml::node& node) const {
  return origin_.empty() ? source_ + ":" + std::to_string(node.source().begin.line) : origin_;
}

toml::table parse_toml(const std::string& text, const std::string& source) {
  try {
    return toml::parse(text, source);
  } catch (const toml::parse_error& e) {
    throw base::FileError(
        source, "line " + std::to_string(e.source().begin.line) + ": not valid TOML: " + std::string(e.description()));
  }
}

}  // namespace infans::experiments
