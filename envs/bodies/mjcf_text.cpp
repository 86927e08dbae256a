#include "envs/bodies/mjcf_text.hpp"

#include <array>
#include <charconv>

namespace infans::envs {

std::string number_text(double value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::general, 9);
  return {digits.data(), end.ptr};
}

std::string numbers_text(std::initializer_list<double> values) {
  std::string text;
  for (const double value : values) {
    if (!text.empty()) text += ' ';
    text += number_text(value);
  }
  return text;
}

void MjcfText::open(const std::string& tag, const Attributes& attributes) {
  start(tag, attributes, ">\n");
  open_.push_back(tag);
}

void MjcfText::close() {
  const std::string tag = open_.back();
  open_.pop_back();
  text_ += std::string(2 * open_.size(), ' ') + "</" + tag + ">\n";
}

void MjcfText::leaf(const std::string& tag, const Attributes& attributes) { start(tag, attributes, "/>\n"); }

void MjcfText::comment(const std::string& text) {
  text_ += std::string(2 * open_.size(), ' ') + "<!-- " + text + " -->\n";
}

void MjcfText::start(const std::string& tag, const Attributes& attributes, const char* end) {
  text_ += std::string(2 * open_.size(), ' ') + "<" + tag;
  for (const auto& [name, value] : attributes) text_ += " " + name + "=\"" + value + "\"";
  text_ += end;
}

}  // namespace infans::envs
