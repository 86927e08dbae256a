#include "envs/mujoco/limits.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace infans::envs {
namespace {

constexpr std::array<std::string_view, 3> counted = {"body", "geom", "site"};

// The tag that begins at text[at] == '<', up to and without its '>'; quotes may hold a '>'.
std::string_view tag_at(std::string_view text, std::size_t at) {
  char quote = '\0';
  for (std::size_t i = at; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return text.substr(at, i - at);
    }
  }
  return text.substr(at);
}

long line_of(std::string_view text, std::size_t at) {
  return 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
}

// The number after count=" or count='; 1 when there is none, as MuJoCo's reader will refuse it.
double replicas(std::string_view tag) {
  const std::size_t at = tag.find("count");
  if (at == std::string_view::npos) return 1.0;
  const std::size_t quote = tag.find_first_of("\"'", at);
  if (quote == std::string_view::npos) return 1.0;
  return std::max(1.0, std::strtod(std::string(tag.substr(quote + 1, 32)).c_str(), nullptr));
}

}  // namespace

void check_size(const std::string& mjcf_text, const std::string& source) {
  const std::string_view text = mjcf_text;
  std::array<double, counted.size()> total{};
  std::vector<double> copies = {1.0};
  for (std::size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
    if (text.compare(at, 4, "<!--") == 0) {
      const std::size_t end = text.find("-->", at);
      if (end == std::string_view::npos) return;
      at = end;
      continue;
    }
    const std::string_view tag = tag_at(text, at);
    const std::string_view name = tag.substr(1, tag.find_first_of(" \t\r\n/", 2) - 1);
    if (name == "replicate" && tag.back() != '/') copies.push_back(copies.back() * replicas(tag));
    if (name == "/replicate" && copies.size() > 1) copies.pop_back();
    for (std::size_t k = 0; k < counted.size(); ++k) {
      if (name != counted[k]) continue;
      total[k] += copies.back();
      if (total[k] <= static_cast<double>(most_elements)) continue;
      throw base::BodyError(source, "more than " + std::to_string(most_elements) + " <" + std::string(name) +
                                        "> elements, copies counted: the first too many is in line " +
                                        std::to_string(line_of(text, at)) + "; simplify the body");
    }
    at += tag.size() - 1;
  }
}

long line_of_element(const std::string& mjcf_text, const std::string& kind, const std::string& name) {
  if (name.empty()) return 0;
  long any = 0;
  for (const char quote : {'"', '\''}) {
    const std::string wanted = std::string("name=") + quote + name + quote;
    for (std::size_t at = mjcf_text.find(wanted); at != std::string::npos; at = mjcf_text.find(wanted, at + 1)) {
      const std::size_t tag = mjcf_text.rfind('<', at);
      if (tag == std::string::npos || mjcf_text[at - 1] > ' ') continue;  // "classname=..."
      if (mjcf_text.compare(tag + 1, kind.size() + 1, kind + " ") == 0) return line_of(mjcf_text, tag);
      if (any == 0) any = line_of(mjcf_text, tag);
    }
  }
  return any;
}

std::string located(const std::string& message, const std::string& mjcf_text) {
  const std::size_t open = message.find('\'');
  const std::size_t close = open == std::string::npos ? open : message.find('\'', open + 1);
  if (close == std::string::npos || message.find("line ") != std::string::npos) return message;
  const std::size_t at = mjcf_text.find(message.substr(open + 1, close - open - 1));
  const std::size_t tag = at == std::string::npos ? at : mjcf_text.rfind('<', at);
  if (tag == std::string::npos) return message;
  return message + ", line " + std::to_string(line_of(mjcf_text, tag)) + ": " +
         std::string(tag_at(mjcf_text, tag).substr(0, 200)) + ">";
}

}  // namespace infans::envs
