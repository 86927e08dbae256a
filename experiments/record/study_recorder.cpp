#include "experiments/record/study_recorder.hpp"

#include <cmath>
#include <cstdio>
#include <stdexcept>

#include "experiments/record/live_record.hpp"
#include "experiments/record/same_header.hpp"
#include "experiments/record/storage.hpp"

namespace infans::experiments {
namespace {

using h5::Handle;
using Table = LiveRecord::Table;
using Part = LiveRecord::Part;

constexpr hsize_t life_chunk = 64, probe_chunk = 32, raw_chunk = 8192;
enum Log { signals, physics, bodies, bodies_text, states, states_bytes, logs };
// Values of a person, in the layout.
enum Value { excluded, wall, cpu, samples, updates, operations, joules };

std::string group_of(const StudyHeader::Person& p) {
  char name[32];
  std::snprintf(name, sizeof name, "participants/%04d", p.number);
  return name;
}

// As the protocol's own tables say of their columns.
constexpr const char* body_columns =
    R"([{"name": "sample", "unit": "", "doc": "samples lived when it was seen first; 0: at birth"},)"
    R"( {"name": "age_days", "unit": "d", "doc": "developmental age then"},)"
    R"( {"name": "offset", "unit": "bytes", "doc": "where its MJCF begins in bodies_text"},)"
    R"( {"name": "length", "unit": "bytes", "doc": "of its MJCF"}])";
constexpr const char* state_columns =
    R"([{"name": "sample", "unit": "", "doc": "samples lived"},)"
    R"( {"name": "age_days", "unit": "d", "doc": "developmental age"},)"
    R"( {"name": "stage", "unit": "", "doc": "stage that ended, in the participant's stages, from 0"},)"
    R"( {"name": "offset", "unit": "bytes", "doc": "where it begins in states_bytes"},)"
    R"( {"name": "length", "unit": "bytes", "doc": "of its bytes"}])";

}  // namespace

struct StudyRecorder::Impl {
  explicit Impl(const StudyHeader& h) : header(h), tables(1 + static_cast<int>(h.probes.size())) {}

  std::vector<Table> tables_of(int index) const;
  LiveRecord::Layout layout();
  void write_head(const h5::LiveFile& file) const;
  void require_columns(int index, const Block& block) const;
  int counter(Log log) const { return tables + log; }
  int place(int index, int counter) const;

  StudyHeader header;
  const int tables;
  std::unique_ptr<LiveRecord> record;
};

// The counters are life, the probes, then the logs; a log that is not recorded has no table.
std::vector<Table> StudyRecorder::Impl::tables_of(int index) const {
  const StudyHeader::Person& p = header.people.at(static_cast<std::size_t>(index));
  const std::string group = group_of(p) + "/";
  std::vector<Table> all;
  const auto add = [&](const std::string& name, std::vector<hsize_t> inner, hsize_t chunk, int counter,
                       std::vector<std::pair<const char*, std::string>> texts) {
    const hid_t type = h5::type_of(declared("infans-study", "participants/NNNN/" + name));
    all.push_back({group + name, type, std::move(inner), chunk, counter, std::move(texts)});
  };
  const auto columns = [](int n) { return std::vector<hsize_t>{static_cast<hsize_t>(n)}; };
  add(header.life.name, columns(header.life.columns), life_chunk, 0, {{"columns", header.life.columns_json}});
  for (std::size_t k = 0; k < header.probes.size(); ++k)
    add("probes/" + header.probes[k].name, columns(header.probes[k].columns), probe_chunk, static_cast<int>(k) + 1,
        {{"columns", header.probes[k].columns_json}});
  const auto log = [&](Log l, int width, std::vector<std::pair<const char*, std::string>> texts) {
    const std::size_t row_bytes = static_cast<std::size_t>(width) * sizeof(double);
    add(study_logs[l], columns(width), h5::rows_a_chunk(row_bytes), counter(l), std::move(texts));
  };
  const auto raw = [&](Log l) { add(study_logs[l], {}, raw_chunk, counter(l), {}); };
  if (p.signals > 0) log(signals, p.signals, {{"signals", p.signals_json}});
  if (p.physics > 0) log(physics, 2 + p.physics, {});
  if (p.bodies) {
    log(bodies, 4, {{"columns", body_columns}});
    raw(bodies_text);
  }
  if (p.states) {
    log(states, 5, {{"columns", state_columns}});
    raw(states_bytes);
  }
  return all;
}

// Place of a counter's table among the tables of a person; -1: it has none.
int StudyRecorder::Impl::place(int index, int counter) const {
  if (counter < tables) return counter;
  const StudyHeader::Person& p = header.people[static_cast<std::size_t>(index)];
  const bool there[logs] = {p.signals > 0, p.physics > 0, p.bodies, p.bodies, p.states, p.states};
  int place = tables;
  for (int l = 0; l < counter - tables; ++l) place += there[l] ? 1 : 0;
  return there[counter - tables] ? place : -1;
}

void StudyRecorder::Impl::write_head(const h5::LiveFile& file) const {
  const std::string& path = file.path();
  h5::write_text_attribute(file, path, "filetype", "infans-study");
  h5::write_integers_attribute(file, path, "format_version", {1, 1});
  for (const auto& [name, text] : root_texts(header)) h5::write_text_attribute(file, path, name.c_str(), text);
  h5::write_seed_attribute(file, path, header.seed);
  for (const char* name : {"ledger", "participants"}) h5::create_group(file, path, name);
  for (const StudyHeader::Person& p : header.people) {
    const Handle group = h5::create_group(file, path, group_of(p).c_str());
    h5::write_integers_attribute(group, path, "number", {p.number});
    h5::write_integers_attribute(group, path, "cell", {p.cell});
    h5::write_seed_attribute(group, path, p.seed);
    h5::write_text_attribute(group, path, "cell_name", p.cell_name);
    h5::write_text_attribute(group, path, "stages", p.stages_json);
    h5::create_group(group, path, "probes");
  }
}

LiveRecord::Layout StudyRecorder::Impl::layout() {
  const h5::Session session;
  LiveRecord::Layout l;
  l.filetype = "infans-study";
  l.owners = static_cast<int>(header.people.size());
  l.compression = header.compression;
  l.faults = header.faults;
  // Logs first: a kill between the two may leave a row of life uncounted whose signals count, never the reverse.
  l.counts = {{"committed_logs", logs, tables}, {"committed", static_cast<hsize_t>(tables), 0}};
  l.values = {{"excluded"},           {"ledger/wall_seconds"},   {"ledger/cpu_seconds"},
              {"ledger/samples"},     {"ledger/belief_updates"}, {"ledger/operations"},
              {"ledger/joules", true}};
  l.end = wall;
  l.head = [this](const h5::LiveFile& file) { write_head(file); };
  l.tables = [this](int index) { return tables_of(index); };
  l.check = [this](hid_t file, const std::string& path) { require_same(header, file, path); };
  return l;
}

StudyRecorder::StudyRecorder(const std::string& path, const StudyHeader& header)
    : impl_(std::make_unique<Impl>(header)) {
  impl_->record = std::make_unique<LiveRecord>(path, impl_->layout());
}

StudyRecorder::StudyRecorder(const std::string& path, const StudyHeader& header, Resume)
    : impl_(std::make_unique<Impl>(header)) {
  impl_->record = std::make_unique<LiveRecord>(path, impl_->layout(), LiveRecord::Resume{});
}

StudyRecorder::~StudyRecorder() = default;

namespace {

// Rows of {columns...} whose last two are the place of their bytes, and these bytes.
template <typename Entry, typename Columns, typename Bytes>
void append_bytes(const std::vector<Entry>& entries, std::int64_t offset, const Columns& columns, const Bytes& bytes_of,
                  Part& table, Part& raw) {
  for (const Entry& e : entries) {
    const auto& bytes = bytes_of(e);
    const std::vector<double> first = columns(e);
    table.values.insert(table.values.end(), first.begin(), first.end());
    table.values.push_back(static_cast<double>(offset + static_cast<std::int64_t>(raw.bytes.size())));
    table.values.push_back(static_cast<double>(bytes.size()));
    raw.bytes.insert(raw.bytes.end(), bytes.begin(), bytes.end());
    ++table.rows;
  }
  raw.rows = raw.bytes.size();
}

}  // namespace

void StudyRecorder::commit(int index, Block block) {
  Impl& m = *impl_;
  if (block.probes.size() + 1 != static_cast<std::size_t>(m.tables))
    throw std::logic_error("StudyRecorder: another number of probes");
  const StudyHeader::Person& p = m.header.people.at(static_cast<std::size_t>(index));
  std::vector<Part> parts;
  const auto part = [&](int counter, bool wanted) -> Part {
    const int place = m.place(index, counter);
    if (place < 0 && wanted)
      throw std::logic_error(std::string("StudyRecorder: no ") + study_logs[counter - m.tables] + " are recorded");
    return {place, counter, 0, {}, {}};
  };
  const auto rows = [&](int counter, const std::string& name, int columns, std::vector<double> values) {
    if (values.empty()) return;
    Part own = part(counter, true);
    if (values.size() % static_cast<std::size_t>(columns) != 0)
      throw std::logic_error("StudyRecorder: " + name + " has " + std::to_string(columns) + " columns and was given " +
                             std::to_string(values.size()) + " values");
    own.rows = values.size() / static_cast<std::size_t>(columns);
    own.values = std::move(values);
    parts.push_back(std::move(own));
  };
  rows(0, m.header.life.name, m.header.life.columns, std::move(block.life));
  for (std::size_t k = 0; k < block.probes.size(); ++k)
    rows(static_cast<int>(k) + 1, m.header.probes[k].name, m.header.probes[k].columns, std::move(block.probes[k]));
  rows(m.counter(signals), "signals", p.signals, std::move(block.signals));
  rows(m.counter(physics), "physics", 2 + p.physics, std::move(block.physics));
  const std::vector<std::int64_t> before = m.record->rows(index);
  const auto blobs = [&](Log table, Log raw, const auto& entries, const auto& columns, const auto& bytes) {
    if (entries.empty()) return;
    Part own = part(m.counter(table), true), text = part(m.counter(raw), true);
    append_bytes(entries, before[static_cast<std::size_t>(m.counter(raw))], columns, bytes, own, text);
    parts.push_back(std::move(text));
    parts.push_back(std::move(own));
  };
  blobs(
      bodies, bodies_text, block.bodies,
      [](const Body& b) {
        return std::vector<double>{b.sample, b.age_days};
      },
      [](const Body& b) -> const std::string& { return b.mjcf; });
  blobs(
      states, states_bytes, block.states,
      [](const State& s) {
        return std::vector<double>{s.sample, s.age_days, s.stage};
      },
      [](const State& s) -> const std::vector<std::uint8_t>& { return s.bytes; });
  m.record->commit(index, std::move(parts));
}

void StudyRecorder::commit_end(int index, int rule, const StudyLedger& l) {
  impl_->record->set(index,
                     {{excluded, static_cast<double>(rule)},
                      {samples, l.samples},
                      {updates, l.belief_updates},
                      {operations, l.operations},
                      {cpu, l.cpu_seconds},
                      {wall, l.wall_seconds}},
                     true);
}

bool StudyRecorder::failed() const { return impl_->record->failed(); }

void StudyRecorder::commit_energy(double j) { impl_->record->set(0, {{joules, j}}, false); }
void StudyRecorder::sync() { impl_->record->sync(); }
void StudyRecorder::close() { impl_->record->close(); }
bool StudyRecorder::ended(int index) const { return impl_->record->ended(index); }

// Without the raw bytes of bodies and states: their tables say how many there are.
std::vector<std::int64_t> StudyRecorder::rows(int index) const {
  std::vector<std::int64_t> all = impl_->record->rows(index);
  all.erase(all.begin() + impl_->counter(states_bytes));
  all.erase(all.begin() + impl_->counter(bodies_text));
  return all;
}

bool StudyRecorder::rewind(int index, const std::vector<std::int64_t>& rows) {
  Impl& m = *impl_;
  if (rows.size() != static_cast<std::size_t>(m.tables) + 4)
    throw std::logic_error("StudyRecorder: rewound to another number of tables");
  std::vector<std::int64_t> all = rows;
  const std::vector<std::int64_t> now = m.record->rows(index);
  for (const auto& [table, raw, width] : {std::tuple{bodies, bodies_text, 4U}, std::tuple{states, states_bytes, 5U}}) {
    const std::int64_t n = all[static_cast<std::size_t>(m.counter(table))];
    if (n > now[static_cast<std::size_t>(m.counter(table))]) return false;
    std::int64_t bytes = 0;
    if (n > 0) {
      const auto last = m.record->stored(index, m.place(index, m.counter(table)), static_cast<hsize_t>(n - 1));
      bytes = static_cast<std::int64_t>(last[width - 2] + last[width - 1]);
    }
    all.insert(all.begin() + m.counter(raw), bytes);
  }
  return m.record->rewind(index, all);
}

}  // namespace infans::experiments
