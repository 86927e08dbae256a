// Reads TOML tables into options and keeps every mistake with its line. Private to this folder.
#pragma once

#include <toml++/toml.h>

#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/config/option.hpp"

namespace infans::experiments {

// Throws base::OptionError for a date or a mixed list.
config::Value value_of(const toml::node& node, const std::string& key, const std::string& where);

class TableReader {
 public:
  // `origin` stands for file and line when it is not empty.
  explicit TableReader(std::string source, std::string origin = {})
      : source_(std::move(source)), origin_(std::move(origin)) {}

  void read(const toml::table& table, const std::string& prefix, config::Options& options);
  void read_node(const toml::node& node, const std::string& key, config::Options& options);
  // What `work` throws as base::OptionError is a mistake on the node's line.
  template <typename Work>
  void guarded(const toml::node& node, Work&& work) {
    try {
      work();
    } catch (const base::OptionError& e) {
      mistakes_.emplace_back(static_cast<long>(node.source().begin.line), e);
    }
  }
  // In the order of the file.
  std::vector<base::OptionError> mistakes();
  // "file:line"
  std::string where(const toml::node& node) const;

 private:
  void read_list(const toml::array& list, const std::string& key, config::Options& options);

  std::string source_, origin_;
  std::vector<std::pair<long, base::OptionError>> mistakes_;
};

// Throws base::FileError for what is not TOML.
toml::table parse_toml(const std::string& text, const std::string& source);

}  // namespace infans::experiments
