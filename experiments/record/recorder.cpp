#include "experiments/record/recorder.hpp"

#include <stdexcept>

#include "experiments/record/columns.hpp"
#include "experiments/record/h5.hpp"
#include "experiments/record/live_file.hpp"

namespace infans::experiments {
namespace {

using h5::check;
using h5::Handle;

constexpr long long format_version[] = {1, 0};
constexpr hsize_t step_chunk = 64, episode_chunk = 32;

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

  std::vector<Column<StepRow>> step;
  std::vector<Column<EpisodeRow>> episode;
  h5::LiveFile file;
  std::vector<Table> step_tables, episode_tables;
  Handle committed_steps, committed_episodes;
  std::vector<Handle> ledger;

  void create(const RunHeader& header);
  void write_header(const RunHeader& header);
  template <typename Row>
  Table create_table(hid_t parent, const char* name, const std::vector<Column<Row>>& columns, hsize_t chunk);
  template <typename Row>
  void append(const std::vector<Column<Row>>& columns, Table& table, const Block& block, hsize_t rows);
  void write_element(const Handle& dataset, const char* name, int agent, double value);
  void require_agent(int agent) const;
  // A visitor of every handle into the file.
  auto each_handle() {
    return [this](const auto& visit) {
      for (std::vector<Table>* tables : {&step_tables, &episode_tables})
        for (Table& table : *tables)
          for (Handle& h : table.datasets) visit(h);
      for (Handle& h : ledger) visit(h);
      for (Handle* h : {&committed_steps, &committed_episodes}) visit(*h);
    };
  }
};

void Recorder::Impl::write_header(const RunHeader& h) {
  const std::string& path = file.path();
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
  const std::string& path = file.path();
  const Handle group = h5::create_group(parent, path, name);
  for (const Column<Row>& c : columns) {
    table.datasets.push_back(file.table(group, c.name, c.file_type, c.inner, chunk_rows));
    h5::write_text_attribute(table.datasets.back(), path, "unit", c.unit);
    h5::write_text_attribute(table.datasets.back(), path, "doc", c.doc);
  }
  return table;
}

void Recorder::Impl::create(const RunHeader& header) {
  step = step_columns(header);
  episode = episode_columns(header);
  write_header(header);
  const auto agents = static_cast<hsize_t>(header.agents);
  committed_steps =
      file.values("committed_steps", H5T_STD_I64LE, {agents}, false, "rows", "rows of each agent that count");
  committed_episodes =
      file.values("committed_episodes", H5T_STD_I64LE, {agents}, false, "rows", "episode rows that count");
  h5::create_group(file, file.path(), "ledger");
  for (const auto& c : ledger_columns)
    ledger.push_back(
        file.values((std::string("ledger/") + c.name).c_str(), H5T_IEEE_F64LE, {agents}, true, "s", c.doc));
  const Handle all = h5::create_group(file, file.path(), "agents");
  for (int k = 0; k < header.agents; ++k) {
    const Handle agent = h5::create_group(all, file.path(), h5::agent_name(k).c_str());
    h5::write_seed_attribute(agent, file.path(), header.seed + static_cast<std::uint64_t>(k));
    h5::write_integers_attribute(agent, file.path(), "agent", {k + 1});
    step_tables.push_back(create_table(agent, "step", step, step_chunk));
    episode_tables.push_back(create_table(agent, "episode", episode, episode_chunk));
  }
  file.start_swmr();
}

template <typename Row>
void Recorder::Impl::append(const std::vector<Column<Row>>& columns, Table& table, const Block& block, hsize_t rows) {
  if (rows == 0) return;
  for (std::size_t i = 0; i < columns.size(); ++i)
    file.append(table.datasets[i], columns[i].name, columns[i].inner, table.rows, rows, block[i].data());
  table.rows += rows;
}

void Recorder::Impl::write_element(const Handle& dataset, const char* name, int agent, double value) {
  file.write_values(dataset, name, {static_cast<hsize_t>(agent)}, {value});
}

void Recorder::Impl::require_agent(int agent) const {
  file.require_open();
  if (agent < 0 || static_cast<std::size_t>(agent) >= step_tables.size())
    throw std::logic_error("Recorder: agent " + std::to_string(agent) + " of " + std::to_string(step_tables.size()));
}

Recorder::Recorder(const std::string& path, const RunHeader& header) : impl_(std::make_unique<Impl>()) {
  require_sizes(header);
  const h5::Session session;
  try {
    impl_->file.create(path);
    impl_->create(header);
  } catch (...) {
    impl_->file.give_up(impl_->each_handle());
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
  m.file.guarded(m.each_handle(), [&] {
    m.append(m.step, m.step_tables[k], step_block, steps.size());
    m.append(m.episode, m.episode_tables[k], episode_block, episodes.size());
    m.file.flush();
    // Steps first: a kill between the two may leave an episode uncounted, never one that counts without its steps.
    m.write_element(m.committed_steps, "committed_steps", agent, static_cast<double>(m.step_tables[k].rows));
    m.write_element(m.committed_episodes, "committed_episodes", agent, static_cast<double>(m.episode_tables[k].rows));
    m.file.flush();
    m.file.sync_now_and_then();
  });
}

void Recorder::commit_ledger(int agent, const LedgerRow& row) {
  const h5::Session session;
  Impl& m = *impl_;
  m.require_agent(agent);
  m.file.guarded(m.each_handle(), [&] {
    for (std::size_t i = 0; i < m.ledger.size(); ++i)
      m.write_element(m.ledger[i], ledger_columns[i].name, agent, row.*ledger_columns[i].member);
    m.file.flush();
  });
}

void Recorder::close() {
  const h5::Session session;
  impl_->file.close(impl_->each_handle());
}

}  // namespace infans::experiments
