// Prints FORMAT.md's tables of a filetype, for scripts/gen/format.
#include <cstdio>
#include <exception>
#include <stdexcept>

#include "experiments/record/declaration.hpp"

int main(int count, char** words) try {
  if (count != 2) throw std::invalid_argument("usage: format_tables FILETYPE");
  std::fputs(infans::experiments::declaration_markdown(words[1]).c_str(), stdout);
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "format_tables: %s\n", e.what());
  return 2;
}
