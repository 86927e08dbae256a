#include "experiments/protocols/signal_values.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace infans::experiments {

std::size_t size_of(const Signal& s) {
  std::size_t size = 1;
  for (const int n : s.shape) size *= static_cast<std::size_t>(n);
  return size;
}

std::vector<double> none_of(const std::vector<Signal>& declared) {
  std::size_t size = 0;
  for (const Signal& s : declared) size += size_of(s);
  return std::vector<double>(size, std::numeric_limits<double>::quiet_NaN());
}

std::size_t SignalValues::expect(std::string_view name) {
  if (next_ == declared_.size() || declared_[next_].name != name)
    throw std::logic_error("SignalValues: " + std::string(name) + " where " +
                           (next_ == declared_.size() ? "nothing" : declared_[next_].name) + " is declared");
  return size_of(declared_[next_++]);
}

SignalValues& SignalValues::put(std::string_view name, const double* first, Eigen::Index count) {
  const std::size_t size = expect(name);
  if (static_cast<std::size_t>(count) != size)
    throw std::logic_error("SignalValues: " + std::string(name) + " has " + std::to_string(count) + " values, " +
                           std::to_string(size) + " are declared");
  values_.insert(values_.end(), first, first + count);
  return *this;
}

SignalValues& SignalValues::put_some(std::string_view name, const std::vector<double>& values) {
  const std::size_t size = expect(name), kept = std::min(size, values.size());
  values_.insert(values_.end(), values.begin(), values.begin() + static_cast<std::ptrdiff_t>(kept));
  values_.insert(values_.end(), size - kept, std::numeric_limits<double>::quiet_NaN());
  return *this;
}

std::vector<double> SignalValues::take() {
  if (next_ != declared_.size()) throw std::logic_error("SignalValues: " + declared_[next_].name + " was not put");
  return std::move(values_);
}

}  // namespace infans::experiments
