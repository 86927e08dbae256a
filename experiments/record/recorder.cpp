#include "experiments/record/recorder.hpp"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>

#include "experiments/record/columns.hpp"
#include "experiments/record/h5.hpp"
#include "experiments/record/storage.hpp"

namespace infans::experiments {
namespace {

using h5::check;
using h5::Handle;

constexpr long long format_version[] = {1, 0};
constexpr hsize_t step_chunk = 64, episode_chunk = 32;
// Power loss costs at most this much; a killed process costs nothing that was flushed.
constexpr std::chrono::seconds sync_period{5};

void require_sizes(const RunHeader& h) {
  for (const int n : {h.agents - 1, h.observation_size, h.action_size, h.model_inputs, h.rejected, h.physics_size})
    if (n < 0) throw std::logic_error("Recorder: no agent, or a negative size is declared");
}

}  // namespace

struct Recorder::Impl {
  struct Table {
    std::vector<Handle> datasets;
    hsize_t rows = 0;
  };

  std::string path;
  std::vector<Column<StepRow>> step;
  std::vector<Column<EpisodeRow>> episode;
  Handle file;
  std::vector<Table> step_tables, episode_tables;
  Handle committed_steps, committed_episodes;
  std::vector<Handle> ledger;
  bool ours = false;  // created by this recorder
  bool broken = false;
  std::chrono::steady_clock::time_point synced = std::chrono::steady_clock::now();

  void create(const RunHeader& header);
  void write_header(const RunHeader& header);
  template <typename Row>
  Table create_table(hid_t parent, const char* name, const std::vector<Column<Row>>& columns, hsize_t chunk);
  Handle create_vector(const char* name, hid_t type, hsize_t size, bool real, const char* unit, const char* doc);
  template <typename Row>
  void append(const std::vector<Column<Row>>& columns, Table& table, const Block& block, hsize_t rows);
  void write_element(const Handle& dataset, const char* name, int agent, double value);
  void require_agent(int agent) const;
  template <typename Visit>
  void each_handle(const Visit& visit);
  template <typename Write>
  void guarded(const Write& write);
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
  h5::write_seed_attribute(file, path, h.seed);
  h5::write_integers_attribute(file, path, "episode_steps", {h.episode_steps});
  const Handle space = h5::space(H5Screate(H5S_SCALAR));
  const Handle a = h5::attribute(check(
      H5Acreate2(file, "control_period", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT), path, "control_period"));
  check(H5Awrite(a, H5T_NATIVE_DOUBLE, &h.control_period), path, "control_period");
}

template <typename Row>
Recorder::Impl::Table Recorder::Impl::create_table(hid_t parent, const char* name,
                                                   const std::vector<Column<Row>>& columns, hsize_t chunk_rows) {
  Table table;
  const Handle group = h5::create_group(parent, path, name);
  for (const Column<Row>& c : columns) {
    std::vector<hsize_t> size{0}, most{H5S_UNLIMITED}, chunk{chunk_rows};
    for (const hsize_t n : c.inner) {
      size.push_back(n);
      most.push_back(n);
      chunk.push_back(n > 0 ? n : 1);  // a chunk of size 0 is illegal, an axis of size 0 is not
    }
    const Handle space =
        h5::space(check(H5Screate_simple(static_cast<int>(size.size()), size.data(), most.data()), path, c.name));
    const bool real = H5Tget_class(c.file_type) == H5T_FLOAT;
    table.datasets.push_back(h5::dataset(check(H5Dcreate2(group, c.name, c.file_type, space, H5P_DEFAULT,
                                                          h5::dataset_creation(chunk, real), h5::dataset_access(chunk)),
                                               path, std::string("cannot create ") + c.name)));
    h5::write_text_attribute(table.datasets.back(), path, "unit", c.unit);
    h5::write_text_attribute(table.datasets.back(), path, "doc", c.doc);
  }
  return table;
}

// One value an agent, overwritten in place: chunked because SWMR readers need it, without a checksum because a reader
// may look in the middle of a write.
Handle Recorder::Impl::create_vector(const char* name, hid_t type, hsize_t size, bool real, const char* unit,
                                     const char* doc) {
  const Handle space = h5::space(check(H5Screate_simple(1, &size, nullptr), path, name));
  const Handle p = h5::dataset_creation({size}, real);
  check(H5Premove_filter(p, H5Z_FILTER_FLETCHER32), path, name);
  check(H5Pset_alloc_time(p, H5D_ALLOC_TIME_EARLY), path, name);  // a count then never changes metadata
  Handle d = h5::dataset(check(H5Dcreate2(file, name, type, space, H5P_DEFAULT, p, H5P_DEFAULT), path, name));
  h5::write_text_attribute(d, path, "unit", unit);
  h5::write_text_attribute(d, path, "doc", doc);
  return d;
}

void Recorder::Impl::create(const RunHeader& header) {
  step = step_columns(header);
  episode = episode_columns(header);
  if (::access(path.c_str(), F_OK) == 0)
    throw base::FileError(path, "exists already and is never overwritten; choose another place or move it away");
  const Handle creation = h5::file_creation(), access = h5::file_access();
  file = h5::file(H5Fcreate(path.c_str(), H5F_ACC_EXCL, creation, access));
  const std::string reason = file ? "" : h5::last_error();
  ours = reason.find("File exists") == std::string::npos;  // another process may have been quicker
  if (!file)
    throw base::FileError(path,
                          "cannot be created; check that the directory exists, is writable and has room: " + reason);
  write_header(header);
  const auto agents = static_cast<hsize_t>(header.agents);
  committed_steps =
      create_vector("committed_steps", H5T_STD_I64LE, agents, false, "rows", "rows of each agent that count");
  committed_episodes =
      create_vector("committed_episodes", H5T_STD_I64LE, agents, false, "rows", "episode rows that count");
  h5::create_group(file, path, "ledger");
  for (const auto& c : ledger_columns)
    ledger.push_back(
        create_vector((std::string("ledger/") + c.name).c_str(), H5T_IEEE_F64LE, agents, true, "s", c.doc));
  const Handle all = h5::create_group(file, path, "agents");
  for (int k = 0; k < header.agents; ++k) {
    const Handle agent = h5::create_group(all, path, h5::agent_name(k).c_str());
    h5::write_seed_attribute(agent, path, header.seed + static_cast<std::uint64_t>(k));
    h5::write_integers_attribute(agent, path, "agent", {k + 1});
    step_tables.push_back(create_table(agent, "step", step, step_chunk));
    episode_tables.push_back(create_table(agent, "episode", episode, episode_chunk));
  }
  check(H5Fstart_swmr_write(file), path, "cannot switch to single-writer-multiple-readers mode");
}

template <typename Row>
void Recorder::Impl::append(const std::vector<Column<Row>>& columns, Table& table, const Block& block, hsize_t rows) {
  if (rows == 0) return;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column<Row>& c = columns[i];
    std::vector<hsize_t> start(1 + c.inner.size(), 0), count{rows};
    start[0] = table.rows;
    count.insert(count.end(), c.inner.begin(), c.inner.end());
    std::vector<hsize_t> size = count;
    size[0] += table.rows;
    const Handle& d = table.datasets[i];
    check(H5Dset_extent(d, size.data()), path, std::string("cannot extend ") + c.name);
    if (block[i].empty()) continue;
    const std::string what = std::string("cannot write ") + c.name;
    const Handle target = h5::space(check(H5Dget_space(d), path, what));
    check(H5Sselect_hyperslab(target, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), path, what);
    const Handle memory =
        h5::space(check(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), path, what));
    check(H5Dwrite(d, H5T_NATIVE_DOUBLE, memory, target, H5P_DEFAULT, block[i].data()), path, what);
    // Each by itself: H5Fflush goes on to the metadata after a failed data write, and the index then points to nothing.
    check(H5Dflush(d), path, what);
  }
  table.rows += rows;
}

void Recorder::Impl::write_element(const Handle& dataset, const char* name, int agent, double value) {
  const std::string what = std::string("cannot write ") + name;
  const hsize_t start = static_cast<hsize_t>(agent), one = 1;
  const Handle target = h5::space(check(H5Dget_space(dataset), path, what));
  const Handle memory = h5::space(check(H5Screate_simple(1, &one, nullptr), path, what));
  check(H5Sselect_hyperslab(target, H5S_SELECT_SET, &start, nullptr, &one, nullptr), path, what);
  check(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, memory, target, H5P_DEFAULT, &value), path, what);
  check(H5Dflush(dataset), path, what);
}

void Recorder::Impl::require_agent(int agent) const {
  if (broken || !file) throw base::FileError(path, "an earlier write failed or it is closed; nothing more is written");
  if (agent < 0 || static_cast<std::size_t>(agent) >= step_tables.size())
    throw std::logic_error("Recorder: agent " + std::to_string(agent) + " of " + std::to_string(step_tables.size()));
}

void Recorder::Impl::flush() { check(H5Fflush(file, H5F_SCOPE_GLOBAL), path, "cannot be flushed (is the disk full?)"); }

void Recorder::Impl::sync() {
  void* descriptor = nullptr;
  check(H5Fget_vfd_handle(file, H5P_DEFAULT, &descriptor), path, "has no file descriptor");
  if (fsync(*static_cast<int*>(descriptor)) != 0)
    throw base::FileError(path, std::string("cannot be synced to the disk: ") + std::strerror(errno));
  synced = std::chrono::steady_clock::now();
}

// The file is the last one.
template <typename Visit>
void Recorder::Impl::each_handle(const Visit& visit) {
  for (std::vector<Table>* tables : {&step_tables, &episode_tables})
    for (Table& table : *tables)
      for (Handle& h : table.datasets) visit(h);
  for (Handle& h : ledger) visit(h);
  for (Handle* h : {&committed_steps, &committed_episodes, &file}) visit(*h);
}

// Whatever fails in `write` ends all writing: the file stays as a kill at that moment would have left it. Closing it
// would write once more (a superblock that claims more than the disk took), so HDF5 keeps it open to the end.
template <typename Write>
void Recorder::Impl::guarded(const Write& write) {
  try {
    write();
  } catch (...) {
    broken = true;
    each_handle([](Handle& h) { h.leak(); });
    h5::abandon(path);
    throw;
  }
}

Recorder::Recorder(const std::string& path, const RunHeader& header) : impl_(std::make_unique<Impl>()) {
  require_sizes(header);
  const h5::Session session;
  impl_->path = path;
  try {
    impl_->create(header);
  } catch (...) {
    if (impl_->ours) ::unlink(path.c_str());          // half a header is no record and blocks the next try
    impl_->each_handle([](Handle& h) { h.leak(); });  // closing would write
    throw;
  }
}

Recorder::~Recorder() {
  try {
    close();
  } catch (const base::Error&) {
    // A destructor must not throw; close() is there for callers who want to know.
  }
}

void Recorder::commit(int agent, const std::vector<StepRow>& steps, const std::vector<EpisodeRow>& episodes) {
  Impl& m = *impl_;
  const Block step_block = gather(m.step, steps), episode_block = gather(m.episode, episodes);
  const h5::Session session;
  m.require_agent(agent);
  const auto k = static_cast<std::size_t>(agent);
  m.guarded([&] {
    m.append(m.step, m.step_tables[k], step_block, steps.size());
    m.append(m.episode, m.episode_tables[k], episode_block, episodes.size());
    m.flush();
    // Steps first: a kill between the two may leave an episode uncounted, never one that counts without its steps.
    m.write_element(m.committed_steps, "committed_steps", agent, static_cast<double>(m.step_tables[k].rows));
    m.write_element(m.committed_episodes, "committed_episodes", agent, static_cast<double>(m.episode_tables[k].rows));
    m.flush();
    if (std::chrono::steady_clock::now() - m.synced > sync_period) m.sync();
  });
}

void Recorder::commit_ledger(int agent, const LedgerRow& row) {
  const h5::Session session;
  Impl& m = *impl_;
  m.require_agent(agent);
  m.guarded([&] {
    for (std::size_t i = 0; i < m.ledger.size(); ++i)
      m.write_element(m.ledger[i], ledger_columns[i].name, agent, row.*ledger_columns[i].member);
    m.flush();
  });
}

void Recorder::close() {
  const h5::Session session;
  Impl& m = *impl_;
  if (!m.file) return;
  m.guarded([&] {
    m.flush();
    m.sync();
  });
  bool closed = true;
  m.each_handle([&](Handle& h) { closed = h.reset() && closed; });
  if (!closed) throw base::FileError(m.path, "cannot be closed: " + h5::last_error());
}

}  // namespace infans::experiments
