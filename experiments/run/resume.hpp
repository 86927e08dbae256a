// Going on with a run that was stopped or killed, to the same bits.
#pragma once

#include <string>

#include "experiments/run/study.hpp"

namespace infans::experiments {

// run: its folder, or the run.h5 in it. Of `given` only threads, quiet, world, protocol, probes and on_sample count;
// all else is as the record says. Returns the path of run.h5. Throws as run_study, and base::FileError where there is
// no run, or where program, processor, body or options are others than those that made it: the message names both.
std::string resume(const std::string& run, const RunRequest& given);

// A record that a crash left open is made whole (record/recover.hpp) and, unless quiet, that is said on stderr.
void recover_aloud(const std::string& run_h5, bool quiet);

}  // namespace infans::experiments
