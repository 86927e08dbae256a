#include "experiments/record/recorder.hpp"

#include <iterator>
#include <stdexcept>

#include "experiments/record/columns.hpp"
#include "experiments/record/difference.hpp"
#include "experiments/record/live_record.hpp"
#include "experiments/record/same_header.hpp"

namespace infans::experiments {
namespace {

using h5::Handle;

constexpr hsize_t step_chunk = 64, episode_chunk = 32;
enum Counter { steps, episodes };

void require_sizes(const RunHeader& h) {
  for (const int n : {h.agents - 1, h.observation_size, h.action_size, h.model_inputs, h.rejected, h.physics_size})
    if (n < 0) throw std::logic_error("Recorder: no agent, or a negative size is declared");
}

std::vector<std::pair<const char*, const std::string*>> texts_of(const RunHeader& h) {
  return {{"infans_version", &h.infans_version},
          {"git_hash", &h.git_hash},
          {"mujoco_version", &h.mujoco_version},
          {"isa", &h.isa},
          {"spec_name", &h.spec_name},
          {"spec_toml", &h.spec_toml},
          {"mjcf", &h.mjcf},
          {"modalities", &h.modalities_json},
          {"joints", &h.joints_json},
          {"outcome_json", &h.outcome_json},
          {"threads", &h.threads}};
}

std::string group_of(int agent) { return "agents/" + h5::agent_name(agent); }

void write_head(const RunHeader& h, const h5::LiveFile& file) {
  const std::string& path = file.path();
  h5::write_text_attribute(file, path, "filetype", "infans-run");
  h5::write_integers_attribute(file, path, "format_version", {1, 1});
  for (const auto& [name, text] : texts_of(h)) h5::write_text_attribute(file, path, name, *text);
  h5::write_seed_attribute(file, path, h.seed);
  h5::write_integers_attribute(file, path, "episode_steps", {h.episode_steps});
  h5::write_real_attribute(file, path, "control_period", h.control_period);
  for (const char* name : {"ledger", "agents"}) h5::create_group(file, path, name);
  for (int k = 0; k < h.agents; ++k) {
    const Handle agent = h5::create_group(file, path, group_of(k).c_str());
    h5::write_seed_attribute(agent, path, h.seed + static_cast<std::uint64_t>(k));
    h5::write_integers_attribute(agent, path, "agent", {k + 1});
    for (const char* name : {"step", "episode"}) h5::create_group(agent, path, name);
  }
}

void require_same(const RunHeader& h, hid_t file, const std::string& path) {
  require_version(file, path, "infans-run", {1, 1});
  for (const auto& [name, text] : texts_of(h))
    if (name != std::string("threads"))  // any number gives the same bits
      require_same_text(name, h5::read_text_attribute(file, name), *text, path);
  require_same_text("seed", std::to_string(h5::read_seed_attribute(file)), std::to_string(h.seed), path);
  require_same_text("number of agents", std::to_string(h5::children(file, path, "agents").size()),
                    std::to_string(h.agents), path);
}

}  // namespace

struct Recorder::Impl {
  explicit Impl(const RunHeader& h) : step(step_columns(h)), episode(episode_columns(h)) {}

  LiveRecord::Layout layout(const RunHeader& header) const;
  template <typename Row>
  void add_tables(const std::vector<Column<Row>>& columns, int agent, const std::string& name, hsize_t chunk,
                  int counter, std::vector<LiveRecord::Table>& all) const;
  template <typename Row>
  static void add_parts(const std::vector<Column<Row>>& columns, const std::vector<Row>& rows, int first, int counter,
                        std::vector<LiveRecord::Part>& parts);

  const std::vector<Column<StepRow>> step;
  const std::vector<Column<EpisodeRow>> episode;
  std::unique_ptr<LiveRecord> record;
};

template <typename Row>
void Recorder::Impl::add_tables(const std::vector<Column<Row>>& columns, int agent, const std::string& name,
                                hsize_t chunk, int counter, std::vector<LiveRecord::Table>& all) const {
  const std::string group = group_of(agent) + name, declared_group = "agents/NNN" + name;
  for (const Column<Row>& c : columns) {
    const Declared& d = declared("infans-run", declared_group + c.name);
    all.push_back({group + c.name,
                   h5::type_of(d),
                   c.inner,
                   chunk,
                   counter,
                   {{"unit", std::string(d.unit)}, {"doc", std::string(d.doc)}}});
  }
}

LiveRecord::Layout Recorder::Impl::layout(const RunHeader& header) const {
  const h5::Session session;
  LiveRecord::Layout l;
  l.filetype = "infans-run";
  l.owners = header.agents;
  l.faults = header.faults;
  // Steps first: a kill between the two may leave an episode uncounted, never one that counts without its steps.
  l.counts = {{"committed_steps", 0, steps}, {"committed_episodes", 0, episodes}};
  for (const auto& c : ledger_columns) l.values.push_back({c.path});
  l.values.push_back({"ledger/joules", true});
  l.end = 0;
  l.head = [header](const h5::LiveFile& file) { write_head(header, file); };
  l.check = [header](hid_t file, const std::string& path) { require_same(header, file, path); };
  l.tables = [this](int agent) {
    std::vector<LiveRecord::Table> all;
    add_tables(step, agent, "/step/", step_chunk, steps, all);
    add_tables(episode, agent, "/episode/", episode_chunk, episodes, all);
    return all;
  };
  return l;
}

Recorder::Recorder(const std::string& path, const RunHeader& header) {
  require_sizes(header);
  impl_ = std::make_unique<Impl>(header);
  impl_->record = std::make_unique<LiveRecord>(path, impl_->layout(header));
}

Recorder::Recorder(const std::string& path, const RunHeader& header, Resume) {
  require_sizes(header);
  impl_ = std::make_unique<Impl>(header);
  impl_->record = std::make_unique<LiveRecord>(path, impl_->layout(header), LiveRecord::Resume{});
}

Recorder::~Recorder() = default;

// One part a column, all gathered (and checked) before anything is put.
template <typename Row>
void Recorder::Impl::add_parts(const std::vector<Column<Row>>& columns, const std::vector<Row>& rows, int first,
                               int counter, std::vector<LiveRecord::Part>& parts) {
  Block block = gather(columns, rows);
  for (std::size_t i = 0; i < columns.size(); ++i)
    parts.push_back({first + static_cast<int>(i), counter, rows.size(), std::move(block[i]), {}});
}

void Recorder::commit(int agent, const std::vector<StepRow>& rows, const std::vector<EpisodeRow>& ends) {
  std::vector<LiveRecord::Part> parts;
  Impl::add_parts(impl_->step, rows, 0, steps, parts);
  Impl::add_parts(impl_->episode, ends, static_cast<int>(impl_->step.size()), episodes, parts);
  impl_->record->commit(agent, std::move(parts));
}

void Recorder::commit_ledger(int agent, const LedgerRow& row) {
  // The first one says that the life has ended: it comes last.
  std::vector<std::pair<std::size_t, double>> values;
  for (std::size_t i = std::size(ledger_columns); i-- > 0;) values.emplace_back(i, row.*ledger_columns[i].member);
  impl_->record->set(agent, values, true);
}

bool Recorder::failed() const { return impl_->record->failed(); }

void Recorder::commit_energy(double joules) { impl_->record->set(0, {{std::size(ledger_columns), joules}}, false); }

void Recorder::sync() { impl_->record->sync(); }
void Recorder::close() { impl_->record->close(); }

Recorder::Rows Recorder::rows(int agent) const {
  const std::vector<std::int64_t> rows = impl_->record->rows(agent);
  return {rows[steps], rows[episodes]};
}

bool Recorder::rewind(int agent, std::int64_t step_rows, std::int64_t episode_rows) {
  return impl_->record->rewind(agent, {step_rows, episode_rows});
}

bool Recorder::ended(int agent) const { return impl_->record->ended(agent); }

}  // namespace infans::experiments
