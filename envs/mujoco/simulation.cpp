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

DataPtr make_data(const mjModel& m, const std::string& source) {
  const LogCapture capture;
  DataPtr data;
  try {
    data.reset(mj_makeData(&m));
  } catch (const EngineError& e) {
    throw base::BodyError(source, e.what());
  }
  if (!data) throw base::BodyError(source, "MuJoCo has no memory for its state; lower <size memory>");
  return data;
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

Simulation::Simulation(std::string world, std::shared_ptr<const mjModel> model, const std::string& source,
                       Simulation* beside)
    : world_(std::move(world)), model_(std::move(model)) {
  if (beside != nullptr && beside->model_ == model_) {
    desk_ = beside->desk_;
  } else {
    desk_ = std::make_shared<Desk>();
    desk_->data = make_data(*model_, source);
  }
  row_.resize(static_cast<std::size_t>(state_size()));
  clear();
}

Simulation::~Simulation() {
  if (desk_->owner == this) desk_->owner = nullptr;
}

void Simulation::replace_model(std::shared_ptr<const mjModel> model, const std::string& source) {
  auto desk = std::make_shared<Desk>();
  desk->data = make_data(*model, source);
  save(row_);
  if (desk_->owner == this) desk_->owner = nullptr;
  desk->owner = this;
  desk_ = std::move(desk);
  model_ = std::move(model);
  failed_ = false;
  restore(row_);
}

// Keeps the owner's state and makes the desk this body's; what lies on it is still the owner's.
void Simulation::leave() {
  Simulation* const owner = std::exchange(desk_->owner, this);
  if (owner != nullptr && owner != this) mj_getState(model_.get(), &data(), owner->row_.data(), saved_parts);
}

void Simulation::take() {
  if (desk_->owner == this) return;
  const bool clean = desk_->owner != nullptr && !desk_->owner->failed_;
  leave();
  if (!clean) mj_resetData(model_.get(), &data());
  mj_setState(model_.get(), &data(), row_.data(), saved_parts);
}

void Simulation::clear() {
  leave();
  mj_resetData(model_.get(), &data());
  step_ = 0;
  failed_ = false;
}

int Simulation::state_size() const { return static_cast<int>(mj_stateSize(model_.get(), saved_parts)); }

void Simulation::save(std::span<double> state) const {
  if (desk_->owner == this) {
    mj_getState(model_.get(), &data(), state.data(), saved_parts);
  } else {
    std::copy(row_.begin(), row_.end(), state.begin());
  }
}

void Simulation::restore(std::span<const double> state) {
  mj_setState(model_.get(), &data(), state.data(), saved_parts);
}

void Simulation::expect_size(const char* what, std::size_t size, int wanted) const {
  if (size == static_cast<std::size_t>(wanted)) return;
  throw base::UserError(world_ + ": " + what + " has " + std::to_string(size) + " numbers; it must have " +
                        std::to_string(wanted));
}

void Simulation::check(const char* warning) {
  const mjData& d = data();
  for (int w = 0; w < mjNWARNING; ++w) {
    if (d.warning[w].number == 0) continue;
    fail(warning[0] != '\0' ? warning : mju_warningText(w, static_cast<std::size_t>(d.warning[w].lastinfo)));
  }
  // MuJoCo checks before it integrates, so the last substep's result is still unchecked.
  if (!finite(d.qpos, static_cast<int>(model_->nq))) fail("a joint position is not finite");
  if (!finite(d.qvel, static_cast<int>(model_->nv))) fail("a joint velocity is not finite");
  if (!finite(d.qacc, static_cast<int>(model_->nv))) fail("a joint acceleration is not finite");
}

void Simulation::fail(const std::string& text) {
  failed_ = true;
  throw base::SimulationError(world_, step_, text);
}

}  // namespace infans::envs
