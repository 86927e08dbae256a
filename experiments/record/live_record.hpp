// What a run's and a study's record have in common: owners (agents, participants) with tables that only grow, counts of
// the rows that count, and a few values of each owner. Private to this folder.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "experiments/record/live_file.hpp"
#include "experiments/record/rewrite.hpp"
#include "experiments/record/writer.hpp"

namespace infans::experiments {

class LiveRecord {
 public:
  // A dataset [rows, inner...] of one owner.
  struct Table {
    std::string path;
    hid_t type = -1;
    std::vector<hsize_t> inner;
    hsize_t chunk_rows = 1;
    int counter = 0;                                         // place in the owner's row of counts
    std::vector<std::pair<const char*, std::string>> texts;  // attributes
  };
  // A dataset of counts, [owners, columns], or [owners] where columns is 0: of counter `first` and those after it.
  struct Counts {
    const char* name;
    hsize_t columns;
    int first;
    hsize_t width() const { return columns > 0 ? columns : 1; }
  };
  // A dataset [owners], or [1] of the whole run.
  struct Value {
    const char* name;
    bool of_run = false;
  };
  struct Layout {
    const char* filetype = "";  // what is declared of it says the rest of every dataset
    int owners = 0;
    Faults faults = {};
    int compression = 0;         // deflate level of full chunks
    std::vector<Counts> counts;  // written in this order
    std::vector<Value> values;
    std::size_t end = 0;                                   // the value that is a number once a life has ended
    std::function<void(const h5::LiveFile&)> head;         // writes attributes and groups
    std::function<std::vector<Table>(int)> tables;         // of an owner; the same whenever it is asked
    std::function<void(hid_t, const std::string&)> check;  // throws where a file was made for another layout
  };
  struct Part {  // whole rows of a table, as doubles or as bytes
    int table = 0, counter = 0;
    hsize_t rows = 0;
    std::vector<double> values;
    std::vector<std::uint8_t> bytes;
    hsize_t first = 0;  // its place in the table; commit() sets it

    bool raw() const { return !bytes.empty(); }
    hid_t type() const { return raw() ? H5T_NATIVE_UINT8 : H5T_NATIVE_DOUBLE; }
    const char* data() const {
      return raw() ? reinterpret_cast<const char*>(bytes.data()) : reinterpret_cast<const char*>(values.data());
    }
    std::size_t row_bytes() const { return (bytes.size() + values.size() * sizeof(double)) / rows; }
  };

  LiveRecord(const std::string& path, Layout layout);
  struct Resume {};
  LiveRecord(const std::string& path, Layout layout, Resume);
  ~LiveRecord();

  // Appends the parts, then counts their rows. Returns before it is written.
  void commit(int owner, std::vector<Part> parts);
  // Places of values in the layout, and what they are; `ends`: the owner writes nothing more.
  void set(int owner, const std::vector<std::pair<std::size_t, double>>& values, bool ends);
  bool failed() const { return writer_.failed(); }
  void sync();
  void close();

  // Of each counter, with what waits to be written.
  std::vector<std::int64_t> rows(int owner) const;
  bool ended(int owner) const;
  // The owner begins again after so many rows; those that are written are not written again, but must be the same.
  // False where there are less.
  bool rewind(int owner, const std::vector<std::int64_t>& rows);
  // A row of a table of numbers, as it is in the file.
  std::vector<double> stored(int owner, int table, hsize_t row) const;
  const std::string& path() const { return file_.path(); }

 private:
  struct Owner {
    std::vector<std::int64_t> rows;  // as put, of each counter
    bool ended = false;
  };
  struct Open {  // what an owner writes to
    std::vector<Table> tables;
    std::vector<h5::Handle> datasets;
  };

  std::size_t counters() const;
  void create();
  void read();
  void begin();
  void make_ready(int owner);
  std::uint64_t put(int owner, std::size_t bytes, Writer::Job job);
  Open& open_tables(int owner);
  hsize_t count_known(const h5::Handle& dataset, const Table& table, const Part& part, hsize_t written) const;
  void write(int owner, const std::vector<Part>& parts);
  void write_counts(int owner, const std::vector<hsize_t>& counts, const std::vector<hsize_t>& before);
  auto each_handle() {
    return [this](const auto& visit) {
      for (auto& [owner, open] : open_)
        for (h5::Handle& h : open.datasets) visit(h);
      for (auto* handles : {&counts_, &values_})
        for (h5::Handle& h : *handles) visit(h);
    };
  }

  Layout layout_;
  // Of the writer's thread, once it writes.
  h5::LiveFile file_;
  std::map<int, Open> open_;
  std::vector<h5::Handle> counts_, values_;
  std::vector<std::vector<hsize_t>> written_;  // of each owner, the counters
  // Of whoever holds the mutex.
  mutable std::mutex mutex_;
  std::vector<Owner> owners_;
  bool begun_ = false, closed_ = false;
  bool crashed_ = false;  // the file was not closed by who wrote it
  Writer writer_;         // last: it ends first
};

}  // namespace infans::experiments
