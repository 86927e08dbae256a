// The folder of a run: nothing in it is ever overwritten, but for what follows from the record of a run that goes on.
#pragma once

#include <string>

namespace infans::experiments {

class RunFolder {
 public:
  // `wanted`, or the first free runs/<study>-n where it is "". Made where it is not there. Throws base::FileError when
  // it cannot be made or written, or holds files of another run.
  // resume: they may be of this run, which goes on.
  RunFolder(const std::string& wanted, const std::string& study, bool resume = false);

  std::string file(const char* name) const;
  const std::string& path() const { return path_; }
  bool has_record() const;
  // Summary and report, of lives that go on now.
  void remove_results() const;

 private:
  std::string path_;
};

// run.h5 of a run's folder; what is no folder is taken as the record itself. Throws base::FileError where it is
// missing.
std::string record_of(const std::string& run);

// Atomic: readers see the old file or the new one. Throws base::FileError.
void write_text_file(const std::string& path, const std::string& text);

// Draws the report by the Python package's infans-report; false if that is not installed or fails. What it prints comes
// to stdout with `table`, the results of a study.
bool write_report(const std::string& run, const std::string& report, bool table = false);

}  // namespace infans::experiments
