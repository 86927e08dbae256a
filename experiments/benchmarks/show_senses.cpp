// All senses of one body at one moment as JSON, for show_senses.py: show_senses BODY HEAD EYE [OTHER_EYE]
// [MOTOR=COMMAND ...]; the other motors rest. MOTOR may end in *.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "envs/bodies/bodies.hpp"
#include "envs/mujoco/body.hpp"

namespace {

using namespace infans;
using namespace infans::envs;

constexpr int steps = 100;  // of 20 ms: it sits or lies

void print(const char* name, std::span<const double> values, const char* end) {
  std::printf("\"%s\": [", name);
  for (std::size_t i = 0; i < values.size(); ++i) std::printf("%s%.6g", i > 0 ? ", " : "", values[i]);
  std::printf("]%s\n", end);
}

BodyOptions options_of(int count, char** arguments) {
  BodyOptions o;
  o.world = {0.02, 0.0};
  o.other_sensors = false;
  o.age_days = 6 * days_per_month;
  o.proprioception[0].force = o.proprioception[0].limits = true;
  o.skin.resize(1);
  o.skin[0].density = 6000.0;
  o.vestibular.resize(1);
  o.vestibular[0].head = arguments[2];
  for (int k = 3; k < count && std::strchr(arguments[k], '=') == nullptr; ++k) {
    RetinaOptions eye;
    eye.name = arguments[k];
    eye.eye = arguments[k];
    eye.rays = 4096;
    eye.acuity = acuity_at(o.age_days);
    eye.colour = eye.identity = true;
    eye.range = 3.0;
    eye.field = 110.0;
    eye.background = {0.8, 0.85, 0.9};
    o.retina.push_back(eye);
  }
  return o;
}

// Commands of the actuators that MOTOR=COMMAND arguments name.
std::vector<double> commands_of(const BodyWorld& world, int count, char** arguments) {
  const std::vector<std::string> motors = world.motors();
  std::vector<double> commands(motors.size());
  for (int k = 3; k < count; ++k) {
    const std::string word = arguments[k];
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) continue;
    std::string name = word.substr(0, equals);
    const bool open = !name.empty() && name.back() == '*';
    if (open) name.pop_back();
    for (std::size_t i = 0; i < motors.size(); ++i) {
      if (open ? motors[i].rfind(name, 0) == 0 : motors[i] == name) {
        commands[i] = std::strtod(word.c_str() + equals + 1, nullptr);
      }
    }
  }
  return commands;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count < 4) {
    std::fprintf(stderr, "usage: show_senses BODY HEAD EYE [OTHER_EYE] [MOTOR=COMMAND ...]\n");
    return 2;
  }
  const BodyOptions options = options_of(count, arguments);
  const auto world = make_body_world(arguments[1], load_mjcf(arguments[1]), arguments[1], options);
  random::Stream start({1, 0, random::Purpose::reset, 0});
  std::span<const double> seen = world->reset(start);
  const std::vector<double> commands = commands_of(*world, count, arguments);
  for (int k = 0; k < steps; ++k) seen = world->step(commands);
  std::printf("{\n");
  for (const Modality& m : world->spec().modalities) {
    print(m.name.c_str(), seen.subspan(static_cast<std::size_t>(m.offset), static_cast<std::size_t>(m.size)), ",");
  }
  std::vector<double> places;
  for (const Taxel& t : world->taxels("skin")) places.insert(places.end(), t.world.begin(), t.world.end());
  print("taxels", places, ",");
  for (const RetinaOptions& eye : options.retina) {
    std::vector<double> directions;
    for (const Receptor& r : world->receptors(eye.name)) {
      directions.insert(directions.end(), r.direction.begin(), r.direction.end());
    }
    print((eye.name + ".directions").c_str(), directions, ",");
  }
  std::printf("\"eyes\": [");
  for (std::size_t k = 0; k < options.retina.size(); ++k) {
    std::printf("%s\"%s\"", k > 0 ? ", " : "", options.retina[k].name.c_str());
  }
  std::printf("]\n}\n");
  return 0;
} catch (const base::Error& e) {
  std::fprintf(stderr, "show_senses: %s\n", e.what());
  return 2;
}
