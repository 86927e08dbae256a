// The one option table: every option is declared once {key, default, range, unit, doc}; validation, documentation,
// Python keywords and file attributes come from it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace infans::config {

using Texts = std::vector<std::string>;
using Numbers = std::vector<double>;
using Value = std::variant<bool, long, double, std::string, Texts, Numbers>;

struct Option {
  std::string key;   // "table.name" as in a life's TOML file
  Value standard;    // default; its type is the option's type
  double low = 0.0;  // legal range of numbers, inclusive; of a list's every number
  double high = 0.0;
  std::vector<std::string> choices;  // legal words; empty: any text
  std::string unit;
  std::string doc;
  std::size_t length = 0;  // of a list of numbers; 0: any
  bool required = false;   // a text, or a list of texts, that has no default: it must be set to something
  // Not empty: the option is a list of tables ("[[body.skin]]") and these are the options of each, with keys as
  // "body.skin.density". `standard` is how many entries of defaults there are until one is added.
  std::vector<Option> fields = {};
};

using OptionTable = std::vector<Option>;

// Values for every option of a table. Setting validates: an unknown key names the nearest known one, a value out of
// range names the range. `where` (file and line, or "command line") begins the message. Throws base::OptionError.
class Options {
 public:
  explicit Options(OptionTable table);

  // An empty list of texts is an empty list of any kind, of tables too.
  void set(const std::string& key, const Value& value, const std::string& where);
  // From text, as `--set key=value` gives it; no lists.
  void set_text(const std::string& key, const std::string& text, const std::string& where);
  // Another entry of a list of tables; the first one takes the place of those that stood there by default. The
  // reference is good until the next call.
  Options& add(const std::string& key, const std::string& where);
  // Throws for a required option of this table or of an entry that was not set.
  void check_required() const;

  bool flag(const std::string& key) const { return std::get<bool>(at(key)); }
  long integer(const std::string& key) const { return std::get<long>(at(key)); }
  double number(const std::string& key) const { return std::get<double>(at(key)); }
  const std::string& text(const std::string& key) const { return std::get<std::string>(at(key)); }
  const Value& value(const std::string& key) const { return at(key); }
  const std::vector<Options>& entries(const std::string& key) const { return entries_.at(key); }
  bool takes_entries(const std::string& key) const { return entries_.contains(key); }
  // Where it was set, or where an entry begins (key ""); "": never, it has its default.
  std::string where(const std::string& key = "") const;

  const OptionTable& table() const { return table_; }
  // "name = value", as TOML writes it.
  std::string line(const std::string& key) const;
  // Every option with its value as TOML, one table a prefix; reading it back gives the same values.
  std::string toml() const;

 private:
  const Value& at(const std::string& key) const;
  const Option& find(const std::string& key, const std::string& where) const;

  OptionTable table_;
  std::map<std::string, Value> values_;
  std::map<std::string, std::vector<Options>> entries_;
  std::map<std::string, std::string> where_;
};

// The name in `known` with the smallest edit distance to `wanted` ("" if `known` is empty).
std::string nearest(std::string_view wanted, const std::vector<std::string>& known);

// In double quotes, escaped as both TOML and JSON read it.
std::string quote(std::string_view text);
// "0.5", "true", "\"text\"": as TOML writes it, with the shortest digits that read back to the same number.
std::string to_text(const Value& value);
// What is wrong with a value of the option's type, "is out of range"; "" when nothing is.
std::string complaint(const Option& option, const Value& value);
// "1 .. 4096 decisions", "one of efe, random", "a list of texts": the legal values of an option in words.
std::string legal_values(const Option& option);

}  // namespace infans::config
