#include "envs/bodies/chain.hpp"

#include <cmath>
#include <numbers>

#include "core/base/error.hpp"
#include "envs/bodies/mjcf_text.hpp"

namespace infans::envs {
namespace {

void check(const char* key, double value) {
  if (std::isfinite(value) && value >= 0.0) return;
  throw base::OptionError(key, std::string(key) + " is " + number_text(value) + "; it must be 0 or more");
}

std::string joint(const ChainOptions& o, int i) {
  std::string text = "<joint name=\"j" + std::to_string(i) + "\" type=\"hinge\" axis=\"0 1 0\" damping=\"" +
                     number_text(o.damping) + "\"";
  if (o.friction > 0.0) text += " frictionloss=\"" + number_text(o.friction) + "\"";
  if (o.limit > 0.0) {
    const std::string degrees = number_text(o.limit * 180.0 / std::numbers::pi);
    text += " limited=\"true\" range=\"-" + degrees + " " + degrees + "\"";
  }
  return text + "/>";
}

}  // namespace

std::string chain_mjcf(const ChainOptions& o) {
  if (o.links < 1 || o.links > 32)
    throw base::OptionError("links", "links is " + std::to_string(o.links) + "; it must be within 1 to 32");
  check("friction", o.friction);
  check("limit", o.limit);
  check("ground", o.ground);
  check("damping", o.damping);
  check("torque", o.torque);
  // Links have contype 2 and conaffinity 1: they meet the plane and never each other.
  const std::string touch = o.ground > 0.0 ? "contype=\"2\" conaffinity=\"1\" " : "";
  std::string text = "<mujoco model=\"chain\">\n<option timestep=\"0.005\" integrator=\"RK4\">";
  if (o.ground <= 0.0) text += "<flag contact=\"disable\"/>";
  text += "</option>\n<worldbody>\n";
  if (o.ground > 0.0) text += "<geom type=\"plane\" size=\"5 5 0.1\" pos=\"0 0 -" + number_text(o.ground) + "\"/>\n";
  for (int i = 0; i < o.links; ++i)
    text += "<body pos=\"0 0 " + std::string(i == 0 ? "0" : "-0.5") + "\">" + joint(o, i) + "<geom type=\"capsule\" " +
            touch + "fromto=\"0 0 0 0 0 -0.5\" size=\"0.02\" mass=\"1\"/>\n";
  for (int i = 0; i < o.links; ++i) text += "</body>";
  text += "\n</worldbody>\n<actuator>\n";
  for (int i = 0; i < o.links; ++i)
    text += "<motor joint=\"j" + std::to_string(i) + "\" gear=\"" + number_text(o.torque * (o.links - i)) +
            "\" ctrllimited=\"true\" ctrlrange=\"-1 1\"/>\n";
  return text + "</actuator>\n</mujoco>\n";
}

}  // namespace infans::envs
