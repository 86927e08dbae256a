#include "experiments/record/difference.hpp"

#include <sstream>

#include "core/base/error.hpp"

namespace infans::experiments {
namespace {

std::string quoted(const std::string& text) {
  constexpr std::size_t most = 200;
  if (text.empty()) return "nothing";
  return "'" + (text.size() <= most ? text : text.substr(0, most) + " ...") + "'";
}

}  // namespace

std::string first_difference(const std::string& saved, const std::string& here) {
  std::istringstream a(saved), b(here);
  std::string x, y, table;
  for (bool more = true, other = true; more || other;) {
    more = static_cast<bool>(std::getline(a, x));
    other = static_cast<bool>(std::getline(b, y));
    if (!more) x.clear();
    if (!other) y.clear();
    if (x != y || more != other) break;
    if (x.starts_with('[')) table = x + " ";
  }
  return table + quoted(x) + " was saved, " + quoted(y) + " is here";
}

void require_same_text(const std::string& what, const std::string& saved, const std::string& here,
                       const std::string& path) {
  if (saved != here)
    throw base::FileError(path, "was made with another " + what + ": " + first_difference(saved, here) +
                                    "; go on with what made it, or begin anew in another folder");
}

}  // namespace infans::experiments
