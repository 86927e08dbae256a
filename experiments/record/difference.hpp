// What two texts that should be the same differ in, said to whoever wants to go on with a record.
#pragma once

#include <string>

namespace infans::experiments {

// "'x' was saved, 'y' is here": of longer texts the first lines that differ, with the TOML table around them.
std::string first_difference(const std::string& saved, const std::string& here);
// Throws base::FileError(path) where they are not the same, with both and what to do.
void require_same_text(const std::string& what, const std::string& saved, const std::string& here,
                       const std::string& path);

}  // namespace infans::experiments
