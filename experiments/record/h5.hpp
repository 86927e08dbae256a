// A thin RAII layer over the HDF5 C API; private to this folder, the only one that includes hdf5.h.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "experiments/record/declaration.hpp"

namespace infans::experiments::h5 {

// Owns one identifier; the closing function is part of the type of thing it is.
class Handle {
 public:
  Handle() = default;
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() { reset(); }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      reset();
      id_ = std::exchange(other.id_, -1);
      close_ = other.close_;
    }
    return *this;
  }
  operator hid_t() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }
  // Stays open until the process ends.
  void leak() { id_ = -1; }
  // False where closing failed (a late write error shows here).
  bool reset() {
    const hid_t id = std::exchange(id_, -1);
    return id < 0 || close_(id) >= 0;
  }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

// The innermost message of HDF5's own error stack, e.g. "file write failed: ... No space left on device".
std::string last_error();
// Held around every use of HDF5 in this process: it keeps global state and is not always built thread-safe. Also keeps
// HDF5 from printing its errors, and from closing (writing) at exit what is still open.
class Session {
 public:
  Session();

 private:
  std::scoped_lock<std::mutex> lock_;
};

// HDF5 itself failed.
class LibraryError : public base::FileError {
 public:
  using FileError::FileError;
};

// Throws LibraryError(path, what + HDF5's reason) if status is negative.
template <typename T>
T check(T status, const std::string& path, const std::string& what) {
  if (status < 0) throw LibraryError(path, what + ": " + last_error());
  return status;
}

inline Handle file(hid_t id) { return {id, H5Fclose}; }
inline Handle group(hid_t id) { return {id, H5Gclose}; }
inline Handle dataset(hid_t id) { return {id, H5Dclose}; }
inline Handle space(hid_t id) { return {id, H5Sclose}; }
inline Handle properties(hid_t id) { return {id, H5Pclose}; }
inline Handle type(hid_t id) { return {id, H5Tclose}; }
inline Handle attribute(hid_t id) { return {id, H5Aclose}; }

// Finished, running and killed files alike. Throws base::FileError that says what is wrong with it.
Handle open_for_reading(const std::string& path);
// Whether its writer has not closed it: it still runs, or it was killed. False for what is no HDF5 file.
bool is_open_for_writing(const std::string& path);

// Major and minor; base::FileError where this program does not read it.
std::vector<long long> require_readable_version(hid_t file, const std::string& path);
// Names, in alphabetical order.
std::vector<std::string> attributes(hid_t object, const std::string& path);

// HDF5's own of a declared dataset; not to be closed.
hid_t type_of(const Declared& dataset);

// Agent k (from 0) is "001", "002", ...
std::string agent_name(int k);
Handle create_group(hid_t parent, const std::string& path, const char* name);
void write_text_attribute(hid_t object, const std::string& path, const char* name, const std::string& text);
void write_integers_attribute(hid_t object, const std::string& path, const char* name,
                              const std::vector<long long>& values);
void write_real_attribute(hid_t object, const std::string& path, const char* name, double value);
// A seed uses all 64 bits, so it is stored unsigned.
void write_seed_attribute(hid_t object, const std::string& path, std::uint64_t seed);
std::uint64_t read_seed_attribute(hid_t object);
// "" / {} where the attribute is absent.
std::string read_text_attribute(hid_t object, const char* name);
std::vector<long long> read_integers_attribute(hid_t object, const char* name);

// Of a dataset: how many values it has, and those of one row.
hsize_t length_of(hid_t location, const std::string& path, const std::string& name);
std::vector<double> read_row(hid_t location, const std::string& path, const std::string& name, hsize_t row);
// A whole dataset as long long, double or bytes (HDF5 converts), row-major; an unreadable one is a base::FileError.
template <typename T>
std::vector<T> read_dataset(hid_t location, const std::string& path, const std::string& name);

}  // namespace infans::experiments::h5
