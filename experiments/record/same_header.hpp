// Whether a record was made for what is to be written to it. Private to this folder.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "experiments/record/h5.hpp"
#include "experiments/record/study_recorder.hpp"

namespace infans::experiments {

// Names of a study's logs, in the order of /committed_logs.
inline constexpr const char* study_logs[] = {"signals", "physics", "bodies", "bodies_text", "states", "states_bytes"};

// The root attributes of a study that are texts.
std::vector<std::pair<std::string, std::string>> root_texts(const StudyHeader& header);
// Throws base::FileError that names what differs, with both values.
void require_same(const StudyHeader& header, hid_t file, const std::string& path);
void require_version(hid_t file, const std::string& path, const std::string& filetype,
                     const std::vector<long long>& version);

}  // namespace infans::experiments
