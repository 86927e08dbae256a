#include "experiments/record/recorder.hpp"

#include <unistd.h>

#include <chrono>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>

#include "experiments/record/h5.hpp"

namespace infans::experiments {
namespace {

using h5::check;
using h5::Handle;

constexpr long long format_version[] = {1, 0};
constexpr hsize_t step_chunk = 64, episode_chunk = 32;
// Power loss costs at most this much; a killed process costs nothing that was flushed.
constexpr std::chrono::seconds sync_period{5};

// Creation properties of a chunked, checksummed dataset. Ranks above 1 keep their inner axes whole in a chunk.
Handle creation(const std::vector<hsize_t>& chunk) {
  Handle p = h5::properties(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_chunk(p, static_cast<int>(chunk.size()), chunk.data());
  H5Pset_fletcher32(p);
  return p;
}

}  // namespace

struct Recorder::Impl {
  struct Table {
    std::vector<Handle> datasets;
    hsize_t rows = 0;
  };

  std::string path;
  std::mutex mutex;
  std::vector<Column<StepRow>> step;
  std::vector<Column<EpisodeRow>> episode;
  Handle file;
  std::vector<Table> step_tables, episode_tables;
  Handle committed_steps, committed_episodes;
  std::vector<Handle> ledger;
  bool broken = false;
  std::chrono::steady_clock::time_point synced = std::chrono::steady_clock::now();

  void create(const RunHeader& header);
  void write_header(const RunHeader& header);
  template <typename Row>
  Table create_table(hid_t parent, const char* name, const std::vector<Column<Row>>& columns, hsize_t chunk);
  Handle create_vector(const char* name, hid_t type, hsize_t size, double fill, const char* unit, const char* doc);
  template <typename Row>
  void append(const std::vector<Column<Row>>& columns, Table& table, const std::vector<Row>& rows);
  void write_element(const Handle& dataset, int index, double value);
  void flush();
  void sync();
};

void Recorder::Impl::write_header(const RunHeader& h) {
  const auto text = [&](const char* name, const std::string& value) {
    h5::write_text_attribute(file, path, name, value);
  };
  text("filetype", "infans-run");
  h5::write_integers_attribute(file, path, "format_version", {format_version[0], format_version[1]});
  text("infans_version", h.infans_version);
  text("git_hash", h.git_hash);
  text("mujoco_version", h.mujoco_version);
  text("isa", h.isa);
  text("spec_name", h.spec_name);
  text("spec_toml", h.spec_toml);
  text("mjcf", h.mjcf);
  text("modalities", h.modalities_json);
  text("joints", h.joints_json);
  text("outcome_json", h.outcome_json);
  h5::write_integers_attribute(file, path, "seed", {static_cast<long long>(h.seed)});
  h5::write_integers_attribute(file, path, "episode_steps", {h.episode_steps});
  const Handle space = h5::space(H5Screate(H5S_SCALAR));
  const Handle a = h5::attribute(
      check(H5Acreate2(file, "control_period", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT), path, "control_period"));
  check(H5Awrite(a, H5T_NATIVE_DOUBLE, &h.control_period), path, "control_period");
}

template <typename Row>
Recorder::Impl::Table Recorder::Impl::create_table(hid_t parent, const char* name,
                                                   const std::vector<Column<Row>>& columns, hsize_t chunk_rows) {
  Table table;
  const Handle group = h5::group(check(H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), path, name));
  for (const Column<Row>& c : columns) {
    std::vector<hsize_t> size{0}, chunk{chunk_rows};
    if (c.split > 0)
      size.insert(size.end(), {c.width / c.split, c.split});
    else if (c.width > 0)
      size.push_back(c.width);
    chunk.insert(chunk.end(), size.begin() + 1, size.end());
    std::vector<hsize_t> most = size;
    most[0] = H5S_UNLIMITED;
    const Handle space = h5::space(H5Screate_simple(static_cast<int>(size.size()), size.data(), most.data()));
    table.datasets.push_back(h5::dataset(
        check(H5Dcreate2(group, c.name, c.file_type, space, H5P_DEFAULT, creation(chunk), H5P_DEFAULT), path, c.name)));
    h5::write_text_attribute(table.datasets.back(), path, "unit", c.unit);
    h5::write_text_attribute(table.datasets.back(), path, "doc", c.doc);
  }
  return table;
}

Handle Recorder::Impl::create_vector(const char* name, hid_t type, hsize_t size, double fill, const char* unit,
                                     const char* doc) {
  const Handle space = h5::space(H5Screate_simple(1, &size, nullptr)), p = creation({size});
  H5Pset_fill_value(p, H5T_NATIVE_DOUBLE, &fill);
  Handle d = h5::dataset(check(H5Dcreate2(file, name, type, space, H5P_DEFAULT, p, H5P_DEFAULT), path, name));
  h5::write_text_attribute(d, path, "unit", unit);
  h5::write_text_attribute(d, path, "doc", doc);
  return d;
}

void Recorder::Impl::create(const RunHeader& header) {
  h5::silence();
  step = step_columns(header);
  episode = episode_columns(header);
  const Handle access = h5::properties(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  // Long texts (MJCF, spec) need attributes outside the 64 kB object header.
  const Handle make = h5::properties(H5Pcreate(H5P_FILE_CREATE));
  H5Pset_attr_phase_change(make, 0, 0);
  if (::access(path.c_str(), F_OK) == 0)
    throw base::FileError(path, "exists already and is never overwritten; choose another place or move it away");
  file = h5::file(check(H5Fcreate(path.c_str(), H5F_ACC_EXCL, make, access), path,
                        "cannot be created; check that the directory exists, is writable and has room"));
  write_header(header);
  const auto agents = static_cast<hsize_t>(header.agents);
  committed_steps = create_vector("committed_steps", H5T_STD_I64LE, agents, 0, "rows", "rows of each agent that count");
  committed_episodes = create_vector("committed_episodes", H5T_STD_I64LE, agents, 0, "rows", "episode rows that count");
  const Handle ledger_group = h5::group(check(H5Gcreate2(file, "ledger", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), path, "ledger"));
  for (const auto& c : ledger_columns)
    ledger.push_back(create_vector((std::string("ledger/") + c.name).c_str(), H5T_IEEE_F64LE, agents,
                                   std::numeric_limits<double>::quiet_NaN(), "s", c.doc));
  const Handle all = h5::group(check(H5Gcreate2(file, "agents", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), path, "agents"));
  for (int k = 0; k < header.agents; ++k) {
    std::string name = std::to_string(k + 1);
    name.insert(0, name.size() < 3 ? 3 - name.size() : 0, '0');
    const Handle agent = h5::group(check(H5Gcreate2(all, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), path, name));
    h5::write_integers_attribute(agent, path, "seed", {static_cast<long long>(header.seed) + k});
    h5::write_integers_attribute(agent, path, "agent", {k + 1});
    step_tables.push_back(create_table(agent, "step", step, step_chunk));
    episode_tables.push_back(create_table(agent, "episode", episode, episode_chunk));
  }
  check(H5Fstart_swmr_write(file), path, "cannot switch to single-writer-multiple-readers mode");
}

template <typename Row>
void Recorder::Impl::append(const std::vector<Column<Row>>& columns, Table& table, const std::vector<Row>& rows) {
  if (rows.empty()) return;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column<Row>& c = columns[i];
    std::vector<double> values;
    for (const Row& row : rows) c.append(row, values);
    std::vector<hsize_t> start{table.rows}, count{rows.size()};
    if (c.split > 0)
      count.insert(count.end(), {c.width / c.split, c.split});
    else if (c.width > 0)
      count.push_back(c.width);
    start.resize(count.size(), 0);
    std::vector<hsize_t> size = count;
    size[0] += table.rows;
    check(H5Dset_extent(table.datasets[i], size.data()), path, std::string("cannot extend ") + c.name);
    const Handle target = h5::space(H5Dget_space(table.datasets[i]));
    H5Sselect_hyperslab(target, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
    const Handle memory = h5::space(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr));
    check(H5Dwrite(table.datasets[i], H5T_NATIVE_DOUBLE, memory, target, H5P_DEFAULT, values.data()), path,
          std::string("cannot write ") + c.name);
  }
  table.rows += rows.size();
}

void Recorder::Impl::write_element(const Handle& dataset, int index, double value) {
  const hsize_t start = static_cast<hsize_t>(index), one = 1;
  const Handle target = h5::space(H5Dget_space(dataset)), memory = h5::space(H5Screate_simple(1, &one, nullptr));
  H5Sselect_hyperslab(target, H5S_SELECT_SET, &start, nullptr, &one, nullptr);
  check(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, memory, target, H5P_DEFAULT, &value), path, "cannot write a count");
}

void Recorder::Impl::flush() { check(H5Fflush(file, H5F_SCOPE_GLOBAL), path, "cannot be flushed (is the disk full?)"); }

void Recorder::Impl::sync() {
  void* descriptor = nullptr;
  if (H5Fget_vfd_handle(file, H5P_DEFAULT, &descriptor) >= 0 && fsync(*static_cast<int*>(descriptor)) != 0)
    throw base::FileError(path, "fsync failed: the disk may be full or gone");
  synced = std::chrono::steady_clock::now();
}

Recorder::Recorder(const std::string& path, const RunHeader& header) : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->create(header);
}

Recorder::~Recorder() {
  try {
    close();
  } catch (const base::Error&) {
    // A destructor must not throw; close() is there for callers who want to know.
  }
}

void Recorder::commit(int agent, const std::vector<StepRow>& steps, const std::vector<EpisodeRow>& episodes) {
  const std::scoped_lock lock(impl_->mutex);
  Impl& m = *impl_;
  if (m.broken || !m.file) throw base::FileError(m.path, "an earlier write failed; nothing more is written to it");
  const auto k = static_cast<std::size_t>(agent);
  m.broken = true;  // until this block is safe
  m.append(m.step, m.step_tables.at(k), steps);
  m.append(m.episode, m.episode_tables.at(k), episodes);
  m.flush();
  m.write_element(m.committed_steps, agent, static_cast<double>(m.step_tables[k].rows));
  m.write_element(m.committed_episodes, agent, static_cast<double>(m.episode_tables[k].rows));
  m.flush();
  if (std::chrono::steady_clock::now() - m.synced > sync_period) m.sync();
  m.broken = false;
}

void Recorder::commit_ledger(int agent, const LedgerRow& row) {
  const std::scoped_lock lock(impl_->mutex);
  Impl& m = *impl_;
  if (m.broken || !m.file) throw base::FileError(m.path, "an earlier write failed; nothing more is written to it");
  for (std::size_t i = 0; i < m.ledger.size(); ++i) m.write_element(m.ledger[i], agent, row.*ledger_columns[i].member);
  m.flush();
}

void Recorder::close() {
  const std::scoped_lock lock(impl_->mutex);
  Impl& m = *impl_;
  if (!m.file) return;
  std::optional<base::FileError> failure;
  try {
    m.flush();
    m.sync();
  } catch (const base::FileError& e) {
    failure = e;
  }
  m.step_tables.clear();
  m.episode_tables.clear();
  m.ledger.clear();
  m.committed_steps.reset();
  m.committed_episodes.reset();
  m.file.reset();
  if (failure) throw *failure;
}

}  // namespace infans::experiments
