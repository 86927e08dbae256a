#include "experiments/run/age.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

#include "core/base/error.hpp"
#include "envs/mujoco/body.hpp"

namespace infans::experiments {
namespace {

constexpr std::pair<const char*, double> units[] = {{"s", 1.0 / 86400.0},
                                                    {"second", 1.0 / 86400.0},
                                                    {"min", 1.0 / 1440.0},
                                                    {"minute", 1.0 / 1440.0},
                                                    {"h", 1.0 / 24.0},
                                                    {"hour", 1.0 / 24.0},
                                                    {"day", 1.0},
                                                    {"week", 7.0},
                                                    {"month", envs::days_per_month},
                                                    {"year", 12.0 * envs::days_per_month}};

constexpr double longest = 1000.0 * 365.25;  // days: beyond is a slip

}  // namespace

double days_of(const std::string& text, const std::string& key, const std::string& where) {
  double number = 0.0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  std::string unit(read.ptr, end);
  unit.erase(0, unit.find_first_not_of(' '));
  if (read.ec == std::errc() && number >= 0.0 && std::isfinite(number)) {
    for (const auto& [name, days] : units) {
      if ((unit == name || (unit.size() > 3 && unit == name + std::string("s"))) && number * days < longest)
        return number * days;
    }
  }
  throw base::OptionError(key, (where.empty() ? "" : where + ": ") + key + " = \"" + text +
                                   "\" is no age or duration; write a number and s, min, hours, days, weeks, months or "
                                   "years, e.g. \"6 weeks\"");
}

std::string age_in_words(double days) {
  const auto say = [](double number, const char* unit) {
    char text[48];
    std::snprintf(text, sizeof text, "%.4g %s%s", number, unit, number == 1.0 ? "" : "s");
    return std::string(text);
  };
  if (days >= 14.0 || days == 7.0) return say(days / 7.0, "week");
  if (days >= 1.0 || days == 0.0) return say(days, "day");
  return say(days * 24.0, "hour");
}

}  // namespace infans::experiments
