// The values of a protocol's signals, put in the order in which they are declared.
#pragma once

#include <Eigen/Core>
#include <string_view>
#include <vector>

#include "experiments/protocols/protocol.hpp"

namespace infans::experiments {

// The number of values.
std::size_t size_of(const Signal& signal);

class SignalValues {
 public:
  // `declared` must outlive it.
  explicit SignalValues(const std::vector<Signal>& declared) : declared_(declared) {}

  // The next one, with as many values as it has. Throws std::logic_error where another is declared.
  SignalValues& put(std::string_view name, double value) { return put(name, &value, 1); }
  SignalValues& put(std::string_view name, const double* first, Eigen::Index count);
  template <typename Derived>
  SignalValues& put(std::string_view name, const Eigen::DenseBase<Derived>& values) {
    const typename Eigen::internal::plain_matrix_type<Derived>::type plain = values;
    return put(name, plain.data(), plain.size());
  }
  // The next one, of which there are fewer values than declared: the rest is NaN. More are left out.
  SignalValues& put_some(std::string_view name, const std::vector<double>& values);
  // There was none at this sample.
  SignalValues& none(std::string_view name) { return put_some(name, {}); }

  // Throws std::logic_error unless all were put.
  std::vector<double> take();

 private:
  std::size_t expect(std::string_view name);  // the size of the next one

  const std::vector<Signal>& declared_;
  std::size_t next_ = 0;
  std::vector<double> values_;
};

// Of who has not lived yet: as many NaN as there are values.
std::vector<double> none_of(const std::vector<Signal>& declared);

}  // namespace infans::experiments
