// What a command line asked for, as the record keeps it so that the run can go on.
#pragma once

#include <string>

#include "experiments/run/study.hpp"

namespace infans::experiments {

// settings = [["key", "value"], ...], agents = n, seed = n; what was not given is left out.
std::string request_toml(const RunRequest& request);
// The request that made a record of a developmental study, to go on in its folder. Throws base::FileError where the
// record does not keep it (format 1.0).
RunRequest request_of_record(const std::string& run_h5);

}  // namespace infans::experiments
