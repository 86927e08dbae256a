#include "envs/mujoco/tasks/task.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/error.hpp"

namespace infans::envs {
namespace {

constexpr int saved_parts = mjSTATE_INTEGRATION;
constexpr int own_numbers = 3;  // saved after the engine's and the memory: step, reward, terminated

bool finite(const mjtNum* values, int n) {
  return std::all_of(values, values + n, [](mjtNum v) { return std::isfinite(v); });
}

// Joints are promised only where the observation begins with all positions and velocities.
std::vector<Joint> observed_joints(const mjModel& m, const std::vector<Modality>& modalities) {
  if (modalities.size() < 2 || m.nq != m.njnt) return {};
  if (modalities[0].name != "joint_position" || modalities[0].size != m.nq) return {};
  if (modalities[1].name != "joint_velocity" || modalities[1].size != m.nv) return {};
  std::vector<Joint> joints;
  for (int j = 0; j < m.njnt; ++j) joints.push_back(m.jnt_type[j] == mjJNT_SLIDE ? Joint::slide : Joint::hinge);
  return joints;
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

MujocoTask::MujocoTask(const TaskInfo& info, const Definition& definition, std::shared_ptr<const mjModel> model,
                       const std::string& source, Commands commands, MujocoTask* beside)
    : model_(std::move(model)),
      rules_(definition.rules(*model_, source)),
      substeps_(definition.substeps),
      stepping_(definition.stepping),
      commands_(commands),
      single_(info.single_commands) {
  const mjModel& m = *model_;
  spec_.name = info.id;
  spec_.modalities = rules_->modalities();
  int offset = 0;
  for (Modality& part : spec_.modalities) {
    part.offset = offset;
    offset += part.size;
  }
  spec_.joints = observed_joints(m, spec_.modalities);
  spec_.action_size = static_cast<int>(m.nu);
  spec_.control_period = m.opt.timestep * substeps_;
  spec_.state_size = static_cast<int>(mj_stateSize(&m, saved_parts)) + rules_->memory_size() + own_numbers;
  command_.resize(static_cast<std::size_t>(m.nu));
  memory_.resize(static_cast<std::size_t>(rules_->memory_size()));
  observation_.resize(static_cast<std::size_t>(spec_.observation_size()));
  row_.resize(static_cast<std::size_t>(mj_stateSize(&m, saved_parts)));
  if (beside != nullptr && beside->model_ == model_) {
    desk_ = beside->desk_;
  } else {
    desk_ = std::make_shared<Desk>();
    desk_->data = make_data(m, source);
  }
  data_ = desk_->data.get();
  clear();
}

MujocoTask::~MujocoTask() {
  if (desk_->owner == this) desk_->owner = nullptr;
}

std::span<const double> MujocoTask::reset(random::Stream& stream) {
  clear();
  rules_->start(*model_, *data_, memory_, stream);
  enter();
  return observe();
}

std::span<const double> MujocoTask::step(std::span<const double> action) {
  expect_size("action", action.size(), spec_.action_size);
  take();
  command(action);
  ++step_;
  run([&] { advance(); });
  outcome_ = rules_->judge(*model_, *data_, command_, memory_);
  return observe();
}

void MujocoTask::save(std::span<double> state) const {
  expect_size("state", state.size(), spec_.state_size);
  if (desk_->owner == this) {
    mj_getState(model_.get(), data_, state.data(), saved_parts);
  } else {
    std::copy(row_.begin(), row_.end(), state.begin());
  }
  double* const own = std::copy(memory_.begin(), memory_.end(), state.data() + mj_stateSize(model_.get(), saved_parts));
  own[0] = static_cast<double>(step_);
  own[1] = outcome_.reward;
  own[2] = outcome_.terminated ? 1.0 : 0.0;
}

void MujocoTask::restore(std::span<const double> state) {
  expect_size("state", state.size(), spec_.state_size);
  clear();
  mj_setState(model_.get(), data_, state.data(), saved_parts);
  const double* const memory = state.data() + mj_stateSize(model_.get(), saved_parts);
  const double* const own = memory + memory_.size();
  std::copy(memory, own, memory_.begin());
  step_ = static_cast<long>(own[0]);
  outcome_ = {own[1], own[2] != 0.0};
}

void MujocoTask::set_joints(std::span<const double> position, std::span<const double> velocity) {
  const auto joints = static_cast<std::size_t>(model_->nq);
  const auto more = static_cast<std::size_t>(rules_->settable());
  if (position.size() != joints + more) expect_size("position", position.size(), static_cast<int>(model_->nq));
  expect_size("velocity", velocity.size(), static_cast<int>(model_->nv));
  clear();
  std::copy_n(position.begin(), joints, data_->qpos);
  std::copy(position.begin() + static_cast<std::ptrdiff_t>(joints), position.end(), memory_.begin());
  std::copy(velocity.begin(), velocity.end(), data_->qvel);
  enter();
}

void MujocoTask::expect_size(const char* what, std::size_t size, int wanted) const {
  if (size == static_cast<std::size_t>(wanted)) return;
  throw base::UserError(spec_.name + ": " + what + " has " + std::to_string(size) + " numbers; it must have " +
                        std::to_string(wanted));
}

// Keeps the owner's state and makes the desk this body's; what lies on it is still the owner's.
void MujocoTask::leave() {
  MujocoTask* const owner = std::exchange(desk_->owner, this);
  if (owner != nullptr && owner != this) mj_getState(model_.get(), data_, owner->row_.data(), saved_parts);
}

void MujocoTask::take() {
  if (desk_->owner == this) return;
  const bool clean = desk_->owner != nullptr && !desk_->owner->failed_;
  leave();
  if (!clean) mj_resetData(model_.get(), data_);
  mj_setState(model_.get(), data_, row_.data(), saved_parts);
}

// Also empties MuJoCo's own stack, which an error leaves half full, and its warning counters. Memory stays.
void MujocoTask::clear() {
  leave();
  mj_resetData(model_.get(), data_);
  step_ = 0;
  outcome_ = {};
  failed_ = false;
}

// Computes what depends on a state that was set from outside.
void MujocoTask::enter() {
  run([&] { mj_forward(model_.get(), data_); });
  rules_->enter(*model_, *data_, memory_);
}

void MujocoTask::command(std::span<const double> action) {
  for (std::size_t i = 0; i < action.size(); ++i) {
    double native = action[i];
    if (commands_ == Commands::unit) {
      const double low = model_->actuator_ctrlrange[2 * i], high = model_->actuator_ctrlrange[2 * i + 1];
      native = low + 0.5 * (std::clamp(native, -1.0, 1.0) + 1.0) * (high - low);  // NaN stays NaN: MuJoCo warns
    }
    command_[i] = data_->ctrl[i] = single_ ? static_cast<double>(static_cast<float>(native)) : native;
  }
}

void MujocoTask::advance() {
  for (int i = 0; i < substeps_; ++i) mj_step(model_.get(), data_);
  if (stepping_ == Stepping::with_forces) mj_rnePostConstraint(model_.get(), data_);
  if (stepping_ == Stepping::up_to_date) mj_step1(model_.get(), data_);
}

// Runs a piece of engine work; an error, a warning or a number that is not finite becomes SimulationError.
template <typename Work>
void MujocoTask::run(Work&& work) {
  const LogCapture capture;
  if (failed_) fail("the world has failed before; call reset, restore or set_joints first");
  try {
    work();
  } catch (const EngineError& e) {
    fail(e.what());
  }
  check(capture.warning());
}

void MujocoTask::check(const char* warning) {
  for (int w = 0; w < mjNWARNING; ++w) {
    if (data_->warning[w].number == 0) continue;
    fail(*warning ? warning : mju_warningText(w, static_cast<std::size_t>(data_->warning[w].lastinfo)));
  }
  // MuJoCo checks before it integrates, so the last substep's result is still unchecked.
  if (!finite(data_->qpos, static_cast<int>(model_->nq))) fail("a joint position is not finite");
  if (!finite(data_->qvel, static_cast<int>(model_->nv))) fail("a joint velocity is not finite");
}

void MujocoTask::fail(const std::string& text) {
  failed_ = true;
  throw base::SimulationError(spec_.name, step_, text);
}

std::span<const double> MujocoTask::observe() {
  rules_->observe(*model_, *data_, memory_, observation_);
  return observation_;
}

}  // namespace infans::envs
