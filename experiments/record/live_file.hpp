// An HDF5 file that is written while others read it: what its writers share. Private to this folder.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "experiments/record/declaration.hpp"
#include "experiments/record/gate.hpp"
#include "experiments/record/h5.hpp"
#include "experiments/record/posix_file.hpp"

namespace infans::experiments::h5 {

class LiveFile {
 public:
  explicit LiveFile(const Faults& faults) : gate_(faults) {}
  void start_swmr();
  // For itself alone an existing file, that is not opened yet; base::FileError where it cannot be written to or another
  // process writes to it.
  void take(const std::string& path);
  // What take() took, to grow further.
  void reopen();

  // A dataset [rows, inner...] that grows by rows, chunk_rows a chunk, at a path in groups that are there.
  Handle table(const std::string& name, hid_t type, const std::vector<hsize_t>& inner, hsize_t chunk_rows,
               int compression) const;
  Handle open_table(const std::string& name, const std::vector<hsize_t>& inner, hsize_t chunk_rows) const;
  // A dataset that is overwritten in place, filled with NaN (real) or 0.
  Handle values(const Declared& dataset, const std::vector<hsize_t>& size) const;
  Handle open_values(const char* name) const;
  // Appends rows of numbers of that type in memory after the first `rows`; name is for messages.
  void append(const Handle& dataset, const std::string& name, const std::vector<hsize_t>& inner, hsize_t rows,
              hsize_t more, hid_t type, const void* data) const;
  void read(const Handle& dataset, const std::string& name, const std::vector<hsize_t>& inner, hsize_t first,
            hsize_t rows, hid_t type, void* data) const;
  void write_values(const Handle& dataset, const std::string& name, const std::vector<hsize_t>& start,
                    const std::vector<double>& values) const;  // along the last axis

  void flush() const;
  void sync();
  // fsync, if the last one is long ago.
  void sync_now_and_then();

  // each_handle(visit) visits every other handle into this file; a writer passes it to all of these.
  // Whatever fails in `write` ends all writing: the file stays as a kill at that moment would have left it. Throws
  // base::FileError, or what `write` threw.
  template <typename EachHandle, typename Write>
  void guarded(const EachHandle& each_handle, const Write& write) {
    try {
      gate_.take_memory();
      write();
      gate_.require_whole(path_);
    } catch (const LibraryError&) {
      abandon(each_handle, gate_.failed());
      gate_.require_whole(path_);  // rather than what came of it
      throw;
    } catch (...) {
      abandon(each_handle, true);
      throw;
    }
  }
  // Flushes, syncs and closes; nothing where it is closed. Throws base::FileError.
  template <typename EachHandle>
  void close(const EachHandle& each_handle) {
    if (!file_) return;
    guarded(each_handle, [&] {
      flush();
      sync();
    });
    if (!reset(each_handle)) throw base::FileError(path_, "cannot be closed: " + last_error());
    gate_.require_whole(path_);
  }
  // create() and what makes the rest, under another name: only a whole record gets its own. Where that fails, nothing
  // is left.
  template <typename EachHandle, typename Make>
  void made(const EachHandle& each_handle, const std::string& path, const Make& make) {
    try {
      create(path);
      guarded(each_handle, [&] {
        make();
        publish();
      });
    } catch (...) {
      remove();
      throw;
    }
  }

  operator hid_t() const { return file_; }
  const std::string& path() const { return path_; }

 private:
  void remove();
  // Exclusively; else base::FileError.
  void create(const std::string& path);
  void publish();
  // Closes without writing. Where HDF5 itself failed, for want of memory, it cannot be trusted to close anything: what
  // is open then stays so until the process ends.
  template <typename EachHandle>
  void abandon(const EachHandle& each_handle, bool sound) {
    gate_.shut();
    if (!sound) {
      each_handle([](Handle& h) { h.leak(); });
      file_.leak();
      gate_.release();
    }
    reset(each_handle);
  }
  template <typename EachHandle>
  bool reset(const EachHandle& each_handle) {
    bool closed = true;
    each_handle([&](Handle& h) { closed = h.reset() && closed; });
    closed = file_.reset() && closed;
    own_.close();
    return closed;
  }

  std::string path_, made_;  // what it is called, and while it is being made
  Gate gate_;                // before the file: it outlives it
  Handle file_;
  PosixFile own_;      // the same file: locked, and synced without HDF5
  bool ours_ = false;  // created by this writer
  std::chrono::steady_clock::time_point synced_ = std::chrono::steady_clock::now();
};

}  // namespace infans::experiments::h5
