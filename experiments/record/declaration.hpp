// What stands in the files: the one list of every dataset, group and attribute. The recorders create from it,
// FORMAT.md's tables are generated from it (scripts/gen/format), and tests compare both with it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace infans::experiments {

struct Declared {
  std::string_view path;  // "participants/NNNN/life"; an attribute is "participants/NNNN@seed" or, of the file, "@seed"
  std::string_view type;  // "group", "text", "uint64", "float64", ...
  std::string_view shape;  // axes by their letters in FORMAT.md, "P, T"; "": one value
  std::string_view unit, doc;
  std::string_view since = "1.0";  // format version

  bool is_attribute() const { return path.find('@') != std::string_view::npos; }
};

inline constexpr const char* filetypes[] = {"infans-run", "infans-study", "infans-checkpoint"};

std::span<const Declared> declared(std::string_view filetype);
// Throws std::logic_error for what is not declared.
const Declared& declared(std::string_view filetype, std::string_view path);
// FORMAT.md's tables of a filetype.
std::string declaration_markdown(std::string_view filetype);

}  // namespace infans::experiments
