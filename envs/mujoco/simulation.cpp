#include "envs/mujoco/simulation.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace infans::envs {
namespace {

constexpr int saved_parts = mjSTATE_INTEGRATION;

bool finite(const mjtNum* values, int n) {
  return std::all_of(values, values + n, [](mjtNum v) { return std::isfinite(v); });
}

}  // namespace

std::string number(double value) {
  std::string text(32, '\0');
  text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%g", value)));
  return text;
}

void check_options(const MujocoOptions& options) {
  if (!std::isfinite(options.control_period) || options.control_period <= 0.0) {
    throw base::OptionError("control_period",
                            "control_period is " + number(options.control_period) + " s; it must be above 0");
  }
  if (!std::isfinite(options.reset_std) || options.reset_std < 0.0) {
    throw base::OptionError("reset_std", "reset_std is " + number(options.reset_std) + "; it must be 0 or more");
  }
}

int whole_substeps(double period, double timestep, const std::string& source) {
  const double ratio = period / timestep;
  const double whole = std::round(ratio);
  if (whole < 1.0 || whole > 1e6 || std::abs(ratio - whole) > 1e-9 * ratio) {
    throw base::BodyError(source, "a control period of " + number(period) +
                                      " s is not a whole multiple of the timestep " + number(timestep) + " s; use " +
                                      number(std::max(1.0, whole) * timestep) + " s, or change <option timestep>");
  }
  return static_cast<int>(whole);
}

Simulation::Simulation(std::string world, std::shared_ptr<const mjModel> model, const std::string& source)
    : world_(std::move(world)), model_(std::move(model)) {
  const LogCapture capture;
  try {
    data_.reset(mj_makeData(model_.get()));
  } catch (const EngineError& e) {
    throw base::BodyError(source, e.what());
  }
  if (!data_) throw base::BodyError(source, "MuJoCo has no memory for its state; lower <size memory>");
}

void Simulation::clear() {
  mj_resetData(model_.get(), data_.get());
  step_ = 0;
  failed_ = false;
}

int Simulation::state_size() const { return static_cast<int>(mj_stateSize(model_.get(), saved_parts)); }

void Simulation::save(std::span<double> state) const {
  mj_getState(model_.get(), data_.get(), state.data(), saved_parts);
}

void Simulation::restore(std::span<const double> state) {
  mj_setState(model_.get(), data_.get(), state.data(), saved_parts);
}

void Simulation::expect_size(const char* what, std::size_t size, int wanted) const {
  if (size == static_cast<std::size_t>(wanted)) return;
  throw base::UserError(world_ + ": " + what + " has " + std::to_string(size) + " numbers; it must have " +
                        std::to_string(wanted));
}

void Simulation::check(const char* warning) {
  for (int w = 0; w < mjNWARNING; ++w) {
    if (data_->warning[w].number == 0) continue;
    fail(warning[0] != '\0' ? warning : mju_warningText(w, static_cast<std::size_t>(data_->warning[w].lastinfo)));
  }
  // MuJoCo checks before it integrates, so the last substep's result is still unchecked.
  if (!finite(data_->qpos, static_cast<int>(model_->nq))) fail("a joint position is not finite");
  if (!finite(data_->qvel, static_cast<int>(model_->nv))) fail("a joint velocity is not finite");
  if (!finite(data_->qacc, static_cast<int>(model_->nv))) fail("a joint acceleration is not finite");
}

void Simulation::fail(const std::string& text) {
  failed_ = true;
  throw base::SimulationError(world_, step_, text);
}

}  // namespace infans::envs
