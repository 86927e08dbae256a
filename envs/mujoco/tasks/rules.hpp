// What a task adds to a bare body: starts, observations, rewards, ends. Internal to envs/mujoco/tasks.
#pragma once

#include <mujoco/mujoco.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/random/stream.hpp"
#include "envs/api/environment.hpp"

namespace infans::envs {

// How a control step calls the engine.
enum class Stepping {
  // mj_step: what depends on the state (places, forces) is that of the state before the last substep.
  plain,
  // mj_step, then mj_rnePostConstraint: also forces between bodies.
  with_forces,
  // mj_step, then mj_step1: what depends on positions and velocities is up to date.
  up_to_date
};

// Rules hold constants only; what changes in an episode is in mjData and in `memory` (memory_size numbers).
class Rules {
 public:
  virtual ~Rules() = default;

  // Offsets are filled in by the caller, in this order.
  virtual std::vector<Modality> modalities() const = 0;
  virtual int memory_size() const { return 0; }
  // Where the observation shows the joints, for a task whose observation does not begin with them.
  virtual JointReading reading() const { return {}; }
  // How many numbers of memory, the first ones, a user may set beside the joint positions.
  virtual int settable() const { return 0; }

  // Draws a start into positions, velocities and memory of a body at rest.
  virtual void start(const mjModel& m, mjData& d, std::span<double> memory, random::Stream& stream) const = 0;
  // The state was set from outside and everything that depends on it computed.
  virtual void enter(const mjModel&, const mjData&, std::span<double> /*memory*/) const {}
  // After a control step with `command` (native units).
  virtual Outcome judge(const mjModel& m, const mjData& d, std::span<const double> command,
                        std::span<double> memory) const = 0;
  virtual void observe(const mjModel& m, const mjData& d, std::span<const double> memory,
                       std::span<double> observation) const = 0;
};

// Rules read the model of the body once; `source` names it in errors.
using RulesOf = std::unique_ptr<Rules> (*)(const mjModel& m, const std::string& source);

struct Definition {
  const char* id;
  const char* file;  // MJCF, in the task's folder; of a task without a package a shipped body
  int substeps;
  int time_limit;
  double reward_threshold;  // NaN: none
  Stepping stepping;
  RulesOf rules;
  const char* success = "";  // as in TaskInfo
  const char* source = "";
};

// The tasks of each family; the references are named in the files.
std::vector<Definition> gymnasium_definitions();
std::vector<Definition> dm_control_definitions();
std::vector<Definition> benchmark_definitions();

// The number of a named element, else BodyError: the file is not the one that the task was written for.
int required(const mjModel& m, mjtObj type, const char* name, const std::string& source);

// All numbers of one kind in one modality: nq positions, nv velocities.
std::vector<Modality> joints_observed(const mjModel& m, int skipped_positions);

}  // namespace infans::envs
