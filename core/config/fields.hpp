// Options that are the fields of a struct: each is declared once, with its place in the struct, whose own initialiser
// is the default.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/config/option.hpp"

namespace infans::config {

// Legal values of a field.
struct Legal {
  double low = 0.0, high = 0.0;
  std::string unit = {};
  bool required = false;
};

inline Value to_value(bool x) { return x; }
inline Value to_value(int x) { return static_cast<long>(x); }
inline Value to_value(double x) { return x; }
inline Value to_value(const std::string& x) { return x; }
inline Value to_value(const Texts& x) { return x; }
template <std::size_t N>
Value to_value(const std::array<double, N>& x) {
  return Numbers(x.begin(), x.end());
}

// Of a value that Options has taken for an option of this type.
inline void from_value(const Value& v, bool& x) { x = std::get<bool>(v); }
inline void from_value(const Value& v, int& x) { x = static_cast<int>(std::get<long>(v)); }
inline void from_value(const Value& v, double& x) { x = std::get<double>(v); }
inline void from_value(const Value& v, std::string& x) { x = std::get<std::string>(v); }
inline void from_value(const Value& v, Texts& x) { x = std::get<Texts>(v); }
template <std::size_t N>
void from_value(const Value& v, std::array<double, N>& x) {
  std::copy_n(std::get<Numbers>(v).begin(), N, x.begin());
}

template <typename T>
constexpr std::size_t list_length = 0;
template <std::size_t N>
constexpr std::size_t list_length<std::array<double, N>> = N;

template <typename S>
class Fields {
 public:
  struct Field {
    Option option;
    std::function<Value(const S&)> get;
    std::function<void(const Value&, S&)> put;
  };

  // Keys are prefix.name.
  explicit Fields(std::string prefix) : prefix_(std::move(prefix)) {}

  template <typename T>
  Fields& add(const std::string& name, T S::*member, const Legal& legal, const std::string& doc) {
    return add(
        name, legal, {}, doc, list_length<T>, [member](const S& s) { return to_value(s.*member); },
        [member](const Value& v, S& s) { from_value(v, s.*member); });
  }

  // An enumeration whose values 0, 1, ... are `words`.
  template <typename E>
  Fields& add_choice(const std::string& name, E S::*member, const Texts& words, const std::string& doc) {
    return add(
        name, {}, words, doc, 0,
        [member, words](const S& s) -> Value { return words.at(static_cast<std::size_t>(s.*member)); },
        [member, words](const Value& v, S& s) {
          const auto found = std::find(words.begin(), words.end(), std::get<std::string>(v));
          s.*member = static_cast<E>(found - words.begin());
        });
  }

  // A list of some of the words.
  Fields& add_some(const std::string& name, Texts S::*member, const Texts& words, const std::string& doc) {
    return add(
        name, {}, words, doc, 0, [member](const S& s) { return to_value(s.*member); },
        [member](const Value& v, S& s) { from_value(v, s.*member); });
  }

  // A set of numbers 0 .. N - 1: those that are true.
  template <std::size_t N>
  Fields& add_set(const std::string& name, std::array<bool, N> S::*member, const std::string& doc) {
    return add(
        name, {0.0, N - 1.0}, {}, doc, 0,
        [member](const S& s) -> Value {
          Numbers list;
          for (std::size_t i = 0; i < N; ++i) {
            if ((s.*member)[i]) list.push_back(static_cast<double>(i));
          }
          return list;
        },
        [member](const Value& v, S& s) {
          (s.*member).fill(false);
          for (const double i : std::get<Numbers>(v)) (s.*member)[static_cast<std::size_t>(i)] = true;
        });
  }

  // The fields of a struct inside this one, under this one's prefix.
  template <typename T>
  Fields& include(const Fields<T>& inner, T S::*member) {
    for (const auto& f : inner.fields()) {
      fields_.push_back({f.option, [get = f.get, member](const S& s) { return get(s.*member); },
                         [put = f.put, member](const Value& v, S& s) { put(v, s.*member); }});
    }
    return *this;
  }

  const std::vector<Field>& fields() const { return fields_; }

  OptionTable table() const {
    OptionTable options;
    for (const Field& f : fields_) options.push_back(f.option);
    return options;
  }

  // The struct of an Options that has these fields, and maybe others.
  S read(const Options& options) const {
    S s;
    for (const Field& f : fields_) f.put(options.value(f.option.key), s);
    return s;
  }

 private:
  Fields& add(const std::string& name, const Legal& legal, const Texts& choices, const std::string& doc,
              std::size_t length, std::function<Value(const S&)> get, std::function<void(const Value&, S&)> put) {
    Option option{prefix_ + "." + name, get(S{}), legal.low, legal.high,    choices,
                  legal.unit,           doc,      length,    legal.required};
    fields_.push_back({std::move(option), std::move(get), std::move(put)});
    return *this;
  }

  std::string prefix_;
  std::vector<Field> fields_;
};

}  // namespace infans::config
