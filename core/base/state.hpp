// A state as bytes in memory: fields one after another, each {kind u8, rank u8, length of the name u16, name, rank
// sizes u64, values}, little endian; groups and lists are closed by one byte 0. infans/state.py reads the same.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/archive.hpp"

namespace infans::base {

class StateWriter final : public Archive {
 public:
  bool restoring() const override { return false; }
  // What was described so far.
  std::vector<std::uint8_t> take() { return std::move(bytes_); }

 private:
  Shape begin(std::string_view name, Kind kind, const Shape& shape) override;
  void values(void* first, std::size_t bytes) override;
  void end() override;
  std::string place() const override { return {}; }

  std::vector<std::uint8_t> bytes_;
};

// Throws StateError for whatever does not fit, and never asks for more memory than the bytes can fill.
class StateReader final : public Archive {
 public:
  // The bytes must outlive it.
  explicit StateReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  bool restoring() const override { return true; }
  // Throws StateError where bytes are left over.
  void finish() const;

 private:
  Shape begin(std::string_view name, Kind kind, const Shape& shape) override;
  void values(void* first, std::size_t bytes) override;
  void end() override;
  std::string place() const override;
  void take(void* to, std::size_t bytes);
  template <typename T>
  T next();

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  std::vector<std::string> groups_;
  std::string name_;
};

// The state of a thing with describe(), and back.
template <typename T>
std::vector<std::uint8_t> state_of(T& thing) {
  StateWriter writer;
  thing.describe(writer);
  return writer.take();
}
template <typename T>
void restore_state(T& thing, std::span<const std::uint8_t> bytes) {
  StateReader reader(bytes);
  thing.describe(reader);
  reader.finish();
}

}  // namespace infans::base
