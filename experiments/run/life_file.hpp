// TOML as options: the only place of a life that reads it.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/config/option.hpp"

namespace infans::experiments {

// Sets what a life's file says. `source` is the file's name: it begins every message, with the line.
// Throws base::FileError when the text is no TOML, and the first base::OptionError; with `mistakes` all of these are
// put there instead, in the order of the file, and what is right is set.
void read_life_file(const std::string& text, const std::string& source, config::Options& options,
                    std::vector<base::OptionError>* mistakes = nullptr);

// One option from the command line; a list is written as in TOML, ["a", "b"]; a list of tables, [{geoms =
// ["*_hand*"]}], and takes the place of the one before. Throws base::OptionError.
void set_option(config::Options& options, const std::string& key, const std::string& text, const std::string& where);

}  // namespace infans::experiments
