// The command line; the Python console script and the plain executable both call this.
#pragma once

#include <string>
#include <vector>

namespace infans::experiments {

// arguments without the program's name. Returns the exit status: 0; 1 a run failed; 2 a user's mistake; 130 Ctrl-C.
int run_cli(const std::vector<std::string>& arguments);

}  // namespace infans::experiments
