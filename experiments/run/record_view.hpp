// How far a run or a study has come, read from its record while it grows.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace infans::experiments {

struct RecordView {
  struct Life {
    int number = 1;
    std::string group;                   // of a participant
    std::int64_t samples = 0, rows = 0;  // lived, and on record
    std::string where;                   // stage, or episodes and successes
    double age_days = std::numeric_limits<double>::quiet_NaN();
    bool ended = false;
    int excluded = 0;           // as StudySummary::Person
    double wall_seconds = 0.0;  // where it has ended
  };
  std::string path, title, noun, unit;  // "participant", "samples"; "agent", "decisions"
  std::vector<Life> lives;
  std::int64_t longest = 0;  // samples that a life can have at most; 0: not known
  double at = 0.0;           // when it was read, s (clocks.hpp)

  bool ended() const;  // all of them
};

// Never disturbs who writes. Throws base::FileError for what cannot be read.
RecordView view_of(const std::string& run_h5);

enum class WriterState { running, killed, gone };
// Of who writes to it. Where its file belongs to another user, whose processes are not seen, a killed one seems to run.
WriterState writer_state(const std::string& run_h5);

// Head and table, at most `lines` long (0: all lives). Rates and what is left follow from `before`, an older view of
// the same record; null: only where a life has ended.
std::string view_in_words(const RecordView& now, const RecordView* before, const std::string& state, std::size_t lines);

}  // namespace infans::experiments
