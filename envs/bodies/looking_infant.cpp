#include "envs/bodies/looking_infant.hpp"

#include <array>
#include <cmath>
#include <stdexcept>

#include "envs/bodies/infant_body.hpp"
#include "envs/bodies/infant_scene.hpp"
#include "envs/bodies/mjcf_text.hpp"

namespace infans::envs {
namespace {

constexpr double beside = 0.4;    // rad from straight ahead to a display's middle
constexpr double apart = 0.12;    // rad from there to its places, along each axis
constexpr double distance = 0.4;  // m from the eyes to the discs
constexpr double behind = 0.045;  // m from a disc to its toy
constexpr double disc = 0.025;    // radii, m
constexpr double ball = 0.018;
constexpr double rise = 0.045;     // m: toys are seen whole, and below the next disc
constexpr double toy_mass = 0.01;  // kg
constexpr double toy_rate = 30.0;  // 1/s: critically damped servo

using Point = std::array<double, 3>;

Point along(const Gaze& g, double d, const Point& from) {
  return {from[0] + d * std::cos(g.tilt) * std::cos(g.pan), from[1] + d * std::cos(g.tilt) * std::sin(g.pan),
          from[2] + d * std::sin(g.tilt)};
}

template <typename Work>
void for_each_place(Work&& work) {
  for (int display = 0; display < looking_displays; ++display)
    for (int place = 0; place < display_places; ++place)
      work(display_disc(display, place), std::string("toy_").append(number_text(display * display_places + place)));
}

void write_toys(MjcfText& xml, const Point& eyes) {
  for_each_place([&](const Gaze& at, const std::string& name) {
    const Point p = along(at, distance + behind, eyes);
    xml.open("body", {{"name", name}, {"pos", numbers_text({p[0], p[1], p[2]})}});
    xml.leaf("joint", {{"name", name}, {"type", "slide"}, {"axis", "0 0 1"}});
    xml.leaf(
        "geom",
        {{"type", "sphere"}, {"size", number_text(ball)}, {"mass", number_text(toy_mass)}, {"rgba", "0.9 0.6 0.1 1"}});
    xml.close();
  });
}

void write_discs(MjcfText& xml, const Point& eyes) {
  for_each_place([&](const Gaze& at, const std::string&) {
    const Point a = along(at, distance, eyes), b = along(at, distance + 0.01, eyes);
    xml.leaf("geom", {{"type", "cylinder"},
                      {"fromto", numbers_text({a[0], a[1], a[2], b[0], b[1], b[2]})},
                      {"size", number_text(disc)},
                      {"rgba", "0.3 0.4 0.6 1"}});
  });
}

void write_actuators(MjcfText& xml, const InfantBody& body) {
  xml.open("actuator");
  for (const char* side : {"_left", "_right"})
    for (const InfantJoint& joint : eye_joints()) {
      const std::string name = joint.name + std::string(side);
      xml.leaf("motor", {{"name", name}, {"joint", name}, {"gear", number_text(body.torque(joint))}});
    }
  for_each_place([&](const Gaze&, const std::string& name) {
    xml.leaf("position", {{"name", name},
                          {"joint", name},
                          {"kp", number_text(toy_mass * toy_rate * toy_rate)},
                          {"kv", number_text(2.0 * toy_mass * toy_rate)},
                          {"ctrlrange", numbers_text({0.0, rise})}});
  });
  xml.close();
}

}  // namespace

Gaze display_middle(int display) {
  if (display < 0 || display >= looking_displays)
    throw std::logic_error("display_middle: there is no display " + std::to_string(display));
  return {display == 0 ? beside : -beside, 0.0};
}

Gaze display_disc(int display, int place) {
  if (place < 0 || place >= display_places)
    throw std::logic_error("display_disc: there is no place " + std::to_string(place));
  const Gaze middle = display_middle(display);
  return {middle.pan + (place % 2 == 0 ? apart : -apart), middle.tilt + (place < 2 ? apart : -apart)};
}

LookingInfant looking_infant(const InfantOptions& options) {
  infant_mjcf(options);  // checks the options
  const InfantBody body(options);
  const Point eyes = body.eyes();
  MjcfText xml;
  xml.open("mujoco", {{"model", "looking"}});
  xml.leaf("compiler", {{"angle", "degree"}, {"autolimits", "true"}});
  xml.open("option", {{"timestep", "0.005"}, {"integrator", "implicitfast"}, {"gravity", "0 0 0"}});
  xml.leaf("flag", {{"contact", "disable"}});
  xml.close();
  write_defaults(xml);
  xml.open("worldbody");
  write_toys(xml, eyes);
  write_discs(xml, eyes);
  body.write_head(xml);
  xml.close();
  write_actuators(xml, body);
  xml.close();
  return {xml.text(), body.eye_turn()};
}

}  // namespace infans::envs
