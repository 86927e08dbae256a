// Ages and durations as a study's file writes them.
#pragma once

#include <string>

namespace infans::experiments {

// "6 weeks", "2.5 months", "40 days", "12 hours", "30 min", "10 s" in days; a month has 30.4375 days. `key` is what is
// set there, `where` the file and line. Throws base::OptionError for anything else, also for a negative number.
double days_of(const std::string& text, const std::string& key, const std::string& where);

// 45.5 as "6.5 weeks", 3 as "3 days", 0.5 as "12 hours".
std::string age_in_words(double days);

}  // namespace infans::experiments
