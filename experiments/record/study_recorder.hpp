// The log of a developmental study: who lived what, and every trial. The only writer of its run.h5; FORMAT.md says what
// stands where.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "experiments/record/faults.hpp"

namespace infans::experiments {

// A table of every participant: its columns as JSON [{"name", "unit", "doc"}].
struct StudyTable {
  std::string name, columns_json;
  int columns = 0;
};

struct StudyHeader {
  std::vector<std::pair<std::string, std::string>> texts;  // root attributes
  std::uint64_t seed = 0;                                  // of participant 1
  int compression = 1;                                     // deflate level of full chunks, 0 (none) to 9
  Faults faults = {};
  StudyTable life;
  std::vector<StudyTable> probes;
  struct Person {
    int number = 1, cell = 0;
    std::uint64_t seed = 0;
    std::string cell_name, stages_json;
    std::string signals_json;             // [{"name", "unit", "doc", "shape", "offset"}]; offset: in a row of signals
    int signals = 0;                      // columns of its signals: `sample`, then the values; 0: none are recorded
    int physics = 0;                      // size of its physics state; 0: none is recorded
    bool bodies = false, states = false;  // whether its bodies, and its states at the ends of stages, are recorded
  };
  std::vector<Person> people;
};

// What a life has cost; NaN: not known.
struct StudyLedger {
  double wall_seconds = 0.0, cpu_seconds = 0.0;
  double samples = 0.0, belief_updates = 0.0, operations = 0.0;
};

// Thread-safe: participants commit blocks from their own threads; one thread of its own owns every HDF5 handle and
// writes them in the order in which they came. A commit waits while too much is waiting to be written: nothing is
// dropped. What the disk refuses is thrown by the next call, whoever makes it.
class StudyRecorder {
 public:
  // Creates `path` exclusively (an existing file is a base::FileError and stays as it is), all tables, then SWMR.
  StudyRecorder(const std::string& path, const StudyHeader& header);
  // Goes on with the file that an interrupted or killed run left: recovers it where that is needed (recover.hpp),
  // checks that it was made for the same header (base::FileError says what differs, with both values), then SWMR.
  struct Resume {};
  StudyRecorder(const std::string& path, const StudyHeader& header, Resume);
  ~StudyRecorder();
  StudyRecorder(const StudyRecorder&) = delete;
  StudyRecorder& operator=(const StudyRecorder&) = delete;

  // Whole rows one after another: of life, of each probe in the order of the header, and of the logs.
  struct Body {
    double sample = 0.0, age_days = 0.0;  // samples lived when it was seen first, and the age then
    std::string mjcf;
  };
  struct State {
    double sample = 0.0, age_days = 0.0, stage = 0.0;  // samples lived, and where
    std::vector<std::uint8_t> bytes;                   // as base::StateWriter writes
  };
  struct Block {
    std::vector<double> life;
    std::vector<std::vector<double>> probes;
    std::vector<double> signals;  // rows of {sample, values}
    std::vector<double> physics;  // rows of {sample, place of its body in bodies, state}
    std::vector<Body> bodies;
    std::vector<State> states;
  };
  // Appends to the tables of person `index` (from 0, of header.people): rows, flush, then the counts, flush.
  // Throws base::FileError when the disk refused; the committed rows before it stay readable.
  void commit(int index, Block block);
  // 0: kept, k: by rule k (from 1), -1: it failed.
  void commit_end(int index, int excluded, const StudyLedger& ledger);
  // Of the whole run, J; NaN: cannot be read here.
  void commit_energy(double joules);
  // Waits until all that was committed is on the disk (fsync).
  void sync();
  // Whether a write has failed: nothing more is written.
  bool failed() const;
  // Flushes, fsyncs and closes; called by the destructor too (which swallows errors).
  void close();

  // Rows of each table of a person that are committed, or will be when what waits is written: life, the probes, then
  // signals, physics, bodies, states (0 where there is no such log).
  std::vector<std::int64_t> rows(int index) const;
  // After Resume: a person goes on from these counts, and it has not ended. What its tables hold beyond them is not
  // written again, but must come again with the same bits (base::FileError, from a later call, where it does not).
  // False, and nothing is changed, where they hold less.
  bool rewind(int index, const std::vector<std::int64_t>& rows);
  // After Resume: whether its life had ended (its ledger is written).
  bool ended(int index) const;

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
