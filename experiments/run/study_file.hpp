// A developmental study as its file says it, part by part. What the parts mean together: design.hpp.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/config/option.hpp"
#include "experiments/protocols/protocol.hpp"

namespace infans::experiments {

// An option of the protocol that a part of the study changes.
struct Setting {
  std::string key;
  config::Value value;
  std::string where;  // "study.toml:12"
};

// A group, a stage, a probe, ...: its own fields ("group.name"), and what it changes.
struct Entry {
  config::Options fields;
  std::vector<Setting> settings;
  std::string where, kind;

  const std::string& name() const { return fields.text(kind + ".name"); }
  // Whether a list of names ("stage.groups") has this one, or is empty: it stands for all.
  bool admits(const std::string& key, const std::string& one) const;
  // "stage 'babbling'"
  std::string called() const { return kind + " '" + name() + "'"; }
};

struct Factor {
  Entry entry;
  std::vector<Entry> levels;
};

struct StudyFile {
  std::string source, text;
  Protocol protocol;
  config::Options options;  // of all studies and of the protocol
  std::vector<Entry> groups, stages, probes, exclusions, analyses;
  std::vector<Factor> factors;
};

// The protocol that a life's file names, or "": then it is a life without one (options.hpp). Throws base::FileError for
// what is no file, no shipped study and no TOML.
std::string protocol_of(const std::string& spec);

// Reads a shipped study or a file. `given`: the only protocol that it can name, in place of the shipped ones. Settings
// ("key", "value") of the command line come after the file's tables, and before what its groups, factors and stages
// change. Throws base::FileError and base::OptionError with file and line.
StudyFile read_study_file(const std::string& spec, const std::optional<Protocol>& given,
                          const std::vector<std::pair<std::string, std::string>>& settings);

// Applies an entry's settings to options of the protocol. Throws base::OptionError.
void apply(const Entry& entry, config::Options& options);

}  // namespace infans::experiments
