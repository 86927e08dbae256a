#include "experiments/run/show_body.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <span>
#include <vector>

#include "envs/mujoco/inspection.hpp"

namespace infans::experiments {
namespace {

std::string form(const char* format, ...) __attribute__((format(printf, 1, 2)));
std::string form(const char* format, ...) {
  char line[512];
  std::va_list values;
  va_start(values, format);
  std::vsnprintf(line, sizeof line, format, values);
  va_end(values);
  return line;
}

// Of a list of units of a mixed modality, as much as fits.
std::string short_unit(const std::string& unit) { return unit.size() <= 16 ? unit : unit.substr(0, 13) + "..."; }

std::string range_text(const std::array<double, 2>& range) {
  return range[0] == range[1] ? "no limit" : form("%g .. %g", range[0], range[1]);
}

std::string names_line(const char* title, const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return names.empty() ? "" : form("\n%s: ", title) + text + "\n";
}

std::string senses(const envs::Spec& spec) {
  std::string text = form("\nobservation: %d numbers\n  %-28s %-16s %8s %8s\n", spec.observation_size(), "modality",
                          "unit", "offset", "size");
  for (const envs::Modality& m : spec.modalities)
    text += form("  %-28s %-16s %8d %8d\n", m.name.c_str(), short_unit(m.unit).c_str(), m.offset, m.size);
  return text;
}

}  // namespace

std::string body_in_words(const LifeBody& body) {
  const envs::Inspection parts = envs::inspect_body(body.mjcf, body.source);
  const auto world = make_body(body, body.source);
  const envs::Spec& spec = world->spec();
  std::string text =
      form("%s: %zu bodies, %g kg, age %g days, timestep %g s, %g s between two commands\n", body.source.c_str(),
           parts.bodies.size(), parts.mass, world->age_days(), parts.timestep, spec.control_period);
  text += senses(spec);
  text +=
      form("\nmotors: %d commands in [-1, 1]\n  %-28s %-16s %8s\n", spec.action_size, "actuator", "control", "gear");
  for (const envs::MotorPart& m : parts.motors)
    text += form("  %-28s %-16s %8g\n", m.name.c_str(), range_text(m.range).c_str(), m.gear);
  text += form("\njoints: %d positions, %d velocities\n  %-28s %-8s %s\n", parts.position_size, parts.velocity_size,
               "joint", "kind", "range (m, rad)");
  for (const envs::JointPart& j : parts.joints)
    text += form("  %-28s %-8s %s\n", j.name.c_str(), j.kind.c_str(), range_text(j.range).c_str());
  std::vector<std::string> touching, sites, bodies;
  for (const auto& part : parts.shapes) {
    if (part.touches) touching.push_back(part.name);
  }
  for (const auto& part : parts.places) sites.push_back(part.name);
  for (const auto& part : parts.bodies) bodies.push_back(part.name);
  text += names_line("bodies", bodies) + names_line("geoms that can touch", touching) + names_line("sites", sites) +
          names_line("sensors", parts.sensors) + names_line("keyframes", parts.keyframes);
  return text;
}

}  // namespace infans::experiments
