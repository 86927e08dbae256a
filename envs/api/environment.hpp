// A world as an agent meets it: named observations, bounded commands, saved states. Knows no physics engine.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/random/stream.hpp"

namespace infans::envs {

// A named slice of the flat observation vector, SI units.
struct Modality {
  std::string name;  // "joint_position", "joint_velocity", ...
  std::string unit;  // "m", "rad", "m/s", "rad/s"; a slice of mixed joints lists one unit per element: "m,rad"
  int offset = 0;
  int size = 0;
};

// One joint coordinate: a sliding joint (metres) or a hinge (radians, unbounded: never wrapped).
enum class Joint { slide, hinge };

// Where the joints stand in an observation that does not begin with them; indices of its elements.
struct JointReading {
  struct Angle {
    int position = -1;           // m or rad, if it is given as it is
    int cosine = -1, sine = -1;  // else a hinge by its direction: atan2(sine, cosine)
    int velocity = -1;
    bool wrapped = false;  // the position jumps by whole turns, as a direction does anyway
  };
  std::vector<Joint> joints;  // n kinds
  std::vector<Angle> angles;  // n
  std::vector<int> gap = {};  // elements that say how far the effector is from its goal, m; signs do not matter
};

struct Spec {
  std::string name;                  // world name, e.g. "cartpole"
  std::vector<Joint> joints;         // nq coordinates; the observation starts with nq positions, then nq velocities
  std::vector<Modality> modalities;  // cover the observation without gaps
  int action_size = 0;               // commands, each in [-1, 1]; values outside are clipped
  double control_period = 0.0;       // s between two commands
  int state_size = 0;                // doubles that save() writes
  JointReading reading = {};         // where the observation shows all joints, but otherwise; else empty

  int observation_size() const;  // sum of modality sizes
};

// What a task says about the last step; a body without a task has no reward and never ends by itself.
struct Outcome {
  double reward = 0.0;
  bool terminated = false;
};

class Environment {
 public:
  virtual ~Environment() = default;

  virtual const Spec& spec() const = 0;
  // Starts an episode; every random number comes from the stream. Returns the first observation, valid until the next
  // call.
  virtual std::span<const double> reset(random::Stream& stream) = 0;
  // Holds the command for one control period. Throws base::SimulationError on NaN, divergence or an engine warning.
  virtual std::span<const double> step(std::span<const double> action) = 0;
  virtual Outcome outcome() const { return {}; }
  // The whole state: save then restore then the same actions give the same bits. state.size() == spec().state_size.
  virtual void save(std::span<double> state) const = 0;
  virtual void restore(std::span<const double> state) = 0;
  // Puts the body at joint positions and velocities (nq each), as tests and probes need.
  virtual void set_joints(std::span<const double> position, std::span<const double> velocity) = 0;
};

// The whole state, as save() writes it.
std::vector<double> saved(const Environment& world);
// The same in an archive; restored into a world made alike.
void describe(base::Archive& archive, Environment& world);

}  // namespace infans::envs
