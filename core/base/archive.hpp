// What a state is described to, so that its owner knows no file. One function saves and restores:
//   void Thing::describe(base::Archive& a) { a("weights", weights_)("steps", steps_)("goal", goal_); }
// A member counts if it changes while its owner lives; what follows from options is rebuilt by the constructor.
#pragma once

#include <Eigen/Core>
#include <array>
#include <concepts>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/error.hpp"

namespace infans::base {

// A state that does not fit whom it is restored to: another name, kind or size than it describes.
class StateError : public UserError {
 public:
  StateError(std::string field, const std::string& message)
      : UserError("state '" + field + "': " + message), field(std::move(field)) {}
  std::string field;
};

class Archive {
 public:
  enum class Kind : std::uint8_t { end, group, list, real64, real32, integer, text };
  // Of a field: rank 0 is one value, 1 has `rows` values, 2 is a column-major matrix; of a list, `rows` elements.
  struct Shape {
    std::uint8_t rank = 0;
    std::uint64_t rows = 1, columns = 1;
    bool operator==(const Shape&) const = default;
  };

  virtual ~Archive() = default;
  virtual bool restoring() const = 0;

  // Saves the value under its name, or gives it what was saved. Numbers and enums, std::string, std::array, vector,
  // deque, pair and optional of what it takes, dense Eigen matrices, and whatever has describe(Archive&), as a member
  // or beside its type. Fields are restored in the order in which they were saved. Throws StateError.
  template <typename T>
  Archive& operator()(std::string_view name, T& value) {
    field(name, value);
    return *this;
  }

 protected:
  // Announces a field. Saving: returns `shape`. Restoring: checks name and kind, returns the shape that was saved.
  virtual Shape begin(std::string_view name, Kind kind, const Shape& shape) = 0;
  // The values of a field, exactly once after begin() unless it is a group or a list.
  virtual void values(void* first, std::size_t bytes) = 0;
  // Ends a group or list.
  virtual void end() = 0;
  // Of the field that begin() announced last, with the names of the groups around it.
  virtual std::string place() const = 0;

 private:
  void require(const Shape& saved, const Shape& here) const;

  template <typename T>
  static constexpr bool scalar = std::is_arithmetic_v<T> || std::is_enum_v<T>;
  template <typename T>
  static constexpr bool real = std::is_same_v<T, double> || std::is_same_v<T, float>;
  template <typename T>
  static constexpr Kind kind_of = std::is_same_v<T, double>  ? Kind::real64
                                  : std::is_same_v<T, float> ? Kind::real32
                                                             : Kind::integer;

  // n contiguous values; integers, enums and truth values travel as int64.
  template <typename T>
  void block(T* first, std::size_t n) {
    if constexpr (real<T>) {
      values(first, n * sizeof(T));
    } else {
      std::vector<std::int64_t> wide(n);
      for (std::size_t i = 0; i < n; ++i) wide[i] = static_cast<std::int64_t>(first[i]);
      values(wide.data(), n * sizeof(std::int64_t));
      for (std::size_t i = 0; i < n; ++i) first[i] = static_cast<T>(wide[i]);
    }
  }

  template <typename T>
  void field(std::string_view name, T& value) {
    if constexpr (scalar<T>) {
      require(begin(name, kind_of<T>, {}), {});
      block(&value, 1);
    } else if constexpr (requires { value.describe(*this); }) {
      begin(name, Kind::group, {});
      value.describe(*this);
      end();
    } else if constexpr (requires { describe(*this, value); }) {
      begin(name, Kind::group, {});
      describe(*this, value);
      end();
    } else if constexpr (std::is_base_of_v<Eigen::PlainObjectBase<T>, T>) {
      const Shape here{2, static_cast<std::uint64_t>(value.rows()), static_cast<std::uint64_t>(value.cols())};
      const Shape saved = begin(name, kind_of<typename T::Scalar>, here);
      if constexpr (T::SizeAtCompileTime != Eigen::Dynamic) require(saved, here);
      if (T::RowsAtCompileTime != Eigen::Dynamic) require({2, saved.rows, 1}, {2, here.rows, 1});
      if (T::ColsAtCompileTime != Eigen::Dynamic) require({2, saved.columns, 1}, {2, here.columns, 1});
      value.resize(static_cast<Eigen::Index>(saved.rows), static_cast<Eigen::Index>(saved.columns));
      block(value.data(), static_cast<std::size_t>(value.size()));
    } else {
      container(name, value);
    }
  }

  void container(std::string_view name, std::string& value);

  template <typename A, typename B>
  void container(std::string_view name, std::pair<A, B>& value) {
    begin(name, Kind::group, {});
    field("first", value.first);
    field("second", value.second);
    end();
  }

  template <typename T>
  void container(std::string_view name, std::optional<T>& value) {
    const Shape saved = begin(name, Kind::list, {1, value ? 1U : 0U, 1});
    if (restoring()) {
      if (saved.rows == 0)
        value.reset();
      else if (!value)
        value.emplace();
    }
    if (value) field("", *value);
    end();
  }

  template <typename T, std::size_t n>
  void container(std::string_view name, std::array<T, n>& value) {
    const Shape here{1, n, 1};
    require(begin(name, scalar<T> ? kind_of<T> : Kind::list, here), here);
    elements(value);
  }

  template <typename Sequence>
  requires requires(Sequence& s) { s.resize(1); }
  void container(std::string_view name, Sequence& value) {
    using T = typename Sequence::value_type;
    const Shape here{1, value.size(), 1};
    const Shape saved = begin(name, scalar<T> ? kind_of<T> : Kind::list, here);
    value.resize(saved.rows);
    elements(value);
  }

  template <typename Sequence>
  void elements(Sequence& value) {
    using T = typename Sequence::value_type;
    if constexpr (!scalar<T>) {
      for (T& element : value) field("", element);
      end();
    } else if constexpr (requires { value.data(); }) {
      block(value.data(), value.size());
    } else {  // deque, vector<bool>
      using Flat = std::conditional_t<std::is_same_v<T, bool>, std::uint8_t, T>;
      std::vector<Flat> flat(value.begin(), value.end());
      block(flat.data(), flat.size());
      for (std::size_t i = 0; i < flat.size(); ++i) value[i] = static_cast<T>(flat[i]);
    }
  }
};

}  // namespace infans::base
