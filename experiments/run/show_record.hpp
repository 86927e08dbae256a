// A record in words: what `infans inspect` prints.
#pragma once

#include <string>

namespace infans::experiments {

// Of a run or of a study; finished, running and killed files alike. Throws base::FileError.
std::string record_in_words(const std::string& path);

}  // namespace infans::experiments
