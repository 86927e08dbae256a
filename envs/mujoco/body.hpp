// Any MJCF as a body that senses and moves: which joints, sensors, actuators and geoms are which modality, and what
// the way from the world to the mind adds (noise, delay, gain, age). Units, formulas and costs: envs/mujoco/README.md.
#pragma once

#include <array>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "envs/api/environment.hpp"
#include "envs/mujoco/world.hpp"

namespace infans::envs {

// The way of one sense, or of one motor command, between body and mind:
// y(k) = gain x(k - delay) + sqrt(noise^2 + (signal_noise gain x)^2) N(0, 1).
struct ChannelOptions {
  double gain = 1.0;
  double noise = 0.0;         // constant standard deviation, in the channel's unit; of a motor in half ctrlranges
  double signal_noise = 0.0;  // standard deviation per unit of signal (Harris & Wolpert 1998)
  int delay = 0;              // control steps
  int period = 1;             // control steps between two samples, which is held in between
  double from_days = 0.0;     // on while from_days <= age < until_days; else it is 0
  double until_days = std::numeric_limits<double>::infinity();
  std::string origin = {};  // where these options were written ("life.toml:12"); errors name it
};

// Lists of names: "*" stands for any letters, also none; an empty list stands for all.

// Joints of any kind: a ball joint is its quaternion (4) and angular velocity (3), a free joint m,m,m and a quaternion.
struct ProprioceptionOptions {
  std::string name = {};                 // "" or a prefix: "arm" gives "arm.joint_position"
  std::vector<std::string> joints = {};  // of the same list the actuators whose joint it is
  bool position = true;                  // "joint_position": m, rad
  bool velocity = true;                  // "joint_velocity": m/s, rad/s
  bool force = false;        // "actuator_force": N or N m, of every actuator that pulls at one of the joints
  bool limits = false;       // "joint_limit": of limited slides and hinges; 0 far away, +-1 at the upper or lower
                             // limit, linear within limit_width
  double limit_width = 0.1;  // as a part of the joint's range
  ChannelOptions channel = {};
};

// MuJoCo sensors as one modality; sensors that no entry takes are a modality each, under their own name.
struct SensorOptions {
  std::string name = {};
  std::vector<std::string> sensors = {};
  ChannelOptions channel = {};
};

// Per taxel: pressure (N, along the contact's normal), the force on the body (3, N), or the parts of that force along
// the contact's normal and across it (3 + 3, N); vectors in the frame of the geom's body.
enum class Touch { pressure, force, split };

// Taxels on the surface of geoms (sphere, capsule, cylinder, box, ellipsoid). Their numbers stay when a body grows.
struct SkinOptions {
  std::string name = "skin";
  std::vector<std::string> geoms = {};  // empty: every such geom that moves and can touch
  double density = 2000.0;              // taxels per m2 at the start; at least one per geom
  double spread = 0.0;                  // m, standard deviation of the receptive fields; 0: the distance between taxels
  Touch touch = Touch::pressure;
  ChannelOptions channel = {};
};

// Linear acceleration with gravity (3, m/s2: +9.81 upwards at rest) and angular velocity (3, rad/s) in the frame of a
// site or body: what MuJoCo's accelerometer and gyro give.
struct VestibularOptions {
  std::string name = "vestibular";
  std::string head = {};
  ChannelOptions channel = {};
};

enum class Layout { foveated, square };

// One eye: receptors are rays from a camera, site or body that looks along its -z, x right, y up. The eye's own body
// is not seen, nor what has alpha 0 or stands in a hidden group.
struct RetinaOptions {
  std::string name = "retina";
  std::string eye = {};
  Layout layout = Layout::foveated;
  double field = 60.0;      // degrees, whole width
  int rays = 256;           // most receptors; fewer where the acuity asks for no more
  double acuity = 17.4;     // cycles/degree that the fovea can resolve at best: its spacing is at least 1/(2 acuity)
  bool blur_by_age = true;  // to acuity_at(age) while that is lower
  double range = 10.0;      // m; nothing is seen beyond
  bool depth = true;        // "retina.depth": m, range where nothing is seen
  bool identity = false;    // "retina.identity": number of the body seen (0: the world), -1 for nothing
  bool colour = false;      // "retina.colour": r,g,b of the geom or its material, receptor by receptor
  std::array<double, 3> background = {0.0, 0.0, 0.0};
  std::array<bool, 6> groups = {true, true, true, true, true, true};  // geom groups that can be seen
  ChannelOptions channel = {};
};

// An object's place (m, world frame) and velocity (m/s): what an action brings about.
struct EffectOptions {
  std::string name = {};
  std::string body = {};
  bool rotation = false;  // also its quaternion and angular velocity (rad/s)
  ChannelOptions channel = {};
};

// A word set from outside with set_word: `count` numbers of which one is 1, or one number (-1: silence).
struct WordOptions {
  std::string name = "word";
  int count = 1;
  bool one_hot = true;
  ChannelOptions channel = {};
};

// Later entries win.
struct MotorOptions {
  std::vector<std::string> actuators = {};
  ChannelOptions channel = {};
};

// By default every joint is proprioception, every actuator a motor and every named sensor its own modality.
struct BodyOptions {
  MujocoOptions world;
  std::string keyframe = {};  // the pose that an episode starts around; "": the model's rest pose
  double age_days = 0.0;
  std::vector<ProprioceptionOptions> proprioception = {ProprioceptionOptions{}};
  std::vector<SensorOptions> sensors = {};
  bool other_sensors = true;
  std::vector<SkinOptions> skin = {};
  std::vector<VestibularOptions> vestibular = {};
  std::vector<RetinaOptions> retina = {};
  std::vector<EffectOptions> effects = {};
  std::vector<WordOptions> words = {};
  std::vector<MotorOptions> motors = {};
  std::string origin = {};  // where the keyframe was named
};

// A place of the skin in the frame of its geom's body, m; `normal` points out of the body.
struct Taxel {
  std::string geom;
  std::string body = {};
  std::array<double, 3> place{};
  std::array<double, 3> normal{};
  std::array<double, 3> world{};  // the place in the world's frame at the last observation
};

// A receptor of a retina: unit vector in the eye's frame (-z is the gaze) and its distance to its neighbours, degrees.
struct Receptor {
  std::array<double, 3> direction{};
  double spacing = 0.0;
};

// Grating acuity in cycles/degree at an age (Mayer et al. 1995, the rows in the README): its
// logarithm is linear in age between the table's rows and constant outside.
double acuity_at(double age_days);
inline constexpr double days_per_month = 30.4375;

class BodyWorld : public Environment {
 public:
  // Lasts over resets and is part of the saved state. Ages are 0 or more; throws base::UserError.
  virtual void set_age(double days) = 0;
  virtual double age_days() const = 0;
  // Gain of a modality's sense or of an actuator's motor, by name; lasts over resets. Throws base::UserError.
  virtual void set_gain(const std::string& name, double gain) = 0;
  // From the next observation on, until changed or reset; -1 is silence. Throws base::UserError.
  virtual void set_word(const std::string& name, int word) = 0;
  // Puts a mocap body somewhere (m, world), from the next step on; part of the saved state, and at its place of the
  // model again after reset and set_joints. Throws base::UserError for a name that is no mocap body's.
  virtual void place(const std::string& body, const std::array<double, 3>& where) = 0;
  // The body has changed (grown, gained mass): the same joints, actuators, sensors and senses on another model text.
  // Joints keep their positions and velocities; skin keeps its number of taxels, which are where the new body has them.
  // The next step judges the new body.
  // Throws base::BodyError when the new text does not load or has another structure; the old body then stays.
  virtual void replace_body(const std::string& mjcf_text) = 0;

  // Puts one slide or hinge at a place (m or rad) with a velocity, all else as it is: what moves it is not in the
  // world, e.g. an experimenter's hand. Seen from the next step on. Throws base::UserError for another joint.
  virtual void place_joint(const std::string& joint, double position, double velocity) = 0;

  // The actuator of every command; several commands may have one, and some none a name ("").
  virtual std::vector<std::string> motors() const = 0;
  virtual std::vector<Taxel> taxels(const std::string& skin) const = 0;
  virtual std::vector<Receptor> receptors(const std::string& retina) const = 0;
  // The text of the body as it is now, and MuJoCo's whole state of it (mj_getState of mjSTATE_INTEGRATION): from both
  // MuJoCo itself shows it and goes on.
  virtual const std::string& mjcf() const = 0;
  virtual std::vector<double> physics() const = 0;
  // Lengths of set_joints' arguments: nq and nv.
  virtual int position_size() const = 0;
  virtual int velocity_size() const = 0;
};

// A world of any MJCF body; like make_mujoco_world in all that is not said here. Spec::joints is empty when the body
// has a ball or free joint. A start is the keyframe plus reset_std on every velocity and along every degree of freedom.
// Throws base::BodyError, which names the element, when the text does not load, has no joint or lacks an element that
// the options name; base::OptionError for an option outside its range or a modality that is there twice.
std::unique_ptr<BodyWorld> make_body_world(const std::string& name, const std::string& mjcf_text,
                                           const std::string& source, const BodyOptions& options);

}  // namespace infans::envs
