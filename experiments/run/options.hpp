// Every option of a life, declared once.
#pragma once

#include <string>
#include <vector>

#include "agents/agent.hpp"
#include "core/base/error.hpp"
#include "core/config/option.hpp"
#include "experiments/run/senses.hpp"

namespace infans::experiments {

config::OptionTable life_options();

struct ShippedStudy {
  std::string name, summary, toml;
};
// The studies compiled into the program.
const std::vector<ShippedStudy>& shipped_studies();

struct StudyText {
  std::string source, text;  // name of the file, and what it says
};
// A shipped study's text, a file's, or `spec` itself where it has more than one line. Throws base::FileError; the
// message names the nearest shipped one.
StudyText study_text(const std::string& spec);

// Options of the study SPEC: a shipped name or a TOML file. Unknown keys and values out of range are base::OptionError
// with file and line; a file that is missing or is no TOML is base::FileError. With `mistakes` the option errors are
// all put there, in the order of the file, instead of the first being thrown.
config::Options load_study(const std::string& spec, std::vector<base::OptionError>* mistakes = nullptr);

SensesOptions senses_options(const config::Options& options);
agents::AgentOptions agent_options(const config::Options& options);

}  // namespace infans::experiments
