#include "experiments/record/checkpoint.hpp"

#include <unistd.h>

#include <filesystem>

#include "experiments/record/h5.hpp"
#include "experiments/record/posix_file.hpp"
#include "experiments/record/storage.hpp"

namespace infans::experiments {
namespace {

using h5::check;
using h5::Handle;

constexpr long long format_version[] = {1, 1};

// One chunk, so that its checksum covers all of it.
void write_state(hid_t file, const std::string& path, const std::vector<std::uint8_t>& state) {
  const hsize_t size = state.size(), chunk = size > 0 ? size : 1;
  const Handle all = h5::space(check(H5Screate_simple(1, &size, nullptr), path, "state"));
  const Handle how = h5::properties(check(H5Pcreate(H5P_DATASET_CREATE), path, "state"));
  check(H5Pset_chunk(how, 1, &chunk), path, "state");
  check(H5Pset_fletcher32(how), path, "state");
  const Handle d =
      h5::dataset(check(H5Dcreate2(file, "state", H5T_STD_U8LE, all, H5P_DEFAULT, how, H5P_DEFAULT), path, "state"));
  if (size > 0) check(H5Dwrite(d, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, state.data()), path, "state");
}

void write_file(const std::string& path, const Checkpoint& checkpoint, h5::Gate& gate) {
  const h5::Session session;
  const Handle creation = h5::file_creation(), access = h5::file_access(gate);
  Handle file = h5::file(check(H5Fcreate(path.c_str(), H5F_ACC_EXCL, creation, access), path, "cannot be created"));
  const h5::ShutOnError shut(gate);
  h5::write_text_attribute(file, path, "filetype", "infans-checkpoint");
  h5::write_integers_attribute(file, path, "format_version", {format_version[0], format_version[1]});
  for (const auto& [name, text] : checkpoint.texts) h5::write_text_attribute(file, path, name.c_str(), text);
  write_state(file, path, checkpoint.state);
  if (!file.reset()) throw base::FileError(path, "cannot be closed: " + h5::last_error());
  gate.require_whole(path);
}

}  // namespace

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint, const Faults& faults) {
  h5::Gate gate(faults);
  const std::string temporary = path + ".tmp";
  ::unlink(temporary.c_str());  // of a process that was killed
  try {
    write_file(temporary, checkpoint, gate);
    PosixFile::open(temporary).sync(gate.sync());
    // A second name first: there is one under `path` at any moment.
    const std::string previous = path + ".previous";
    ::unlink(previous.c_str());
    if (::access(path.c_str(), F_OK) == 0) give_name(path, previous);
    rename_synced(temporary, path);
  } catch (const base::FileError& e) {
    ::unlink(temporary.c_str());
    throw base::FileError(path, std::string("the checkpoint cannot be written, the one before it stays: ") + e.what());
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

Checkpoint read_checkpoint(const std::string& path) {
  const h5::Session session;
  const Handle file = h5::open_for_reading(path);
  const std::string filetype = h5::read_text_attribute(file, "filetype");
  if (filetype != "infans-checkpoint")
    throw base::FileError(path, "is an HDF5 file of type '" + filetype + "', not an infans-checkpoint");
  h5::require_readable_version(file, path);
  if (h5::length_of(file, path, "state") > std::filesystem::file_size(path))
    throw base::FileError(path, "claims a state that is larger than the file: it is damaged");
  Checkpoint checkpoint;
  for (const std::string& name : h5::attributes(file, path))
    if (name != "filetype" && name != "format_version")
      checkpoint.texts.emplace_back(name, h5::read_text_attribute(file, name.c_str()));
  checkpoint.state = h5::read_dataset<std::uint8_t>(file, path, "state");
  return checkpoint;
}

}  // namespace infans::experiments
