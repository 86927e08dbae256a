// Who lives what and when it is tested: participants x groups x conditions, worked out from a study's file. Everything
// that can be wrong with it is found here, before anything runs.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/run/study_file.hpp"

namespace infans::experiments {

using Levels = std::map<std::string, std::string>;  // factor -> level

// A stage as it is lived: one level of each within-subject factor it is about, and the options in force.
struct StagePlan {
  const Entry* entry;
  Levels levels;
  config::Options options;
  // It ends at the first that holds; 0, nothing or "": not by this.
  long samples;
  double seconds;
  std::optional<double> until_days;
  std::string criterion;
};

struct ProbePlan {
  const Entry* entry;
  const ProbeKind* kind;
  std::vector<long> at;  // samples lived before each test, ascending
  bool stage_ends;
  long trials;
};

// A group at one level of every between-subject factor.
struct Cell {
  std::string name, group;
  Levels levels;
  int yoked_to = -1;                           // cell
  int first = 1, participants = 0;             // numbers first .. first + participants - 1
  std::vector<std::vector<StagePlan>> orders;  // stages in each counterbalanced order
  std::vector<int> probes;                     // of Design::probes
};

struct Design {
  StudyFile study;
  double start_days, sample_days;
  std::vector<Cell> cells;
  std::vector<ProbePlan> probes;
  int participants = 0;
  std::vector<std::string> remarks;  // no mistakes, but worth a second look

  struct Person {
    Identity identity;
    int cell = 0;     // from 0
    int partner = 0;  // number of whom it is yoked to; 0: nobody
    const std::vector<StagePlan>* stages = nullptr;
  };
  // number: 1 .. participants.
  Person person(int number) const;
};

// Throws base::OptionError with file, line, key and remedy. Entries of the result point into design.study.
std::unique_ptr<const Design> make_design(StudyFile study);

// The counterbalanced orders of n levels: Williams' (1949) square, in which every level follows every other equally
// often; n rows for an even n, 2 n for an odd one.
std::vector<std::vector<int>> williams_orders(int n);

// As the record keeps it: experiments/record/FORMAT.md.
std::string design_json(const Design& design);
// [{"name", "unit", "doc"}]
std::string variables_json(const std::vector<Variable>& variables);
// [{"name", "levels"}] of the stages that somebody lives.
std::string stages_json(const std::vector<StagePlan>& stages);

}  // namespace infans::experiments
