// `infans watch`: a terminal view that follows a growing record.
#pragma once

#include <string>

namespace infans::experiments {

// path: a run.h5 or the folder of a run; finished, running and killed ones alike. Rewrites the view every so many
// seconds on a terminal, else prints it anew, until the run ends, is stopped or killed, or Ctrl-C. once: one view.
// Returns the exit code. Throws base::FileError for what is no record.
int watch(const std::string& path, bool once, double every_seconds);

}  // namespace infans::experiments
