#include "experiments/record/live_record.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>

namespace infans::experiments {
namespace {

using h5::Handle;
using h5::Session;

// Of blocks that wait to be written.
constexpr std::size_t most_waiting = 64u << 20;

std::size_t size_of(const std::vector<LiveRecord::Part>& parts) {
  std::size_t bytes = 0;
  for (const auto& p : parts) bytes += p.values.size() * sizeof(double) + p.bytes.size();
  return bytes;
}

}  // namespace

LiveRecord::LiveRecord(const std::string& path, Layout layout)
    : layout_(std::move(layout)), file_(layout_.faults), writer_(most_waiting) {
  owners_.assign(static_cast<std::size_t>(layout_.owners), {std::vector<std::int64_t>(counters(), 0), false});
  written_.assign(owners_.size(), std::vector<hsize_t>(counters(), 0));
  const Session session;
  file_.made(each_handle(), path, [&] {
    create();
    file_.start_swmr();
  });
  begun_ = true;
}

LiveRecord::LiveRecord(const std::string& path, Layout layout, Resume)
    : layout_(std::move(layout)), file_(layout_.faults), writer_(most_waiting) {
  const Session session;
  file_.take(path);
  read();
}

LiveRecord::~LiveRecord() {
  try {
    close();
  } catch (...) {
    // A destructor must not throw; close() is there for callers who want to know.
  }
}

std::size_t LiveRecord::counters() const {
  std::size_t n = 0;
  for (const Counts& c : layout_.counts) n += static_cast<std::size_t>(c.width());
  return n;
}

void LiveRecord::create() {
  layout_.head(file_);
  const auto n = static_cast<hsize_t>(layout_.owners);
  for (const Counts& c : layout_.counts) {
    const std::vector<hsize_t> size = c.columns > 0 ? std::vector<hsize_t>{n, c.columns} : std::vector<hsize_t>{n};
    counts_.push_back(file_.values(declared(layout_.filetype, c.name), size));
  }
  for (const Value& v : layout_.values)
    values_.push_back(file_.values(declared(layout_.filetype, v.name), {v.of_run ? 1 : n}));
  for (int k = 0; k < layout_.owners; ++k)
    for (const Table& t : layout_.tables(k)) {
      const Handle dataset = file_.table(t.path, t.type, t.inner, t.chunk_rows, layout_.compression);
      for (const auto& [name, text] : t.texts) h5::write_text_attribute(dataset, file_.path(), name, text);
    }
}

// What the file holds, without opening it for writing.
void LiveRecord::read() {
  const std::string& path = file_.path();
  crashed_ = h5::is_open_for_writing(path);
  const Handle file = h5::open_for_reading(path);
  layout_.check(file, path);
  owners_.assign(static_cast<std::size_t>(layout_.owners), {std::vector<std::int64_t>(counters(), 0), false});
  for (const Counts& c : layout_.counts) {
    const auto rows = h5::read_dataset<long long>(file, path, c.name);
    const auto width = static_cast<std::size_t>(c.width()), first = static_cast<std::size_t>(c.first);
    if (rows.size() != width * owners_.size()) throw base::FileError(path, std::string(c.name) + " has another size");
    for (std::size_t i = 0; i < rows.size(); ++i) owners_[i / width].rows[first + i % width] = rows[i];
  }
  for (const Owner& owner : owners_) written_.emplace_back(owner.rows.begin(), owner.rows.end());
  const auto ends = h5::read_dataset<double>(file, path, layout_.values[layout_.end].name);
  for (std::size_t k = 0; k < owners_.size(); ++k) owners_[k].ended = k < ends.size() && !std::isnan(ends[k]);
}

// The first write after Resume: what a crash left is made a clean file before it is opened to grow.
void LiveRecord::begin() {
  if (begun_) return;
  const Session session;
  if (crashed_) h5::rewrite(file_.path());
  file_.reopen();
  file_.guarded(each_handle(), [&] {
    for (const Counts& c : layout_.counts) counts_.push_back(file_.open_values(c.name));
    for (const Value& v : layout_.values) values_.push_back(file_.open_values(v.name));
  });
  begun_ = true;
}

void LiveRecord::make_ready(int owner) {
  if (owner < 0 || owner >= layout_.owners)
    throw std::logic_error("record: number " + std::to_string(owner) + " of " + std::to_string(layout_.owners));
  const std::scoped_lock lock(mutex_);
  if (closed_) throw base::FileError(file_.path(), "it is closed; nothing more is written");
  begin();
}

// Done by the writer's thread, the only one that uses the file's handles.
std::uint64_t LiveRecord::put(int owner, std::size_t bytes, Writer::Job job) {
  return writer_.put(owner, bytes, [this, job = std::move(job)] {
    const Session session;
    try {
      file_.guarded(each_handle(), job);
    } catch (const std::bad_alloc&) {
      throw base::FileError(file_.path(), "no memory is left to write a block; what was committed before it is kept");
    }
  });
}

LiveRecord::Open& LiveRecord::open_tables(int owner) {
  Open& open = open_[owner];
  if (open.tables.empty()) open.tables = layout_.tables(owner);
  for (std::size_t i = open.datasets.size(); i < open.tables.size(); ++i) {
    const Table& t = open.tables[i];
    open.datasets.push_back(file_.open_table(t.path, t.inner, t.chunk_rows));
  }
  return open;
}

// Rows that an earlier session wrote, and that are lived again, must be the same.
hsize_t LiveRecord::count_known(const h5::Handle& dataset, const Table& t, const Part& p, hsize_t written) const {
  if (p.first > written) throw std::logic_error("record: " + t.path + " would have a gap");
  const hsize_t known = std::min(written - p.first, p.rows);
  if (known == 0) return 0;
  std::vector<char> there(static_cast<std::size_t>(known) * p.row_bytes());
  file_.read(dataset, t.path, t.inner, p.first, known, p.type(), there.data());
  if (std::memcmp(there.data(), p.data(), there.size()) != 0)
    throw base::FileError(file_.path(), t.path + ": what is lived again differs from what was written of it, in rows " +
                                            std::to_string(p.first) + " to " + std::to_string(p.first + known - 1) +
                                            "; begin a new record");
  return known;
}

void LiveRecord::write(int owner, const std::vector<Part>& parts) {
  const Open& open = open_tables(owner);
  std::vector<hsize_t>& counts = written_[static_cast<std::size_t>(owner)];
  const std::vector<hsize_t> before = counts;
  for (const Part& p : parts) {
    if (p.rows == 0) continue;
    const auto i = static_cast<std::size_t>(p.table), counter = static_cast<std::size_t>(p.counter);
    const Table& t = open.tables[i];
    const hsize_t known = count_known(open.datasets[i], t, p, before[counter]);
    if (known == p.rows) continue;
    file_.append(open.datasets[i], t.path, t.inner, before[counter], p.rows - known, p.type(),
                 p.data() + known * p.row_bytes());
    counts[counter] = p.first + p.rows;
  }
  if (counts == before) return;
  file_.flush();
  write_counts(owner, counts, before);
  file_.flush();
}

// Only of datasets in which one has changed.
void LiveRecord::write_counts(int owner, const std::vector<hsize_t>& counts, const std::vector<hsize_t>& before) {
  for (std::size_t d = 0; d < layout_.counts.size(); ++d) {
    const Counts& c = layout_.counts[d];
    const std::ptrdiff_t first = c.first, last = first + static_cast<std::ptrdiff_t>(c.width());
    if (std::equal(counts.begin() + first, counts.begin() + last, before.begin() + first)) continue;
    std::vector<hsize_t> place{static_cast<hsize_t>(owner)};
    if (c.columns > 0) place.push_back(0);
    file_.write_values(counts_[d], c.name, place, {counts.begin() + first, counts.begin() + last});
  }
}

void LiveRecord::commit(int owner, std::vector<Part> parts) {
  make_ready(owner);
  std::vector<std::int64_t> after = rows(owner);
  for (Part& p : parts) p.first = static_cast<hsize_t>(after[static_cast<std::size_t>(p.counter)]);
  for (const Part& p : parts) after[static_cast<std::size_t>(p.counter)] = static_cast<std::int64_t>(p.first + p.rows);
  const std::size_t bytes = size_of(parts);
  const auto block = std::make_shared<const std::vector<Part>>(std::move(parts));
  put(owner, bytes, [this, owner, block] {
    write(owner, *block);
    file_.sync_now_and_then();
  });
  const std::scoped_lock lock(mutex_);
  owners_[static_cast<std::size_t>(owner)].rows = std::move(after);
}

void LiveRecord::set(int owner, const std::vector<std::pair<std::size_t, double>>& values, bool ends) {
  make_ready(owner);
  put(owner, 0, [this, owner, values, ends] {
    for (const auto& [i, x] : values) {
      const Value& v = layout_.values[i];
      file_.write_values(values_[i], v.name, {v.of_run ? 0 : static_cast<hsize_t>(owner)}, {x});
    }
    file_.flush();
    if (ends) open_.erase(owner);
  });
  const std::scoped_lock lock(mutex_);
  if (ends) owners_[static_cast<std::size_t>(owner)].ended = true;
}

void LiveRecord::sync() {
  {
    const std::scoped_lock lock(mutex_);
    if (!begun_ && !closed_) return;  // nothing was written
  }
  writer_.wait(writer_.put(-1, 0, [this] {
    const Session session;
    file_.guarded(each_handle(), [&] { file_.sync(); });
  }));
}

void LiveRecord::close() {
  {
    const std::scoped_lock lock(mutex_);
    if (closed_) return;
    closed_ = true;
    if (!begun_) return;
  }
  if (writer_.told()) return;
  writer_.wait(writer_.put(-1, 0, [this] {
    const Session session;
    file_.close(each_handle());
  }));
}

std::vector<std::int64_t> LiveRecord::rows(int owner) const {
  const std::scoped_lock lock(mutex_);
  return owners_.at(static_cast<std::size_t>(owner)).rows;
}

bool LiveRecord::ended(int owner) const {
  const std::scoped_lock lock(mutex_);
  return owners_.at(static_cast<std::size_t>(owner)).ended;
}

bool LiveRecord::rewind(int owner, const std::vector<std::int64_t>& rows) {
  const std::scoped_lock lock(mutex_);
  Owner& o = owners_.at(static_cast<std::size_t>(owner));
  if (rows.size() != o.rows.size()) throw std::logic_error("record: rewound to another number of counts");
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i] < 0 || rows[i] > o.rows[i]) return false;
  o = {rows, false};
  return true;
}

std::vector<double> LiveRecord::stored(int owner, int table, hsize_t row) const {
  const Session session;
  const Handle file = h5::open_for_reading(file_.path());
  const Table t = layout_.tables(owner).at(static_cast<std::size_t>(table));
  return h5::read_row(file, file_.path(), t.path, row);
}

}  // namespace infans::experiments
