// A protocol in words: what `infans protocol` prints.
#pragma once

#include <string>

#include "core/config/option.hpp"

namespace infans::experiments {

// What a study of it can set and measure. Throws base::OptionError for an unknown name, naming the nearest.
std::string protocol_in_words(const std::string& name);
// Options under the headers of their tables, those whose key contains the filter; "": there is none. Of entries: they
// are the fields of a list of tables.
std::string options_in_words(const config::OptionTable& table, const std::string& filter, bool entries = false);

}  // namespace infans::experiments
