// The query string of an infant.
#include <charconv>
#include <map>

#include "core/base/error.hpp"
#include "envs/bodies/infant.hpp"

namespace infans::envs {
namespace {

[[noreturn]] void refuse(const std::string& key, const std::string& message) { throw base::OptionError(key, message); }

double number(const std::string& key, std::string_view text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    refuse(key, key + " is " + std::string(text) + "; it must be a number");
  }
  return value;
}

template <typename Value>
Value choice(const std::string& key, std::string_view text, const std::map<std::string_view, Value>& values) {
  const auto found = values.find(text);
  if (found != values.end()) return found->second;
  std::string legal;
  for (const auto& [name, value] : values) {
    if (!legal.empty()) legal += ", ";
    legal += name;
  }
  refuse(key, key + " is " + std::string(text) + "; it must be one of " + legal);
}

std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(mark);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::vector<std::string_view> fields(const std::string& key, std::string_view text, std::size_t count,
                                     const char* form) {
  std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() != count) refuse(key, key + " is " + std::string(text) + "; it must be " + form);
  return parts;
}

void apply(InfantOptions& o, const std::string& key, std::string_view value) {
  if (key == "age") {
    o.age_months = number(key, value);
  } else if (key == "sex") {
    o.sex = choice<Sex>(key, value, {{"average", Sex::average}, {"girl", Sex::girl}, {"boy", Sex::boy}});
  } else if (key == "scene") {
    o.scene = choice<InfantScene>(key, value, {{"supine", InfantScene::supine}, {"seated", InfantScene::seated}});
  } else if (key == "mobile") {
    o.mobile = choice<Mobile>(
        key, value,
        {{"none", Mobile::none}, {"free", Mobile::free}, {"left", Mobile::tied_left}, {"right", Mobile::tied_right}});
  } else if (key == "table") {
    o.table = choice<bool>(key, value, {{"0", false}, {"1", true}});
  } else if (key == "scale") {
    const auto part = fields(key, value, 2, "limb:factor, e.g. arm_left:1.1");
    const Limb limb = choice<Limb>(key, part[0],
                                   {{"arm_left", arm_left},
                                    {"arm_right", arm_right},
                                    {"leg_left", leg_left},
                                    {"leg_right", leg_right},
                                    {"forearm_left", forearm_left},
                                    {"forearm_right", forearm_right}});
    o = limb_scaled(o, limb, number(key, part[1]));
  } else if (key == "mass") {
    const auto part = fields(key, value, 2, "body:kg, e.g. hand_left:0.05");
    o = mass_added(o, std::string(part[0]), number(key, part[1]));
  } else if (key == "strength") {
    const auto part = fields(key, value, 2, "actuator:factor, e.g. elbow_left:-1");
    o = weakened(o, std::string(part[0]), number(key, part[1]));
  } else if (key == "tool") {
    const auto part = fields(key, value, 3, "hand:m:kg, e.g. right:0.15:0.02");
    const bool right = choice<bool>(key, part[0], {{"left", false}, {"right", true}});
    o = tool_in_hand(o, {right, number(key, part[1]), number(key, part[2])});
  } else if (key == "held") {
    o.held.emplace_back(value);
  } else if (key == "contact") {
    o.light_contacts = choice<bool>(key, value, {{"full", false}, {"light", true}});
  } else {
    refuse(key, "infant has no option " + key +
                    "; it has age, sex, scene, mobile, table, scale, mass, strength, tool, held and contact");
  }
}

}  // namespace

InfantOptions infant_options(std::string_view query) {
  InfantOptions options;
  if (query.empty()) return options;
  for (const std::string_view pair : split(query, '&')) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) {
      refuse(std::string(pair), "infant's option " + std::string(pair) + " has no value; write key=value");
    }
    apply(options, std::string(pair.substr(0, equals)), pair.substr(equals + 1));
  }
  return options;
}

}  // namespace infans::envs
