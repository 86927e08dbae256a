// What HDF5 does not give: locks that the kernel drops with the process, fsync, names that are never missing.
#pragma once

#include <string>

namespace infans::experiments {

// A file descriptor. Every function that can fail throws base::FileError(path, ...).
class PosixFile {
 public:
  PosixFile() = default;
  // An existing file, to read and write.
  static PosixFile open(const std::string& path);
  PosixFile(PosixFile&& other) noexcept;
  PosixFile& operator=(PosixFile&& other) noexcept;
  ~PosixFile() { close(); }

  // Against every other writer that asks, until it is closed or the process ends; HDF5's own locks are other ones.
  void lock();
  // fault: an errno that it is to fail with.
  void sync(int fault = 0);
  void renamed(const std::string& path) { path_ = path; }
  // Throws where the path leads to another file, or to none.
  void require_in_place() const;
  void close() noexcept;
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  PosixFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  std::string path_;
  int descriptor_ = -1;
};

// So that a new name survives a power cut.
void sync_directory_of(const std::string& path);
// Renames, then syncs the directory.
void rename_synced(const std::string& from, const std::string& to);
// A second name for a file, or a copy where the file system has none; a name that is there is a base::FileError.
void give_name(const std::string& path, const std::string& name);
// Another name; one that is there is a base::FileError.
void take_name(const std::string& path, const std::string& name);
// The same: PATH.ENDING, or PATH.ENDING-2, ... where that is taken. Returns it.
std::string keep_as(const std::string& path, const std::string& ending);

}  // namespace infans::experiments
