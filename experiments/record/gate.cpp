#include "experiments/record/gate.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

namespace infans::experiments::h5 {

bool Gate::comes(Faults::Kind kind, long& count) {
  if (faults_.kind != kind) return false;
  const long n = ++count;
  return n == faults_.at || (faults_.lasting && n > faults_.at);
}

int Gate::open() { return faults_.kind == Faults::Kind::read_only ? EROFS : 0; }

int Gate::write(const std::string& path) {
  if (comes(Faults::Kind::removed, writes_)) ::unlink(name_.empty() ? path.c_str() : name_.c_str());
  if (comes(Faults::Kind::full, writes_)) return ENOSPC;
  return comes(Faults::Kind::io, writes_) ? EIO : 0;
}

int Gate::sync() { return comes(Faults::Kind::sync, syncs_) ? EIO : 0; }

void Gate::fail(int reason, const char* what) {
  if (reason_ != 0) return;
  shut_ = true;
  reason_ = reason;
  what_ = what;
}

void Gate::require_whole(const std::string& path) const {
  if (reason_ != 0) throw base::FileError(path, std::string(what_) + ": " + std::strerror(reason_));
}

void Gate::release() {
  shut_ = true;
  if (descriptor_ != nullptr && *descriptor_ >= 0) ::close(std::exchange(*descriptor_, -1));
  descriptor_ = nullptr;
}

void Gate::take_memory() {
  if (comes(Faults::Kind::memory, blocks_)) throw std::bad_alloc();
}

namespace {

// A driver as HDF5's own for POSIX files, behind the gate. Not that one itself: its functions clear HDF5's reasons.
struct Gated {
  H5FD_t head{};  // HDF5's; first
  Gate* gate = nullptr;
  std::string path;
  int descriptor = -1;
  dev_t device = 0;
  ino_t inode = 0;
  haddr_t allocated = 0, size = 0;
  std::vector<std::pair<haddr_t, std::vector<char>>>
      kept_back;  // what HDF5 wrote through a shut gate, and may read again
};
Gated* of(H5FD_t* file) { return reinterpret_cast<Gated*>(file); }
const Gated* of(const H5FD_t* file) { return reinterpret_cast<const Gated*>(file); }

// In the words of HDF5's own drivers.
herr_t refuse(int reason, hid_t kind, const char* what) {
  H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS, H5E_IO, kind, "%s: errno = %d, error message = '%s'",
           what, reason, std::strerror(reason));
  return -1;
}

int open_descriptor(Gate& gate, const char* name, unsigned flags) {
  int mode = O_CLOEXEC | ((flags & H5F_ACC_RDWR) != 0 ? O_RDWR : O_RDONLY);
  if ((flags & H5F_ACC_TRUNC) != 0) mode |= O_TRUNC;
  if ((flags & H5F_ACC_CREAT) != 0) mode |= O_CREAT;
  if ((flags & H5F_ACC_EXCL) != 0) mode |= O_EXCL;
  errno = (flags & H5F_ACC_RDWR) != 0 ? gate.open() : 0;
  return errno != 0 ? -1 : ::open(name, mode, 0666);
}

H5FD_t* open(const char* name, unsigned flags, hid_t access, haddr_t) {
  Gate* gate = *static_cast<Gate* const*>(H5Pget_driver_info(access));
  auto file = std::unique_ptr<Gated>(new (std::nothrow) Gated);
  struct stat status {};
  try {
    if (file) file->path = name;
  } catch (const std::bad_alloc&) {
    file.reset();
  }
  errno = ENOMEM;
  if (file) file->descriptor = open_descriptor(*gate, name, flags);
  if (!file || file->descriptor < 0 || ::fstat(file->descriptor, &status) != 0) {
    refuse(errno, H5E_CANTOPENFILE, "unable to open file");
    if (file && file->descriptor >= 0) ::close(file->descriptor);
    return nullptr;
  }
  file->gate = gate;
  gate->opened(file->descriptor);
  file->device = status.st_dev;
  file->inode = status.st_ino;
  file->size = static_cast<haddr_t>(status.st_size);
  return &file.release()->head;
}

herr_t close(H5FD_t* file) {
  const std::unique_ptr<Gated> own(of(file));
  if (::close(own->descriptor) != 0) own->gate->fail(errno, "cannot be closed");
  return 0;
}
int compare(const H5FD_t* a, const H5FD_t* b) {
  const auto key = [](const H5FD_t* f) { return std::pair{of(f)->device, of(f)->inode}; };
  return key(a) < key(b) ? -1 : key(b) < key(a) ? 1 : 0;
}
herr_t query(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
           H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_POSIX_COMPAT_HANDLE | H5FD_FEAT_SUPPORTS_SWMR_IO |
           H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  return 0;
}
haddr_t get_eoa(const H5FD_t* file, H5FD_mem_t) { return of(file)->allocated; }
herr_t set_eoa(H5FD_t* file, H5FD_mem_t, haddr_t at) {
  of(file)->allocated = at;
  return 0;
}
haddr_t get_eof(const H5FD_t* file, H5FD_mem_t) { return of(file)->size; }
herr_t get_handle(H5FD_t* file, hid_t, void** handle) {
  *handle = &of(file)->descriptor;
  return 0;
}

// What was kept back, over what the file has.
void overlay(const Gated& own, haddr_t at, size_t size, char* to) {
  for (const auto& [start, bytes] : own.kept_back) {
    const haddr_t first = std::max(at, start), last = std::min(at + size, start + bytes.size());
    if (first < last) std::memcpy(to + (first - at), bytes.data() + (first - start), last - first);
  }
}

herr_t read(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t at, size_t size, void* buffer) {
  char* const to = static_cast<char*>(buffer);
  for (size_t done = 0; done < size;) {
    const ssize_t n = ::pread(of(file)->descriptor, to + done, size - done, static_cast<off_t>(at + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refuse(errno, H5E_READERROR, "file read failed");
    if (n == 0) std::memset(to + done, 0, size - done);  // beyond its end
    done = n == 0 ? size : done + static_cast<size_t>(n);
  }
  overlay(*of(file), at, size, to);
  return 0;
}

// 0, or errno.
int write_all(int descriptor, const char* from, size_t size, haddr_t at) {
  while (size > 0) {
    const ssize_t n = ::pwrite(descriptor, from, size, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    from += n;
    at += static_cast<haddr_t>(n);
    size -= static_cast<std::size_t>(n);
  }
  return 0;
}

herr_t write(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t at, size_t size, const void* buffer) {
  Gated& own = *of(file);
  const char* from = static_cast<const char*>(buffer);
  own.size = std::max(own.size, at + size);
  int reason = 0;
  if (!own.gate->is_shut()) {
    reason = own.gate->write(own.path);
    if (reason == 0) reason = write_all(own.descriptor, from, size, at);
    if (reason == 0) return 0;
    own.gate->fail(reason, "cannot be written");
  }
  try {
    own.kept_back.emplace_back(at, std::vector<char>(from, from + size));
  } catch (const std::bad_alloc&) {
    return refuse(ENOMEM, H5E_WRITEERROR, "file write failed");
  }
  return 0;
}

herr_t truncate(H5FD_t* file, hid_t, hbool_t) {
  Gated& own = *of(file);
  if (own.allocated == own.size) return 0;
  own.size = own.allocated;
  if (own.gate->is_shut()) return 0;
  int reason = own.gate->write(own.path);
  if (reason == 0 && ::ftruncate(own.descriptor, static_cast<off_t>(own.allocated)) != 0) reason = errno;
  if (reason != 0) own.gate->fail(reason, "cannot be brought to its size");
  return 0;
}

// ENOSYS: a file system without locks.
herr_t lock(H5FD_t* file, hbool_t exclusive) {
  if (::flock(of(file)->descriptor, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 || errno == ENOSYS) return 0;
  return refuse(errno, H5E_BADFILE, "unable to lock file");
}
herr_t unlock(H5FD_t* file) {
  return ::flock(of(file)->descriptor, LOCK_UN) == 0 || errno == ENOSYS
             ? 0
             : refuse(errno, H5E_BADFILE, "unable to unlock file");
}

H5FD_class_t driver_class() {
  static const H5FD_mem_t one_list[H5FD_MEM_NTYPES] = H5FD_FLMAP_SINGLE;
  H5FD_class_t c{};
#if H5_VERSION_GE(1, 13, 0)
  c.version = H5FD_CLASS_VERSION;
  c.value = static_cast<H5FD_class_value_t>(600);  // beyond what HDF5 keeps for itself and for registered ones
#endif
  c.name = "infans";
  c.maxaddr = (haddr_t{1} << 62) - 1;
  c.fc_degree = H5F_CLOSE_WEAK;
  c.fapl_size = sizeof(Gate*);
  c.open = open;
  c.close = close;
  c.cmp = compare;
  c.query = query;
  c.get_eoa = get_eoa;
  c.set_eoa = set_eoa;
  c.get_eof = get_eof;
  c.get_handle = get_handle;
  c.read = read;
  c.write = write;
  c.truncate = truncate;
  c.lock = lock;
  c.unlock = unlock;
  std::memcpy(c.fl_map, one_list, sizeof one_list);
  return c;
}

hid_t driver() {
  static const H5FD_class_t own = driver_class();
  static hid_t id = -1;  // again after a registration that found no memory
  if (id < 0) id = H5FDregister(&own);
  return check(id, "", "HDF5 does not take the driver");
}

}  // namespace

void pass_through(const Handle& access, Gate& gate) {
  Gate* const own = &gate;
  check(H5Pset_driver(access, driver(), &own), "", "driver");
}

}  // namespace infans::experiments::h5
