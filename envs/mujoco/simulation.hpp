// One body's MuJoCo state behind typed errors: what every world of this folder stands on. Internal to envs/mujoco.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "envs/mujoco/engine.hpp"
#include "envs/mujoco/world.hpp"

namespace infans::envs {

// "0.1" as %g writes it.
std::string number(double value);
// Throws base::OptionError for a control period or a spread of starts outside its range.
void check_options(const MujocoOptions& options);
// The substeps of a control period; BodyError when it is not a whole multiple of the timestep.
int whole_substeps(double period, double timestep, const std::string& source);

// With `beside` (of the same model) it works in that body's mjData: between its own steps a body is then a row of
// numbers, and the memory that a step needs stays in the processor's cache. The bits are those of a body with its own.
class Simulation {
 public:
  // Throws base::BodyError when MuJoCo has no memory for the state.
  Simulation(std::string world, std::shared_ptr<const mjModel> model, const std::string& source,
             Simulation* beside = nullptr);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  const mjModel& model() const { return *model_; }
  // What lies there is this body's after take(), clear() or construction without `beside`, until a neighbour's turn.
  mjData& data() { return *desk_->data; }
  const mjData& data() const { return *desk_->data; }
  // Goes on under a model of the same structure, in mjData of its own: state and step stay, the next step judges it.
  // Throws as the constructor does; the old model then stays.
  void replace_model(std::shared_ptr<const mjModel> model, const std::string& source);
  // Brings the state back that a neighbour put aside.
  void take();
  // The control step in the episode, as errors name it.
  long& step() { return step_; }
  long step() const { return step_; }

  // The start of an episode. Also empties MuJoCo's own stack, which an error leaves half full, and its warnings.
  void clear();
  // Runs a piece of engine work; an error, a warning or a number that is not finite becomes SimulationError, and so
  // does every later call until clear().
  template <typename Work>
  void run(Work&& work) {
    const LogCapture capture;
    if (failed_) fail("the world has failed before; call reset, restore or set_joints first");
    try {
      work();
    } catch (const EngineError& e) {
      fail(e.what());
    }
    check(capture.warning());
  }

  // mjSTATE_INTEGRATION, warm start included: state_size() numbers.
  int state_size() const;
  void save(std::span<double> state) const;
  void restore(std::span<const double> state);  // after clear()

  // Throws base::UserError that names `what`.
  void expect_size(const char* what, std::size_t size, int wanted) const;

 private:
  void check(const char* warning);
  [[noreturn]] void fail(const std::string& text);

  // The data of whoever worked last.
  struct Desk {
    DataPtr data;
    Simulation* owner = nullptr;
  };
  void leave();

  std::string world_;
  std::shared_ptr<const mjModel> model_;
  std::shared_ptr<Desk> desk_;
  std::vector<double> row_;  // the state while somebody else owns the desk
  long step_ = 0;
  bool failed_ = false;
};

}  // namespace infans::envs
