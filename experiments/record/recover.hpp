// What a crash left of a record, as a file that opens everywhere.
#pragma once

#include <cstdint>
#include <string>

namespace infans::experiments {

struct Recovered {
  bool was_closed = false;  // nothing was wrong with it, and nothing was done
  std::string crashed;      // where the file is now as the crash left it
  // Rows of all tables: those that count are kept; those of the block that was being written are not.
  std::int64_t kept = 0, lost = 0;
};

// Of a run's or a study's record. A copy of the rows that count is written beside it, synced, compared with what it was
// copied from, and put in its place; the file as it was stays as PATH.crashed (or PATH.crashed-2, ...). Throws
// base::FileError, and `path` is then as it was: no record, still being written by another process, damaged where rows
// count (it says which), no room.
Recovered recover(const std::string& path);

}  // namespace infans::experiments
