#include "experiments/record/rewrite.hpp"

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <sstream>

#include "experiments/record/posix_file.hpp"
#include "experiments/record/storage.hpp"

namespace infans::experiments::h5 {
namespace {

constexpr std::size_t piece_bytes = 4u << 20;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

herr_t add_name(hid_t, const char* name, const H5L_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

// A dataset as it is read and written: its own type in memory, so that no bit changes.
struct Rows {
  Rows(hid_t file, const std::string& path, const std::string& name) : path(path), name(name) {
    data = dataset(check(H5Dopen2(file, name.c_str(), H5P_DEFAULT), path, "cannot open " + name));
    kind = type(check(H5Dget_type(data), path, name));
    const Handle all = space(check(H5Dget_space(data), path, name));
    size.resize(static_cast<std::size_t>(check(H5Sget_simple_extent_ndims(all), path, name)));
    most.resize(size.size());
    check(H5Sget_simple_extent_dims(all, size.data(), most.data()), path, name);
    row_bytes = H5Tget_size(kind);
    for (std::size_t i = 1; i < size.size(); ++i) row_bytes *= static_cast<std::size_t>(size[i]);
  }

  template <typename Transfer, typename Buffer>
  void transfer(const Transfer& how, hsize_t first, hsize_t rows, Buffer* buffer) const {
    std::vector<hsize_t> start(size.size(), 0), count = size;
    start.at(0) = first;
    count[0] = rows;
    const Handle here = space(check(H5Dget_space(data), path, name));
    check(H5Sselect_hyperslab(here, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), path, name);
    const Handle memory =
        space(check(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), path, name));
    check(how(data, kind, memory, here, H5P_DEFAULT, buffer), path, name);
  }

  const std::string &path, &name;
  Handle data, kind;
  std::vector<hsize_t> size, most;
  std::size_t row_bytes = 0;
};

// Visits rows 0 .. rows - 1 in pieces.
void in_pieces(const Rows& rows, hsize_t count, const std::function<void(hsize_t, hsize_t)>& visit) {
  if (rows.row_bytes == 0) return;
  hsize_t step = std::max<hsize_t>(1, piece_bytes / rows.row_bytes);
  if (step > 256) step -= step % 256;  // whole chunks
  for (hsize_t first = 0; first < count; first += step) visit(first, std::min(step, count - first));
}

class Copy {
 public:
  Copy(const std::string& from, const std::string& to)
      : from_path_(from), to_path_(to), from_(open_for_reading(from)), rows_(counted_rows(from_, from)) {}

  Rewritten write() {
    const Handle creation = file_creation(), access = file_access(gate_);
    to_ = file(check(H5Fcreate(to_path_.c_str(), H5F_ACC_EXCL, creation, access), to_path_, "cannot be created"));
    const ShutOnError shut(gate_);
    copy_group("");
    if (!to_.reset()) throw base::FileError(to_path_, "cannot be closed: " + last_error());
    gate_.require_whole(to_path_);
    return done_;
  }

  void compare() {
    to_ = open_for_reading(to_path_);
    for (const std::string& name : datasets_) {
      const Rows here(to_, to_path_, name);
      compare(Rows(from_, from_path_, name), here, here.size[0], name);
    }
    to_.reset();
  }

 private:
  [[noreturn]] void differ(const std::string& name) const {
    throw base::FileError(to_path_, name + " does not read back as it was written");
  }

  void compare(const Rows& a, const Rows& b, hsize_t rows, const std::string& name) {
    in_pieces(a, rows, [&](hsize_t first, hsize_t n) {
      std::vector<char> left(n * a.row_bytes), right(left.size());
      a.transfer(H5Dread, first, n, left.data());
      b.transfer(H5Dread, first, n, right.data());
      if (left != right) differ(name);
    });
  }

  void copy_attributes(hid_t from, hid_t to) const {
    for (const std::string& name : attributes(from, from_path_)) {
      const Handle a = attribute(check(H5Aopen(from, name.c_str(), H5P_DEFAULT), from_path_, name));
      const Handle kind = type(check(H5Aget_type(a), from_path_, name));
      const Handle size = space(check(H5Aget_space(a), from_path_, name));
      std::vector<char> value(H5Tget_size(kind) * static_cast<std::size_t>(H5Sget_simple_extent_npoints(size)));
      check(H5Aread(a, kind, value.data()), from_path_, name);
      const Handle b =
          attribute(check(H5Acreate2(to, name.c_str(), kind, size, H5P_DEFAULT, H5P_DEFAULT), to_path_, name));
      check(H5Awrite(b, kind, value.data()), to_path_, name);
    }
  }

  void copy_group(const std::string& path) {
    const std::string place = path.empty() ? "/" : path;
    const Handle from = group(check(H5Gopen2(from_, place.c_str(), H5P_DEFAULT), from_path_, place));
    const Handle to = path.empty() ? group(check(H5Gopen2(to_, "/", H5P_DEFAULT), to_path_, place))
                                   : create_group(to_, to_path_, path.c_str());
    copy_attributes(from, to);
    std::vector<std::string> names;
    check(H5Literate(from, H5_INDEX_NAME, H5_ITER_INC, nullptr, add_name, &names), from_path_, place);
    for (const std::string& name : names) {
      const std::string inner = path.empty() ? name : path + "/" + name;
      const Handle object{check(H5Oopen(from_, inner.c_str(), H5P_DEFAULT), from_path_, inner), H5Oclose};
      if (H5Iget_type(object) == H5I_GROUP)
        copy_group(inner);
      else
        copy_dataset(inner);
    }
  }

  void copy_dataset(const std::string& name) {
    const Rows source(from_, from_path_, name);
    const auto counted = rows_.find(name);
    std::vector<hsize_t> size = source.size;
    if (counted != rows_.end()) {
      if (counted->second > size.at(0))
        throw base::FileError(from_path_, name + " has " + std::to_string(size[0]) + " rows where " +
                                              std::to_string(counted->second) + " count: it is damaged");
      done_.kept += static_cast<std::int64_t>(counted->second);
      done_.dropped += static_cast<std::int64_t>(size[0] - counted->second);
      size[0] = counted->second;
    }
    datasets_.push_back(name);
    create(source, size);
    const Rows target(to_, to_path_, name);
    copy_attributes(source.data, target.data);
    in_pieces(source, size[0], [&](hsize_t first, hsize_t n) {
      std::vector<char> rows(n * source.row_bytes);
      source.transfer(H5Dread, first, n, rows.data());
      target.transfer(H5Dwrite, first, n, static_cast<const char*>(rows.data()));
    });
  }

  void create(const Rows& source, const std::vector<hsize_t>& size) const {
    const Handle how = properties(check(H5Dget_create_plist(source.data), from_path_, source.name));
    const Handle all = space(
        check(H5Screate_simple(static_cast<int>(size.size()), size.data(), source.most.data()), to_path_, source.name));
    const Handle made = dataset(check(
        H5Dcreate2(to_, source.name.c_str(), source.kind, all, H5P_DEFAULT, how, H5P_DEFAULT), to_path_, source.name));
  }

  const std::string from_path_, to_path_;
  const Handle from_;
  Gate gate_;
  Handle to_;
  std::map<std::string, hsize_t> rows_;  // that count
  std::vector<std::string> datasets_;    // as copied
  Rewritten done_;
};

void count_children(hid_t file, const std::string& path, const std::string& group_name, hsize_t rows,
                    std::map<std::string, hsize_t>& counted) {
  for (const std::string& name : children(file, path, group_name)) counted[group_name + "/" + name] = rows;
}

}  // namespace

std::vector<std::string> children(hid_t file, const std::string& path, const std::string& name) {
  const Handle g = group(check(H5Gopen2(file, name.c_str(), H5P_DEFAULT), path, "cannot open " + name));
  std::vector<std::string> names;
  check(H5Literate(g, H5_INDEX_NAME, H5_ITER_INC, nullptr, add_name, &names), path, name);
  return names;
}

std::vector<std::string> participants(hid_t file, const std::string& path) {
  std::vector<std::string> names = children(file, path, "participants");
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return std::stoi(a) < std::stoi(b); });
  return names;
}

std::map<std::string, hsize_t> counted_rows(hid_t file, const std::string& path) {
  std::map<std::string, hsize_t> counted;
  const std::string filetype = read_text_attribute(file, "filetype");
  if (filetype == "infans-run") {
    const auto steps = read_dataset<long long>(file, path, "committed_steps");
    const auto episodes = read_dataset<long long>(file, path, "committed_episodes");
    for (std::size_t k = 0; k < steps.size(); ++k) {
      const std::string agent = "agents/" + agent_name(static_cast<int>(k));
      count_children(file, path, agent + "/step", static_cast<hsize_t>(steps[k]), counted);
      count_children(file, path, agent + "/episode", static_cast<hsize_t>(episodes.at(k)), counted);
    }
    return counted;
  }
  if (filetype != "infans-study")
    throw base::FileError(path, "is an HDF5 file of type '" + filetype + "', not a record");
  const std::vector<std::string> names = participants(file, path);
  for (const auto& [attribute, counts] : {std::pair{"tables", "committed"}, std::pair{"logs", "committed_logs"}}) {
    const std::vector<std::string> tables = lines_of(read_text_attribute(file, attribute));
    if (tables.empty()) continue;
    const auto rows = read_dataset<long long>(file, path, counts);
    for (std::size_t k = 0; k < names.size(); ++k)
      for (std::size_t t = 0; t < tables.size(); ++t) {
        const bool probe = std::string(attribute) == "tables" && t > 0;
        const std::string table = "participants/" + names[k] + (probe ? "/probes/" : "/") + tables[t];
        if (H5Lexists(file, table.c_str(), H5P_DEFAULT) > 0)
          counted[table] = static_cast<hsize_t>(rows.at(k * tables.size() + t));
      }
  }
  return counted;
}

Rewritten rewrite(const std::string& path) {
  const std::string beside = path + ".recovering";
  ::unlink(beside.c_str());  // of a recovery that was killed
  try {
    Copy copy(path, beside);
    Rewritten done = copy.write();
    PosixFile::open(beside).sync();
    copy.compare();
    done.crashed = keep_as(path, ".crashed");
    rename_synced(beside, path);
    return done;
  } catch (...) {
    ::unlink(beside.c_str());
    throw;
  }
}

}  // namespace infans::experiments::h5
