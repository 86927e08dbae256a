#include "envs/mujoco/world.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <utility>

#include "core/base/error.hpp"
#include "envs/mujoco/engine.hpp"

namespace infans::envs {
namespace {

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

int checked_substeps(double period, double timestep, const std::string& source) {
  const double ratio = period / timestep;
  const double whole = std::round(ratio);
  if (whole < 1.0 || whole > 1e6 || std::abs(ratio - whole) > 1e-9 * ratio) {
    throw base::BodyError(source, "a control period of " + number(period) +
                                      " s is not a whole multiple of the timestep " + number(timestep) + " s; use " +
                                      number(std::max(1.0, whole) * timestep) + " s, or change <option timestep>");
  }
  return static_cast<int>(whole);
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

constexpr int saved_parts = mjSTATE_INTEGRATION;

class MujocoWorld final : public Environment {
 public:
  MujocoWorld(const std::string& name, std::shared_ptr<const mjModel> model, const std::string& source,
              const MujocoOptions& options)
      : model_(std::move(model)), reset_std_(options.reset_std) {
    const mjModel& m = *model_;
    spec_.name = name;
    spec_.joints = checked_joints(m, source);
    substeps_ = checked_substeps(options.control_period, m.opt.timestep, source);
    spec_.modalities = {{"joint_position", units(spec_.joints, ""), 0, static_cast<int>(m.nq)},
                        {"joint_velocity", units(spec_.joints, "/s"), static_cast<int>(m.nq), static_cast<int>(m.nv)}};
    spec_.action_size = static_cast<int>(m.nu);
    spec_.control_period = options.control_period;
    spec_.state_size = static_cast<int>(mj_stateSize(&m, saved_parts)) + 1;  // and the step counter
    observation_.resize(static_cast<std::size_t>(m.nq + m.nv));
    const LogCapture capture;
    try {
      data_.reset(mj_makeData(&m));
    } catch (const EngineError& e) {
      throw base::BodyError(source, e.what());
    }
    if (!data_) throw base::BodyError(source, "MuJoCo has no memory for its state; lower <size memory>");
  }

  const Spec& spec() const override { return spec_; }

  std::span<const double> reset(random::Stream& stream) override {
    clear();
    for (int i = 0; i < model_->nq; ++i) data_->qpos[i] += reset_std_ * stream.normal();
    for (int i = 0; i < model_->nv; ++i) data_->qvel[i] += reset_std_ * stream.normal();
    run([&] { mj_forward(model_.get(), data_.get()); });
    return observe();
  }

  std::span<const double> step(std::span<const double> action) override {
    expect_size("action", action.size(), spec_.action_size);
    const mjModel& m = *model_;
    for (int i = 0; i < m.nu; ++i) {
      const double command = std::clamp(action[static_cast<std::size_t>(i)], -1.0, 1.0);  // NaN stays NaN: MuJoCo warns
      const double low = m.actuator_ctrlrange[2 * i];
      const double high = m.actuator_ctrlrange[2 * i + 1];
      const bool plain = !m.actuator_ctrllimited[i] || (low == -1.0 && high == 1.0);
      data_->ctrl[i] = plain ? command : low + 0.5 * (command + 1.0) * (high - low);
    }
    ++step_;
    run([&] {
      for (int i = 0; i < substeps_; ++i) mj_step(&m, data_.get());
    });
    return observe();
  }

  void save(std::span<double> state) const override {
    expect_size("state", state.size(), spec_.state_size);
    mj_getState(model_.get(), data_.get(), state.data(), saved_parts);
    state.back() = static_cast<double>(step_);
  }

  void restore(std::span<const double> state) override {
    expect_size("state", state.size(), spec_.state_size);
    clear();
    mj_setState(model_.get(), data_.get(), state.data(), saved_parts);
    step_ = static_cast<long>(state.back());
  }

  // Everything but the joints is as at the start of an episode; numbers of any size are taken, the next step judges.
  void set_joints(std::span<const double> position, std::span<const double> velocity) override {
    expect_size("position", position.size(), static_cast<int>(model_->nq));
    expect_size("velocity", velocity.size(), static_cast<int>(model_->nv));
    clear();
    std::copy(position.begin(), position.end(), data_->qpos);
    std::copy(velocity.begin(), velocity.end(), data_->qvel);
  }

 private:
  void expect_size(const char* what, std::size_t size, int wanted) const {
    if (size == static_cast<std::size_t>(wanted)) return;
    throw base::UserError(spec_.name + ": " + what + " has " + std::to_string(size) + " numbers; it must have " +
                          std::to_string(wanted));
  }

  // Also empties MuJoCo's own stack, which an error leaves half full, and its warning counters.
  void clear() {
    mj_resetData(model_.get(), data_.get());
    step_ = 0;
    failed_ = false;
  }

  // Runs a piece of engine work; an error, a warning or a number that is not finite becomes SimulationError.
  template <typename Work>
  void run(Work&& work) {
    const LogCapture capture;
    if (failed_) fail("the world has failed before; call reset, restore or set_joints first");
    try {
      work();
    } catch (const EngineError& e) {
      fail(e.what());
    }
    for (int w = 0; w < mjNWARNING; ++w) {
      if (data_->warning[w].number == 0) continue;
      const bool has_text = capture.warning()[0] != '\0';
      fail(has_text ? capture.warning() : mju_warningText(w, static_cast<std::size_t>(data_->warning[w].lastinfo)));
    }
    // MuJoCo checks before it integrates, so the last substep's result is still unchecked.
    if (!finite(data_->qpos, static_cast<int>(model_->nq))) fail("a joint position is not finite");
    if (!finite(data_->qvel, static_cast<int>(model_->nv))) fail("a joint velocity is not finite");
    if (!finite(data_->qacc, static_cast<int>(model_->nv))) fail("a joint acceleration is not finite");
  }

  [[noreturn]] void fail(const std::string& text) {
    failed_ = true;
    throw base::SimulationError(spec_.name, step_, text);
  }

  static bool finite(const mjtNum* values, int n) {
    return std::all_of(values, values + n, [](mjtNum v) { return std::isfinite(v); });
  }

  std::span<const double> observe() {
    std::copy_n(data_->qpos, model_->nq, observation_.begin());
    std::copy_n(data_->qvel, model_->nv, observation_.begin() + model_->nq);
    return observation_;
  }

  std::shared_ptr<const mjModel> model_;
  DataPtr data_;
  Spec spec_;
  std::vector<double> observation_;
  double reset_std_;
  int substeps_ = 1;
  long step_ = 0;
  bool failed_ = false;
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
