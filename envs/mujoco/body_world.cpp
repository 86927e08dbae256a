#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "core/base/error.hpp"
#include "envs/mujoco/body.hpp"
#include "envs/mujoco/body_table.hpp"
#include "envs/mujoco/limits.hpp"
#include "envs/mujoco/same_structure.hpp"
#include "envs/mujoco/senses/channel.hpp"
#include "envs/mujoco/senses/gather.hpp"
#include "envs/mujoco/senses/lookup.hpp"
#include "envs/mujoco/senses/motors.hpp"
#include "envs/mujoco/simulation.hpp"

namespace infans::envs {
namespace {

using senses::Channel;

double checked_age(double days) {
  if (!(days >= 0.0 && days < 1e9)) throw base::UserError("an age of " + number(days) + " days; it must be 0 or more");
  return days;
}

// The joints when each is one coordinate and the observation starts with all of them; else none.
std::vector<Joint> plain_joints(const mjModel& m, const BodyOptions& options) {
  if (options.proprioception.empty()) return {};
  const ProprioceptionOptions& first = options.proprioception.front();
  if (!first.joints.empty() || !first.position || !first.velocity) return {};
  std::vector<Joint> joints;
  for (int j = 0; j < m.njnt; ++j) {
    if (m.jnt_type[j] != mjJNT_SLIDE && m.jnt_type[j] != mjJNT_HINGE) return {};
    joints.push_back(m.jnt_type[j] == mjJNT_SLIDE ? Joint::slide : Joint::hinge);
  }
  return joints;
}

const std::shared_ptr<const mjModel>& with_joints(const std::shared_ptr<const mjModel>& model,
                                                  const std::string& source) {
  if (model->njnt == 0) throw base::BodyError(source, "the body has no joint; add a joint to a <body>");
  return model;
}

class SensedBody final : public BodyWorld {
 public:
  SensedBody(const std::string& name, const std::string& mjcf_text, const std::shared_ptr<const mjModel>& model,
             const std::string& source, const BodyOptions& options)
      : source_(source),
        mjcf_(mjcf_text),
        options_(options),
        simulation_(name, with_joints(model, source), source),
        substeps_(whole_substeps(options.world.control_period, model->opt.timestep, source)),
        senses_(senses::gather(*model, options, source)),
        motors_(*model, options.motors, source) {
    const mjModel& m = *model;
    if (!options.keyframe.empty())
      key_ = senses::find(m, mjOBJ_KEY, options.keyframe, source, senses::written("keyframe", options.origin));
    spec_.name = name;
    spec_.joints = plain_joints(m, options);
    spec_.action_size = static_cast<int>(m.nu);
    spec_.control_period = options.world.control_period;
    int offset = 0;
    for (const auto& sense : senses_.all) {
      const auto index = static_cast<std::uint32_t>(channels_.size());
      channels_.emplace_back(sense->channel(), sense->size(), random::Purpose::sense_noise, index);
      for (const senses::Part& part : sense->parts()) {
        spec_.modalities.push_back({part.name, part.unit, offset, part.size});
        offset += part.size;
      }
    }
    observation_.resize(static_cast<std::size_t>(offset));
    displacement_.resize(static_cast<std::size_t>(m.nv));
    velocity_.resize(static_cast<std::size_t>(m.nv));
    spec_.state_size = simulation_.state_size() + own_numbers + static_cast<int>(senses_.words.size());
    for (const Channel& c : motors_.channels()) spec_.state_size += c.state_size();
    for (const Channel& c : channels_) spec_.state_size += c.state_size();
    set_age(options.age_days);
    start();
  }

  const Spec& spec() const override { return spec_; }
  double age_days() const override { return age_days_; }
  int position_size() const override { return static_cast<int>(simulation_.model().nq); }
  int velocity_size() const override { return static_cast<int>(simulation_.model().nv); }

  std::span<const double> reset(random::Stream& stream) override {
    start();
    const mjModel& m = simulation_.model();
    mjData& d = simulation_.data();
    for (double& x : displacement_) x = options_.world.reset_std * stream.normal();
    mj_integratePos(&m, d.qpos, displacement_.data(), 1.0);
    for (int i = 0; i < m.nv; ++i) d.qvel[i] += options_.world.reset_std * stream.normal();
    seed_ = std::uint64_t{stream.bits()} << 32;
    seed_ |= stream.bits();
    std::copy_n(d.qvel, m.nv, velocity_.begin());
    simulation_.run([&] { mj_forward(&m, &d); });
    return observe();
  }

  std::span<const double> step(std::span<const double> action) override {
    simulation_.expect_size("action", action.size(), spec_.action_size);
    const mjModel& m = simulation_.model();
    mjData& d = simulation_.data();
    motors_.drive(action, simulation_.step(), seed_, age_days_, d.ctrl);
    ++simulation_.step();
    simulation_.run([&] {
      for (int i = 1; i < substeps_; ++i) mj_step(&m, &d);
      std::copy_n(d.qvel, m.nv, velocity_.begin());
      mj_step(&m, &d);
    });
    return observe();
  }

  void save(std::span<double> state) const override {
    simulation_.expect_size("state", state.size(), spec_.state_size);
    const auto physics = static_cast<std::size_t>(simulation_.state_size());
    simulation_.save(state.first(physics));
    auto next = state.begin() + static_cast<std::ptrdiff_t>(physics);
    *next++ = static_cast<double>(simulation_.step());
    *next++ = static_cast<double>(observed_);
    *next++ = static_cast<double>(seed_ >> 32);
    *next++ = static_cast<double>(seed_ & 0xffffffffU);
    *next++ = age_days_;
    for (const senses::Words* words : senses_.words) *next++ = words->said();
    const auto keep = [&](const Channel& c) {
      c.save({next, static_cast<std::size_t>(c.state_size())});
      next += c.state_size();
    };
    for (const Channel& c : motors_.channels()) keep(c);
    for (const Channel& c : channels_) keep(c);
  }

  void restore(std::span<const double> state) override {
    simulation_.expect_size("state", state.size(), spec_.state_size);
    simulation_.clear();
    const auto physics = static_cast<std::size_t>(simulation_.state_size());
    simulation_.restore(state.first(physics));
    auto next = state.begin() + static_cast<std::ptrdiff_t>(physics);
    simulation_.step() = static_cast<long>(*next++);
    observed_ = static_cast<long>(*next++);
    seed_ = static_cast<std::uint64_t>(*next++) << 32;
    seed_ |= static_cast<std::uint64_t>(*next++);
    if (const double age = *next++; age != age_days_) set_age(age);
    for (senses::Words* words : senses_.words) words->say(static_cast<int>(*next++));
    const auto take = [&](Channel& c) {
      c.restore({next, static_cast<std::size_t>(c.state_size())});
      next += c.state_size();
    };
    for (Channel& c : motors_.channels()) take(c);
    for (Channel& c : channels_) take(c);
  }

  void set_joints(std::span<const double> position, std::span<const double> velocity) override {
    simulation_.expect_size("position", position.size(), position_size());
    simulation_.expect_size("velocity", velocity.size(), velocity_size());
    start();
    std::copy(position.begin(), position.end(), simulation_.data().qpos);
    std::copy(velocity.begin(), velocity.end(), simulation_.data().qvel);
  }

  void set_age(double days) override {
    age_days_ = checked_age(days);
    for (const auto& sense : senses_.all) sense->set_age(days);
  }

  void set_gain(const std::string& name, double gain) override {
    if (!std::isfinite(gain)) throw base::UserError("the gain of " + name + " must be a finite number");
    bool known = false;
    for (std::size_t s = 0; s < channels_.size(); ++s) {
      const senses::Sense& sense = *senses_.all[s];
      const bool ours = sense.name() == name || std::any_of(sense.parts().begin(), sense.parts().end(),
                                                            [&](const senses::Part& p) { return p.name == name; });
      if (ours) channels_[s].set_gain(gain);
      known = known || ours;
    }
    for (Channel& c : motors_.of(name)) {
      c.set_gain(gain);
      known = true;
    }
    if (!known) throw base::UserError(spec_.name + " has no modality and no actuator of the name " + name);
  }

  void set_word(const std::string& name, int word) override { one_of(senses_.words, name, "words").say(word); }

  void place_joint(const std::string& joint, double position, double velocity) override {
    const mjModel& m = simulation_.model();
    const int id = mj_name2id(&m, mjOBJ_JOINT, joint.c_str());
    if (id < 0 || (m.jnt_type[id] != mjJNT_SLIDE && m.jnt_type[id] != mjJNT_HINGE))
      throw base::UserError(spec_.name + " has no slide or hinge of the name " + joint);
    simulation_.data().qpos[m.jnt_qposadr[id]] = position;
    simulation_.data().qvel[m.jnt_dofadr[id]] = velocity;
  }

  void place(const std::string& body, const std::array<double, 3>& where) override {
    const mjModel& m = simulation_.model();
    const int id = mj_name2id(&m, mjOBJ_BODY, body.c_str());
    const int mocap = id < 0 ? -1 : m.body_mocapid[id];
    if (mocap < 0) throw base::UserError(spec_.name + " has no mocap body of the name " + body);
    std::copy(where.begin(), where.end(), simulation_.data().mocap_pos + 3 * mocap);
  }

  void replace_body(const std::string& mjcf_text) override {
    const std::shared_ptr<const mjModel> model = load_model(mjcf_text, source_);
    check_same_structure(simulation_.model(), *model, source_);
    const int substeps = whole_substeps(options_.world.control_period, model->opt.timestep, source_);
    simulation_.replace_model(model, source_);
    substeps_ = substeps;
    mjcf_ = mjcf_text;
    motors_.fit(*model);
    for (const auto& sense : senses_.all) sense->fit(*model);
    mj_kinematics(&simulation_.model(), &simulation_.data());  // taxels() asks where geoms are
  }

  const std::string& mjcf() const override { return mjcf_; }

  std::vector<double> physics() const override {
    std::vector<double> state(static_cast<std::size_t>(simulation_.state_size()));
    simulation_.save(state);
    return state;
  }

  std::vector<std::string> motors() const override { return motors_.names(); }

  std::vector<Taxel> taxels(const std::string& skin) const override {
    return one_of(senses_.skins, skin, "skin").taxels(simulation_.model(), simulation_.data());
  }

  std::vector<Receptor> receptors(const std::string& retina) const override {
    return one_of(senses_.retinas, retina, "retina").receptors();
  }

 private:
  static constexpr int own_numbers = 5;  // step, observations, seed in two halves, age

  template <typename T>
  T& one_of(const std::vector<T*>& list, const std::string& name, const char* what) const {
    for (T* const sense : list) {
      if (sense->name() == name) return *sense;
    }
    throw base::UserError(spec_.name + " has no " + what + " of the name " + name);
  }

  // The rest pose or the keyframe, empty queues, silence; age and gains stay.
  void start() {
    simulation_.clear();
    if (key_ >= 0) mj_resetDataKeyframe(&simulation_.model(), &simulation_.data(), key_);
    motors_.start();
    for (senses::Words* words : senses_.words) words->say(-1);
    observed_ = 0;
  }

  std::span<const double> observe() {
    simulation_.run([&] {
      const senses::Instant now{simulation_.model(), simulation_.data(), velocity_.data()};
      auto next = observation_.begin();
      for (std::size_t s = 0; s < channels_.size(); ++s) {
        const std::span<const double> felt =
            channels_[s].pass(observed_, seed_, age_days_, observed_ == 0,
                              [&](std::span<double> out) { senses_.all[s]->sample(now, out); });
        next = std::copy(felt.begin(), felt.end(), next);
      }
    });
    ++observed_;
    return observation_;
  }

  std::string source_, mjcf_;
  BodyOptions options_;
  Simulation simulation_;
  int substeps_;
  senses::Senses senses_;
  senses::Motors motors_;
  Spec spec_;
  std::vector<Channel> channels_;  // one per sense
  std::vector<double> observation_;
  std::vector<double> displacement_, velocity_;  // per degree of freedom; velocity_ as Instant says
  int key_ = -1;
  double age_days_ = 0.0;
  long observed_ = 0;  // observations since the start
  std::uint64_t seed_ = 0;
};

}  // namespace

std::unique_ptr<BodyWorld> make_body_world(const std::string& name, const std::string& mjcf_text,
                                           const std::string& source, const BodyOptions& options) {
  check_options(options.world);
  check_body(options);
  install_log_handler();
  try {
    return std::make_unique<SensedBody>(name, mjcf_text, load_model(mjcf_text, source), source, options);
  } catch (const senses::MissingElement& e) {
    const long line = line_of_element(mjcf_text, e.kind, e.nearest);
    throw base::BodyError(source, e.message + (line > 0 ? " in line " + std::to_string(line) : ""));
  }
}

}  // namespace infans::envs
