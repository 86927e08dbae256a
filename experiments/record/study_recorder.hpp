// The log of a developmental study: who lived what, and every trial. The only writer of its run.h5; FORMAT.md says what
// stands where.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace infans::experiments {

// A table of every participant: its columns as JSON [{"name", "unit", "doc"}].
struct StudyTable {
  std::string name, columns_json;
  int columns = 0;
};

struct StudyHeader {
  std::vector<std::pair<std::string, std::string>> texts;  // root attributes
  std::uint64_t seed = 0;                                  // of participant 1
  StudyTable life;
  std::vector<StudyTable> probes;
  struct Person {
    int number = 1, cell = 0;
    std::uint64_t seed = 0;
    std::string cell_name, stages_json;
  };
  std::vector<Person> people;
};

// Thread-safe: participants commit blocks from their own threads; one mutex guards every HDF5 call.
class StudyRecorder {
 public:
  // Creates `path` exclusively (an existing file is a base::FileError and stays as it is), all tables, then SWMR.
  StudyRecorder(const std::string& path, const StudyHeader& header);
  ~StudyRecorder();
  StudyRecorder(const StudyRecorder&) = delete;
  StudyRecorder& operator=(const StudyRecorder&) = delete;

  // Whole rows one after another: of life, and of each probe in the order of the header.
  struct Block {
    std::vector<double> life;
    std::vector<std::vector<double>> probes;
  };
  // Appends to the tables of person `index` (from 0, of header.people): rows, flush, then the counts, flush.
  // Throws base::FileError when the disk refuses; the committed rows before it stay readable.
  void commit(int index, const Block& block);
  // 0: kept, k: by rule k (from 1), -1: it failed.
  void commit_end(int index, int excluded, double wall_seconds, double cpu_seconds);
  // Flushes, fsyncs and closes; called by the destructor too (which swallows errors).
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What `infans inspect` prints of a study; opens finished, running and killed files alike.
struct StudySummary {
  std::string infans_version, git_hash, mujoco_version, isa, spec_name, protocol;
  int format_major = 0, format_minor = 0;
  std::vector<std::string> tables;  // life, then the probes
  struct Person {
    int number = 1;
    std::uint64_t seed = 0;
    std::string cell_name;
    std::vector<std::int64_t> rows;  // committed, of each table
    int excluded = 0;
    bool ended = false;
  };
  std::vector<Person> people;
};

// Throws as inspect().
StudySummary inspect_study(const std::string& path);
// "infans-run", "infans-study", ... ; throws base::FileError for what cannot be opened.
std::string filetype_of(const std::string& path);

}  // namespace infans::experiments
