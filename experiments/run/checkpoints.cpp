#include "experiments/run/checkpoints.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "core/base/error.hpp"
#include "experiments/record/checkpoint.hpp"
#include "experiments/record/difference.hpp"
#include "experiments/record/posix_file.hpp"
#include "experiments/run/clocks.hpp"
#include "experiments/run/format.hpp"

namespace infans::experiments {

namespace fs = std::filesystem;

void require_same(const std::string& path, const Texts& there, const Texts& here) {
  for (const auto& [name, value] : here) {
    const auto found = std::find_if(there.begin(), there.end(), [&](const auto& t) { return t.first == name; });
    const std::string other = found == there.end() ? std::string() : found->second;
    require_same_text(name, other, value, path);
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
  const std::scoped_lock lock(folder_mutex_);
  std::error_code error;
  const bool made = fs::create_directories(folder_, error);
  if (error) throw base::FileError(folder_, "cannot be made a directory (" + error.message() + ")");
  if (made) sync_directory_of(folder_);
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

bool Checkpoints::has(int slot) const { return fs::exists(file(slot)) || fs::exists(file(slot) + ".previous"); }

void Checkpoints::remove(int slot) const {
  const std::scoped_lock lock(folder_mutex_);
  std::error_code ignored;
  // .tmp: of a process that was killed while it wrote.
  for (const char* const suffix : {"", ".previous", ".tmp"}) fs::remove(file(slot) + suffix, ignored);
  fs::remove(folder_, ignored);  // where it is empty
}

}  // namespace infans::experiments
