#include "experiments/record/h5.hpp"

namespace infans::experiments::h5 {
namespace {

herr_t keep_deepest(unsigned, const H5E_error2_t* error, void* text) {
  if (error->desc != nullptr) *static_cast<std::string*>(text) = error->desc;
  return 0;
}

}  // namespace

void silence() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

std::string last_error() {
  std::string text = "unknown HDF5 error";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_deepest, &text);
  std::string deepest;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_deepest, &deepest);
  return deepest.empty() ? text : deepest;
}

void write_text_attribute(hid_t object, const std::string& path, const char* name, const std::string& text) {
  const Handle t = type(H5Tcopy(H5T_C_S1));
  H5Tset_size(t, text.size() + 1);
  H5Tset_cset(t, H5T_CSET_UTF8);
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
std::vector<T> read_dataset(hid_t location, const char* name) {
  const Handle d = dataset(H5Dopen2(location, name, H5P_DEFAULT));
  if (!d) return {};
  const Handle s = space(H5Dget_space(d));
  const hssize_t n = H5Sget_simple_extent_npoints(s);
  std::vector<T> values(n > 0 ? static_cast<std::size_t>(n) : 0);
  const hid_t memory = std::is_same_v<T, double> ? H5T_NATIVE_DOUBLE : H5T_NATIVE_LLONG;
  if (!values.empty() && H5Dread(d, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) return {};
  return values;
}

template std::vector<double> read_dataset<double>(hid_t, const char*);
template std::vector<long long> read_dataset<long long>(hid_t, const char*);

}  // namespace infans::experiments::h5
