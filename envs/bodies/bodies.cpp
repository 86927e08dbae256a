#include "envs/bodies/bodies.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <optional>
#include <utility>

#include "core/base/error.hpp"
#include "envs/bodies/infant.hpp"
#include "envs/bodies/shipped.hpp"

namespace infans::envs {
namespace {

// The one body that is not a file but written to measure.
const std::string infant_name = "infant";

// Levenshtein distance: the number of letters to add, drop or change.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, change}));
    }
  }
  return row.back();
}

// Up to three shipped names, the most similar first, e.g. "cartpole, arm".
std::string nearest_names(const std::string& wanted) {
  std::vector<std::string> names = body_names();
  const std::string stem = std::filesystem::path(wanted.substr(0, wanted.find('?'))).stem().string();
  std::stable_sort(names.begin(), names.end(),
                   [&](const std::string& a, const std::string& b) { return distance(a, stem) < distance(b, stem); });
  names.resize(std::min<std::size_t>(names.size(), 3));
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw base::FileError(
      path, what + "; give the path of an MJCF file or a shipped body (nearest: " + nearest_names(path) + ")");
}

}  // namespace

std::vector<std::string> body_names() {
  std::vector<std::string> names;
  for (const ShippedBody& body : shipped_bodies()) names.emplace_back(body.name);
  names.insert(std::lower_bound(names.begin(), names.end(), infant_name), infant_name);
  return names;
}

namespace {

// The options in the name of an infant; none in that of another body.
std::optional<InfantOptions> infant_named(const std::string& name) {
  if (name == infant_name) return InfantOptions{};
  if (!name.starts_with(infant_name + "?")) return {};
  return infant_options(std::string_view(name).substr(infant_name.size() + 1));
}

}  // namespace

double age_months_of(const std::string& name_or_path) {
  const auto infant = infant_named(name_or_path);
  return infant ? infant->age_months : 0.0;
}

std::string load_mjcf(const std::string& name_or_path) {
  for (const ShippedBody& body : shipped_bodies()) {
    if (body.name == name_or_path) return std::string(body.mjcf);
  }
  if (const auto infant = infant_named(name_or_path)) return infant_mjcf(*infant);
  std::error_code ignored;
  const auto status = std::filesystem::status(name_or_path, ignored);
  if (!std::filesystem::exists(status)) refuse(name_or_path, "no such file and no such shipped body");
  // A stream on a folder opens and then reads nothing: say it instead.
  if (std::filesystem::is_directory(status)) refuse(name_or_path, "is a folder, not an MJCF file");
  errno = 0;
  std::ifstream file(name_or_path, std::ios::binary);
  if (!file) refuse(name_or_path, std::string("cannot be opened (") + std::strerror(errno) + ")");
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) refuse(name_or_path, std::string("cannot be read (") + std::strerror(errno) + ")");
  return text;
}

}  // namespace infans::envs
