// A record copied row by row, as far as its rows count. Private to this folder.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "experiments/record/h5.hpp"

namespace infans::experiments::h5 {

struct Rewritten {
  std::string crashed;                 // where the original is now
  std::int64_t kept = 0, dropped = 0;  // rows, of all tables: those that count, and the others
};

// Puts a clean copy in the place of `path`: written beside it, synced, compared with what it was copied from, renamed.
// The original stays as PATH.crashed (or PATH.crashed-2, ...: nothing is overwritten). Throws base::FileError; `path`
// is then as it was.
Rewritten rewrite(const std::string& path);

// Rows that count of every table of an open record, by path. Throws base::FileError for what is no record.
std::map<std::string, hsize_t> counted_rows(hid_t file, const std::string& path);
// Names of what stands in a group, in alphabetical order; of the participants of a study, in order of their numbers.
std::vector<std::string> children(hid_t file, const std::string& path, const std::string& group);
std::vector<std::string> participants(hid_t file, const std::string& path);

}  // namespace infans::experiments::h5
