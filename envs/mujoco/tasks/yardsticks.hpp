// What a pool is measured against: the engine alone, and the engine's own batches, on the same body, states and
// commands. For benchmarks; no part of the library.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace infans::envs {

// The same work for every contender: `bodies` copies of one body, each from its own row of `states`
// (mjSTATE_INTEGRATION rows of state_size), `steps` control steps of `substeps` calls of mj_step, commands held in
// between.
struct Workload {
  std::string body_path;  // MJCF file
  int bodies = 0, steps = 0, substeps = 0, action_size = 0, state_size = 0;
  std::vector<double> states;   // bodies x state_size
  std::vector<double> actions;  // steps x bodies x action_size, native units
};

// The body and the sizes of a task of this folder; bodies, steps, states and actions are left to fill in.
Workload work_of_task(const std::string& id, const std::string& assets);
// The same of any MJCF file.
Workload work_of_body(const std::string& path, int substeps);

class Yardstick {
 public:
  virtual ~Yardstick() = default;
  virtual void rewind() = 0;                       // every body to its first state
  virtual void run() = 0;                          // all steps of all bodies
  virtual std::vector<double> states() const = 0;  // bodies x state_size, where they are now
};

// Each thread runs its share of the bodies to the end, one after the other step by step, with mj_step and nothing else.
std::unique_ptr<Yardstick> make_bare_loop(const Workload& work, int threads);
// MuJoCo's batch: all commands are handed over at the start (mjb_rollout), or one control step at a time (mjb_step).
std::unique_ptr<Yardstick> make_engine_rollout(const Workload& work, int threads);
std::unique_ptr<Yardstick> make_engine_batch(const Workload& work, int threads);

}  // namespace infans::envs
