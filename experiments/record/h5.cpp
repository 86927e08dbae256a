#include "experiments/record/h5.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace infans::experiments::h5 {
namespace {

herr_t keep_deepest(unsigned, const H5E_error2_t* error, void* text) {
  if (error->desc != nullptr) *static_cast<std::string*>(text) = error->desc;
  return 0;
}

// A reader beside a writer tries again where a checksum fails; by default 100 times with pauses that double, which for
// a damaged file is for ever.
Handle reading_access() {
  constexpr unsigned attempts = 28;  // half a second
  Handle p = properties(H5Pcreate(H5P_FILE_ACCESS));
  check(H5Pset_metadata_read_attempts(p, attempts), "", "reading attempts");
#if H5_VERSION_GE(1, 10, 7)
  // A reader's lock would keep a writer from opening: looking at a run must not stop it from going on.
  check(H5Pset_file_locking(p, false, true), "", "locking");
#endif
  return p;
}

std::mutex& library_mutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

Session::Session() : lock_(library_mutex()) {
  [[maybe_unused]] static const herr_t once = H5dont_atexit();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // the setting is per thread
}

Handle open_for_reading(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) throw base::FileError(path, "there is no such file");
  if (::access(path.c_str(), R_OK) != 0) throw base::FileError(path, "cannot be read; check its permissions");
  if (H5Fis_hdf5(path.c_str()) <= 0) throw base::FileError(path, "is not an HDF5 file; expected a run.h5");
  const auto open = [&](unsigned mode) { return H5Fopen(path.c_str(), H5F_ACC_RDONLY | mode, reading_access()); };
  // A running or killed writer leaves its flag set: only SWMR readers are let in.
  hid_t id = open(is_open_for_writing(path) ? H5F_ACC_SWMR_READ : 0);
  if (id < 0) id = open(H5F_ACC_SWMR_READ);
  return file(check(id, path, "cannot be opened"));
}

std::vector<long long> require_readable_version(hid_t file, const std::string& path) {
  constexpr long long readable = 1;
  const std::vector<long long> version = read_integers_attribute(file, "format_version");
  if (version.size() != 2) throw base::FileError(path, "has no format_version");
  const std::string name = std::to_string(version[0]) + "." + std::to_string(version[1]);
  const std::string ours = "; this program reads " + std::to_string(readable) + ".x";
  if (version[0] > readable)
    throw base::FileError(path, "was written in the newer format " + name + ours + ": install a newer Infans");
  if (version[0] != readable) throw base::FileError(path, "has format version " + name + ours);
  return version;
}

// The consistency flags of the superblock (versions 2 and 3), which HDF5 tells nobody.
bool is_open_for_writing(const std::string& path) {
  std::array<char, 12> head{};
  std::ifstream(path, std::ios::binary).read(head.data(), head.size());
  constexpr std::string_view signature{"\x89HDF\r\n\x1a\n", 8};
  return std::string_view(head.data(), 8) == signature && head[8] >= 2 && (head[11] & 0x05) != 0;
}

std::vector<std::string> attributes(hid_t object, const std::string& path) {
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5A_info_t*, void* all) -> herr_t {
    static_cast<std::vector<std::string>*>(all)->emplace_back(name);
    return 0;
  };
  check(H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &names), path, "cannot list its attributes");
  return names;
}

hid_t type_of(const Declared& dataset) {
  const std::pair<std::string_view, hid_t> types[] = {{"float64", H5T_IEEE_F64LE}, {"uint8", H5T_STD_U8LE},
                                                      {"int8", H5T_STD_I8LE},      {"int16", H5T_STD_I16LE},
                                                      {"int32", H5T_STD_I32LE},    {"int64", H5T_STD_I64LE}};
  for (const auto& [name, type] : types)
    if (name == dataset.type) return type;
  throw std::logic_error("record: no dataset is a " + std::string(dataset.type));
}

std::string agent_name(int k) {
  const std::string name = std::to_string(k + 1);
  return std::string(name.size() < 3 ? 3 - name.size() : 0, '0') + name;
}

Handle create_group(hid_t parent, const std::string& path, const char* name) {
  return group(check(H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), path,
                     std::string("cannot create ") + name));
}

void write_seed_attribute(hid_t object, const std::string& path, std::uint64_t seed) {
  const Handle s = space(H5Screate(H5S_SCALAR));
  const Handle a =
      attribute(check(H5Acreate2(object, "seed", H5T_STD_U64LE, s, H5P_DEFAULT, H5P_DEFAULT), path, "seed"));
  check(H5Awrite(a, H5T_NATIVE_UINT64, &seed), path, "seed");
}

std::uint64_t read_seed_attribute(hid_t object) {
  std::uint64_t seed = 0;
  if (H5Aexists(object, "seed") <= 0) return seed;
  const Handle a = attribute(H5Aopen(object, "seed", H5P_DEFAULT));
  return a && H5Aread(a, H5T_NATIVE_UINT64, &seed) >= 0 ? seed : 0;
}

std::string last_error() {
  std::string text = "unknown HDF5 error";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_deepest, &text);
  std::string deepest;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_deepest, &deepest);
  return deepest.empty() ? text : deepest;
}

void write_text_attribute(hid_t object, const std::string& path, const char* name, const std::string& text) {
  const Handle t = type(H5Tcopy(H5T_C_S1));
  check(H5Tset_size(t, text.size() + 1), path, name);
  check(H5Tset_cset(t, H5T_CSET_UTF8), path, name);
  const Handle s = space(H5Screate(H5S_SCALAR));
  const Handle a = attribute(check(H5Acreate2(object, name, t, s, H5P_DEFAULT, H5P_DEFAULT), path, name));
  check(H5Awrite(a, t, text.c_str()), path, name);
}

void write_integers_attribute(hid_t object, const std::string& path, const char* name,
                              const std::vector<long long>& values) {
  const hsize_t n = values.size();
  const Handle s = space(n == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &n, nullptr));
  const Handle a = attribute(check(H5Acreate2(object, name, H5T_STD_I64LE, s, H5P_DEFAULT, H5P_DEFAULT), path, name));
  check(H5Awrite(a, H5T_NATIVE_LLONG, values.data()), path, name);
}

void write_real_attribute(hid_t object, const std::string& path, const char* name, double value) {
  const Handle s = space(H5Screate(H5S_SCALAR));
  const Handle a = attribute(check(H5Acreate2(object, name, H5T_IEEE_F64LE, s, H5P_DEFAULT, H5P_DEFAULT), path, name));
  check(H5Awrite(a, H5T_NATIVE_DOUBLE, &value), path, name);
}

std::string read_text_attribute(hid_t object, const char* name) {
  if (H5Aexists(object, name) <= 0) return {};
  const Handle a = attribute(H5Aopen(object, name, H5P_DEFAULT));
  const Handle stored = type(H5Aget_type(a));
  if (!a || H5Tget_class(stored) != H5T_STRING || H5Tis_variable_str(stored) > 0) return {};
  std::string text(H5Tget_size(stored), '\0');
  if (H5Aread(a, stored, text.data()) < 0) return {};
  return text.c_str();  // up to the terminator
}

std::vector<long long> read_integers_attribute(hid_t object, const char* name) {
  if (H5Aexists(object, name) <= 0) return {};
  const Handle a = attribute(H5Aopen(object, name, H5P_DEFAULT));
  const Handle s = space(H5Aget_space(a));
  const hssize_t n = H5Sget_simple_extent_npoints(s);
  if (n < 1) return {};
  std::vector<long long> values(static_cast<std::size_t>(n));
  if (H5Aread(a, H5T_NATIVE_LLONG, values.data()) < 0) return {};
  return values;
}

template <typename T>
std::vector<T> read_dataset(hid_t location, const std::string& path, const std::string& name) {
  const std::string what = "cannot read " + name;
  const Handle d = dataset(check(H5Dopen2(location, name.c_str(), H5P_DEFAULT), path, what));
  const Handle s = space(check(H5Dget_space(d), path, what));
  std::vector<T> values(static_cast<std::size_t>(check(H5Sget_simple_extent_npoints(s), path, what)));
  const hid_t memory = std::is_same_v<T, double>      ? H5T_NATIVE_DOUBLE
                       : std::is_same_v<T, long long> ? H5T_NATIVE_LLONG
                                                      : H5T_NATIVE_UINT8;
  if (!values.empty()) check(H5Dread(d, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), path, what);
  return values;
}

hsize_t length_of(hid_t location, const std::string& path, const std::string& name) {
  const Handle d = dataset(check(H5Dopen2(location, name.c_str(), H5P_DEFAULT), path, "cannot read " + name));
  const Handle s = space(check(H5Dget_space(d), path, "cannot read " + name));
  return static_cast<hsize_t>(check(H5Sget_simple_extent_npoints(s), path, "cannot read " + name));
}

std::vector<double> read_row(hid_t location, const std::string& path, const std::string& name, hsize_t row) {
  const std::string what = "cannot read " + name;
  const Handle d = dataset(check(H5Dopen2(location, name.c_str(), H5P_DEFAULT), path, what));
  const Handle s = space(check(H5Dget_space(d), path, what));
  std::vector<hsize_t> count(static_cast<std::size_t>(check(H5Sget_simple_extent_ndims(s), path, what)));
  check(H5Sget_simple_extent_dims(s, count.data(), nullptr), path, what);
  std::vector<hsize_t> start(count.size(), 0);
  start.at(0) = row;
  count[0] = 1;
  check(H5Sselect_hyperslab(s, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), path, what);
  const Handle memory = space(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr));
  std::vector<double> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(memory)));
  check(H5Dread(d, H5T_NATIVE_DOUBLE, memory, s, H5P_DEFAULT, values.data()), path, what);
  return values;
}

template std::vector<double> read_dataset<double>(hid_t, const std::string&, const std::string&);
template std::vector<std::uint8_t> read_dataset<std::uint8_t>(hid_t, const std::string&, const std::string&);
template std::vector<long long> read_dataset<long long>(hid_t, const std::string&, const std::string&);

}  // namespace infans::experiments::h5
