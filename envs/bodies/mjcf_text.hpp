// Writes MJCF element by element. Internal to envs/bodies.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace infans::envs {

// A number as MJCF takes it: shortest form of 9 digits, in any locale.
std::string number_text(double value);
std::string numbers_text(std::initializer_list<double> values);

class MjcfText {
 public:
  using Attributes = std::vector<std::pair<std::string, std::string>>;

  void open(const std::string& tag, const Attributes& attributes = {});
  void close();
  void leaf(const std::string& tag, const Attributes& attributes);
  void comment(const std::string& text);
  const std::string& text() const { return text_; }

 private:
  void start(const std::string& tag, const Attributes& attributes, const char* end);

  std::string text_;
  std::vector<std::string> open_;
};

}  // namespace infans::envs
