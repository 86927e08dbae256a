// What can be wrong with a study that reads well: names that nothing has, stages that never end, ages that go back.
// Each throws base::OptionError with file, line, key and remedy. Internal to design.cpp.
#pragma once

#include <vector>

#include "experiments/run/design.hpp"
#include "experiments/run/study_fields.hpp"

namespace infans::experiments {

// Names: unique where they must be, known where they are referred to.
void check_parts(const StudyFile& study);
// A within-subject level that the stage itself overrides would mean nothing.
void check_level_stands(const Entry& level, const Entry& stage);
// Ascending, and inside the life.
void check_ages(const Entry& probe, const std::vector<double>& ages, double start_days, double last_days);
// Every stage ends, no age goes back, nothing is changed that a stage cannot change, and the protocol takes the
// options.
void check_stages(const Design& design);
void check_analyses(const Design& design);

// Age at the end of these stages, days; infinite where it is not known in advance.
double longest_life(const std::vector<StagePlan>& stages, double start_days, double sample_days);

}  // namespace infans::experiments
