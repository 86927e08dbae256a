#include "experiments/record/posix_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/base/error.hpp"

namespace infans::experiments {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  const int reason = errno;
  throw base::FileError(path, what + ": " + std::generic_category().message(reason));
}

}  // namespace

PosixFile PosixFile::open(const std::string& path) {
  PosixFile file(path, -1);  // first what can throw
  file.descriptor_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file.descriptor_ < 0) fail(path, "cannot be opened for writing");
  return file;
}

PosixFile::PosixFile(PosixFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

PosixFile& PosixFile::operator=(PosixFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

void PosixFile::close() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

// Of the open file, not of the process: HDF5 opening and closing the same file leaves it alone.
void PosixFile::lock() {
#ifdef F_OFD_SETLK
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (fcntl(descriptor_, F_OFD_SETLK, &whole) == 0 || (errno != EAGAIN && errno != EACCES)) return;
  throw base::FileError(path_, "is being written by another process; wait until that has ended, or stop it");
#endif
}

void PosixFile::sync(int fault) {
  const int status = fault == 0 ? ::fsync(descriptor_) : -1;
  if (fault != 0) errno = fault;
  if (status != 0) fail(path_, "cannot be synced to the disk");
}

void PosixFile::require_in_place() const {
  struct stat ours {
  }, there{};
  const bool same = ::fstat(descriptor_, &ours) == 0 && ::stat(path_.c_str(), &there) == 0 &&
                    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
  if (!same) throw base::FileError(path_, "was removed or replaced while it was being written");
}

void sync_directory_of(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && (::fsync(descriptor) == 0 || errno == EINVAL);  // EINVAL: cannot be, here
  const int reason = errno;
  if (descriptor >= 0) ::close(descriptor);
  errno = reason;
  if (!synced) fail(folder, "cannot be synced to the disk");
}

void rename_synced(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) fail(to, "cannot be renamed from " + from);
  sync_directory_of(to);
}

namespace {

// Of file systems without second names.
bool has_no_links(int reason) {
  return reason == EPERM || reason == EOPNOTSUPP || reason == ENOSYS || reason == EMLINK;
}

}  // namespace

void give_name(const std::string& path, const std::string& name) {
  if (::link(path.c_str(), name.c_str()) == 0) return;
  if (!has_no_links(errno)) fail(name, "cannot be made a second name of " + path);
  std::error_code error;
  std::filesystem::copy_file(path, name, error);
  if (error) throw base::FileError(name, "cannot be copied from " + path + ": " + error.message());
}

void take_name(const std::string& path, const std::string& name) {
  if (::link(path.c_str(), name.c_str()) == 0) {
    ::unlink(path.c_str());
    return;
  }
  if (!has_no_links(errno) || ::renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, name.c_str(), RENAME_NOREPLACE) != 0)
    fail(name, "cannot be renamed from " + path);
}

std::string keep_as(const std::string& path, const std::string& ending) {
  for (int k = 1;; ++k) {
    const std::string name = path + ending + (k > 1 ? "-" + std::to_string(k) : "");
    if (::access(name.c_str(), F_OK) == 0) continue;
    give_name(path, name);
    return name;
  }
}

}  // namespace infans::experiments
