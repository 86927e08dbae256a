// A state on the disk, from which a run goes on.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "experiments/record/faults.hpp"

namespace infans::experiments {

struct Checkpoint {
  std::vector<std::pair<std::string, std::string>> texts;  // what it is of: program, body, options; root attributes
  std::vector<std::uint8_t> state;                         // as base::StateWriter writes
};

// Atomic: a temporary file, fsync, the one before it becomes PATH.previous, rename, fsync of the directory. Throws
// base::FileError; the one before it then still loads.
void write_checkpoint(const std::string& path, const Checkpoint& checkpoint, const Faults& faults = {});
// Throws base::FileError for what is missing, damaged (checksum) or no checkpoint.
Checkpoint read_checkpoint(const std::string& path);

}  // namespace infans::experiments
