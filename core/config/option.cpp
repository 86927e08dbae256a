#include "core/config/option.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "core/base/error.hpp"

namespace infans::config {
namespace {

std::string number_text(double x) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x).ptr;
  std::string text(buffer.data(), end);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";  // TOML: a float keeps its point
  return text;
}

std::string short_number(double x) {
  if (std::abs(x) < 1e15 && x == std::floor(x)) return std::to_string(static_cast<long long>(x));
  std::array<char, 32> buffer;
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), x).ptr};
}

const char* type_name(const Value& v) {
  constexpr const char* names[] = {"true or false", "a whole number",  "a number",
                                   "a text",        "a list of texts", "a list of numbers"};
  return names[v.index()];
}

std::string type_name(const Option& o) { return o.fields.empty() ? type_name(o.standard) : "a list of tables"; }

template <typename Item, typename Text>
std::string list_text(const std::vector<Item>& items, Text&& text) {
  std::string out = "[";
  for (std::size_t i = 0; i < items.size(); ++i) out += (i > 0 ? ", " : "") + text(items[i]);
  return out + "]";
}

std::string last_name(const std::string& key) { return key.substr(key.rfind('.') + 1); }

// The value as the option's type where nothing is lost: whole numbers are numbers, and an empty list is one of any
// kind.
Value fitted(const Value& value, const Value& standard) {
  if (const long* i = std::get_if<long>(&value); i && std::holds_alternative<double>(standard))
    return static_cast<double>(*i);
  if (const Texts* t = std::get_if<Texts>(&value); t && t->empty() && std::holds_alternative<Numbers>(standard))
    return Numbers{};
  return value;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

template <typename T>
bool parse(const std::string& text, T* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string nearest(std::string_view wanted, const std::vector<std::string>& known) {
  const auto best = std::min_element(known.begin(), known.end(), [&](const std::string& a, const std::string& b) {
    return edit_distance(wanted, a) < edit_distance(wanted, b);
  });
  return best == known.end() ? std::string{} : *best;
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      out += code;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string to_text(const Value& value) {
  if (const bool* b = std::get_if<bool>(&value)) return *b ? "true" : "false";
  if (const long* i = std::get_if<long>(&value)) return std::to_string(*i);
  if (const double* d = std::get_if<double>(&value)) return number_text(*d);
  if (const Texts* t = std::get_if<Texts>(&value)) return list_text(*t, [](const std::string& x) { return quote(x); });
  if (const Numbers* n = std::get_if<Numbers>(&value)) return list_text(*n, number_text);
  return quote(std::get<std::string>(value));
}

std::string complaint(const Option& o, const Value& v) {
  const auto outside = [&](double x) { return !(x >= o.low && x <= o.high); };  // NaN is outside
  const auto unknown = [&](const std::string& s) {
    return !o.choices.empty() && std::find(o.choices.begin(), o.choices.end(), s) == o.choices.end();
  };
  if (const long* i = std::get_if<long>(&v); i && outside(static_cast<double>(*i))) return "is out of range";
  if (const double* d = std::get_if<double>(&v); d && outside(*d)) return "is out of range";
  if (const std::string* s = std::get_if<std::string>(&v); s && unknown(*s))
    return "is unknown (did you mean '" + nearest(*s, o.choices) + "'?)";
  if (const Texts* t = std::get_if<Texts>(&v)) {
    const auto bad = std::find_if(t->begin(), t->end(), unknown);
    if (bad != t->end()) return "has the unknown '" + *bad + "' (did you mean '" + nearest(*bad, o.choices) + "'?)";
  }
  if (const Numbers* n = std::get_if<Numbers>(&v)) {
    if (o.length > 0 && n->size() != o.length) return "has " + std::to_string(n->size()) + " numbers";
    if (std::any_of(n->begin(), n->end(), outside)) return "is out of range";
  }
  return {};
}

namespace {

std::string range_in_words(const Option& o) {
  constexpr double boundless = 1e300;
  if (o.high < boundless) return short_number(o.low) + " .. " + short_number(o.high);
  return o.low > -boundless ? "at least " + short_number(o.low) : "any number";
}

}  // namespace

std::string legal_values(const Option& o) {
  if (!o.choices.empty()) {
    std::string text = std::holds_alternative<Texts>(o.standard) ? "a list of some of " : "one of ";
    for (std::size_t i = 0; i < o.choices.size(); ++i) text += (i ? ", " : "") + o.choices[i];
    return text;
  }
  const std::string range = range_in_words(o) + (o.unit.empty() ? "" : " " + o.unit);
  if (std::holds_alternative<Numbers>(o.standard))
    return "a list of " + (o.length > 0 ? std::to_string(o.length) + " " : "") + "numbers, each " + range;
  const bool counted = std::holds_alternative<long>(o.standard) || std::holds_alternative<double>(o.standard);
  return counted && o.fields.empty() ? range : type_name(o) + (o.required ? ", must be set" : "");
}

Options::Options(OptionTable table) : table_(std::move(table)) {
  for (const Option& o : table_) {
    if (o.fields.empty())
      values_[o.key] = o.standard;
    else
      entries_[o.key].assign(static_cast<std::size_t>(std::get<long>(o.standard)), Options(o.fields));
  }
}

const Option& Options::find(const std::string& key, const std::string& where) const {
  const auto found = std::find_if(table_.begin(), table_.end(), [&](const Option& o) { return o.key == key; });
  if (found != table_.end()) return *found;
  std::vector<std::string> keys;
  for (const Option& o : table_) keys.push_back(o.key);
  if (keys.empty()) throw base::OptionError(key, where + ": unknown option '" + key + "'; it takes none");
  throw base::OptionError(key, where + ": unknown option '" + key + "'; did you mean '" + nearest(key, keys) + "'?");
}

const Value& Options::at(const std::string& key) const { return values_.at(key); }

void Options::set(const std::string& key, const Value& value, const std::string& where) {
  const Option& o = find(key, where);
  const auto refuse = [&](const std::string& what) {
    throw base::OptionError(key,
                            where + ": " + key + " = " + to_text(value) + " " + what + "; legal: " + legal_values(o));
  };
  if (!o.fields.empty()) {
    if (const Texts* list = std::get_if<Texts>(&value); !list || !list->empty()) refuse("is not " + type_name(o));
    entries_[key].clear();
  } else {
    Value v = fitted(value, o.standard);
    if (v.index() != o.standard.index()) refuse("is not " + type_name(o));
    if (const std::string what = complaint(o, v); !what.empty()) refuse(what);
    values_[key] = std::move(v);
  }
  where_[key] = where;
}

Options& Options::add(const std::string& key, const std::string& where) {
  const Option& o = find(key, where);
  if (o.fields.empty()) throw base::OptionError(key, where + ": " + key + " is no table; legal: " + legal_values(o));
  std::vector<Options>& list = entries_[key];
  if (where_.emplace(key, where).second) list.clear();
  list.emplace_back(o.fields);
  list.back().where_[""] = where;
  return list.back();
}

void Options::check_required() const {
  for (const Option& o : table_) {
    if (!o.fields.empty()) {
      for (const Options& entry : entries_.at(o.key)) entry.check_required();
    }
    if (!o.required) continue;
    const Value& v = at(o.key);
    if (v != Value(std::string()) && v != Value(Texts())) continue;
    throw base::OptionError(
        o.key, (where().empty() ? "" : where() + ": ") + o.key + " is not set, and it has no default (" + o.doc + ")");
  }
}

std::string Options::where(const std::string& key) const {
  const auto found = where_.find(key);
  return found == where_.end() ? std::string() : found->second;
}

void Options::set_text(const std::string& key, const std::string& text, const std::string& where) {
  const Option& o = find(key, where);
  Value v = text;
  long integer = 0;
  double number = 0;
  if (std::holds_alternative<bool>(o.standard)) {
    if (text == "true" || text == "false") v = text == "true";
  } else if (std::holds_alternative<long>(o.standard) || std::holds_alternative<double>(o.standard)) {
    if (parse(text, &integer))
      v = integer;
    else if (parse(text, &number))
      v = number;
  }
  set(key, v, where);
}

std::string Options::line(const std::string& key) const {
  const std::string text = last_name(key) + " = ";
  const auto list = entries_.find(key);
  if (list == entries_.end()) return text + to_text(at(key));
  return text + list_text(list->second, [](const Options& entry) {
           std::string fields;
           for (const Option& f : entry.table_) fields += (fields.empty() ? "" : ", ") + entry.line(f.key);
           return "{" + fields + "}";
         });
}

std::string Options::toml() const {
  std::string text, table;
  for (const Option& o : table_) {
    const std::string prefix = o.key.substr(0, o.key.find('.'));
    if (prefix != table) text += (table.empty() ? "[" : "\n[") + prefix + "]\n";
    table = prefix;
    text += line(o.key) + "\n";
  }
  return text;
}

}  // namespace infans::config
