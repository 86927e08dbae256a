#include "envs/mujoco/tasks/task.hpp"

#include <algorithm>
#include <utility>

namespace infans::envs {
namespace {

constexpr int own_numbers = 3;  // saved after the engine's and the memory: step, reward, terminated

// Joints are promised only where the observation begins with all positions and velocities.
std::vector<Joint> observed_joints(const mjModel& m, const std::vector<Modality>& modalities) {
  if (modalities.size() < 2 || m.nq != m.njnt) return {};
  if (modalities[0].name != "joint_position" || modalities[0].size != m.nq) return {};
  if (modalities[1].name != "joint_velocity" || modalities[1].size != m.nv) return {};
  std::vector<Joint> joints;
  for (int j = 0; j < m.njnt; ++j) joints.push_back(m.jnt_type[j] == mjJNT_SLIDE ? Joint::slide : Joint::hinge);
  return joints;
}

}  // namespace

MujocoTask::MujocoTask(const TaskInfo& info, const Definition& definition, std::shared_ptr<const mjModel> model,
                       const std::string& source, Commands commands, MujocoTask* beside)
    : simulation_(info.id, std::move(model), source, beside != nullptr ? &beside->simulation_ : nullptr),
      rules_(definition.rules(simulation_.model(), source)),
      substeps_(definition.substeps),
      stepping_(definition.stepping),
      commands_(commands),
      single_(info.single_commands) {
  const mjModel& m = simulation_.model();
  spec_.name = info.id;
  spec_.modalities = rules_->modalities();
  int offset = 0;
  for (Modality& part : spec_.modalities) {
    part.offset = offset;
    offset += part.size;
  }
  spec_.joints = observed_joints(m, spec_.modalities);
  spec_.reading = rules_->reading();
  spec_.action_size = static_cast<int>(m.nu);
  spec_.control_period = m.opt.timestep * substeps_;
  spec_.state_size = simulation_.state_size() + rules_->memory_size() + own_numbers;
  command_.resize(static_cast<std::size_t>(m.nu));
  memory_.resize(static_cast<std::size_t>(rules_->memory_size()));
  observation_.resize(static_cast<std::size_t>(spec_.observation_size()));
}

std::span<const double> MujocoTask::reset(random::Stream& stream) {
  clear();
  rules_->start(simulation_.model(), simulation_.data(), memory_, stream);
  enter();
  return observe();
}

std::span<const double> MujocoTask::step(std::span<const double> action) {
  simulation_.expect_size("action", action.size(), spec_.action_size);
  simulation_.take();
  command(action);
  ++simulation_.step();
  simulation_.run([&] { advance(); });
  outcome_ = rules_->judge(simulation_.model(), simulation_.data(), command_, memory_);
  return observe();
}

void MujocoTask::save(std::span<double> state) const {
  simulation_.expect_size("state", state.size(), spec_.state_size);
  simulation_.save(state);
  double* const own = std::copy(memory_.begin(), memory_.end(), state.data() + simulation_.state_size());
  own[0] = static_cast<double>(simulation_.step());
  own[1] = outcome_.reward;
  own[2] = outcome_.terminated ? 1.0 : 0.0;
}

void MujocoTask::restore(std::span<const double> state) {
  simulation_.expect_size("state", state.size(), spec_.state_size);
  clear();
  simulation_.restore(state);
  const double* const memory = state.data() + simulation_.state_size();
  const double* const own = memory + memory_.size();
  std::copy(memory, own, memory_.begin());
  simulation_.step() = static_cast<long>(own[0]);
  outcome_ = {own[1], own[2] != 0.0};
}

void MujocoTask::set_joints(std::span<const double> position, std::span<const double> velocity) {
  const auto nq = static_cast<int>(simulation_.model().nq), nv = static_cast<int>(simulation_.model().nv);
  const auto joints = static_cast<std::size_t>(nq);
  const auto more = static_cast<std::size_t>(rules_->settable());
  if (position.size() != joints + more) simulation_.expect_size("position", position.size(), nq);
  simulation_.expect_size("velocity", velocity.size(), nv);
  clear();
  mjData& d = simulation_.data();
  std::copy_n(position.begin(), joints, d.qpos);
  std::copy(position.begin() + nq, position.end(), memory_.begin());
  std::copy(velocity.begin(), velocity.end(), d.qvel);
  enter();
}

// Memory stays.
void MujocoTask::clear() {
  simulation_.clear();
  outcome_ = {};
}

// Computes what depends on a state that was set from outside.
void MujocoTask::enter() {
  simulation_.run([&] { mj_forward(&simulation_.model(), &simulation_.data()); });
  rules_->enter(simulation_.model(), simulation_.data(), memory_);
}

void MujocoTask::command(std::span<const double> action) {
  const mjModel& m = simulation_.model();
  for (std::size_t i = 0; i < action.size(); ++i) {
    double native = action[i];
    if (commands_ == Commands::unit) {
      const double low = m.actuator_ctrlrange[2 * i], high = m.actuator_ctrlrange[2 * i + 1];
      native = low + 0.5 * (std::clamp(native, -1.0, 1.0) + 1.0) * (high - low);  // NaN stays NaN: MuJoCo warns
    }
    command_[i] = simulation_.data().ctrl[i] = single_ ? static_cast<double>(static_cast<float>(native)) : native;
  }
}

void MujocoTask::advance() {
  const mjModel* const m = &simulation_.model();
  mjData* const d = &simulation_.data();
  for (int i = 0; i < substeps_; ++i) mj_step(m, d);
  if (stepping_ == Stepping::with_forces) mj_rnePostConstraint(m, d);
  if (stepping_ == Stepping::up_to_date) mj_step1(m, d);
}

std::span<const double> MujocoTask::observe() {
  rules_->observe(simulation_.model(), simulation_.data(), memory_, observation_);
  return observation_;
}

}  // namespace infans::envs
