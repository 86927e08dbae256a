#include "experiments/run/checkpoints.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "core/base/error.hpp"
#include "experiments/record/checkpoint.hpp"
#include "experiments/run/clocks.hpp"
#include "experiments/run/format.hpp"

namespace infans::experiments {
namespace {

namespace fs = std::filesystem;

std::string quoted(const std::string& text) { return text.empty() ? "nothing" : "'" + text + "'"; }

}  // namespace

std::string first_difference(const std::string& saved, const std::string& here) {
  std::istringstream a(saved), b(here);
  std::string x, y, table;  // the TOML table around them
  bool more_x = true, more_y = true;
  while (more_x || more_y) {
    more_x = static_cast<bool>(std::getline(a, x));
    more_y = static_cast<bool>(std::getline(b, y));
    if (!more_x) x.clear();
    if (!more_y) y.clear();
    if (x != y || more_x != more_y) break;
    if (x.starts_with('[')) table = x + " ";
  }
  constexpr std::size_t most = 120;
  return table + quoted(x.substr(0, most)) + " was saved, " + quoted(y.substr(0, most)) + " is here";
}

void require_same(const std::string& path, const Texts& there, const Texts& here) {
  for (const auto& [name, value] : here) {
    const auto found = std::find_if(there.begin(), there.end(), [&](const auto& t) { return t.first == name; });
    const std::string other = found == there.end() ? std::string() : found->second;
    if (other != value)
      throw base::FileError(path, "was made with another " + name + ": " + first_difference(other, value) +
                                      "; go on with what made it, or begin anew in another folder");
  }
}

Checkpoints::Checkpoints(const std::string& run_folder, Texts identity, double every_seconds, const Faults& faults)
    : folder_((fs::path(run_folder) / "checkpoints").string()),
      identity_(std::move(identity)),
      every_(every_seconds),
      faults_(faults) {}

std::string Checkpoints::file(int slot) const { return (fs::path(folder_) / format("%04d.h5", slot)).string(); }

bool Checkpoints::due(double saved) const { return every_ > 0.0 && wall_seconds() - saved >= every_; }

void Checkpoints::save(int slot, std::vector<std::uint8_t> state) const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) throw base::FileError(folder_, "cannot be made a directory (" + error.message() + ")");
  write_checkpoint(file(slot), {identity_, std::move(state)}, faults_);
}

std::optional<std::vector<std::uint8_t>> Checkpoints::load(int slot) const {
  for (const std::string& path : {file(slot), file(slot) + ".previous"}) {
    if (!fs::exists(path)) continue;
    std::optional<Checkpoint> found;
    try {
      found = read_checkpoint(path);
    } catch (const base::FileError&) {
      continue;  // damaged: the one before it, or life from the beginning, gives the same bits
    }
    require_same(path, found->texts, identity_);
    return std::move(found->state);
  }
  return std::nullopt;
}

void Checkpoints::remove(int slot) const {
  std::error_code ignored;
  // .tmp: of a process that was killed while it wrote.
  for (const char* const suffix : {"", ".previous", ".tmp"}) fs::remove(file(slot) + suffix, ignored);
  fs::remove(folder_, ignored);  // where it is empty
}

}  // namespace infans::experiments
