// Bodies as MJCF text: the shipped ones are compiled into the library, any other one is a file. Knows no physics
// engine.
#pragma once

#include <string>
#include <vector>

namespace infans::envs {

// Names of the shipped bodies, in alphabetical order.
std::vector<std::string> body_names();

// The MJCF text of a shipped body (by name) or of a file (by path); a shipped name wins over a file of that name.
// "infant" takes options: "infant?age=6&scene=seated", see infant.hpp.
// Throws base::FileError when there is neither, or the file cannot be read; its message lists the nearest names.
// Throws base::OptionError for an option that the infant does not have or that is outside its range.
std::string load_mjcf(const std::string& name_or_path);

// Age of a shipped infant, e.g. 6 of "infant?age=6"; 0 of every other body. Throws base::OptionError as load_mjcf.
double age_months_of(const std::string& name_or_path);

}  // namespace infans::envs
