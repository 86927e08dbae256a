#include "core/base/state.hpp"

#include <bit>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace infans::base {

static_assert(std::endian::native == std::endian::little, "a state is little endian");

namespace {

const char* word(Archive::Kind kind) {
  switch (kind) {
    case Archive::Kind::end:
      return "an end";
    case Archive::Kind::group:
      return "a group";
    case Archive::Kind::list:
      return "a list";
    case Archive::Kind::real64:
      return "double";
    case Archive::Kind::real32:
      return "float";
    case Archive::Kind::integer:
      return "integer";
    case Archive::Kind::text:
      return "text";
  }
  return "an unknown kind";
}

std::string words(const Archive::Shape& s) {
  if (s.rank == 0) return "one value";
  if (s.rank == 1) return std::to_string(s.rows) + " values";
  return std::to_string(s.rows) + " x " + std::to_string(s.columns);
}

bool nested(Archive::Kind kind) { return kind == Archive::Kind::group || kind == Archive::Kind::list; }

}  // namespace

void Archive::require(const Shape& saved, const Shape& here) const {
  if (saved != here) throw StateError(place(), words(saved) + " were saved, this program has " + words(here));
}

void Archive::container(std::string_view name, std::string& value) {
  const Shape saved = begin(name, Kind::text, {1, value.size(), 1});
  value.resize(saved.rows);
  values(value.data(), value.size());
}

Archive::Shape StateWriter::begin(std::string_view name, Kind kind, const Shape& shape) {
  if (name.size() > std::numeric_limits<std::uint16_t>::max()) throw std::logic_error("Archive: a name of 64 kB");
  const auto length = static_cast<std::uint16_t>(name.size());
  bytes_.push_back(static_cast<std::uint8_t>(kind));
  bytes_.push_back(shape.rank);
  const auto add = [&](const void* from, std::size_t n) {
    const auto* first = static_cast<const std::uint8_t*>(from);
    bytes_.insert(bytes_.end(), first, first + n);
  };
  add(&length, sizeof length);
  add(name.data(), name.size());
  if (shape.rank > 0) add(&shape.rows, sizeof shape.rows);
  if (shape.rank > 1) add(&shape.columns, sizeof shape.columns);
  return shape;
}

void StateWriter::values(void* first, std::size_t bytes) {
  const auto* from = static_cast<const std::uint8_t*>(first);
  bytes_.insert(bytes_.end(), from, from + bytes);
}

void StateWriter::end() { bytes_.push_back(static_cast<std::uint8_t>(Kind::end)); }

void StateReader::take(void* to, std::size_t bytes) {
  if (bytes > bytes_.size() - at_) throw StateError(place(), "it ends in the middle; the file is damaged");
  if (bytes > 0) std::memcpy(to, bytes_.data() + at_, bytes);
  at_ += bytes;
}

template <typename T>
T StateReader::next() {
  T value;
  take(&value, sizeof value);
  return value;
}

Archive::Shape StateReader::begin(std::string_view name, Kind kind, const Shape& here) {
  name_ = name;
  const auto found = static_cast<Kind>(next<std::uint8_t>());
  if (found == Kind::end) throw StateError(place(), "it was not saved, this program has it");
  Shape saved{next<std::uint8_t>(), 1, 1};
  std::string found_name(next<std::uint16_t>(), '\0');
  take(found_name.data(), found_name.size());
  if (found != kind || found_name != name || saved.rank != here.rank)
    throw StateError(place(), "'" + found_name + "' (" + word(found) + ") was saved where this program has '" +
                                  std::string(name) + "' (" + word(kind) + ")");
  if (saved.rank > 0) saved.rows = next<std::uint64_t>();
  if (saved.rank > 1) saved.columns = next<std::uint64_t>();
  // Of an element of a list: the least that begins a field.
  const std::size_t size = kind == Kind::text ? 1 : nested(kind) || kind == Kind::real32 ? 4 : 8;
  const std::uint64_t most = (bytes_.size() - at_) / size;
  if (saved.rows > most || saved.columns > most || (saved.rows > 0 && saved.columns > most / saved.rows))
    if (kind != Kind::group && !(saved.rows == 0 || saved.columns == 0))
      throw StateError(place(), words(saved) + " are more than the file holds; it is damaged");
  constexpr std::uint64_t sane = std::uint64_t{1} << 40;  // of an empty matrix
  if (saved.rows > sane || saved.columns > sane) throw StateError(place(), "a size is damaged");
  if (nested(kind)) groups_.push_back(std::string(name));
  return saved;
}

void StateReader::values(void* first, std::size_t bytes) { take(first, bytes); }

void StateReader::end() {
  name_ = "its end";
  if (static_cast<Kind>(next<std::uint8_t>()) != Kind::end)
    throw StateError(place(), "more was saved than this program has");
  groups_.pop_back();
}

std::string StateReader::place() const {
  std::string path;
  for (const std::string& g : groups_)
    if (!g.empty()) path += g + ".";
  return path + name_;
}

void StateReader::finish() const {
  if (at_ != bytes_.size()) throw StateError("its end", "more was saved than this program has");
}

}  // namespace infans::base
