#include "experiments/record/study_recorder.hpp"

#include <cstdio>
#include <stdexcept>

#include "experiments/record/live_file.hpp"

namespace infans::experiments {
namespace {

using h5::Handle;

constexpr hsize_t life_chunk = 64, probe_chunk = 32;

struct Table {
  std::string name;
  Handle dataset;
  hsize_t columns = 0, rows = 0;
};

}  // namespace

struct StudyRecorder::Impl {
  h5::LiveFile file;
  std::vector<std::vector<Table>> people;  // life, then probes
  Handle committed, excluded, wall, cpu;

  void create(const StudyHeader& header);
  Table create_table(hid_t parent, const StudyTable& table, hsize_t chunk);
  void append(Table& table, const std::vector<double>& values);
  void require(int index) const;
  // A visitor of every handle into the file.
  auto each_handle() {
    return [this](const auto& visit) {
      for (auto& tables : people)
        for (Table& t : tables) visit(t.dataset);
      for (Handle* h : {&committed, &excluded, &wall, &cpu}) visit(*h);
    };
  }
};

Table StudyRecorder::Impl::create_table(hid_t parent, const StudyTable& t, hsize_t chunk) {
  const auto columns = static_cast<hsize_t>(t.columns);
  Table table{t.name, file.table(parent, t.name.c_str(), H5T_IEEE_F64LE, {columns}, chunk), columns, 0};
  h5::write_text_attribute(table.dataset, file.path(), "columns", t.columns_json);
  return table;
}

void StudyRecorder::Impl::create(const StudyHeader& h) {
  const std::string& path = file.path();
  h5::write_text_attribute(file, path, "filetype", "infans-study");
  h5::write_integers_attribute(file, path, "format_version", {1, 0});
  std::string tables = h.life.name;
  for (const StudyTable& t : h.probes) tables += "\n" + t.name;
  h5::write_text_attribute(file, path, "tables", tables);
  for (const auto& [name, text] : h.texts) h5::write_text_attribute(file, path, name.c_str(), text);
  h5::write_seed_attribute(file, path, h.seed);
  const auto n = static_cast<hsize_t>(h.people.size());
  committed = file.values("committed", H5T_STD_I64LE, {n, 1 + static_cast<hsize_t>(h.probes.size())}, false, "rows",
                          "rows that count of each participant's life and of each probe");
  excluded = file.values("excluded", H5T_STD_I16LE, {n}, false, "", "0 kept, k left out by rule k, -1 failed");
  h5::create_group(file, path, "ledger");
  wall = file.values("ledger/wall_seconds", H5T_IEEE_F64LE, {n}, true, "s", "wall time of the life");
  cpu = file.values("ledger/cpu_seconds", H5T_IEEE_F64LE, {n}, true, "s", "processor time of the life");
  const Handle all = h5::create_group(file, path, "participants");
  for (const StudyHeader::Person& p : h.people) {
    char name[16];
    std::snprintf(name, sizeof name, "%04d", p.number);
    const Handle group = h5::create_group(all, path, name);
    h5::write_integers_attribute(group, path, "number", {p.number});
    h5::write_integers_attribute(group, path, "cell", {p.cell});
    h5::write_seed_attribute(group, path, p.seed);
    h5::write_text_attribute(group, path, "cell_name", p.cell_name);
    h5::write_text_attribute(group, path, "stages", p.stages_json);
    auto& own = people.emplace_back();
    own.push_back(create_table(group, h.life, life_chunk));
    const Handle probes = h5::create_group(group, path, "probes");
    for (const StudyTable& t : h.probes) own.push_back(create_table(probes, t, probe_chunk));
  }
  file.start_swmr();
}

void StudyRecorder::Impl::append(Table& table, const std::vector<double>& values) {
  if (values.size() % table.columns != 0)
    throw std::logic_error("StudyRecorder: " + table.name + " has " + std::to_string(table.columns) +
                           " columns and was given " + std::to_string(values.size()) + " values");
  const hsize_t more = values.size() / table.columns;
  if (more == 0) return;
  file.append(table.dataset, table.name, {table.columns}, table.rows, more, values.data());
  table.rows += more;
}

void StudyRecorder::Impl::require(int index) const {
  file.require_open();
  if (index < 0 || static_cast<std::size_t>(index) >= people.size())
    throw std::logic_error("StudyRecorder: participant " + std::to_string(index) + " of " +
                           std::to_string(people.size()));
}

StudyRecorder::StudyRecorder(const std::string& path, const StudyHeader& header) : impl_(std::make_unique<Impl>()) {
  const h5::Session session;
  try {
    impl_->file.create(path);
    impl_->create(header);
  } catch (...) {
    impl_->file.give_up(impl_->each_handle());
    throw;
  }
}

StudyRecorder::~StudyRecorder() {
  try {
    close();
  } catch (const base::Error&) {
    // A destructor must not throw; close() is there for callers who want to know.
  }
}

void StudyRecorder::commit(int index, Block block) {
  const h5::Session session;
  Impl& m = *impl_;
  m.require(index);
  auto& tables = m.people[static_cast<std::size_t>(index)];
  if (block.probes.size() + 1 != tables.size()) throw std::logic_error("StudyRecorder: another number of probes");
  m.file.guarded(m.each_handle(), [&] {
    m.append(tables[0], block.life);
    for (std::size_t k = 0; k < block.probes.size(); ++k) m.append(tables[k + 1], block.probes[k]);
    m.file.flush();
    std::vector<double> rows;
    for (const Table& t : tables) rows.push_back(static_cast<double>(t.rows));
    m.file.write_values(m.committed, "committed", {static_cast<hsize_t>(index), 0}, rows);
    m.file.flush();
    m.file.sync_now_and_then();
  });
}

void StudyRecorder::commit_end(int index, int excluded, const StudyLedger& ledger) {
  const h5::Session session;
  Impl& m = *impl_;
  m.require(index);
  const std::vector<hsize_t> place{static_cast<hsize_t>(index)};
  m.file.guarded(m.each_handle(), [&] {
    m.file.write_values(m.excluded, "excluded", place, {static_cast<double>(excluded)});
    m.file.write_values(m.wall, "ledger/wall_seconds", place, {ledger.wall_seconds});
    m.file.write_values(m.cpu, "ledger/cpu_seconds", place, {ledger.cpu_seconds});
    m.file.flush();
  });
}

void StudyRecorder::close() {
  const h5::Session session;
  impl_->file.close(impl_->each_handle());
}

}  // namespace infans::experiments
