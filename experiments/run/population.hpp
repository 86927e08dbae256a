// A developmental study as it is run: every participant lives its stages and is tested, partners before those who are
// yoked to them, and what they did is written and reported.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "experiments/run/study.hpp"

namespace infans::experiments {

// Throws as run_study. request.agents is the number of participants in each group. Returns the path of run.h5.
std::string run_population(const RunRequest& request);
// What its record will say of itself (FORMAT.md: root attributes), `design` among it; nothing is lived or written.
// Throws base::OptionError and base::FileError.
std::vector<std::pair<std::string, std::string>> study_texts(const RunRequest& request);

}  // namespace infans::experiments
