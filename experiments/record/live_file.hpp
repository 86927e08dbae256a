// An HDF5 file that is written while others read it: what its writers share. Private to this folder.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "experiments/record/h5.hpp"

namespace infans::experiments::h5 {

class LiveFile {
 public:
  // Creates `path` exclusively; else base::FileError.
  void create(const std::string& path);
  // Removes what create() left, where making the rest failed: half a header is no record and blocks the next try.
  void give_up();
  void start_swmr();

  // A dataset [rows, inner...] that grows by rows, chunk_rows a chunk.
  Handle table(hid_t parent, const char* name, hid_t type, const std::vector<hsize_t>& inner, hsize_t chunk_rows) const;
  // A dataset that is overwritten in place, filled with NaN (real) or 0.
  Handle values(const char* name, hid_t type, const std::vector<hsize_t>& size, bool real, const char* unit,
                const char* doc) const;
  // Appends rows of doubles after the first `rows`; name is for messages.
  void append(const Handle& dataset, const std::string& name, const std::vector<hsize_t>& inner, hsize_t rows,
              hsize_t more, const double* data) const;
  void write_values(const Handle& dataset, const std::string& name, const std::vector<hsize_t>& start,
                    const std::vector<double>& values) const;  // along the last axis

  void flush() const;
  // fsync, if the last one is long ago.
  void sync_now_and_then();
  void sync();

  operator hid_t() const { return file_; }
  explicit operator bool() const { return static_cast<bool>(file_); }
  const std::string& path() const { return path_; }
  Handle& handle() { return file_; }

 private:
  std::string path_;
  Handle file_;
  bool ours_ = false;  // created by this writer
  std::chrono::steady_clock::time_point synced_ = std::chrono::steady_clock::now();
};

}  // namespace infans::experiments::h5
