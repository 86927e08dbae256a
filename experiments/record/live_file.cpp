#include "experiments/record/live_file.hpp"

#include <unistd.h>

#include "experiments/record/storage.hpp"

namespace infans::experiments::h5 {
namespace {

// Power loss costs at most this much; a killed process costs nothing that was flushed.
constexpr std::chrono::seconds sync_period{5};

// What a kill left of a record that was being made. Throws base::FileError where somebody is making one now.
void remove_stale(const std::string& made) {
  if (::access(made.c_str(), F_OK) != 0) return;
  PosixFile stale = PosixFile::open(made);
  stale.lock();
  ::unlink(made.c_str());
}

}  // namespace

void LiveFile::create(const std::string& path) {
  path_ = path;
  if (::access(path.c_str(), F_OK) == 0)
    throw base::FileError(path, "exists already and is never overwritten; choose another place or move it away");
  made_ = path + ".new";
  remove_stale(made_);
  const Handle creation = file_creation(), access = file_access(gate_);
  file_ = file(H5Fcreate(made_.c_str(), H5F_ACC_EXCL, creation, access));
  ours_ = static_cast<bool>(file_);
  const std::string reason = file_ ? "" : last_error();
  if (!file_) ours_ = reason.find("File exists") == std::string::npos;  // another process may have been quicker
  if (!file_)
    throw base::FileError(path,
                          "cannot be created; check that the directory exists, is writable and has room: " + reason);
  own_ = PosixFile::open(made_);
  own_.lock();
}

void LiveFile::publish() {
  sync();
  take_name(made_, path_);
  made_ = path_;
  own_.renamed(path_);
  gate_.renamed(path_);
  sync_directory_of(path_);
}

void LiveFile::take(const std::string& path) {
  path_ = path;
  own_ = PosixFile::open(path);
  own_.lock();
  own_.require_in_place();  // while this waited, it may have been recovered to another file
}

void LiveFile::reopen() {
  take(path_);  // it may be another file by now
  const Handle access = file_access(gate_);
  file_ = file(check(H5Fopen(path_.c_str(), H5F_ACC_RDWR | H5F_ACC_SWMR_WRITE, access), path_,
                     "cannot be opened to go on writing"));
}

void LiveFile::remove() {
  if (ours_) ::unlink(made_.c_str());
}

void LiveFile::start_swmr() {
  check(H5Fstart_swmr_write(file_), path_, "cannot switch to single-writer-multiple-readers mode");
}

Handle LiveFile::table(const std::string& name, hid_t type, const std::vector<hsize_t>& inner, hsize_t chunk_rows,
                       int compression) const {
  std::vector<hsize_t> size{0}, most{H5S_UNLIMITED};
  for (const hsize_t n : inner) {
    size.push_back(n);
    most.push_back(n);
  }
  const std::vector<hsize_t> chunk = chunk_of(inner, chunk_rows);
  const Handle all =
      space(check(H5Screate_simple(static_cast<int>(size.size()), size.data(), most.data()), path_, name));
  const bool real = H5Tget_class(type) == H5T_FLOAT;
  return dataset(check(H5Dcreate2(file_, name.c_str(), type, all, H5P_DEFAULT,
                                  dataset_creation(chunk, real, compression), dataset_access(chunk)),
                       path_, "cannot create " + name));
}

Handle LiveFile::open_table(const std::string& name, const std::vector<hsize_t>& inner, hsize_t chunk_rows) const {
  return dataset(
      check(H5Dopen2(file_, name.c_str(), dataset_access(chunk_of(inner, chunk_rows))), path_, "cannot open " + name));
}

// Chunked because SWMR readers need it, without a checksum because a reader may look in the middle of a write.
Handle LiveFile::values(const Declared& declared, const std::vector<hsize_t>& size) const {
  const std::string name(declared.path);
  const hid_t type = type_of(declared);
  const Handle all = space(check(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr), path_, name));
  const Handle p = dataset_creation(size, H5Tget_class(type) == H5T_FLOAT, 0);
  check(H5Premove_filter(p, H5Z_FILTER_FLETCHER32), path_, name);
  check(H5Pset_alloc_time(p, H5D_ALLOC_TIME_EARLY), path_, name);  // a value then never changes metadata
  Handle d = dataset(check(H5Dcreate2(file_, name.c_str(), type, all, H5P_DEFAULT, p, unbuffered()), path_, name));
  write_text_attribute(d, path_, "unit", std::string(declared.unit));
  write_text_attribute(d, path_, "doc", std::string(declared.doc));
  return d;
}

Handle LiveFile::open_values(const char* name) const {
  return dataset(check(H5Dopen2(file_, name, unbuffered()), path_, std::string("cannot open ") + name));
}

void LiveFile::append(const Handle& d, const std::string& name, const std::vector<hsize_t>& inner, hsize_t rows,
                      hsize_t more, hid_t type, const void* data) const {
  std::vector<hsize_t> start(1 + inner.size(), 0), count{more};
  start[0] = rows;
  count.insert(count.end(), inner.begin(), inner.end());
  std::vector<hsize_t> size = count;
  size[0] += rows;
  check(H5Dset_extent(d, size.data()), path_, "cannot extend " + name);
  for (const hsize_t n : count)
    if (n == 0) return;
  const std::string what = "cannot write " + name;
  const Handle target = space(check(H5Dget_space(d), path_, what));
  check(H5Sselect_hyperslab(target, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), path_, what);
  const Handle memory =
      space(check(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), path_, what));
  check(H5Dwrite(d, type, memory, target, H5P_DEFAULT, data), path_, what);
  // Each by itself: H5Fflush goes on to the metadata after a failed data write, and the index then points to nothing.
  check(H5Dflush(d), path_, what);
}

void LiveFile::read(const Handle& d, const std::string& name, const std::vector<hsize_t>& inner, hsize_t first,
                    hsize_t rows, hid_t type, void* data) const {
  std::vector<hsize_t> start(1 + inner.size(), 0), count{rows};
  start[0] = first;
  count.insert(count.end(), inner.begin(), inner.end());
  const std::string what = "cannot read " + name;
  const Handle source = space(check(H5Dget_space(d), path_, what));
  check(H5Sselect_hyperslab(source, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), path_, what);
  const Handle memory =
      space(check(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), path_, what));
  check(H5Dread(d, type, memory, source, H5P_DEFAULT, data), path_, what);
}

void LiveFile::write_values(const Handle& d, const std::string& name, const std::vector<hsize_t>& start,
                            const std::vector<double>& values) const {
  const std::string what = "cannot write " + name;
  std::vector<hsize_t> count(start.size(), 1);
  count.back() = values.size();
  const Handle target = space(check(H5Dget_space(d), path_, what));
  const Handle memory =
      space(check(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), path_, what));
  check(H5Sselect_hyperslab(target, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), path_, what);
  check(H5Dwrite(d, H5T_NATIVE_DOUBLE, memory, target, H5P_DEFAULT, values.data()), path_, what);
  check(H5Dflush(d), path_, what);
}

void LiveFile::flush() const {
  check(H5Fflush(file_, H5F_SCOPE_GLOBAL), path_, "cannot be flushed (is the disk full?)");
}

void LiveFile::sync_now_and_then() {
  if (std::chrono::steady_clock::now() - synced_ > sync_period) sync();
}

void LiveFile::sync() {
  own_.sync(gate_.sync());
  own_.require_in_place();
  synced_ = std::chrono::steady_clock::now();
}

}  // namespace infans::experiments::h5
