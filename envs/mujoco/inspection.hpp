// What a compiled body consists of and how it moves, engine-free: for tables, tests and pictures of bodies.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace infans::envs {

struct BodyPart {
  std::string name;
  std::string parent;
  double mass = 0.0;                // kg
  std::array<double, 3> inertia{};  // kg m2, principal
  std::array<double, 3> place{};    // m, world, in the model's rest pose
};

struct ShapePart {
  std::string name;
  std::string body;
  std::array<double, 3> size{};   // m, as MuJoCo's geom_size
  std::array<double, 3> place{};  // m, world, in the model's rest pose
  bool touches = false;           // takes part in contacts
};

struct PlacePart {
  std::string name;
  std::string body;
  std::array<double, 3> place{};  // m, world, in the model's rest pose
  std::array<double, 9> axes{};   // world directions of x, y, z: the columns, row by row
};

struct JointPart {
  std::string name;
  std::string kind;  // "hinge", "slide", "ball" or "free"
  std::string body;
  std::array<double, 3> place{};  // m, world, in the model's rest pose
  std::array<double, 2> range{};  // rad or m; 0 0 when there is no limit
  int velocity = 0;               // where its velocity begins in Moment::velocities
};

struct MotorPart {
  std::string name;
  double gear = 0.0;
  std::array<double, 2> range{};  // of its control; 0 0 when there is no limit
};

// In the order of the model; the world body is left out.
struct Inspection {
  double timestep = 0.0;  // s
  double mass = 0.0;      // kg, of all bodies
  int position_size = 0, velocity_size = 0;
  std::vector<BodyPart> bodies;
  std::vector<ShapePart> shapes;
  std::vector<PlacePart> places;  // sites
  std::vector<JointPart> joints;
  std::vector<MotorPart> motors;
  std::vector<std::string> sensors, keyframes;  // names
};

// Throws base::BodyError when the text does not load.
Inspection inspect_body(const std::string& mjcf_text, const std::string& source);

struct Moment {
  double time = 0.0;                          // s
  std::vector<std::array<double, 3>> places;  // m, world, body by body as in Inspection::bodies
  std::vector<double> velocities;             // m/s or rad/s, of every degree of freedom
  int contacts = 0;
  double deepest = 0.0;  // m, deepest penetration of a contact
};

// Steps the body from its rest pose; `command` fills the controls before each physics step. One Moment per
// `sample_period` s, rounded to steps, the first at time 0.
// Throws base::BodyError as inspect_body, base::SimulationError when MuJoCo warns or the state leaves the numbers.
std::vector<Moment> roll_body(const std::string& mjcf_text, const std::string& source, double seconds,
                              double sample_period,
                              const std::function<void(double time, std::span<double> controls)>& command);

}  // namespace infans::envs
