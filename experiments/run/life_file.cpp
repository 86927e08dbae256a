#include "experiments/run/life_file.hpp"

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

void set_option(config::Options& options, const std::string& key, const std::string& text, const std::string& where) {
  if (!options.takes_entries(key)) return options.set_text(key, text, where);
  toml::table parsed;
  try {
    parsed = toml::parse("value = " + text);
  } catch (const toml::parse_error& e) {
    throw base::OptionError(
        key, where + ": " + std::string(e.description()) + "; write it as TOML does, e.g. '[{geoms = [\"*_hand*\"]}]'");
  }
  options.set(key, config::Texts{}, where);
  TableReader reader("", where);
  reader.read_node(*parsed.get("value"), key, options);
  if (const auto found = reader.mistakes(); !found.empty()) throw found.front();
}

}  // namespace infans::experiments
