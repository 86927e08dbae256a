#include "envs/mujoco/world.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/base/error.hpp"
#include "envs/mujoco/engine.hpp"
#include "envs/mujoco/simulation.hpp"

namespace infans::envs {
namespace {

// The joints of a body that fits, else BodyError.
std::vector<Joint> checked_joints(const mjModel& m, const std::string& source) {
  if (m.njnt == 0) throw base::BodyError(source, "the body has no joint; add a slide or hinge joint");
  if (m.nu == 0) throw base::BodyError(source, "the body has no actuator; add an <actuator> section, e.g. a <motor>");
  std::vector<Joint> joints;
  for (int j = 0; j < m.njnt; ++j) {
    const int type = m.jnt_type[j];
    if (type != mjJNT_SLIDE && type != mjJNT_HINGE) {
      const char* const given = mj_id2name(&m, mjOBJ_JOINT, j);
      const std::string name = given != nullptr ? given : "number " + std::to_string(j);
      throw base::BodyError(source, "joint " + name + " is a " + (type == mjJNT_FREE ? "free" : "ball") +
                                        " joint; only slide and hinge joints fit: build it from those");
    }
    joints.push_back(type == mjJNT_SLIDE ? Joint::slide : Joint::hinge);
  }
  return joints;
}

// "rad" when all joints agree, else one unit per joint: "m,rad".
std::string units(const std::vector<Joint>& joints, const char* per) {
  const bool mixed = std::adjacent_find(joints.begin(), joints.end(), std::not_equal_to<>()) != joints.end();
  std::string list;
  for (std::size_t j = 0; j < (mixed ? joints.size() : 1); ++j) {
    if (j > 0) list += ',';
    list += joints[j] == Joint::slide ? "m" : "rad";
    list += per;
  }
  return list;
}

class MujocoWorld final : public Environment {
 public:
  MujocoWorld(const std::string& name, std::shared_ptr<const mjModel> model, const std::string& source,
              const MujocoOptions& options)
      : joints_(checked_joints(*model, source)),
        substeps_(whole_substeps(options.control_period, model->opt.timestep, source)),
        simulation_(name, std::move(model), source),
        reset_std_(options.reset_std) {
    const mjModel& m = simulation_.model();
    spec_.name = name;
    spec_.joints = joints_;
    spec_.modalities = {{"joint_position", units(spec_.joints, ""), 0, static_cast<int>(m.nq)},
                        {"joint_velocity", units(spec_.joints, "/s"), static_cast<int>(m.nq), static_cast<int>(m.nv)}};
    spec_.action_size = static_cast<int>(m.nu);
    spec_.control_period = options.control_period;
    spec_.state_size = simulation_.state_size() + 1;  // and the step counter
    observation_.resize(static_cast<std::size_t>(m.nq + m.nv));
  }

  const Spec& spec() const override { return spec_; }

  std::span<const double> reset(random::Stream& stream) override {
    simulation_.clear();
    const mjModel& m = simulation_.model();
    mjData& d = simulation_.data();
    for (int i = 0; i < m.nq; ++i) d.qpos[i] += reset_std_ * stream.normal();
    for (int i = 0; i < m.nv; ++i) d.qvel[i] += reset_std_ * stream.normal();
    simulation_.run([&] { mj_forward(&m, &d); });
    return observe();
  }

  std::span<const double> step(std::span<const double> action) override {
    simulation_.expect_size("action", action.size(), spec_.action_size);
    const mjModel& m = simulation_.model();
    mjData& d = simulation_.data();
    for (int i = 0; i < m.nu; ++i) {
      const double command = std::clamp(action[static_cast<std::size_t>(i)], -1.0, 1.0);  // NaN stays NaN: MuJoCo warns
      const double low = m.actuator_ctrlrange[2 * i];
      const double high = m.actuator_ctrlrange[2 * i + 1];
      const bool plain = !m.actuator_ctrllimited[i] || (low == -1.0 && high == 1.0);
      d.ctrl[i] = plain ? command : low + 0.5 * (command + 1.0) * (high - low);
    }
    ++simulation_.step();
    simulation_.run([&] {
      for (int i = 0; i < substeps_; ++i) mj_step(&m, &d);
    });
    return observe();
  }

  void save(std::span<double> state) const override {
    simulation_.expect_size("state", state.size(), spec_.state_size);
    simulation_.save(state);
    state.back() = static_cast<double>(simulation_.step());
  }

  void restore(std::span<const double> state) override {
    simulation_.expect_size("state", state.size(), spec_.state_size);
    simulation_.clear();
    simulation_.restore(state);
    simulation_.step() = static_cast<long>(state.back());
  }

  // Everything but the joints is as at the start of an episode; numbers of any size are taken, the next step judges.
  void set_joints(std::span<const double> position, std::span<const double> velocity) override {
    simulation_.expect_size("position", position.size(), static_cast<int>(simulation_.model().nq));
    simulation_.expect_size("velocity", velocity.size(), static_cast<int>(simulation_.model().nv));
    simulation_.clear();
    std::copy(position.begin(), position.end(), simulation_.data().qpos);
    std::copy(velocity.begin(), velocity.end(), simulation_.data().qvel);
  }

 private:
  std::span<const double> observe() {
    const mjModel& m = simulation_.model();
    std::copy_n(simulation_.data().qpos, m.nq, observation_.begin());
    std::copy_n(simulation_.data().qvel, m.nv, observation_.begin() + m.nq);
    return observation_;
  }

  std::vector<Joint> joints_;
  int substeps_;
  Simulation simulation_;
  Spec spec_;
  std::vector<double> observation_;
  double reset_std_;
};

}  // namespace

std::unique_ptr<Environment> make_mujoco_world(const std::string& name, const std::string& mjcf_text,
                                               const std::string& source, const MujocoOptions& options) {
  check_options(options);
  install_log_handler();
  return std::make_unique<MujocoWorld>(name, load_model(mjcf_text, source), source, options);
}

std::string mujoco_version() { return mj_versionString(); }

}  // namespace infans::envs
